// JSON documents into values of a schema, as from_json and the variant functions want them.
// Immutable, any thread; the document belongs to the caller.
#pragma once

#include <libstream/expressions/json_document.hpp>
#include <libstream/expressions/text_options.hpp>

namespace stream {

JsonReadOptions json_read_options(const RecordOptions& options);

class JsonValueReader {
 public:
  JsonValueReader(DataType type, RecordOptions options);

  /// Appends the document's value: of a text that is none, a struct of nulls or null. A field that
  /// does not convert is null, and the text goes into the column for corrupt records. Error: the
  /// same in FAILFAST mode.
  Result<void> append(JsonDocument& document, std::string_view text, ColumnBuilder& builder) const;

 private:
  bool append_fields(const JsonDocument& document, std::size_t node, const DataType& type,
                     ColumnBuilder& builder) const;
  bool append_value_of(const JsonDocument& document, std::size_t node, const DataType& type,
                       ColumnBuilder& builder) const;
  bool append_root(const JsonDocument& document, ColumnBuilder& builder) const;
  std::optional<Value> scalar(const ParsedJson& node, const DataType& type) const;
  /// The value, or null, or nullopt when it does not convert; `is_partial`: something in it did
  /// not.
  std::optional<Value> boxed(const JsonDocument& document, std::size_t node, const DataType& type,
                             bool& is_partial) const;

  DataType type_;
  RecordOptions options_;
  JsonReadOptions json_options_;
  std::optional<std::size_t> corrupt_field_;
};

/// The type of a document, as schema_of_json infers it.
DataType infer_json_type(const JsonDocument& document, std::size_t node,
                         const RecordOptions& options);
/// What two inferred types become where they do not agree, and how wide a BIGINT counts.
struct InferredTypeRules {
  TypeKind otherwise = TypeKind::string;
  int bigint_digits = 20;
};
/// The type of both; VOID gives way.
DataType merge_json_types(const DataType& a, const DataType& b,
                          const InferredTypeRules& rules = {});
/// Without VOID and structs without fields. `is_root`: a struct may be empty.
std::optional<DataType> settle_json_type(const DataType& type, bool is_root);

}  // namespace stream
