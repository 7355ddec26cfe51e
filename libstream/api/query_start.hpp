// From a relation to something that runs: a bounded query whose rows are collected, or a streaming
// query that was started. Used by DataFrame, DataStreamWriter, SQL statements and the case runner.
#pragma once

#include <libstream/api/output_set.hpp>

namespace stream {

/// The rows of a bounded query, in its order.
struct CollectedRows {
  Schema schema;
  std::vector<Batch> batches;
};

struct BoundedOptions {
  std::uint32_t parallelism = 1;
  std::size_t batch_rows = 4096;
  /// Where rows go instead of being collected.
  std::shared_ptr<const Sink> sink;
  FileSystem* files = nullptr;  ///< nullptr: the local one
};

/// Runs a relation to its end. Error: Spark's refusals and whatever fails while it runs.
Result<CollectedRows> collect(SessionState& session, const RelationRef& relation,
                              const BoundedOptions& options = {});

struct StreamingOptions {
  OutputMode mode = OutputMode::append;
  std::shared_ptr<const Sink> sink;
  std::string late_rows = {};  ///< name of the session's sink that takes them; empty: none
  QueryOptions query = {};
};

/// Starts a streaming query.
Result<std::unique_ptr<RunningQuery>> start_streaming(SessionState& session,
                                                      const RelationRef& relation,
                                                      StreamingOptions options);

/// The logical and the physical plan of a relation as text, as they would run.
Result<std::string> explain_relation(const SessionState& session, const RelationRef& relation,
                                     OutputMode mode);

/// The output columns of a relation. Error: as analysis finds it.
Result<Schema> schema_of(const SessionState& session, const RelationRef& relation);

}  // namespace stream
