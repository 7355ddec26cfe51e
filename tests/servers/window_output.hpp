// Where the program that fault tests harm puts its windows: a topic, or a table of PostgreSQL. Used
// by WindowProgram; one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace stream::testing {

class WindowOutput {
 public:
  virtual ~WindowOutput() = default;
  /// What stands behind CREATE SINK totals USING, without the closing bracket.
  virtual std::string sink() const = 0;
  /// Every value that is there, each as often as it is.
  virtual std::vector<std::string> values() const = 0;
  /// The newest epoch that sink task `task` of the query has brought in, -1: none.
  virtual long newest_epoch(const std::string& query_id, int task) const = 0;
};

/// A new topic of three partitions, read under read_committed.
std::unique_ptr<WindowOutput> topic_output(const std::string& brokers, int copies = 1);
/// A new table, with markers of its own, of the database at `url`.
std::unique_ptr<WindowOutput> table_output(const std::string& url);

}  // namespace stream::testing
