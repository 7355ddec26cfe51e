// Finds the schema of CSV files: names from the header, types from the fields when asked for. Used
// by file sources before a query starts.
#pragma once

#include <libstream/formats/csv_record.hpp>
#include <libstream/formats/file_format.hpp>
#include <libstream/formats/number_text.hpp>
#include <libstream/formats/time_text.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

class CsvSchemaFinder final : public SchemaFinder {
 public:
  CsvSchemaFinder(const CsvOptions& options, TimeReader times, bool is_case_sensitive);

  Result<void> begin(const std::string& path, bool is_start) override;
  Result<std::size_t> take(const ByteRange& bytes) override;
  bool is_done() const override { return has_first_ && !options_.inference.is_on; }
  Result<Schema> finish() override;

 private:
  Result<std::size_t> take_lines(const ByteRange& bytes);
  Result<std::size_t> take_multi_line(const ByteRange& bytes);
  Result<void> take_line(std::string_view line);
  void take_first(const std::vector<CsvField>& fields);
  void take_record(const std::vector<CsvField>& fields);
  /// The type that holds what the column has had and `text`.
  DataType widen(const DataType& so_far, std::string_view text) const;
  DataType type_from(TypeKind first_tried, std::string_view text) const;
  std::vector<std::string> safe_names(const std::vector<CsvField>& header) const;

  CsvOptions options_;
  CsvRecordParser parser_;
  TimeReader times_;
  bool is_case_sensitive_;
  bool is_at_start_ = true;
  bool drops_header_ = false;
  bool has_first_ = false;
  std::string first_line_;
  std::vector<std::string> names_;
  std::vector<DataType> types_;
  double sampled_ = 0;
};

}  // namespace stream
