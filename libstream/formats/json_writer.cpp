#include <libstream/expressions/text_codec.hpp>
#include <libstream/formats/json_values.hpp>
#include <libstream/formats/json_writer.hpp>
#include <libstream/formats/scalar_text.hpp>

#include <cmath>

namespace stream {

Result<std::unique_ptr<RowWriter>> JsonWriter::make(const JsonOptions& options,
                                                    std::shared_ptr<const Schema> schema) {
  STREAM_TRY(TimeWriter times, TimeWriter::make(options.times));
  return std::unique_ptr<RowWriter>(new JsonWriter(options, std::move(schema), std::move(times)));
}

JsonWriter::JsonWriter(const JsonOptions& options, std::shared_ptr<const Schema> schema,
                       TimeWriter times)
    : options_(options),
      schema_(std::move(schema)),
      times_(std::move(times)),
      line_end_(options.line_separator.value_or("\n")) {}

Result<void> JsonWriter::write(const Batch& batch, std::size_t first, std::size_t count,
                               std::string& out) {
  for (std::size_t row = first; row < first + count; ++row) {
    out += '{';
    bool is_first = true;
    for (std::size_t c = 0; c < batch.num_columns(); ++c)
      write_field(schema_->fields[c].name, batch.column(c), row, is_first, out);
    out += '}';
    out += line_end_;
  }
  return {};
}

void JsonWriter::write_field(const std::string& name, const Column& column, std::size_t row,
                             bool& is_first, std::string& out) {
  const bool is_null = column.type.kind == TypeKind::null || column.is_null(row);
  if (is_null && options_.writing.ignores_null_fields) return;
  if (!is_first) out += ',';
  is_first = false;
  write_string(name, out);
  out += ':';
  write_value(column, row, out);
}

void JsonWriter::write_string(std::string_view text, std::string& out) {
  append_json_string(text, options_.writing.escapes_non_ascii, out);
}

void JsonWriter::write_map_key(const Column& column, std::size_t row, std::string& out) {
  text_.clear();
  switch (column.type.kind) {
    case TypeKind::date:
      text_ = std::to_string(column.data<std::int32_t>()[row]);
      break;
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
      text_ = std::to_string(column.data<std::int64_t>()[row]);
      break;
    default:
      append_scalar(column, row, times_, text_);
  }
  write_string(text_, out);
}

void JsonWriter::write_value(const Column& column, std::size_t row, std::string& out) {
  const DataType& type = column.type;
  if (type.kind == TypeKind::null || column.is_null(row)) {
    out += "null";
    return;
  }
  switch (type.kind) {
    case TypeKind::float32:
    case TypeKind::float64: {
      const bool is_finite = type.kind == TypeKind::float32
                                 ? std::isfinite(column.data<float>()[row])
                                 : std::isfinite(column.data<double>()[row]);
      if (!is_finite) out += '"';
      append_scalar(column, row, times_, out);
      if (!is_finite) out += '"';
      return;
    }
    case TypeKind::boolean:
    case TypeKind::int8:
    case TypeKind::int16:
    case TypeKind::int32:
    case TypeKind::int64:
    case TypeKind::decimal:
    case TypeKind::variant:
      return append_scalar(column, row, times_, out);
    case TypeKind::string:
      return write_string(column.string_at(row), out);
    case TypeKind::binary:
      return write_string(encode_base64(column.string_at(row)), out);
    case TypeKind::array:
    case TypeKind::map: {
      const bool is_map = type.kind == TypeKind::map;
      const std::int64_t* offsets = column.data<std::int64_t>() + row;
      out += is_map ? '{' : '[';
      for (std::int64_t i = offsets[0]; i < offsets[1]; ++i) {
        const auto entry = static_cast<std::size_t>(i);
        if (i > offsets[0]) out += ',';
        if (is_map) {
          write_map_key(column.children[0], entry, out);
          out += ':';
        }
        write_value(column.children[is_map ? 1 : 0], entry, out);
      }
      out += is_map ? '}' : ']';
      return;
    }
    case TypeKind::structure: {
      out += '{';
      bool is_first = true;
      for (std::size_t i = 0; i < column.children.size(); ++i)
        write_field(type.children[i].name, column.children[i], row, is_first, out);
      out += '}';
      return;
    }
    default: {
      std::string text;
      append_scalar(column, row, times_, text);
      write_string(text, out);
    }
  }
}

}  // namespace stream
