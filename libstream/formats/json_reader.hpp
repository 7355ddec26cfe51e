// JSON bytes to columns: an object a line, or a file that is one object or an array of them. Lines
// go through simdjson straight into columns; a line that it refuses, or whose values need more than
// a look, goes through JsonTree and JsonConverter. One object a task.
#pragma once

#include <libstream/data/column_builder.hpp>
#include <libstream/formats/file_format.hpp>
#include <libstream/formats/json_values.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

class JsonLineParser;  // json_fast.hpp

class JsonReader final : public RowReader {
 public:
  static Result<std::unique_ptr<RowReader>> make(const JsonOptions& options, ReadRequest request,
                                                 BlockPool& pool);
  ~JsonReader() override;

  Result<void> begin(const std::string& path, bool is_start) override;
  Result<std::size_t> take(const ByteRange& bytes, std::size_t max_rows) override;
  std::size_t num_rows() const override { return num_rows_; }
  std::vector<Column> finish() override;
  std::vector<RejectedRecord> take_rejects() override { return std::exchange(rejects_, {}); }
  std::int64_t num_rejected() const override { return num_rejected_; }

 private:
  JsonReader(const JsonOptions& options, ReadRequest request, TimeReader times, BlockPool& pool);

  Result<std::size_t> take_lines(const ByteRange& bytes, std::size_t max_rows);
  Result<std::size_t> take_file(const ByteRange& bytes, std::size_t max_rows);
  Result<void> take_line(std::string_view line, std::uint64_t offset);
  /// The rows of the tree's root: of an object one, of an array one each.
  Result<void> take_root(std::string_view record, std::uint64_t offset);
  Result<void> take_object(const JsonNode& object, std::string_view record, std::uint64_t offset);
  Result<void> take_variant(std::string_view record, std::uint64_t offset);
  Result<void> take_malformed(std::string_view record, std::uint64_t offset,
                              const ValueList* partial, const std::string& reason);
  void append_row(const ValueList* values, std::optional<std::string_view> corrupt);

  JsonOptions options_;
  ReadRequest request_;
  BlockPool& pool_;
  JsonTree tree_;
  JsonConverter converter_;
  std::vector<Field> fields_;  // wanted, without the corrupt column
  std::optional<std::size_t> corrupt_place_;
  std::vector<ColumnBuilder> builders_;  // in the order of the batch
  std::vector<ColumnBuilder*> data_builders_;
  std::unique_ptr<JsonLineParser> fast_;

  std::string path_;
  bool is_at_start_ = false;
  std::uint32_t next_element_ = JsonNode::kNone;  // of an array that gives more rows than a batch
  bool is_in_file_ = false;
  std::size_t num_rows_ = 0;
  std::vector<RejectedRecord> rejects_;
  std::int64_t num_rejected_ = 0;
};

}  // namespace stream
