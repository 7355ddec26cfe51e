#include <libstream/api/query_start.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/files/file_relation.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/formats/file_format.hpp>
#include <tests/fuzz/check_fuzz.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/kit/catch.hpp>

#include <array>

namespace stream::fuzz {

namespace {

constexpr const char* kSchema =
    "a INT, b STRING, c DOUBLE, d DATE, e TIMESTAMP, f DECIMAL(10,2), g BOOLEAN, _corrupt_record "
    "STRING";
constexpr const char* kNested =
    "a STRUCT<x: INT, y: ARRAY<STRING>>, b MAP<STRING, DOUBLE>, c BIGINT, _corrupt_record STRING";

struct Variant {
  std::optional<std::string> schema;
  OptionMap options;
};

/// Reads the bytes as a file of the format; errors are answers.
std::string read_bytes(const std::string& format, std::string_view bytes, const Variant& variant) {
  MemoryFileSystem files;
  if (auto made = files.create_directories("/data"); !made) return made.error().message();
  if (auto put = write_file_atomic(files, "/data/input", bytes); !put) return put.error().message();
  std::optional<Schema> schema;
  if (variant.schema) schema = value_or_throw(parse_schema(*variant.schema));
  SessionState session(local_runner());
  const auto source = make_file_source(format, {"/data/input"}, variant.options, std::move(schema),
                                       false, session.settings(), files);
  if (!source) return source.error().message().size() < 5 ? "the error says nothing" : "";
  const auto rows =
      collect(session, make_relation(SourceRelation{*source, false}), {1, 1024, nullptr, &files});
  if (!rows) return rows.error().message().size() < 5 ? "the error says nothing" : "";
  for (const Batch& batch : rows->batches) {
    if (rows_of(batch).size() > bytes.size() + 1) return "more rows than bytes";
  }
  return "";
}

}  // namespace

TEST_CASE("no bytes bring the CSV reader down") {
  static const std::vector<Variant> variants = {
      {kSchema, {}},
      {kSchema, {{"mode", "FAILFAST"}, {"header", "true"}}},
      {kSchema, {{"mode", "DROPMALFORMED"}, {"multiLine", "true"}}},
      {kSchema, {{"sep", "||"}, {"quote", "'"}, {"escape", "\""}, {"comment", "#"}}},
      {kSchema, {{"multiLine", "true"}, {"unescapedQuoteHandling", "BACK_TO_DELIMITER"}}},
      {kSchema, {{"unescapedQuoteHandling", "SKIP_VALUE"}, {"ignoreLeadingWhiteSpace", "true"}}},
      {std::nullopt, {{"inferSchema", "true"}, {"header", "true"}}},
      {std::nullopt, {{"inferSchema", "true"}, {"multiLine", "true"}}},
      {"a STRING, b STRING", {{"encoding", "UTF-16"}}},
      {"a STRING", {{"lineSep", "x"}, {"maxColumns", "3"}}},
  };
  FuzzTarget target;
  target.name = "csv reader";
  target.corpus = {
      "a,b,c,d,e,f,g\n1,x,2.5,2024-01-31,2024-01-31 12:00:00,12.34,true\n",
      "1,\"a \"\"quoted\"\" "
      "text\",1e5,2024-02-30,2024-01-31T12:00:00+02:00,-0.01,false\r\n2,,,,,,\r\n",
      "\"several\nlines\",'x',#,NaN,Inf\n\"unclosed,1\n2,\"a\"b,\"c\n\n\n",
      "# comment\n1||2||'3'\n\"\\\"\",\\\n",
      "\xef\xbb\xbf"
      "a,b\n\xff\xfe,\xc3\n",
  };
  target.words = {"\"",
                  "\"\"",
                  ",",
                  "\n",
                  "\r",
                  "\r\n",
                  "\\",
                  "\\\"",
                  "||",
                  "'",
                  "#",
                  "1e999",
                  "99999999999999999999999",
                  "9999-99-99",
                  "\xff",
                  "\xef\xbb\xbf",
                  "-",
                  "null",
                  "+294247-01-10 04:00:54.775807",
                  "0x1",
                  "NaN",
                  "tRuE",
                  "x"};
  target.run = [](std::string_view text) {
    return read_bytes("csv", text, variants[hash_of(text) % variants.size()]);
  };
  check_fuzz(target);
}

TEST_CASE("no bytes bring the JSON reader down") {
  static const std::vector<Variant> variants = {
      {kSchema, {}},
      {kNested, {}},
      {kNested, {{"mode", "FAILFAST"}}},
      {kNested, {{"multiLine", "true"}}},
      {std::nullopt, {}},
      {std::nullopt, {{"multiLine", "true"}, {"primitivesAsString", "true"}}},
      {std::nullopt,
       {{"allowComments", "true"}, {"allowSingleQuotes", "true"}, {"prefersDecimal", "true"}}},
      {kSchema,
       {{"allowUnquotedFieldNames", "true"}, {"allowBackslashEscapingAnyCharacter", "true"}}},
      {kNested, {{"allowUnquotedControlChars", "true"}, {"allowNonNumericNumbers", "true"}}},
      {"v VARIANT", {{"singleVariantColumn", "v"}}},
  };
  FuzzTarget target;
  target.name = "json reader";
  target.corpus = {
      R"({"a":1,"b":"x","c":2.5,"d":"2024-01-31","e":"2024-01-31 12:00:00","f":12.34,"g":true})"
      "\n",
      R"({"a":{"x":1,"y":["p",null,"q"]},"b":{"k":1e3,"l":NaN},"c":-9223372036854775808})"
      "\n{\"a\":[1,{\"b\":[]}]}\n",
      R"([{"a":1},{"a":null,"z":{"deep":[[[[1]]]]}}])",
      "{\"a\":\"\\u00e9\\ud83d\\ude00\\n\",'b':\"\\x\"} // c\n{a:1}\nnot json\n\n",
  };
  target.words = {"{",
                  "}",
                  "[",
                  "]",
                  ":",
                  ",",
                  "\"",
                  "\\u",
                  "\\ud8",
                  "null",
                  "true",
                  "1e999",
                  "-0",
                  "NaN",
                  "\n",
                  "\xff",
                  "'",
                  "//",
                  "/*",
                  "[[[[[[[[",
                  "{\"a\":{\"a\":",
                  "\\",
                  "0.1e",
                  "\"a\":",
                  "99999999999999999999999999999999999999999",
                  "Infinity",
                  "\t",
                  "\x01"};
  target.run = [](std::string_view text) {
    return read_bytes("json", text, variants[hash_of(text) % variants.size()]);
  };
  check_fuzz(target);
}

TEST_CASE("no options bring the formats down") {
  FuzzTarget target;
  target.name = "options";
  target.corpus = {
      "sep=,\nquote=\"\nescape=\\\nheader=true\nmode=PERMISSIVE\nmaxColumns=10",
      "dateFormat=yyyy-MM-dd\ntimestampFormat=yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]\nlocale=en-US",
      "multiLine=true\nlineSep=\n\nencoding=UTF-8\nsamplingRatio=0.5\ncompression=gzip",
      "maxFilesPerTrigger=1\nmaxBytesPerTrigger=10m\nlatestFirst=true\nmaxFileAge="
      "7d\npathGlobFilter=*.x",
      "timeZone=Europe/Berlin\nnullValue=x\nnanValue=N\nallowComments=true\nwholetext=true",
  };
  for (const char* format : {"csv", "json", "text"}) {
    for (const OptionText& option : format_option_texts(format))
      target.words.emplace_back(option.name);
  }
  for (const char* word : {"=", "\n", "true", "-1", "99999999999999999999", "yyyy", "'", "[", "]",
                           "\xff", "QQQQQ", "UTF-16", "{", "*", "1e3", "||", "1 day", "SSSSSSSSSS"})
    target.words.emplace_back(word);
  target.run = [](std::string_view text) -> std::string {
    Variant variant;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      const std::size_t equals = std::min(line.find('='), line.size());
      std::string key(line.substr(0, equals));
      while (!key.empty() && key.front() == ' ') key.erase(0, 1);
      while (!key.empty() && key.back() == ' ') key.pop_back();
      variant.options[key] = line.substr(std::min(equals + 1, line.size()));
    }
    for (const char* format : {"csv", "json", "text"}) {
      variant.schema = format == std::string("text") ? "value STRING" : "a DATE, b TIMESTAMP";
      std::string problem =
          read_bytes(format, "2024-01-31,2024-01-31 12:00:00\n{\"a\":\"31.1.2024\"}\n", variant);
      if (!problem.empty()) return problem;
    }
    return "";
  };
  check_fuzz(target);
}

}  // namespace stream::fuzz
