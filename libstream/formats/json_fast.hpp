// One line of JSON into one row, by simdjson: the fast path of JsonReader. One object a task.
#pragma once

#include <libstream/data/column_builder.hpp>
#include <libstream/formats/json_values.hpp>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

class JsonLineParser {
 public:
  /// `converter` stays the caller's; it is used for nested values and for times.
  JsonLineParser(const std::vector<Field>& fields, JsonConverter& converter);
  ~JsonLineParser();

  /// True: `line` is an object whose wanted fields are of their types, and the row is ready. False
  /// says nothing about the line but that it needs a closer look. Requires 64 readable bytes behind
  /// the line.
  bool parse(std::string_view line);
  /// Appends the row to one builder a field.
  void append_to(const std::vector<ColumnBuilder*>& builders);

 private:
  struct Cell {
    enum class State : std::uint8_t { missing, number, text, boxed };
    State state = State::missing;
    union {
      std::int64_t integer;
      double floating;
    };
    Int128 decimal = 0;
    std::string_view text;
    Value value;
  };
  class Impl;

  bool take(std::size_t field, std::string_view token);
  bool take_string(Cell& cell, std::string_view token);
  bool take_nested(std::size_t field, std::string_view raw);
  std::size_t field_of(const char* raw_name);

  const std::vector<Field>& fields_;
  JsonConverter& converter_;
  JsonTree tree_;
  std::unique_ptr<Impl> impl_;
  std::vector<Cell> cells_;
  std::deque<std::string> texts_;  // strings that had escapes
  std::size_t expected_ = 0;       // the field that the next name is likely to be
};

}  // namespace stream
