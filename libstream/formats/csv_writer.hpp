// Rows to CSV, byte for byte as Spark writes them (quotes, escapes, trimmed blanks, empty values).
// One object a file.
#pragma once

#include <libstream/formats/csv_options.hpp>
#include <libstream/formats/file_format.hpp>
#include <libstream/formats/time_text.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace stream {

class CsvWriter final : public RowWriter {
 public:
  static Result<std::unique_ptr<RowWriter>> make(const CsvOptions& options,
                                                 std::shared_ptr<const Schema> schema);

  Result<void> begin(std::string& out) override;
  Result<void> write(const Batch& batch, std::size_t first, std::size_t count,
                     std::string& out) override;

 private:
  CsvWriter(const CsvOptions& options, std::shared_ptr<const Schema> schema, TimeWriter times);

  void write_field(std::size_t column, std::string_view text, bool is_null, std::string& out);
  /// Appends `text` to field_, escaped where it needs quotes; returns whether it needs them.
  bool append_field(std::size_t column, std::string_view text, bool is_quoted, bool is_stand_in);
  void append_quoted(std::string_view text, std::size_t from);
  void trim_field();
  bool needs_quotes(std::string_view text, std::size_t from) const;
  bool is_trigger(char c) const;
  bool is_separator_at(std::string_view text, std::size_t at) const;
  void end_row(std::size_t begin, std::string& out);

  CsvOptions options_;
  std::shared_ptr<const Schema> schema_;
  TimeWriter times_;
  std::string line_end_;
  std::string empty_value_;
  char escape_of_escape_;
  std::string field_;
  std::string text_;
};

}  // namespace stream
