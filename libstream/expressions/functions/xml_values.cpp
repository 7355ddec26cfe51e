#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/functions/xml_values.hpp>
#include <libstream/expressions/json_reading.hpp>

#include <pugixml.hpp>

#include <algorithm>

namespace stream {

namespace {

/// How a record's names are made of XML.
struct Names {
  std::string attribute_prefix;
  std::string value_tag;
  bool leaves_out_attributes;

  explicit Names(const RecordOptions& options)
      : attribute_prefix(options.get("attributeprefix", "_")),
        value_tag(options.get("valuetag", "_VALUE")),
        leaves_out_attributes(options.flag("excludeattribute", false)) {}
};

std::string text_of(const pugi::xml_node& element) {
  std::string text;
  for (const pugi::xml_node& child : element.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

bool has_elements(const pugi::xml_node& element) {
  return static_cast<bool>(element.find_child(
      [](const pugi::xml_node& child) { return child.type() == pugi::node_element; }));
}

class Reader {
 public:
  explicit Reader(const RecordOptions& options) : options_(options), names_(options) {}

  bool is_good() const { return is_good_; }

  Value value(const pugi::xml_node& element, const DataType& type) {
    if (type.kind == TypeKind::structure) return record(element, type);
    if (type.kind == TypeKind::map) return map(element, type);
    if (type.kind == TypeKind::array)
      return Value{ValueList{value(element, type.children[0].type)}};
    return scalar(text_of(element), type);
  }

 private:
  Value scalar(const std::string& text, const DataType& type) {
    if (text.empty() && type.kind != TypeKind::string) return Value{};
    if (text == options_.get("nullvalue", "\x01")) return Value{};
    std::optional<Value> value = value_from_text(text, type, options_);
    if (!value) is_good_ = false;
    return value ? std::move(*value) : Value{};
  }

  Value record(const pugi::xml_node& element, const DataType& type) {
    ValueList fields(type.children.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Field& field = type.children[i];
      if (field.name == names_.value_tag) {
        fields[i] = scalar(text_of(element), field.type);
        continue;
      }
      if (!names_.leaves_out_attributes && field.name.starts_with(names_.attribute_prefix)) {
        const pugi::xml_attribute attribute =
            element.attribute(field.name.substr(names_.attribute_prefix.size()).c_str());
        if (attribute) {
          fields[i] = scalar(attribute.value(), field.type);
          continue;
        }
      }
      ValueList elements;
      bool is_found = false;
      for (const pugi::xml_node& child : element.children(field.name.c_str())) {
        is_found = true;
        if (field.type.kind == TypeKind::array)
          elements.push_back(value(child, field.type.children[0].type));
        else
          fields[i] = value(child, field.type);
      }
      if (is_found && field.type.kind == TypeKind::array) fields[i] = Value{std::move(elements)};
    }
    return Value{std::move(fields)};
  }

  Value map(const pugi::xml_node& element, const DataType& type) {
    ValueList entries;
    for (const pugi::xml_node& child : element.children()) {
      if (child.type() != pugi::node_element) continue;
      entries.push_back(Value{std::string(child.name())});
      entries.push_back(value(child, type.children[1].type));
    }
    return Value{std::move(entries)};
  }

  const RecordOptions& options_;
  Names names_;
  bool is_good_ = true;
};

DataType text_type(const std::string& text, const RecordOptions& options) {
  if (text.empty()) return primitive(TypeKind::null);
  for (const TypeKind kind : {TypeKind::int64, TypeKind::float64, TypeKind::boolean})
    if (value_from_text(text, primitive(kind), options)) return primitive(kind);
  if (text.size() == 10 && options.parse_time(text, primitive(TypeKind::date)))
    return primitive(TypeKind::date);
  if (options.parse_time(text, primitive(TypeKind::timestamp)))
    return primitive(TypeKind::timestamp);
  return primitive(TypeKind::string);
}

DataType element_type(const pugi::xml_node& element, const RecordOptions& options,
                      const Names& names) {
  std::vector<Field> fields;
  const auto add = [&](std::string name, DataType type, bool repeats) {
    const auto known = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& field) { return field.name == name; });
    if (known == fields.end()) {
      fields.push_back({std::move(name), std::move(type), true});
    } else if (repeats) {
      const DataType& before =
          known->type.kind == TypeKind::array ? known->type.children[0].type : known->type;
      known->type = array_of(merge_json_types(before, type), true);
    }
  };
  if (!names.leaves_out_attributes)
    for (const pugi::xml_attribute& attribute : element.attributes())
      add(names.attribute_prefix + attribute.name(), text_type(attribute.value(), options), false);
  for (const pugi::xml_node& child : element.children())
    if (child.type() == pugi::node_element)
      add(child.name(), element_type(child, options, names), true);
  const std::string text = text_of(element);
  if (fields.empty()) return text_type(text, options);
  if (!text.empty()) add(names.value_tag, text_type(text, options), false);
  std::stable_sort(fields.begin(), fields.end(),
                   [](const Field& a, const Field& b) { return a.name < b.name; });
  return struct_of(std::move(fields));
}

void append_element(pugi::xml_node parent, const std::string& name, const Column& column,
                    std::size_t row, const RecordOptions& options, const Names& names) {
  if (column.is_null(row) || column.type.kind == TypeKind::null) return;
  if (column.type.kind == TypeKind::array) {
    const std::int64_t* offsets = column.data<std::int64_t>() + row;
    for (auto i = static_cast<std::size_t>(offsets[0]); i < static_cast<std::size_t>(offsets[1]);
         ++i)
      append_element(parent, name, column.children[0], i, options, names);
    return;
  }
  std::string text;
  if (column.type.kind == TypeKind::structure || column.type.kind == TypeKind::map) {
    pugi::xml_node element = parent.append_child(name.c_str());
    if (column.type.kind == TypeKind::structure) {
      for (std::size_t i = 0; i < column.children.size(); ++i)
        append_element(element, column.type.children[i].name, column.children[i], row, options,
                       names);
      return;
    }
    const std::int64_t* offsets = column.data<std::int64_t>() + row;
    const SqlSettings settings;
    for (auto i = static_cast<std::size_t>(offsets[0]); i < static_cast<std::size_t>(offsets[1]);
         ++i) {
      std::string key;
      append_cast_text(column.children[0], i, settings, key);
      append_element(element, key, column.children[1], i, options, names);
    }
    return;
  }
  const SqlSettings settings;
  if (options.is_time(column.type.kind))
    options.append_time(column, row, text);
  else
    append_cast_text(column, row, settings, text);
  if (name == names.value_tag)
    parent.append_child(pugi::node_pcdata).set_value(text.c_str());
  else if (name.starts_with(names.attribute_prefix))
    parent.append_attribute(name.substr(names.attribute_prefix.size()).c_str())
        .set_value(text.c_str());
  else
    parent.append_child(name.c_str()).append_child(pugi::node_pcdata).set_value(text.c_str());
}

}  // namespace

Result<Value> xml_record(std::string_view text, const DataType& type,
                         const RecordOptions& options) {
  pugi::xml_document document;
  ValueList nothing(type.children.size());
  Value result{nothing};
  bool is_good = static_cast<bool>(document.load_buffer(text.data(), text.size()));
  if (is_good) {
    Reader reader(options);
    result = reader.value(document.document_element(), type);
    is_good = reader.is_good();
  }
  if (is_good) return result;
  if (options.fails_fast()) return malformed_record(text);
  for (std::size_t i = 0; i < type.children.size(); ++i)
    if (type.children[i].name == options.corrupt_column())
      std::get<ValueList>(result.content)[i] = Value{std::string(text)};
  return result;
}

Result<DataType> infer_xml_type(std::string_view text, const RecordOptions& options) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) return malformed_record(text);
  const Names names(options);
  DataType type = element_type(document.document_element(), options, names);
  if (type.kind != TypeKind::structure && !has_elements(document.document_element()))
    type = struct_of({{names.value_tag, std::move(type), true}});
  return settle_json_type(type, true).value_or(struct_of({}));
}

std::string xml_text(const Column& column, std::size_t row, const RecordOptions& options) {
  pugi::xml_document document;
  append_element(document, options.get("rowtag", "ROW"), column, row, options, Names(options));
  struct Writer : pugi::xml_writer {
    std::string text;
    void write(const void* data, std::size_t size) override {
      text.append(static_cast<const char*>(data), size);
    }
  } writer;
  document.save(writer, "    ", pugi::format_indent | pugi::format_no_declaration);
  while (!writer.text.empty() && writer.text.back() == '\n') writer.text.pop_back();
  return writer.text;
}

}  // namespace stream
