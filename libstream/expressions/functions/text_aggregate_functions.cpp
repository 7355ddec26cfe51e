// listagg (string_agg): the texts or binaries of a group in one, in the order of WITHIN GROUP.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

struct TextItem {
  std::string text;
  std::vector<Value> keys;  ///< of ORDER BY
};

struct TextItems {
  std::vector<TextItem> items;
  std::size_t item_bytes = 0;
  std::size_t heap_bytes() const { return items.capacity() * sizeof(TextItem) + item_bytes; }
};

class TextAccumulator final : public GroupedAccumulator<TextItems> {
 public:
  TextAccumulator(std::string separator, std::size_t first_key, std::vector<bool> is_descending)
      : separator_(std::move(separator)),
        first_key_(first_key),
        is_descending_(std::move(is_descending)) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (groups[row] == kNoGroup || arguments[0].is_null(row)) continue;
      TextItem item;
      item.text = arguments[0].column.string_at(arguments[0].index(row));
      for (std::size_t i = 0; i < is_descending_.size(); ++i) {
        const Operand& key = arguments[first_key_ + i];
        item.keys.push_back(value_at(key.column, key.index(row)));
      }
      keep(groups[row], std::move(item));
    }
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const std::int64_t* offsets = state[0].data<std::int64_t>();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
        const auto place = static_cast<std::size_t>(i);
        TextItem item;
        item.text = state[0].children[0].string_at(place);
        for (std::size_t k = 1; k < state.size(); ++k)
          item.keys.push_back(value_at(state[k].children[0], place));
        keep(groups[row], std::move(item));
      }
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      for (const TextItem& item : states_[group].items) {
        builders[0].child(0).append_string(item.text);
        for (std::size_t k = 0; k < item.keys.size(); ++k)
          append_value(builders[k + 1].child(0), item.keys[k]);
      }
      for (ColumnBuilder& builder : builders) builder.append_array();
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) {
      const std::vector<TextItem>& items = states_[group].items;
      if (items.empty()) {
        builder.append_null();
        continue;
      }
      std::vector<std::size_t> order(items.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return is_before(items[a], items[b]); });
      std::string joined;
      for (const std::size_t i : order) {
        if (i != order.front()) joined += separator_;
        joined += items[i].text;
      }
      builder.append_string(joined);
    }
    return {};
  }

 private:
  void keep(std::uint32_t group, TextItem item) {
    TextItems& kept = states_[group];
    heap_bytes_ -= kept.heap_bytes();
    kept.item_bytes += item.text.capacity() + item.keys.size() * sizeof(Value);
    for (const Value& key : item.keys) kept.item_bytes += heap_bytes_of(key);
    kept.items.push_back(std::move(item));
    heap_bytes_ += kept.heap_bytes();
  }
  bool is_before(const TextItem& a, const TextItem& b) const {
    for (std::size_t i = 0; i < is_descending_.size(); ++i) {
      const int order = compare_values(a.keys[i], b.keys[i]);
      if (order != 0) return is_descending_[i] ? order > 0 : order < 0;
    }
    return false;
  }

  std::string separator_;
  std::size_t first_key_;
  std::vector<bool> is_descending_;
};

Result<ResolvedAggregate> resolve_listagg(Arguments arguments, const AggregateModifiers& modifiers,
                                          const SqlSettings& settings) {
  const std::size_t num_keys = modifiers.sort_descending.size();
  const std::size_t first_key = arguments.size() - num_keys;
  if (first_key < 1 || first_key > 2)
    return analysis_error("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                          "The `listagg` requires [1, 2] parameters.");
  const bool is_binary = arguments[0].type.kind == TypeKind::binary;
  const DataType type = primitive(is_binary ? TypeKind::binary : TypeKind::string);
  if (!is_implicitly_castable(arguments[0].type, type, settings.is_ansi) ||
      !arguments[0].type.children.empty())
    return wrong_argument("listagg", arguments, 0, "the (\"STRING\" or \"BINARY\") type");
  ResolvedAggregate aggregate;
  aggregate.type = type;
  aggregate.parameter_types.push_back(type);
  std::string separator;
  if (first_key == 2) {
    const std::optional<Value>& given = arguments[1].constant;
    if (!given)
      return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                            "listagg: the delimiter must be a constant");
    if (const auto* text = std::get_if<std::string>(&given->content)) {
      separator = *text;
    } else if (!given->is_null()) {
      return wrong_argument("listagg", arguments, 1, "the (\"STRING\" or \"BINARY\") type");
    }
    aggregate.parameter_types.push_back(arguments[1].type);
  }
  aggregate.state = {{"texts", array_of(type, false), false}};
  for (std::size_t i = first_key; i < arguments.size(); ++i) {
    aggregate.parameter_types.push_back(arguments[i].type);
    aggregate.state.push_back({"keys", array_of(arguments[i].type, true), false});
  }
  aggregate.make = maker<TextAccumulator>(separator, first_key, modifiers.sort_descending);
  return aggregate;
}

}  // namespace

void add_text_aggregate_functions(FunctionRegistry& registry) {
  registry.add(
      AggregateFunction{"listagg",
                        "listagg(x[, delimiter]) [WITHIN GROUP (ORDER BY y)] - the texts as one",
                        1,
                        kAnyNumber,
                        resolve_listagg,
                        {}});
  registry.add_alias("string_agg", "listagg");
}

}  // namespace stream
