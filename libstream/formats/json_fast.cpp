#include <libstream/base/ascii.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/formats/json_fast.hpp>

#include <simdjson.h>

#include <charconv>
#include <cstring>

namespace stream {
namespace {

constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);
constexpr std::size_t kUnclear = static_cast<std::size_t>(-2);

/// The grammar of JSON numbers.
bool is_number(std::string_view text, bool& is_integer) {
  std::size_t i = text.starts_with('-') ? 1 : 0;
  const std::size_t first = i;
  while (i < text.size() && is_digit(text[i])) ++i;
  if (i == first || (i - first > 1 && text[first] == '0')) return false;
  is_integer = i == text.size();
  if (is_integer) return true;
  if (text[i] == '.') {
    const std::size_t point = ++i;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (i == point) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    const std::size_t exponent = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (i == exponent) return false;
  }
  return i == text.size();
}

std::string_view without_blanks_behind(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

bool is_plain_string(std::string_view token) {
  return token.size() >= 2 && token.front() == '"' && token.back() == '"' &&
         std::memchr(token.data(), '\\', token.size()) == nullptr;
}

}  // namespace

class JsonLineParser::Impl {
 public:
  simdjson::ondemand::parser parser;
};

JsonLineParser::JsonLineParser(const std::vector<Field>& fields, JsonConverter& converter)
    : fields_(fields),
      converter_(converter),
      tree_(JsonLeniency{.single_quotes = false, .non_numeric_numbers = false}),
      impl_(std::make_unique<Impl>()),
      cells_(fields.size()) {}

JsonLineParser::~JsonLineParser() = default;

std::size_t JsonLineParser::field_of(const char* raw_name) {
  const auto is_same = [&](const std::string& name) {
    return !name.empty() && raw_name[0] == name[0] &&
           std::strncmp(raw_name, name.data(), name.size()) == 0 && raw_name[name.size()] == '"';
  };
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const std::size_t field =
        expected_ + i < fields_.size() ? expected_ + i : expected_ + i - fields_.size();
    if (!is_same(fields_[field].name)) continue;
    expected_ = field + 1 == fields_.size() ? 0 : field + 1;
    return field;
  }
  while (*raw_name != '"') {
    if (*raw_name == '\\') return kUnclear;
    ++raw_name;
  }
  return kUnknown;
}

bool JsonLineParser::parse(std::string_view line) {
  texts_.clear();
  for (Cell& cell : cells_) cell.state = Cell::State::missing;
  expected_ = 0;
  using namespace simdjson;
  ondemand::document document;
  if (impl_->parser.iterate(padded_string_view(line, line.size() + SIMDJSON_PADDING))
          .get(document) != SUCCESS)
    return false;
  ondemand::object object;
  if (document.get_object().get(object) != SUCCESS) return false;
  for (auto each : object) {
    ondemand::field field;
    if (std::move(each).get(field) != SUCCESS) return false;
    const std::size_t index = field_of(field.key().raw());
    if (index == kUnclear) return false;
    ondemand::value value = field.value();
    ondemand::json_type type{};
    if (value.type().get(type) != SUCCESS) return false;
    std::string_view raw;
    if (type == ondemand::json_type::object) {
      ondemand::object nested;
      if (value.get_object().get(nested) != SUCCESS || nested.raw_json().get(raw) != SUCCESS)
        return false;
      if (!take_nested(index, without_blanks_behind(raw))) return false;
    } else if (type == ondemand::json_type::array) {
      ondemand::array nested;
      if (value.get_array().get(nested) != SUCCESS || nested.raw_json().get(raw) != SUCCESS)
        return false;
      if (!take_nested(index, without_blanks_behind(raw))) return false;
    } else if (!take(index, without_blanks_behind(value.raw_json_token()))) {
      return false;
    }
  }
  return true;
}

