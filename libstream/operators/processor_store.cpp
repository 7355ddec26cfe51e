#include <libstream/operators/processor_store.hpp>

#include <algorithm>

namespace stream {
namespace {

std::vector<DataType> types_of(const std::vector<Field>& fields) {
  std::vector<DataType> types;
  for (const Field& field : fields) types.push_back(field.type);
  return types;
}

}  // namespace

ProcessorStore::ProcessorStore(std::vector<Field> key_fields, std::vector<StateVariable> variables)
    : key_fields_(std::move(key_fields)),
      variables_(std::move(variables)),
      keys_(types_of(key_fields_)) {}

StateLayout ProcessorStore::layout_of(std::size_t variable) const {
  StateLayout layout{"timers", key_fields_, {}, key_fields_.size()};
  DataType entry_type = primitive(TypeKind::int64);
  DataType value_type = primitive(TypeKind::boolean);
  if (variable < variables_.size()) {
    const StateVariable& described = variables_[variable];
    layout.table = "variable " + described.name;
    value_type = described.type;
    if (described.kind == StateVariable::Kind::map) entry_type = described.key_type;
  }
  layout.keys.push_back({"entry", std::move(entry_type), false});
  layout.values = {{"value", std::move(value_type), true},
                   {"expires", primitive(TypeKind::int64), true}};
  return layout;
}

void ProcessorStore::open(const OperatorContext& context) {
  context_.emplace(context);
  for (std::size_t variable = 0; variable <= variables_.size(); ++variable)
    writers_.emplace_back(layout_of(variable), context.pool);
}

std::uint32_t ProcessorStore::number_of(const RowKey& key) {
  bool is_new = false;
  const std::uint32_t number = table_.find_or_insert(key, is_new);
  if (kept_.size() <= number) kept_.resize(number + 1);
  kept_[number].resize(variables_.size() + 1);
  return number;
}

void ProcessorStore::put(std::uint32_t number, std::size_t variable, const Value& entry,
                         Value value, std::optional<EpochMillis> expires) {
  const auto [place, is_new] = kept_[number][variable].try_emplace(entry);
  if (is_new) ++num_entries_;
  Entry& kept = place->second;
  kept.value = std::move(value);
  kept.expires = expires;
  file_times(number, variable, entry, expires);
  ++updated_;
  if (kept.is_dirty) return;
  kept.is_dirty = true;
  changed_.push_back({number, variable, entry});
}

void ProcessorStore::append_key(std::uint32_t number, std::size_t variable, const Value& entry) {
  const auto columns = writers_[variable].keys();
  keys_.decode(table_.key(number), columns.first(key_fields_.size()));
  append_value(columns.back(), entry);
}

void ProcessorStore::erase(std::uint32_t number, std::size_t variable, const Value& entry) {
  Entries& entries = kept_[number][variable];
  const auto place = entries.find(entry);
  if (place == entries.end()) return;
  if (place->second.is_sealed) {
    append_key(number, variable, entry);
    writers_[variable].end_deleted();
  }
  entries.erase(place);
  --num_entries_;
  ++removed_;
}

void ProcessorStore::clear(std::uint32_t number, std::size_t variable) {
  while (!kept_[number][variable].empty()) {
    const Value entry = kept_[number][variable].begin()->first;
    erase(number, variable, entry);
  }
}

void ProcessorStore::drop_if_empty(std::uint32_t number) {
  for (const Entries& entries : kept_[number]) {
    if (!entries.empty()) return;
  }
  table_.erase(number);
}

void ProcessorStore::file_times(std::uint32_t number, std::size_t variable, const Value& entry,
                                const std::optional<EpochMillis>& expires) {
  if (variable == timers()) timer_times_.add(entry.as<std::int64_t>(), number);
  if (expires) expiry_times_.add(*expires, number);
}

std::vector<std::uint32_t> ProcessorStore::take_with_timers(EpochMillis now) {
  const auto is_current = [&](EpochMillis time, std::uint32_t number) {
    return is_used(number) && kept_[number][timers()].contains(Value{time});
  };
  std::vector<std::uint32_t> numbers;
  timer_times_.take_before(now + 1, is_current, numbers);
  timer_times_.compact(num_entries_, is_current);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

void ProcessorStore::remove_expired(EpochMillis batch_time) {
  const auto is_kept = [&](EpochMillis, std::uint32_t number) { return is_used(number); };
  std::vector<std::uint32_t> numbers;
  expiry_times_.take_before(batch_time + 1, is_kept, numbers);
  expiry_times_.compact(num_entries_, is_kept);
  for (const std::uint32_t number : numbers) {
    if (!is_used(number)) continue;
    for (std::size_t variable = 0; variable < variables_.size(); ++variable) {
      std::vector<Value> expired;
      for (const auto& [entry, kept] : kept_[number][variable]) {
        if (kept.expires && batch_time >= *kept.expires) expired.push_back(entry);
      }
      for (const Value& entry : expired) erase(number, variable, entry);
    }
    drop_if_empty(number);
  }
}

void ProcessorStore::drop_changes() {
  for (const Changed& changed : changed_) {
    if (!is_used(changed.number)) continue;
    Entries& entries = kept_[changed.number][changed.variable];
    if (const auto place = entries.find(changed.entry); place != entries.end())
      place->second.is_dirty = false;
  }
  changed_.clear();
}

void ProcessorStore::seal(std::vector<StatePiece>& pieces) {
  for (const Changed& changed : changed_) {
    if (!is_used(changed.number)) continue;
    Entries& entries = kept_[changed.number][changed.variable];
    const auto place = entries.find(changed.entry);
    if (place == entries.end() || !place->second.is_dirty) continue;
    Entry& kept = place->second;
    kept.is_dirty = false;
    kept.is_sealed = true;
    append_key(changed.number, changed.variable, changed.entry);
    const auto values = writers_[changed.variable].values();
    append_value(values[0], kept.value);
    append_value(values[1], kept.expires ? Value{*kept.expires} : Value{});
    writers_[changed.variable].end_live();
  }
  changed_.clear();
  for (StateWriter& writer : writers_) writer.finish(pieces);
}

Result<void> ProcessorStore::restore(const StatePiece& piece) {
  for (std::size_t variable = 0; variable < writers_.size(); ++variable) {
    STREAM_TRY(const auto rows, restored_rows(piece, writers_[variable].layout(), context_->groups,
                                              context_->num_groups, context_->pool));
    if (!rows) continue;
    const std::size_t num_keys = key_fields_.size();
    const std::span<const Column> deleted(rows->deleted.columns());
    auto keys = keys_.encode(deleted.first(num_keys), rows->deleted.num_rows());
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const std::uint32_t number = table_.find(keys[row]);
      if (number == GroupTable::kNone) continue;
      num_entries_ -= static_cast<std::int64_t>(
          kept_[number][variable].erase(value_at(deleted[num_keys], row)));
      drop_if_empty(number);
    }
    const std::span<const Column> live(rows->live.columns());
    keys = keys_.encode(live.first(num_keys), rows->live.num_rows());
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const std::uint32_t number = number_of(keys[row]);
      Entries& entries = kept_[number][variable];
      const auto [place, is_new] = entries.try_emplace(value_at(live[num_keys], row));
      if (is_new) ++num_entries_;
      Entry& kept = place->second;
      kept.value = value_at(live[num_keys + 1], row);
      kept.expires.reset();
      if (!live[num_keys + 2].is_null(row))
        kept.expires = live[num_keys + 2].data<std::int64_t>()[row];
      kept.is_sealed = true;
      file_times(number, variable, place->first, kept.expires);
    }
  }
  return {};
}

StateCounts ProcessorStore::counts() const {
  constexpr std::int64_t kBytesAnEntry = 160;  // of a map's node, roughly
  return {num_entries_, updated_, removed_,
          static_cast<std::int64_t>(table_.bytes()) + num_entries_ * kBytesAnEntry};
}

}  // namespace stream
