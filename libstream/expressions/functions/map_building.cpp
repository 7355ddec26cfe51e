#include <libstream/expressions/functions/map_building.hpp>

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>

namespace stream {
namespace {

/// -0.0 becomes 0.0 as a key.
void append_key(ColumnBuilder& builder, const Column& keys, std::size_t row) {
  if (keys.type.kind == TypeKind::float64) {
    builder.append(keys.data<double>()[row] + 0.0);
  } else if (keys.type.kind == TypeKind::float32) {
    builder.append(keys.data<float>()[row] + 0.0f);
  } else {
    append_from(builder, keys, row);
  }
}

bool has_map(const DataType& type) {
  return type.kind == TypeKind::map ||
         std::any_of(type.children.begin(), type.children.end(),
                     [](const Field& field) { return has_map(field.type); });
}

/// The entry that stands for each key, the first place of a key with its last value.
std::vector<EntryPlace> last_values(std::span<const EntryPlace> entries) {
  std::vector<EntryPlace> kept;
  for (const EntryPlace& entry : entries) {
    const auto it = std::find_if(kept.begin(), kept.end(), [&](const EntryPlace& other) {
      return equal_rows(*other.keys, other.key, *entry.keys, entry.key);
    });
    if (it == kept.end()) {
      kept.push_back(entry);
    } else {
      it->values = entry.values;
      it->value = entry.value;
    }
  }
  return kept;
}

}  // namespace

Result<void> append_map(ColumnBuilder& builder, std::span<const EntryPlace> entries,
                        const SqlSettings& settings) {
  ElementSet seen;
  bool has_duplicates = false;
  for (const EntryPlace& entry : entries) {
    if (entry.keys->is_null(entry.key))
      return runtime_error("NULL_MAP_KEY", "Cannot use null as map key.");
    has_duplicates = !seen.insert(*entry.keys, entry.key) || has_duplicates;
  }
  std::vector<EntryPlace> kept;
  if (has_duplicates) {
    constexpr std::string_view kPolicy = "spark.sql.mapKeyDedupPolicy";
    const std::string policy = settings.get(std::string(kPolicy), "EXCEPTION");
    if (strcasecmp(policy.c_str(), "LAST_WIN") != 0)
      return runtime_error(
          "DUPLICATED_MAP_KEY",
          fmt::format("A map key was found twice, please check the input data. To keep the last "
                      "value of a key, set \"{}\" to \"LAST_WIN\".",
                      kPolicy));
    kept = last_values(entries);
    entries = kept;
  }
  for (const EntryPlace& entry : entries) {
    append_key(builder.child(0), *entry.keys, entry.key);
    append_from(builder.child(1), *entry.values, entry.value);
  }
  builder.append_array();
  return {};
}

Result<void> check_key_type(std::string_view function, const DataType& type) {
  if (!has_map(type) && type.kind != TypeKind::variant) return {};
  return analysis_error(
      "DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE",
      fmt::format("{}: the key of a map cannot be or hold \"{}\".", function, type.to_string()));
}

}  // namespace stream
