// Spark's refusal of types that a format has not. Used by the formats.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/schema.hpp>

#include <functional>
#include <string_view>

namespace stream {

/// [UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE] for the first column whose type is not supported.
Result<void> refuse_types(std::string_view format, const Schema& schema,
                          const std::function<bool(const DataType&)>& is_supported);

}  // namespace stream
