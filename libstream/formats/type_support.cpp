#include <libstream/expressions/function.hpp>
#include <libstream/formats/type_support.hpp>

#include <fmt/format.h>

namespace stream {

Result<void> refuse_types(std::string_view format, const Schema& schema,
                          const std::function<bool(const DataType&)>& is_supported) {
  for (const Field& field : schema.fields) {
    if (is_supported(field.type)) continue;
    return analysis_error("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                          fmt::format("The {} datasource doesn't support the column `{}` of the "
                                      "type \"{}\".",
                                      format, field.name, field.type.to_string()));
  }
  return {};
}

}  // namespace stream
