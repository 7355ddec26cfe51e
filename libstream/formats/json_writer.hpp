// Rows to JSON lines, byte for byte as Spark writes them. One object a file.
#pragma once

#include <libstream/formats/file_format.hpp>
#include <libstream/formats/json_options.hpp>
#include <libstream/formats/time_text.hpp>

#include <memory>
#include <string>

namespace stream {

class JsonWriter final : public RowWriter {
 public:
  static Result<std::unique_ptr<RowWriter>> make(const JsonOptions& options,
                                                 std::shared_ptr<const Schema> schema);

  Result<void> begin(std::string& /*out*/) override { return {}; }
  Result<void> write(const Batch& batch, std::size_t first, std::size_t count,
                     std::string& out) override;

 private:
  JsonWriter(const JsonOptions& options, std::shared_ptr<const Schema> schema, TimeWriter times);

  void write_value(const Column& column, std::size_t row, std::string& out);
  void write_string(std::string_view text, std::string& out);
  void write_map_key(const Column& column, std::size_t row, std::string& out);
  /// "NAME":VALUE with a comma in front unless it is the first; nothing for nulls that are ignored.
  void write_field(const std::string& name, const Column& column, std::size_t row, bool& is_first,
                   std::string& out);

  JsonOptions options_;
  std::shared_ptr<const Schema> schema_;
  TimeWriter times_;
  std::string line_end_;
  std::string text_;
};

}  // namespace stream
