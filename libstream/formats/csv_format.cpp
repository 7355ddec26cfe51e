#include <libstream/expressions/function.hpp>
#include <libstream/formats/csv_format.hpp>
#include <libstream/formats/csv_reader.hpp>
#include <libstream/formats/csv_schema.hpp>
#include <libstream/formats/csv_writer.hpp>
#include <libstream/formats/malformed.hpp>
#include <libstream/formats/text_encoding.hpp>
#include <libstream/formats/type_support.hpp>

namespace stream {
namespace {

class CsvFormat final : public FileFormat {
 public:
  CsvFormat(CsvOptions options, TimeReader times, bool is_case_sensitive)
      : options_(std::move(options)),
        times_(std::move(times)),
        is_case_sensitive_(is_case_sensitive) {}

  std::string name() const override { return "csv"; }
  RecordBounds bounds() const override {
    const CsvSyntax& syntax = options_.syntax;
    return syntax.is_multi_line || syntax.line_separator ? RecordBounds::sequential
                                                         : RecordBounds::line_ends;
  }
  std::string encoding() const override { return options_.encoding; }
  std::string compression() const override { return options_.writing.compression; }

  Result<void> check_readable(const Schema& schema) const override {
    return refuse_types("CSV", schema, is_csv_type);
  }
  Result<void> check_writable(const Schema& schema) const override {
    return refuse_types("CSV", schema, [](const DataType& type) {
      return is_csv_type(type) && type.kind != TypeKind::calendar_interval;
    });
  }
  std::unique_ptr<SchemaFinder> make_schema_finder() const override {
    return std::make_unique<CsvSchemaFinder>(options_, times_, is_case_sensitive_);
  }
  Result<std::unique_ptr<RowReader>> make_reader(ReadRequest request,
                                                 BlockPool& pool) const override {
    return CsvReader::make(options_, std::move(request), pool);
  }
  Result<std::unique_ptr<RowWriter>> make_writer(
      std::shared_ptr<const Schema> schema) const override {
    return CsvWriter::make(options_, std::move(schema));
  }

 private:
  CsvOptions options_;
  TimeReader times_;
  bool is_case_sensitive_;
};

}  // namespace

Result<std::shared_ptr<const FileFormat>> make_csv_format(OptionMap& options,
                                                          const SqlSettings& settings) {
  STREAM_TRY(CsvOptions parsed, parse_csv_options(options, settings));
  STREAM_TRY(TimeReader times, TimeReader::make(parsed.times));
  return std::shared_ptr<const FileFormat>(
      std::make_shared<CsvFormat>(std::move(parsed), std::move(times), settings.is_case_sensitive));
}

}  // namespace stream
