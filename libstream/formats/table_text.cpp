#include <libstream/data/decimal.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/utf8.hpp>
#include <libstream/formats/table_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace stream {
namespace {

constexpr std::size_t kMinWidth = 3;

bool is_full_width(char32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFE10 && c <= 0xFE19) || (c >= 0xFE30 && c <= 0xFE6F) ||
         (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6);
}

/// Units of UTF-16: characters beyond 16 bits count two.
std::size_t num_units(std::string_view text) {
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) units += next_code_point(text, at) > 0xFFFF ? 2 : 1;
  return units;
}

std::string first_units(std::string_view text, std::size_t count) {
  std::size_t units = 0;
  std::size_t at = 0;
  while (at < text.size() && units < count) {
    std::size_t next = at;
    const std::size_t width = next_code_point(text, next) > 0xFFFF ? 2 : 1;
    if (units + width > count) return std::string(text.substr(0, at)) + "?";
    units += width;
    at = next;
  }
  return std::string(text.substr(0, at));
}

std::string escaped(std::string_view text) {
  constexpr std::string_view kControls = "\n\r\t\f\b\v\a";
  constexpr std::string_view kLetters = "nrtfbva";
  std::string out;
  for (const char c : text) {
    const std::size_t at = kControls.find(c);
    if (at == std::string_view::npos) {
      out += c;
    } else {
      out += '\\';
      out += kLetters[at];
    }
  }
  return out;
}

void append_pretty(const Column& column, std::size_t row, const SqlSettings& settings,
                   std::string& out) {
  const DataType& type = column.type;
  if (type.kind == TypeKind::null || column.is_null(row)) {
    out += "NULL";
    return;
  }
  switch (type.kind) {
    case TypeKind::binary: {
      out += '[';
      bool is_first = true;
      for (const char c : column.string_at(row)) {
        fmt::format_to(std::back_inserter(out), "{}{:02X}", is_first ? "" : " ",
                       static_cast<unsigned char>(c));
        is_first = false;
      }
      out += ']';
      return;
    }
    case TypeKind::decimal:
      return append_decimal(column.data<Int128>()[row], type.scale, out);
    case TypeKind::array:
    case TypeKind::map: {
      const bool is_map = type.kind == TypeKind::map;
      const std::int64_t* offsets = column.data<std::int64_t>() + row;
      out += is_map ? '{' : '[';
      for (std::int64_t i = offsets[0]; i < offsets[1]; ++i) {
        if (i > offsets[0]) out += ", ";
        append_pretty(column.children[0], static_cast<std::size_t>(i), settings, out);
        if (!is_map) continue;
        out += " -> ";
        append_pretty(column.children[1], static_cast<std::size_t>(i), settings, out);
      }
      out += is_map ? '}' : ']';
      return;
    }
    case TypeKind::structure:
      out += '{';
      for (std::size_t i = 0; i < column.children.size(); ++i) {
        if (i > 0) out += ", ";
        append_pretty(column.children[i], row, settings, out);
      }
      out += '}';
      return;
    default:
      append_cast_text(column, row, settings, out);
  }
}

std::string cell_text(const Column& column, std::size_t row, const TableTextOptions& options,
                      const SqlSettings& settings) {
  std::string text;
  append_pretty(column, row, settings, text);
  text = escaped(text);
  if (options.truncate == 0 || num_units(text) <= options.truncate) return text;
  if (options.truncate < 4) return first_units(text, options.truncate);
  return first_units(text, options.truncate - 3) + "...";
}

void append_padded(std::string_view text, std::size_t width, bool is_left, std::string& out) {
  const std::size_t used = display_width(text);
  const std::size_t blanks = width > used ? width - used : 0;
  if (!is_left) out.append(blanks, ' ');
  out += text;
  if (is_left) out.append(blanks, ' ');
}

using Cells = std::vector<std::vector<std::string>>;

void append_table(const Cells& cells, bool is_left, std::string& out) {
  std::vector<std::size_t> widths(cells[0].size(), kMinWidth);
  for (const auto& row : cells) {
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], display_width(row[c]));
  }
  std::string rule(widths.empty() ? 2 : 1, '+');
  for (const std::size_t width : widths) rule.append(width, '-').append("+");
  rule.append("\n");
  out += rule;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    out += '|';
    for (std::size_t c = 0; c < widths.size(); ++c) {
      append_padded(cells[r][c], widths[c], is_left, out);
      out += '|';
    }
    if (widths.empty()) out += '|';
    out += '\n';
    if (r == 0) out += rule;
  }
  out += rule;
}

void append_records(const Cells& cells, std::string& out) {
  std::size_t name_width = kMinWidth;
  std::size_t value_width = kMinWidth;
  for (const std::string& name : cells[0]) name_width = std::max(name_width, display_width(name));
  for (std::size_t r = 1; r < cells.size(); ++r) {
    for (const std::string& cell : cells[r])
      value_width = std::max(value_width, display_width(cell));
  }
  for (std::size_t r = 1; r < cells.size(); ++r) {
    std::string header = fmt::format("-RECORD {}", r - 1);
    header.resize(std::max(header.size(), name_width + value_width + 5), '-');
    out += header + "\n";
    for (std::size_t c = 0; c < cells[r].size(); ++c) {
      out += ' ';
      append_padded(cells[0][c], name_width, true, out);
      out += " | ";
      append_padded(cells[r][c], value_width, true, out);
      out += " \n";
    }
  }
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    width += c > 0xFFFF || is_full_width(c) ? 2 : 1;
  }
  return width;
}

std::string show_text(const Schema& schema, std::span<const Batch> batches,
                      const TableTextOptions& options, const SqlSettings& settings) {
  Cells cells(1);
  for (const Field& field : schema.fields) cells[0].push_back(escaped(field.name));
  bool has_more = false;
  for (const Batch& batch : batches) {
    for (std::size_t row = 0; row < batch.num_rows() && !has_more; ++row) {
      has_more = cells.size() > options.max_rows;
      if (has_more) break;
      auto& texts = cells.emplace_back();
      for (const Column& column : batch.columns())
        texts.push_back(cell_text(column, row, options, settings));
    }
  }
  std::string out;
  if (options.is_vertical) {
    append_records(cells, out);
  } else {
    append_table(cells, options.truncate == 0, out);
  }
  if (options.is_vertical && cells.size() == 1) {
    out += "(0 rows)";
  } else if (has_more) {
    out += fmt::format("only showing top {} row{}", options.max_rows,
                       options.max_rows == 1 ? "" : "s");
  }
  out += '\n';
  return out;
}

}  // namespace stream
