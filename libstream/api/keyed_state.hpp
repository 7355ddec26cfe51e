// State by key that outlives epochs: a table of K -> S with dirty tracking, sealed as changelog
// pieces and restored from them. One thread, the task's.
#pragma once

#include <libstream/api/key_table.hpp>
#include <libstream/operators/operator.hpp>

#include <algorithm>

namespace stream {

template <class K, class S>
class KeyedState {
 public:
  struct Slot {
    K key{};
    std::uint64_t hash = 0;
    std::optional<S> value;  ///< empty: removed (until sealed) or not yet set
    bool is_dirty = false;
    bool is_used = false;
  };

  using Slots = std::vector<Slot, LargeAllocator<Slot>>;

  explicit KeyedState(std::string table) : name_(std::move(table)) {}

  void open(const OperatorContext& context) {
    context_.emplace(context);
    writer_.emplace(context.pool);
  }

  /// The key's slot; made when missing. Valid until the next call of a method.
  template <class X>
  Slot& find_or_insert(const X& key, std::uint64_t hash) {
    bool is_new = false;
    std::uint32_t& number = index_.find_or_insert(key, is_new);
    if (is_new) {
      number = take_slot();
      Slot& slot = slots_[number];
      slot.key = K(OwnedOf<X>(key));
      slot.hash = hash;
      slot.is_used = true;
    }
    return slots_[number];
  }
  /// Brings what a look-up of the key reads first into the cache.
  template <class X>
  void prefetch(const X& key) const {
    if constexpr (KeyTable<K, std::uint32_t>::kKeepsBytes)
      index_.prefetch(KeyTable<K, std::uint32_t>::bytes_of(key).hash());
  }
  template <class X>
  Slot* find(const X& key) {
    const std::uint32_t* number = index_.find(key);
    return number ? &slots_[*number] : nullptr;
  }

  void set(Slot& slot, S value) {
    if (!slot.value) ++rows_;
    slot.value = std::move(value);
    ++updated_;
    mark(slot);
  }
  void remove(Slot& slot) {
    if (slot.value) {
      --rows_;
      ++removed_;
    }
    slot.value.reset();
    mark(slot);
  }
  /// After changing a slot's value in place.
  void mark_changed(Slot& slot) {
    ++updated_;
    mark(slot);
  }

  /// Sets the given pairs' values, make(value) each, for keys of this task's groups.
  template <class Value, class Make>
  void load(const std::vector<std::pair<K, Value>>& pairs, Make make) {
    if (pairs.empty()) return;
    TypedRowWriter<std::tuple<K>> keys(context_->pool);
    for (const auto& pair : pairs) keys.append(std::tuple<const K&>(pair.first));
    const Batch batch = keys.finish();
    constexpr std::size_t kKeyColumn[] = {0};
    std::vector<std::uint64_t> hashes(pairs.size());
    hash_rows(batch, kKeyColumn, hashes);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (context_->groups.contains(hashes[i], context_->num_groups))
        set(find_or_insert(pairs[i].first, hashes[i]), make(pairs[i].second));
    }
  }

  /// Slots by number, for walking over all; unused ones have is_used false.
  Slots& slots() { return slots_; }

  void begin_epoch() { updated_ = removed_ = 0; }

  /// As seal, without pieces.
  void drop_changes() {
    for (const std::uint32_t number : dirty_) {
      Slot& slot = slots_[number];
      slot.is_dirty = false;
      if (!slot.value) free_slot(number);
    }
    dirty_.clear();
  }

  void seal(std::vector<StatePiece>& pieces) {
    for (const std::uint32_t number : dirty_) {
      Slot& slot = slots_[number];
      const bool is_deleted = !slot.value.has_value();
      writer_->append(Row{static_cast<std::int64_t>(slot.hash), is_deleted, slot.key, slot.value});
      slot.is_dirty = false;
      if (is_deleted) free_slot(number);
      if (writer_->num_rows() >= kPieceRows) pieces.push_back({name_, 1, writer_->finish()});
    }
    if (writer_->num_rows() > 0) pieces.push_back({name_, 1, writer_->finish()});
    dirty_.clear();
  }

  Result<void> restore(const StatePiece& piece) {
    if (piece.table != name_) return {};
    if (!(piece.batch.schema() == *row_schema<Row>()))
      return bad_plan("state table " + name_ + " holds " + piece.batch.schema().to_string() +
                      " but the program now has " + row_schema<Row>()->to_string() +
                      "; go back to the old types or begin with a new checkpoint directory");
    for (std::size_t row = 0; row < piece.batch.num_rows(); ++row) {
      auto [hash, is_deleted, key, value] = read_row<Row>(piece.batch, row);
      if (!context_->groups.contains(static_cast<std::uint64_t>(hash), context_->num_groups))
        continue;
      Slot& slot = find_or_insert(key, static_cast<std::uint64_t>(hash));
      if (is_deleted) {
        if (slot.value) --rows_;
        free_slot(static_cast<std::uint32_t>(&slot - slots_.data()));
      } else {
        if (!slot.value) ++rows_;
        slot.value = ValueTraits<std::optional<S>>::own(std::move(value));
      }
    }
    return {};
  }

  StateCounts counts() const {
    return {rows_, updated_, removed_,
            static_cast<std::int64_t>(index_.bytes() + slots_.capacity() * sizeof(Slot))};
  }

 private:
  static constexpr std::size_t kPieceRows = 16'384;
  // hash, deleted, key, value: the layout of StatePiece.
  using Row = std::tuple<std::int64_t, bool, K, std::optional<S>>;

  void mark(Slot& slot) {
    if (slot.is_dirty) return;
    slot.is_dirty = true;
    dirty_.push_back(static_cast<std::uint32_t>(&slot - slots_.data()));
  }
  std::uint32_t take_slot() {
    if (!free_.empty()) {
      const std::uint32_t number = free_.back();
      free_.pop_back();
      return number;
    }
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  void free_slot(std::uint32_t number) {
    index_.erase(slots_[number].key);
    slots_[number] = Slot{};
    free_.push_back(number);
  }

  std::string name_;
  std::optional<OperatorContext> context_;
  std::optional<TypedRowWriter<Row>> writer_;
  KeyTable<K, std::uint32_t> index_;
  Slots slots_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> dirty_;
  std::int64_t rows_ = 0, updated_ = 0, removed_ = 0;
};

}  // namespace stream