bool JsonLineParser::take(std::size_t field, std::string_view token) {
  if (token.empty()) return false;
  const bool is_string = token.front() == '"';
  bool is_integer = false;
  const bool is_word = token == "null" || token == "true" || token == "false";
  if (is_string ? !is_plain_string(token) : !is_word && !is_number(token, is_integer))
    return is_string && take_nested(field, token);
  if (field == kUnknown) return true;
  Cell& cell = cells_[field];
  const DataType& type = fields_[field].type;
  if (type.kind == TypeKind::variant) return take_nested(field, token);
  if (token == "null") {
    cell.state = Cell::State::missing;
    return true;
  }
  cell.state = Cell::State::number;
  switch (type.kind) {
    case TypeKind::string:
      cell.state = Cell::State::text;
      cell.text = is_string ? token.substr(1, token.size() - 2) : token;
      return true;
    case TypeKind::boolean:
      cell.integer = token == "true";
      return is_word;
    case TypeKind::int32:
    case TypeKind::int64: {
      if (!is_integer) return false;
      if (!parse_java_integer(token.data(), token.size(), cell.integer)) return false;
      return type.kind == TypeKind::int64 ||
             (cell.integer >= INT32_MIN && cell.integer <= INT32_MAX);
    }
    case TypeKind::float64: {
      if (is_string || is_word) return false;
      const auto [next, error] =
          std::from_chars(token.data(), token.data() + token.size(), cell.floating);
      return error == std::errc{} && next == token.data() + token.size();
    }
    case TypeKind::decimal: {
      if (is_string || is_word) return false;
      const auto value = parse_decimal(token, type.scale);
      if (!value || !fits_precision(*value, type.precision)) return false;
      cell.decimal = *value;
      return true;
    }
    case TypeKind::date:
    case TypeKind::timestamp: {
      if (!is_string || token.size() == 2) return false;
      const std::string_view text = token.substr(1, token.size() - 2);
      if (type.kind == TypeKind::date) {
        const auto days = converter_.times().date(text);
        cell.integer = days.value_or(0);
        return days.has_value();
      }
      const auto micros = converter_.times().timestamp(text);
      cell.integer = micros.value_or(0);
      return micros.has_value();
    }
    default:
      return take_nested(field, token);
  }
}

bool JsonLineParser::take_nested(std::size_t field, std::string_view raw) {
  if (tree_.parse(raw) != JsonTree::Outcome::value || tree_.end() != raw.size()) return false;
  if (field == kUnknown) return true;
  Cell& cell = cells_[field];
  const DataType& type = fields_[field].type;
  if (type.kind == TypeKind::string) {
    cell.state = Cell::State::text;
    cell.text = raw;
    if (tree_.root().kind == JsonKind::string) cell.text = texts_.emplace_back(tree_.root().text);
    return true;
  }
  bool is_partial = false;
  auto value = converter_.convert(tree_, tree_.root(), type, is_partial);
  if (!value || is_partial) return false;
  cell.state = Cell::State::boxed;
  cell.value = std::move(*value);
  return true;
}

void JsonLineParser::append_to(const std::vector<ColumnBuilder*>& builders) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    Cell& cell = cells_[i];
    ColumnBuilder& builder = *builders[i];
    switch (cell.state) {
      case Cell::State::missing:
        builder.append_null();
        break;
      case Cell::State::text:
        builder.append_string(cell.text);
        break;
      case Cell::State::boxed:
        append_value(builder, cell.value);
        break;
      case Cell::State::number:
        switch (fields_[i].type.kind) {
          case TypeKind::boolean:
            builder.append(static_cast<std::uint8_t>(cell.integer));
            break;
          case TypeKind::int32:
          case TypeKind::date:
            builder.append(static_cast<std::int32_t>(cell.integer));
            break;
          case TypeKind::decimal:
            builder.append(cell.decimal);
            break;
          case TypeKind::float64:
            builder.append(cell.floating);
            break;
          default:
            builder.append(cell.integer);
        }
    }
  }
}

}  // namespace stream
