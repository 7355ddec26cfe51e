// Finds the schema of JSON files: what holds the values of all records. Used by file sources
// before a query starts.
#pragma once

#include <libstream/formats/file_format.hpp>
#include <libstream/formats/json_tree.hpp>
#include <libstream/formats/number_text.hpp>
#include <libstream/formats/time_text.hpp>

#include <optional>

namespace stream {

class JsonSchemaFinder final : public SchemaFinder {
 public:
  JsonSchemaFinder(const JsonOptions& options, TimeReader times);

  Result<void> begin(const std::string& path, bool is_start) override;
  Result<std::size_t> take(const ByteRange& bytes) override;
  Result<Schema> finish() override;

 private:
  Result<void> take_record(std::string_view record);
  DataType type_of(const JsonNode& node) const;
  DataType type_of_number(const JsonNode& node) const;
  DataType type_of_text(std::string_view text) const;
  Result<void> merge_root(const DataType& type);
  Result<void> add_corrupt();
  std::optional<DataType> canonical(const DataType& type) const;

  JsonOptions options_;
  TimeReader times_;
  JsonTree tree_;
  DataType root_;
  double sampled_ = 0;
};

/// What holds values of both, by the rules of JSON; structs have their fields in order of names.
DataType join_json_types(const DataType& a, const DataType& b);

}  // namespace stream
