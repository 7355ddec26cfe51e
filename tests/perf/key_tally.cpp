#include <libstream/base/hash.hpp>
#include <libstream/operators/add_hash.hpp>
#include <tests/perf/key_tally.hpp>

#include <fmt/format.h>

#include <sstream>

namespace stream::perf {
namespace {

std::uint64_t fingerprint_of(std::int64_t key, std::int32_t value) {
  return hash_integer(static_cast<std::uint64_t>(key) * 1'000'003 +
                      static_cast<std::uint64_t>(value));
}

class KeyTallyOperator final : public Operator {
 public:
  explicit KeyTallyOperator(std::shared_ptr<KeyTally> tally) : tally_(std::move(tally)) {}

  Result<void> open(const OperatorContext& context) override {
    groups_ = context.groups;
    num_groups_ = context.num_groups;
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output&) override {
    const auto* hashes = batch.column(0).data<std::uint64_t>();
    const auto* keys = batch.column(2).data<std::int64_t>();
    const auto* values = batch.column(3).data<std::int32_t>();
    std::uint64_t sum = 0;
    std::int64_t astray = 0;
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      sum += fingerprint_of(keys[row], values[row]);
      astray += groups_.contains(key_group_hash(hashes[row]), num_groups_) ? 0 : 1;
    }
    tally_->num_rows += static_cast<std::int64_t>(batch.num_rows());
    tally_->fingerprint += sum;
    tally_->num_astray += astray;
    return {};
  }

 private:
  std::shared_ptr<KeyTally> tally_;
  KeyGroupRange groups_;
  std::uint32_t num_groups_ = kDefaultKeyGroups;
};

std::string text_of(std::int64_t rows, std::uint64_t fingerprint, std::int64_t astray) {
  return fmt::format("{} {} {}", rows, fingerprint, astray);
}

}  // namespace

std::string KeyTally::text() const { return text_of(num_rows, fingerprint, num_astray); }

std::string sum_of_tallies(const std::vector<std::string>& texts) {
  std::int64_t rows = 0;
  std::uint64_t fingerprint = 0;
  std::int64_t astray = 0;
  for (const std::string& text : texts) {
    std::istringstream fields(text);
    std::int64_t its_rows = 0;
    std::uint64_t its_fingerprint = 0;
    std::int64_t its_astray = 0;
    fields >> its_rows >> its_fingerprint >> its_astray;
    rows += its_rows;
    fingerprint += its_fingerprint;
    astray += its_astray;
  }
  return text_of(rows, fingerprint, astray);
}

std::string tally_of(const std::vector<Batch>& batches) {
  std::int64_t rows = 0;
  std::uint64_t fingerprint = 0;
  for (const Batch& batch : batches) {
    const auto* keys = batch.column(1).data<std::int64_t>();
    const auto* values = batch.column(2).data<std::int32_t>();
    for (std::size_t row = 0; row < batch.num_rows(); ++row)
      fingerprint += fingerprint_of(keys[row], values[row]);
    rows += static_cast<std::int64_t>(batch.num_rows());
  }
  return text_of(rows, fingerprint, 0);
}

OperatorFactory make_key_tally(std::shared_ptr<KeyTally> tally) {
  return [tally = std::move(tally)] { return std::make_unique<KeyTallyOperator>(tally); };
}

}  // namespace stream::perf
