// What a stateful processor keeps: entries of its variables and timers, by key. Owned by the
// operator, one thread.
#pragma once

#include <libstream/data/compare.hpp>
#include <libstream/operators/state_layout.hpp>
#include <libstream/operators/timeout_index.hpp>
#include <libstream/operators/transform_with_state.hpp>
#include <libstream/state/row_keys.hpp>

#include <map>

namespace stream {

class ProcessorStore {
 public:
  /// One entry: a value, an element of a list by its number, or a value of a map by its key.
  struct Entry {
    Value value;
    std::optional<EpochMillis> expires;
    bool is_sealed = false;
    bool is_dirty = false;
  };
  struct Less {
    bool operator()(const Value& a, const Value& b) const { return compare_values(a, b) < 0; }
  };
  using Entries = std::map<Value, Entry, Less>;

  ProcessorStore(std::vector<Field> key_fields, std::vector<StateVariable> variables);

  void open(const OperatorContext& context);
  const std::vector<StateVariable>& variables() const { return variables_; }
  /// Timers are entries of a variable behind the others, keyed by their expiry.
  std::size_t timers() const { return variables_.size(); }

  std::uint32_t number_of(const RowKey& key);
  std::span<const RowKey> encode(std::span<const Column> columns, std::size_t num_rows) {
    return keys_.encode(columns, num_rows);
  }
  const RowKeys& keys() const { return keys_; }
  RowKey key(std::uint32_t number) const { return table_.key(number); }
  bool is_used(std::uint32_t number) const {
    return number < table_.num_groups() && table_.is_used(number);
  }

  const Entries& entries(std::uint32_t number, std::size_t variable) const {
    return kept_[number][variable];
  }
  void put(std::uint32_t number, std::size_t variable, const Value& entry, Value value,
           std::optional<EpochMillis> expires);
  void erase(std::uint32_t number, std::size_t variable, const Value& entry);
  void clear(std::uint32_t number, std::size_t variable);
  /// Forgets the key when it has no entries.
  void drop_if_empty(std::uint32_t number);
  /// Keys with timers at or before `now`; these are looked up once, so all must be fired.
  std::vector<std::uint32_t> take_with_timers(EpochMillis now);
  /// Removes what has expired.
  void remove_expired(EpochMillis batch_time);

  void begin_epoch() { updated_ = removed_ = 0; }
  void seal(std::vector<StatePiece>& pieces);
  void drop_changes();
  Result<void> restore(const StatePiece& piece);
  StateCounts counts() const;

 private:
  struct Changed {
    std::uint32_t number;
    std::size_t variable;
    Value entry;
  };

  StateLayout layout_of(std::size_t variable) const;
  void file_times(std::uint32_t number, std::size_t variable, const Value& entry,
                  const std::optional<EpochMillis>& expires);
  void append_key(std::uint32_t number, std::size_t variable, const Value& entry);

  std::vector<Field> key_fields_;
  std::vector<StateVariable> variables_;
  RowKeys keys_;
  std::optional<OperatorContext> context_;
  std::vector<StateWriter> writers_;  ///< by variable
  GroupTable table_;
  std::vector<std::vector<Entries>> kept_;  ///< by number, by variable
  std::vector<Changed> changed_;
  TimeoutIndex timer_times_;
  TimeoutIndex expiry_times_;
  std::int64_t num_entries_ = 0;
  std::int64_t updated_ = 0, removed_ = 0;
};

}  // namespace stream
