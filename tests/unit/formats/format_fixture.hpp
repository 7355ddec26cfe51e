// Texts through formats: what a file source and a file sink do with them, in memory.
#pragma once

#include <libstream/data/value.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/formats/file_format.hpp>
#include <tests/kit/catch.hpp>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace stream::testing {

using Rows = std::vector<std::vector<Value>>;

inline std::shared_ptr<const FileFormat> format_of(const std::string& name, OptionMap options) {
  auto format = make_file_format(name, options, SqlSettings{});
  if (!format) FAIL(format.error().message());
  REQUIRE(options.empty());
  return *format;
}

/// Reads `text` in pieces that grow by `step` bytes, `max_rows` a batch; the error's message where
/// there is one.
struct ReadOutcome {
  Rows rows;
  std::string error;
  std::int64_t num_rejected = 0;
};
inline ReadOutcome read_text(const FileFormat& format, const std::string& ddl,
                             const std::string& text, std::size_t step = 1u << 20,
                             std::vector<std::size_t> columns = {}, std::size_t max_rows = 3) {
  BlockPool pool;
  auto schema = std::make_shared<const Schema>(value_or_throw(parse_schema(ddl)));
  if (columns.empty()) {
    for (std::size_t i = 0; i < schema->num_fields(); ++i) columns.push_back(i);
  }
  auto picked = std::make_shared<Schema>();
  for (const std::size_t column : columns) picked->fields.push_back(schema->fields[column]);
  auto reader = value_or_throw(format.make_reader({schema, columns}, pool));
  REQUIRE(reader->begin("/file", true).has_value());
  ReadOutcome outcome;
  std::size_t at = 0;
  std::size_t filled = std::min(step, text.size());
  while (at < text.size()) {
    BlockRef block = pool.allocate(filled - at + 1);
    std::memset(block.data(), '"', filled - at + 64);
    std::memcpy(block.data(), text.data() + at, filled - at);
    std::size_t begin = 0;
    while (begin < filled - at) {
      const bool is_last = filled == text.size();
      const auto next = reader->take(
          {block, begin, filled - at, std::numeric_limits<std::size_t>::max(), is_last, at},
          max_rows);
      if (!next) {
        outcome.error = next.error().message();
        return outcome;
      }
      const std::size_t num_rows = reader->num_rows();
      if (num_rows > 0) {
        for (auto& row : rows_of(Batch(picked, reader->finish(), num_rows)))
          outcome.rows.push_back(std::move(row));
      } else if (*next == begin) {
        REQUIRE(!is_last);
        break;
      }
      begin = *next;
    }
    at += begin;
    filled = std::min(text.size(), std::max(filled, at) + step);
  }
  outcome.num_rejected = reader->num_rejected();
  return outcome;
}

inline Value text_value(std::string text) { return Value{std::move(text)}; }
inline Value int_value(std::int32_t number) { return Value{number}; }

}  // namespace stream::testing
