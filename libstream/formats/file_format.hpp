// A file format with its options checked: makes readers (bytes to batches), schema finders and
// writers (batches to bytes). Used by file sources and sinks; a format is immutable and may be used
// by any thread, what it makes belongs to one task. Pure over memory: files are the caller's.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/expressions/sql_settings.hpp>
#include <libstream/formats/format_options.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// How far apart the places are at which a file may be cut.
enum class RecordBounds {
  line_ends,   ///< at any line end: files are read as parallel splits
  sequential,  ///< only from the start on, block after block
  whole_file,  ///< the file is one block
};

/// A stretch of a file in memory. Text columns point into `block`, which the batches keep alive.
struct ByteRange {
  const BlockRef& block;
  std::size_t begin = 0;     ///< the first byte not yet taken
  std::size_t end = 0;       ///< 64 bytes behind it are readable
  std::size_t owned = 0;     ///< records that begin here or later belong to the next split
  bool is_last = false;      ///< nothing of the file follows `end`
  std::uint64_t offset = 0;  ///< the place of block[0] in the file; for rejects
};

/// A record that became no row: bytes, place and reason.
struct RejectedRecord {
  std::string bytes;  ///< where they are cut, the reason says so
  std::uint64_t offset = 0;
  std::string reason;
};

/// Bytes to rows. Life: begin for each file (or split), take until all is taken, finish for each
/// batch in between.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// `is_start`: the bytes that follow are the file's first (a header or a byte order mark may be
  /// there). Requires that no rows are pending.
  virtual Result<void> begin(const std::string& path, bool is_start) = 0;
  /// Takes whole records from the front of `bytes` until `max_rows` rows are pending; returns the
  /// place behind the last one taken. When that is bytes.begin, more bytes are needed (never with
  /// is_last, unless max_rows are pending). Rows pending from an earlier block: finish first.
  virtual Result<std::size_t> take(const ByteRange& bytes, std::size_t max_rows) = 0;
  /// Pending rows; finish() makes them columns, in the order of ReadRequest::columns.
  virtual std::size_t num_rows() const = 0;
  virtual std::vector<Column> finish() = 0;

  virtual std::vector<RejectedRecord> take_rejects() { return {}; }
  virtual std::int64_t num_rejected() const { return 0; }
};

/// What is read: the columns that files of the relation have, and which of them are wanted.
struct ReadRequest {
  std::shared_ptr<const Schema> schema;  ///< all fields nullable
  std::vector<std::size_t> columns;      ///< indexes into schema, in the order of the batches
  /// True: rejects are an output; none may be left out. They are taken after every `take`.
  bool keeps_all_rejects = false;
};

/// Finds the schema in the bytes of files. Used like a RowReader.
class SchemaFinder {
 public:
  virtual ~SchemaFinder() = default;
  virtual Result<void> begin(const std::string& path, bool is_start) = 0;
  virtual Result<std::size_t> take(const ByteRange& bytes) = 0;
  /// True: further bytes change nothing.
  virtual bool is_done() const { return false; }
  virtual Result<Schema> finish() = 0;
};

/// Rows to the bytes of one file. Life: begin, write*, end; then again for the next file.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual Result<void> begin(std::string& out) = 0;
  /// Appends rows [first, first + count) of `batch`, which has the writer's schema.
  virtual Result<void> write(const Batch& batch, std::size_t first, std::size_t count,
                             std::string& out) = 0;
  virtual Result<void> end(std::string& /*out*/) { return {}; }
};

class FileFormat {
 public:
  virtual ~FileFormat() = default;
  virtual std::string name() const = 0;  ///< "csv"
  virtual RecordBounds bounds() const = 0;
  /// Of the files' bytes; the reader gets and the writer gives UTF-8, the caller converts.
  virtual std::string encoding() const { return "UTF-8"; }
  /// Codec of written files by Spark's name ("gzip", "zstd"), "" for none.
  virtual std::string compression() const { return {}; }
  /// Refuses types that the format has not, with Spark's condition.
  virtual Result<void> check_readable(const Schema& schema) const = 0;
  virtual Result<void> check_writable(const Schema& schema) const = 0;
  /// The schema when none is given and none is looked for in files (text); else null.
  virtual const Schema* fixed_schema() const { return nullptr; }
  virtual std::unique_ptr<SchemaFinder> make_schema_finder() const = 0;
  virtual Result<std::unique_ptr<RowReader>> make_reader(ReadRequest request,
                                                         BlockPool& pool) const = 0;
  virtual Result<std::unique_ptr<RowWriter>> make_writer(
      std::shared_ptr<const Schema> schema) const = 0;
};

/// The format `name` (csv, json, text; case does not count) with the options it knows, which are
/// taken out of `options`; what is left there is the caller's. Error: [DATA_SOURCE_NOT_FOUND] or
/// all wrong values.
Result<std::shared_ptr<const FileFormat>> make_file_format(std::string_view name,
                                                           OptionMap& options,
                                                           const SqlSettings& settings);

/// Every option of a format, for lists and documents. Empty for unknown names.
std::vector<OptionText> format_option_texts(std::string_view name);

}  // namespace stream
