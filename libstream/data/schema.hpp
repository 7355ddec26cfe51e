// Types and schemas, Spark's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stream {

enum class TypeKind : std::uint8_t {
  null,
  boolean,
  int8,     ///< Spark's byte
  int16,    ///< short
  int32,    ///< int
  int64,    ///< long
  float32,  ///< float
  float64,  ///< double
  string,
  binary,
  array,      ///< one child: the element
  structure,  ///< struct: a child a field
};

struct Field;

struct DataType {
  TypeKind kind = TypeKind::null;
  std::vector<Field> children;

  bool operator==(const DataType&) const;
  /// Spark's DDL: "BIGINT", "STRUCT<a: STRING>".
  std::string to_string() const;
};

struct Field {
  std::string name;
  DataType type;
  bool is_nullable = false;

  bool operator==(const Field&) const = default;
};

/// The columns of a batch.
struct Schema {
  std::vector<Field> fields;

  std::size_t num_fields() const { return fields.size(); }
  bool operator==(const Schema&) const = default;
  /// "name TYPE, …" in DDL.
  std::string to_string() const;
};

DataType primitive(TypeKind kind);
DataType array_of(DataType element, bool is_nullable);
DataType struct_of(std::vector<Field> fields);

/// Bytes of one value of a fixed-width type (boolean: 1 byte); 16 for string and binary views;
/// 8 for array offsets; 0 for null and structure.
std::size_t value_width(TypeKind kind);

}  // namespace stream
