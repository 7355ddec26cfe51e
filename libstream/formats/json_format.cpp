#include <libstream/formats/json_format.hpp>
#include <libstream/formats/json_reader.hpp>
#include <libstream/formats/json_schema.hpp>
#include <libstream/formats/json_writer.hpp>
#include <libstream/formats/type_support.hpp>

#include <algorithm>

namespace stream {
namespace {

class JsonFormat final : public FileFormat {
 public:
  JsonFormat(JsonOptions options, TimeReader times)
      : options_(std::move(options)), times_(std::move(times)) {
    if (!options_.single_variant_column.empty())
      variant_schema_.fields.push_back(
          {options_.single_variant_column, primitive(TypeKind::variant), true});
  }

  std::string name() const override { return "json"; }
  RecordBounds bounds() const override {
    if (options_.is_multi_line) return RecordBounds::whole_file;
    return options_.line_separator ? RecordBounds::sequential : RecordBounds::line_ends;
  }
  std::string encoding() const override { return options_.encoding; }
  std::string compression() const override { return options_.writing.compression; }

  Result<void> check_readable(const Schema& /*schema*/) const override { return {}; }
  Result<void> check_writable(const Schema& /*schema*/) const override { return {}; }
  const Schema* fixed_schema() const override {
    return variant_schema_.fields.empty() ? nullptr : &variant_schema_;
  }
  std::unique_ptr<SchemaFinder> make_schema_finder() const override {
    return std::make_unique<JsonSchemaFinder>(options_, times_);
  }
  Result<std::unique_ptr<RowReader>> make_reader(ReadRequest request,
                                                 BlockPool& pool) const override {
    return JsonReader::make(options_, std::move(request), pool);
  }
  Result<std::unique_ptr<RowWriter>> make_writer(
      std::shared_ptr<const Schema> schema) const override {
    return JsonWriter::make(options_, std::move(schema));
  }

 private:
  JsonOptions options_;
  TimeReader times_;
  Schema variant_schema_;
};

}  // namespace

Result<std::shared_ptr<const FileFormat>> make_json_format(OptionMap& options,
                                                           const SqlSettings& settings) {
  STREAM_TRY(JsonOptions parsed, parse_json_options(options, settings));
  STREAM_TRY(TimeReader times, TimeReader::make(parsed.times));
  return std::shared_ptr<const FileFormat>(
      std::make_shared<JsonFormat>(std::move(parsed), std::move(times)));
}

}  // namespace stream
