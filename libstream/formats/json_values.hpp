// JSON values to values of a column's type, by Spark's rules. Used by JsonReader; one object a
// task.
#pragma once

#include <libstream/data/value.hpp>
#include <libstream/formats/json_tree.hpp>
#include <libstream/formats/number_text.hpp>
#include <libstream/formats/time_text.hpp>

#include <optional>
#include <string>

namespace stream {

class JsonConverter {
 public:
  JsonConverter(TimeReader times, const JsonOptions& options)
      : times_(std::move(times)),
        decimals_(options.times.locale),
        knows_words_(options.leniency.non_numeric_numbers) {}

  /// The value of `node`. nullopt: it is not of the type, `reason()` says why. `is_partial` is set
  /// where a struct within has a field that is not of its type, which is null then.
  std::optional<Value> convert(const JsonTree& tree, const JsonNode& node, const DataType& type,
                               bool& is_partial);
  /// The fields of an object in the order of `fields`; those that are not of their type are null
  /// and set `is_partial`.
  ValueList convert_fields(const JsonTree& tree, const JsonNode& object,
                           const std::vector<Field>& fields, bool& is_partial);
  const std::string& reason() const { return reason_; }
  const TimeReader& times() const { return times_; }

 private:
  std::optional<Value> refuse(const JsonNode& node, const DataType& type);
  std::optional<Value> convert_integer(const JsonNode& node, const DataType& type);
  template <class T>
  std::optional<Value> convert_floating(const JsonNode& node, const DataType& type);
  std::optional<Value> convert_time(const JsonNode& node, const DataType& type);
  std::optional<Value> convert_decimal(const JsonNode& node, const DataType& type);
  std::optional<Value> convert_text(const JsonNode& node, const DataType& type);
  std::optional<Value> convert_nested(const JsonTree& tree, const JsonNode& node,
                                      const DataType& type, bool& is_partial);

  TimeReader times_;
  DecimalReader decimals_;
  bool knows_words_;
  std::string reason_;
};

/// A JSON value as variants hold it: fields in order of their names, no blanks.
void append_variant_json(const JsonTree& tree, const JsonNode& node, std::string& out);
void append_json_string(std::string_view text, bool escapes_non_ascii, std::string& out);

}  // namespace stream
