// A stream that a test feeds by hand: MemoryStream words("value STRING"); words.add_data(…); the
// frame of words.to_df(session) is an unbounded table. Spark's MemoryStream. Adding is thread-safe.
#pragma once

#include <libstream/api/session.hpp>
#include <libstream/connectors/memory/queue_source.hpp>

#include <string_view>

namespace stream::testing {

class MemoryStream {
 public:
  /// A schema as in DDL: "ts TIMESTAMP, k STRING". Throws Error.
  explicit MemoryStream(const std::string& schema);
  explicit MemoryStream(Schema schema);

  /// Rows as JSON, a line each: objects ({"k":"a"}, absent fields are null) or arrays (["a"]). The
  /// next epoch takes all that was added. Throws Error that names the line.
  MemoryStream& add_data(std::string_view json_lines);
  MemoryStream& add_data(const std::vector<std::vector<Value>>& rows);

  DataFrame to_df(const Session& session) const { return session.from_source(source_, true); }
  const Schema& schema() const { return *schema_; }

 private:
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<QueueSource> source_;
};

/// Lines of JSON as rows of a schema.
Result<std::vector<std::vector<Value>>> rows_from_json_lines(std::string_view lines,
                                                             const Schema& schema);

}  // namespace stream::testing
