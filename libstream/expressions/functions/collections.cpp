#include <libstream/base/hash.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

#include <limits>

namespace stream {

void adopt_texts(ColumnBuilder& builder, const Column& column) {
  if (!column.blocks.empty()) builder.adopt(column.blocks);
  for (const Column& child : column.children) adopt_texts(builder, child);
}

void append_range(ColumnBuilder& into, const Column& from, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) append_from(into, from, i);
}

std::uint64_t hash_row(const Column& column, std::size_t row) {
  constexpr std::uint64_t kNull = 0x6e756c6cU;
  if (column.is_null(row)) return kNull;
  const auto hash_float = [](double value) {
    value = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;
    return hash_bytes(&value, sizeof value);
  };
  switch (column.type.kind) {
    case TypeKind::null:
      return kNull;
    case TypeKind::float32:
      return hash_float(static_cast<double>(column.data<float>()[row]));
    case TypeKind::float64:
      return hash_float(column.data<double>()[row]);
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      return hash_bytes(column.string_at(row));
    case TypeKind::structure: {
      std::uint64_t hash = 0;
      for (const Column& child : column.children) hash = hash_combine(hash, hash_row(child, row));
      return hash;
    }
    case TypeKind::array:
    case TypeKind::map: {
      const std::int64_t* offsets = column.data<std::int64_t>() + row;
      std::uint64_t hash = hash_integer(static_cast<std::uint64_t>(offsets[1] - offsets[0]));
      for (std::int64_t i = offsets[0]; i < offsets[1]; ++i) {
        std::uint64_t entry = 0;
        for (const Column& child : column.children)
          entry = hash_combine(entry, hash_row(child, static_cast<std::size_t>(i)));
        // The order of a map's entries does not count.
        hash = column.type.kind == TypeKind::map ? hash + entry : hash_combine(hash, entry);
      }
      return hash;
    }
    default: {
      const std::size_t width = value_width(column.type.kind);
      return hash_bytes(column.values.data() + row * width, width);
    }
  }
}

void ElementSet::clear() {
  elements_.clear();
  table_.clear();
}

bool ElementSet::is_at(const Element& element, const Column& column, std::size_t row) const {
  return equal_rows(*element.column, element.row, column, row);
}

std::size_t ElementSet::place_of(std::uint64_t hash, const Column& column, std::size_t row) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t place = hash & mask;
  while (table_[place] != kFree) {
    const Element& element = elements_[table_[place]];
    if (element.hash == hash && is_at(element, column, row)) break;
    place = (place + 1) & mask;
  }
  return place;
}

void ElementSet::grow() {
  table_.assign(table_.empty() ? 4 * kSmall : 2 * table_.size(), kFree);
  const std::size_t mask = table_.size() - 1;
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    Element& element = elements_[i];
    if (element.hash == 0) element.hash = hash_row(*element.column, element.row);
    std::size_t place = element.hash & mask;
    while (table_[place] != kFree) place = (place + 1) & mask;
    table_[place] = static_cast<std::uint32_t>(i);
  }
}

bool ElementSet::contains(const Column& column, std::size_t row) const {
  if (!table_.empty()) return table_[place_of(hash_row(column, row), column, row)] != kFree;
  for (const Element& element : elements_) {
    if (is_at(element, column, row)) return true;
  }
  return false;
}

bool ElementSet::insert(const Column& column, std::size_t row) {
  if (table_.empty()) {
    if (contains(column, row)) return false;
    elements_.push_back({&column, row, 0});
    if (elements_.size() > kSmall) grow();
    return true;
  }
  const std::uint64_t hash = hash_row(column, row);
  const std::size_t place = place_of(hash, column, row);
  if (table_[place] != kFree) return false;
  table_[place] = static_cast<std::uint32_t>(elements_.size());
  elements_.push_back({&column, row, hash});
  if (elements_.size() * 2 > table_.size()) grow();
  return true;
}

std::optional<DataType> element_type(const DataType& element, const DataType& value, bool is_ansi) {
  const bool has_one_text = (element.kind == TypeKind::string) != (value.kind == TypeKind::string);
  if (has_one_text && element.kind != TypeKind::null && value.kind != TypeKind::null)
    return std::nullopt;
  return common_type(element, value, is_ansi);
}

Error different_types(std::string_view function, Arguments arguments) {
  std::string types;
  for (const Argument& argument : arguments)
    types += (types.empty() ? "\"" : ", \"") + argument.type.to_string() + "\"";
  return analysis_error(
      "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES",
      fmt::format("Input to `{}` should have been an array followed by a value with same element "
                  "type, but it's [{}].",
                  function, types));
}

Error different_arrays(std::string_view function, Arguments arguments) {
  return analysis_error(
      "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES",
      fmt::format("The input of `{}` should be two \"ARRAY\" with same element type, but it's "
                  "[\"{}\", \"{}\"].",
                  function, arguments[0].type.to_string(), arguments[1].type.to_string()));
}

Result<void> check_two_arrays(std::string_view function, Arguments arguments) {
  if (arguments[0].type.kind == TypeKind::array && arguments[1].type.kind == TypeKind::array)
    return {};
  return different_arrays(function, arguments);
}

namespace {

Result<DataType> list_argument(std::string_view function, Arguments arguments, std::size_t index,
                               TypeKind kind, DataType empty, std::string_view wanted) {
  const DataType& type = arguments[index].type;
  if (type.kind == kind) return type;
  if (type.kind == TypeKind::null) return empty;
  return wrong_argument(function, arguments, index, wanted);
}

}  // namespace

Result<DataType> array_argument(std::string_view function, Arguments arguments, std::size_t index) {
  return list_argument(function, arguments, index, TypeKind::array,
                       array_of(primitive(TypeKind::null), true), "the \"ARRAY\" type");
}

Result<DataType> map_argument(std::string_view function, Arguments arguments, std::size_t index) {
  return list_argument(function, arguments, index, TypeKind::map,
                       map_of(primitive(TypeKind::null), primitive(TypeKind::null), true),
                       "the \"MAP\" type");
}

ScalarFunction collection_function(
    std::string name, std::string family, std::string usage, std::size_t min_arguments,
    std::size_t max_arguments,
    std::function<Result<ResolvedFunction>(Arguments, const SqlSettings&)> resolve) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = std::move(family);
  function.usage = std::move(usage);
  function.min_arguments = min_arguments;
  function.max_arguments = max_arguments;
  function.resolve = std::move(resolve);
  return function;
}

}  // namespace stream
