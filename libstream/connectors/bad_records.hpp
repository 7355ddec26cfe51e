// Bad records as rows: what a reader could not take becomes an output of the query. Used by source
// tasks, and by plans for the columns.
#pragma once

#include <libstream/connectors/source.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stream {

/// bytes BINARY, place STRING, reason STRING, source STRING; none is null.
std::shared_ptr<const Schema> bad_record_schema();

/// Makes the rows of one source.
class BadRecordRows {
 public:
  explicit BadRecordRows(std::string source) : source_(std::move(source)) {}
  Batch batch_of(const std::vector<Reject>& rejects, BlockPool& pool) const;

 private:
  std::string source_;
};

}  // namespace stream
