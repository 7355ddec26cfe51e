#include <libstream/formats/csv_writer.hpp>
#include <libstream/formats/scalar_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace stream {
namespace {

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

/// Bytes as show() has them: [61 0A].
void append_bytes(std::string_view bytes, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < bytes.size(); ++i)
    fmt::format_to(std::back_inserter(out), "{}{:02X}", i > 0 ? " " : "",
                   static_cast<unsigned char>(bytes[i]));
  out += ']';
}

}  // namespace

Result<std::unique_ptr<RowWriter>> CsvWriter::make(const CsvOptions& options,
                                                   std::shared_ptr<const Schema> schema) {
  STREAM_TRY(TimeWriter times, TimeWriter::make(options.times));
  return std::unique_ptr<RowWriter>(new CsvWriter(options, std::move(schema), std::move(times)));
}

CsvWriter::CsvWriter(const CsvOptions& options, std::shared_ptr<const Schema> schema,
                     TimeWriter times)
    : options_(options),
      schema_(std::move(schema)),
      times_(std::move(times)),
      line_end_(options.syntax.line_separator.value_or("\n")),
      empty_value_(options.values.empty_value.value_or("\"\"")),
      escape_of_escape_(options.syntax.effective_escape_of_escape()) {}

Result<void> CsvWriter::begin(std::string& out) {
  if (!options_.has_header) return {};
  const std::size_t row = out.size();
  for (std::size_t c = 0; c < schema_->num_fields(); ++c)
    write_field(c, schema_->fields[c].name, false, out);
  end_row(row, out);
  return {};
}

Result<void> CsvWriter::write(const Batch& batch, std::size_t first, std::size_t count,
                              std::string& out) {
  for (std::size_t row = first; row < first + count; ++row) {
    const std::size_t begin = out.size();
    for (std::size_t c = 0; c < batch.num_columns(); ++c) {
      const Column& column = batch.column(c);
      if (column.is_null(row)) {
        write_field(c, {}, true, out);
      } else if (column.type.kind == TypeKind::binary) {
        text_.clear();
        append_bytes(column.string_at(row), text_);
        write_field(c, text_, false, out);
      } else if (is_text(column.type.kind)) {
        write_field(c, column.string_at(row), false, out);
      } else {
        text_.clear();
        append_scalar(column, row, times_, text_);
        write_field(c, text_, false, out);
      }
    }
    end_row(begin, out);
  }
  return {};
}

/// A row without any character is not written at all.
void CsvWriter::end_row(std::size_t begin, std::string& out) {
  if (out.size() > begin) out += line_end_;
}

void CsvWriter::write_field(std::size_t column, std::string_view text, bool is_null,
                            std::string& out) {
  if (column > 0) out += options_.syntax.separator;
  bool is_blank_text = text.empty();
  if (options_.writing.ignores_leading_space && !is_blank_text)
    is_blank_text = std::all_of(text.begin(), text.end(), is_blank);
  const bool is_stand_in = is_null || is_blank_text;
  if (is_stand_in) text = is_null ? options_.values.null_value : empty_value_;
  field_.clear();
  bool is_quoted = append_field(column, text, options_.writing.quotes_all, is_stand_in);
  if (field_.empty() && !is_stand_in) append_field(column, empty_value_, is_quoted, false);
  if (is_quoted) out += options_.syntax.quote;
  out += field_;
  if (is_quoted) out += options_.syntax.quote;
}

bool CsvWriter::append_field(std::size_t column, std::string_view text, bool is_quoted,
                             bool is_stand_in) {
  const char quote = options_.syntax.quote;
  const char escape = options_.syntax.escape;
  std::size_t start = 0;
  if (options_.writing.ignores_leading_space) {
    while (start < text.size() && is_blank(text[start])) ++start;
  }
  const char comment = options_.syntax.comment.value_or('#');
  if (start < text.size() && (text[start] == quote || (column == 0 && text[0] == comment)))
    is_quoted = true;
  if (is_quoted) {
    if (is_stand_in && text.size() >= 2 && text.front() == quote && text.back() == quote) {
      field_ += text;
      return false;
    }
    append_quoted(text, start);
    return true;
  }
  for (std::size_t i = start; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_mark = c == quote || c == escape;
    if (!is_mark && !is_separator_at(text, i) && !is_trigger(c)) continue;
    field_ += text.substr(start, i - start);
    if (!is_mark || needs_quotes(text, i)) {
      append_quoted(text, i);
      return true;
    }
    start = i;
    break;
  }
  field_ += text.substr(start);
  trim_field();
  return false;
}

void CsvWriter::append_quoted(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (c == options_.syntax.quote) {
      field_ += options_.syntax.escape;
    } else if (c == options_.syntax.escape && escape_of_escape_ != '\0') {
      field_ += escape_of_escape_;
    }
    // Only a line end of two characters stands for the line ends in texts.
    if (c == '\n' && line_end_.size() == 2) {
      field_ += line_end_;
    } else {
      field_ += c;
    }
  }
  trim_field();
}

void CsvWriter::trim_field() {
  if (!options_.writing.ignores_trailing_space) return;
  while (!field_.empty() && is_blank(field_.back())) field_.pop_back();
}

bool CsvWriter::is_trigger(char c) const {
  return c == '\n' || c == '\r' || line_end_.find(c) != std::string::npos ||
         (options_.writing.escapes_quotes && c == options_.syntax.quote);
}

bool CsvWriter::is_separator_at(std::string_view text, std::size_t at) const {
  return text[at] == options_.syntax.separator[0] &&
         (options_.syntax.separator.size() == 1 ||
          text.substr(at).starts_with(options_.syntax.separator));
}

bool CsvWriter::needs_quotes(std::string_view text, std::size_t from) const {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (is_separator_at(text, i) || is_trigger(text[i])) return true;
  }
  return false;
}

}  // namespace stream
