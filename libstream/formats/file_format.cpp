#include <libstream/expressions/function.hpp>
#include <libstream/formats/csv_format.hpp>
#include <libstream/formats/csv_options.hpp>
#include <libstream/formats/json_format.hpp>
#include <libstream/formats/json_options.hpp>
#include <libstream/formats/text_format.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

bool is_same_name(std::string_view a, std::string_view b) {
  const IgnoreCaseLess less;
  return !less(a, b) && !less(b, a);
}

}  // namespace

Result<std::shared_ptr<const FileFormat>> make_file_format(std::string_view name,
                                                           OptionMap& options,
                                                           const SqlSettings& settings) {
  if (is_same_name(name, "csv")) return make_csv_format(options, settings);
  if (is_same_name(name, "json")) return make_json_format(options, settings);
  if (is_same_name(name, "text")) return make_text_format(options);
  return analysis_error(
      "DATA_SOURCE_NOT_FOUND",
      fmt::format("there is no file format '{}'; there are csv, json and text", name));
}

std::vector<OptionText> format_option_texts(std::string_view name) {
  if (is_same_name(name, "csv")) return texts_of(csv_option_table());
  if (is_same_name(name, "json")) return texts_of(json_option_table());
  if (is_same_name(name, "text")) return texts_of(text_option_table());
  return {};
}

}  // namespace stream
