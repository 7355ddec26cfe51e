// What a planner says, for progress records, of how far its source is ahead of the query. Planners
// that know implement it beside SourcePlanner; asked on the planner's thread, after latest_offset.
#pragma once

#include <map>
#include <string>

namespace stream {

class SourceLag {
 public:
  virtual ~SourceLag() = default;
  /// The newest offset there was when latest_offset was last asked, without the source's limits;
  /// empty before that.
  virtual std::string newest_offset() const = 0;
  /// Numbers of an epoch that ends at `end`, as texts by Spark's names; empty before latest_offset.
  virtual std::map<std::string, std::string> metrics(const std::string& end) const = 0;
};

}  // namespace stream
