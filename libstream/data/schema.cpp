#include <libstream/base/check.hpp>
#include <libstream/data/schema.hpp>

namespace stream {

bool DataType::operator==(const DataType&) const = default;

std::string DataType::to_string() const {
  switch (kind) {
    case TypeKind::null:
      return "VOID";
    case TypeKind::boolean:
      return "BOOLEAN";
    case TypeKind::int8:
      return "TINYINT";
    case TypeKind::int16:
      return "SMALLINT";
    case TypeKind::int32:
      return "INT";
    case TypeKind::int64:
      return "BIGINT";
    case TypeKind::float32:
      return "FLOAT";
    case TypeKind::float64:
      return "DOUBLE";
    case TypeKind::string:
      return "STRING";
    case TypeKind::binary:
      return "BINARY";
    case TypeKind::array:
      return "ARRAY<" + children[0].type.to_string() + ">";
    case TypeKind::structure: {
      std::string text = "STRUCT<";
      for (std::size_t i = 0; i < children.size(); ++i) {
        if (i > 0) text += ", ";
        text += children[i].name + ": " + children[i].type.to_string();
      }
      return text + ">";
    }
  }
  STREAM_UNREACHABLE("type kind");
}

std::string Schema::to_string() const {
  std::string text;
  for (const Field& field : fields) {
    if (!text.empty()) text += ", ";
    text += field.name + " " + field.type.to_string() + (field.is_nullable ? "" : " NOT NULL");
  }
  return text;
}

DataType primitive(TypeKind kind) { return {kind, {}}; }

DataType array_of(DataType element, bool is_nullable) {
  return {TypeKind::array, {Field{"element", std::move(element), is_nullable}}};
}

DataType struct_of(std::vector<Field> fields) { return {TypeKind::structure, std::move(fields)}; }

std::size_t value_width(TypeKind kind) {
  switch (kind) {
    case TypeKind::null:
    case TypeKind::structure:
      return 0;
    case TypeKind::boolean:
    case TypeKind::int8:
      return 1;
    case TypeKind::int16:
      return 2;
    case TypeKind::int32:
    case TypeKind::float32:
      return 4;
    case TypeKind::int64:
    case TypeKind::float64:
    case TypeKind::array:
      return 8;
    case TypeKind::string:
    case TypeKind::binary:
      return 16;
  }
  STREAM_UNREACHABLE("type kind");
}

}  // namespace stream
