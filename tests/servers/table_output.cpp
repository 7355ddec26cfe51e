#include <libstream/base/unique_id.hpp>
#include <libstream/connectors/postgresql/connection.hpp>
#include <tests/servers/window_output.hpp>

#include <fmt/format.h>

#include <stdexcept>

namespace stream::testing {

namespace {

/// Each question has a connection of its own: the server may have been killed since the last one.
class TableOutput final : public WindowOutput {
 public:
  explicit TableOutput(std::string url)
      : url_(std::move(url)), table_("totals_" + make_unique_id().substr(0, 8)) {
    query(fmt::format("CREATE TABLE {} (key text, value text NOT NULL)", table_));
  }

  std::string sink() const override {
    return fmt::format("postgresql OPTIONS (url '{}', dbtable '{}', markerTable '{}_epochs'", url_,
                       table_, table_);
  }
  std::vector<std::string> values() const override {
    const auto rows = query("SELECT value FROM " + table_);
    std::vector<std::string> all;
    for (std::size_t row = 0; row < rows.size(); ++row) all.push_back(rows.text(row, 0));
    return all;
  }
  long newest_epoch(const std::string& query_id, int task) const override {
    if (query(fmt::format("SELECT to_regclass('{}_epochs')::text", table_)).text(0, 0).empty())
      return -1;
    const auto rows = query(fmt::format(
        "SELECT epoch FROM {}_epochs WHERE query_id = '{}' AND task = {}", table_, query_id, task));
    return rows.size() == 0 ? -1 : std::stol(rows.text(0, 0));
  }

 private:
  postgresql::Rows query(const std::string& statement) const {
    postgresql::ConnectionOptions options;
    options.url = url_;
    auto connection = postgresql::Connection::open(options);
    if (!connection) throw std::runtime_error(connection.error().message());
    auto rows = connection->query(statement);
    if (!rows) throw std::runtime_error(rows.error().message());
    return std::move(*rows);
  }

  std::string url_, table_;
};

}  // namespace

std::unique_ptr<WindowOutput> table_output(const std::string& url) {
  return std::make_unique<TableOutput>(url);
}

}  // namespace stream::testing
