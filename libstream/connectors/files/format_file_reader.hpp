// Reads ranges of files through a format into batches: the reader of file sources. Lives in a
// source task and is used by its thread only.
#pragma once

#include <libstream/connectors/files/byte_codecs.hpp>
#include <libstream/connectors/files/file_source_options.hpp>
#include <libstream/connectors/source.hpp>
#include <libstream/data/value.hpp>
#include <libstream/formats/file_format.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

/// A part of a file, as the content of a split.
struct FileRange {
  std::string path;
  std::string base;  ///< partition columns are below it
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t size_bytes = 0;
  EpochMillis modified_millis = 0;
};
std::string encode_file_range(const FileRange& range);
Result<FileRange> decode_file_range(const std::string& content);

/// Where a column of the batches comes from.
struct FileColumn {
  enum class Origin { data, partition, metadata };
  Origin origin = Origin::data;
  std::size_t index = 0;  ///< among the data columns or the partition columns
};

/// What all readers of one source share.
struct FileScan {
  std::shared_ptr<const FileFormat> format;
  std::shared_ptr<const Schema> data_schema;
  std::vector<Field> partition_columns;
  std::vector<FileColumn> columns;       ///< of the batches
  std::shared_ptr<const Schema> schema;  ///< of the batches
  FileSelection selection;
  std::string time_zone;
};

/// The type of `_metadata`.
const Field& file_metadata_field();

class FormatFileReader final : public SourceReader {
 public:
  explicit FormatFileReader(std::shared_ptr<const FileScan> scan) : scan_(std::move(scan)) {}

  Result<void> start(const ReaderContext& context) override;
  Result<void> open(const Split& split) override;
  Result<ReadStatus> read(Batch& batch) override;
  std::vector<Reject> take_rejects() override;
  std::int64_t num_rejected() const override { return rows_ ? rows_->num_rejected() : 0; }

 private:
  Result<void> open_range();
  Result<ReadStatus> read_rows(Batch& batch);
  Result<void> fill();
  /// Moves behind the line that began in the split before; false: it goes on.
  bool skip_line();
  bool owns_more() const { return offset_ + begin_ < range_.end; }
  Result<Batch> assemble(std::vector<Column> data, std::size_t num_rows);
  Column metadata_column(std::size_t num_rows);
  void close();

  std::shared_ptr<const FileScan> scan_;
  std::optional<ReaderContext> context_;
  std::unique_ptr<RowReader> rows_;

  FileRange range_;
  std::vector<Value> partition_values_;
  std::unique_ptr<ByteInput> input_;
  BlockRef block_;
  std::uint64_t offset_ = 0;  ///< the place of block_[0] in the (decompressed) file
  std::size_t begin_ = 0;     ///< the first byte of the block that is not yet taken
  std::size_t filled_ = 0;    ///< bytes in the block
  bool is_at_end_ = false;    ///< the file has no byte behind the block
  bool is_skipping_ = false;
  std::int64_t num_handed_over_ = 0;  ///< rejects that were taken
};

}  // namespace stream
