#include <libstream/base/unique_id.hpp>
#include <tests/servers/topics.hpp>
#include <tests/servers/window_output.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::testing {

namespace {

class TopicOutput final : public WindowOutput {
 public:
  TopicOutput(std::string brokers, int copies)
      : brokers_(std::move(brokers)), topic_("totals-" + make_unique_id()) {
    create_topic(brokers_, topic_, 3, copies);
  }

  std::string sink() const override {
    return fmt::format("kafka OPTIONS ('kafka.bootstrap.servers' '{}', topic '{}'", brokers_,
                       topic_);
  }
  std::vector<std::string> values() const override {
    std::vector<std::string> all;
    for (const TopicRecord& record : read_topic(brokers_, topic_))
      all.push_back(record.value.value_or("a null value"));
    return all;
  }
  long newest_epoch(const std::string& query_id, int task) const override {
    const std::string group = fmt::format("{}/0/{}", query_id, task);
    return std::max(committed_offset(brokers_, group, topic_) - 1, std::int64_t{-1});
  }

 private:
  std::string brokers_, topic_;
};

}  // namespace

std::unique_ptr<WindowOutput> topic_output(const std::string& brokers, int copies) {
  return std::make_unique<TopicOutput>(brokers, copies);
}

}  // namespace stream::testing
