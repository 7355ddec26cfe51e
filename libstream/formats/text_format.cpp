#include <libstream/expressions/function.hpp>
#include <libstream/expressions/utf8.hpp>
#include <libstream/formats/malformed.hpp>
#include <libstream/formats/text_encoding.hpp>
#include <libstream/formats/text_format.hpp>
#include <libstream/formats/type_support.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

class TextReader final : public RowReader {
 public:
  TextReader(const TextOptions& options, std::size_t num_columns, BlockPool& pool)
      : options_(options), num_columns_(num_columns), builder_(primitive(TypeKind::string), pool) {}

  Result<void> begin(const std::string& /*path*/, bool is_start) override {
    is_at_start_ = is_start;
    return {};
  }

  Result<std::size_t> take(const ByteRange& bytes, std::size_t max_rows) override {
    builder_.adopt({bytes.block});
    const std::string_view text(bytes.block.data(), bytes.end);
    if (options_.is_whole_text) {
      if (!bytes.is_last) return bytes.begin;
      append(text.substr(bytes.begin));
      return bytes.end;
    }
    std::size_t at = bytes.begin;
    if (is_at_start_) {
      if (bytes.end - at < 3 && !bytes.is_last) return at;
      if (text.substr(at).starts_with("\xEF\xBB\xBF")) at += 3;
      is_at_start_ = false;
    }
    while (at < bytes.end && at < bytes.owned && num_rows_ < max_rows) {
      const TextLine line = next_line(text, at, options_.line_separator, bytes.is_last);
      if (!line.is_whole) break;
      append(text.substr(at, line.size));
      at = line.next;
    }
    return at;
  }

  std::size_t num_rows() const override { return num_rows_; }
  std::vector<Column> finish() override {
    num_rows_ = 0;
    std::vector<Column> columns;
    if (num_columns_ > 0) columns.push_back(builder_.finish());
    return columns;
  }

 private:
  void append(std::string_view text) {
    ++num_rows_;
    if (num_columns_ == 0) return;
    if (is_valid_utf8(text)) {
      builder_.append_string(text);
    } else {
      builder_.append_string(make_valid_utf8(text));
    }
  }

  TextOptions options_;
  std::size_t num_columns_;
  ColumnBuilder builder_;
  bool is_at_start_ = false;
  std::size_t num_rows_ = 0;
};

class TextWriter final : public RowWriter {
 public:
  explicit TextWriter(std::string line_end) : line_end_(std::move(line_end)) {}

  Result<void> begin(std::string& /*out*/) override { return {}; }
  Result<void> write(const Batch& batch, std::size_t first, std::size_t count,
                     std::string& out) override {
    for (std::size_t row = first; row < first + count; ++row) {
      if (!batch.column(0).is_null(row)) out += batch.column(0).string_at(row);
      out += line_end_;
    }
    return {};
  }

 private:
  std::string line_end_;
};

/// Text has one column: nothing is to be found.
class NoSchemaFinder final : public SchemaFinder {
 public:
  explicit NoSchemaFinder(Schema schema) : schema_(std::move(schema)) {}
  Result<void> begin(const std::string&, bool) override { return {}; }
  Result<std::size_t> take(const ByteRange& bytes) override { return bytes.end; }
  bool is_done() const override { return true; }
  Result<Schema> finish() override { return schema_; }

 private:
  Schema schema_;
};

class TextFormat final : public FileFormat {
 public:
  explicit TextFormat(TextOptions options) : options_(std::move(options)) {
    schema_.fields.push_back({"value", primitive(TypeKind::string), true});
  }

  std::string name() const override { return "text"; }
  RecordBounds bounds() const override {
    if (options_.is_whole_text) return RecordBounds::whole_file;
    return options_.line_separator ? RecordBounds::sequential : RecordBounds::line_ends;
  }
  std::string encoding() const override { return options_.encoding; }
  std::string compression() const override { return options_.compression; }

  Result<void> check_readable(const Schema& schema) const override { return check(schema); }
  Result<void> check_writable(const Schema& schema) const override { return check(schema); }
  const Schema* fixed_schema() const override { return &schema_; }
  std::unique_ptr<SchemaFinder> make_schema_finder() const override {
    return std::make_unique<NoSchemaFinder>(schema_);
  }
  Result<std::unique_ptr<RowReader>> make_reader(ReadRequest request,
                                                 BlockPool& pool) const override {
    return std::unique_ptr<RowReader>(
        std::make_unique<TextReader>(options_, request.columns.size(), pool));
  }
  Result<std::unique_ptr<RowWriter>> make_writer(std::shared_ptr<const Schema>) const override {
    return std::unique_ptr<RowWriter>(
        std::make_unique<TextWriter>(options_.line_separator.value_or("\n")));
  }

 private:
  Result<void> check(const Schema& schema) const {
    STREAM_TRY(refuse_types("Text", schema,
                            [](const DataType& type) { return type.kind == TypeKind::string; }));
    if (schema.num_fields() == 1) return {};
    return analysis_error("_LEGACY_ERROR_TEMP_1290",
                          fmt::format("Text data source supports only a single column, and you "
                                      "have {} columns.",
                                      schema.num_fields()));
  }

  TextOptions options_;
  Schema schema_;
};

}  // namespace

const OptionTable<TextOptions>& text_option_table() {
  using Options = TextOptions;
  static const OptionTable<Options> table = {
      {{"wholetext", "", "false", "Whether a file is one row."},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.is_whole_text, option_flag(v));
         return {};
       }},
      {{"lineSep", "", "\\n, \\r or \\r\\n", "Separator of lines."},
       [](Options& o, const std::string& v) -> Result<void> {
         if (v.empty()) return bad_option("'lineSep' cannot be an empty string");
         o.line_separator = v;
         return {};
       }},
      {{"encoding", "charset", "UTF-8", "Character encoding of files."},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(check_encoding(v));
         o.encoding = v;
         return {};
       }},
      {{"compression", "", "none", "Codec of written files: none, gzip, zstd."},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.compression, option_compression(v));
         return {};
       }},
  };
  return table;
}

Result<std::shared_ptr<const FileFormat>> make_text_format(OptionMap& options) {
  TextOptions parsed;
  STREAM_TRY(read_options(text_option_table(), options, parsed));
  return std::shared_ptr<const FileFormat>(std::make_shared<TextFormat>(std::move(parsed)));
}

}  // namespace stream
