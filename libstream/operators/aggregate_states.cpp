#include <libstream/operators/aggregate_states.hpp>

#include <algorithm>

namespace stream {

AggregateStates::AggregateStates(std::vector<DataType> key_types, std::vector<AggregateCall> calls)
    : AggregateColumns(std::move(calls)), keys_(std::move(key_types), true) {}

std::span<const std::uint32_t> AggregateStates::group(std::span<const Column> keys,
                                                      std::size_t num_rows) {
  groups_.resize(num_rows);
  if (keys.empty()) {
    bool is_new = false;
    const std::uint32_t only = table_.find_or_insert(RowKey{}, is_new);
    constexpr static std::uint32_t kFirst[] = {0};
    first_rows_ = std::span(kFirst).first(is_new ? 1 : 0);
    std::fill(groups_.begin(), groups_.end(), only);
  } else {
    first_rows_ =
        table_.find_or_insert(keys_.encode(keys, num_rows), groups_,
                              [this](std::span<const std::uint32_t> groups) { prefetch(groups); });
  }
  if (!first_rows_.empty()) make_room(table_.num_groups());
  return groups_;
}

void AggregateStates::append_keys(std::span<const std::uint32_t> groups,
                                  std::span<ColumnBuilder> builders) const {
  if (builders.empty()) return;
  constexpr std::size_t kKeysAtOnce = 256;
  constexpr std::size_t kKeyAhead = 32;
  std::vector<RowKey> keys;
  while (!groups.empty()) {
    const auto some = groups.first(std::min(kKeysAtOnce, groups.size()));
    keys.clear();
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (i + kKeyAhead < groups.size()) table_.prefetch_key(groups[i + kKeyAhead]);
      keys.push_back(table_.key(some[i]));
    }
    keys_.decode(keys, builders);
    groups = groups.subspan(some.size());
  }
}

void AggregateStates::erase(std::span<const std::uint32_t> groups) {
  reset(groups);
  table_.erase(groups);
}

void AggregateStates::clear() {
  reset_all(table_.num_groups());
  table_.clear();
}

}  // namespace stream
