#include <libstream/operators/slice_merge.hpp>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

constexpr std::size_t kGroupsAtOnce = 4096;

std::vector<DataType> types_but(std::size_t left_out, const std::vector<TypedExpr>& keys) {
  std::vector<DataType> types = types_of(keys);
  types.erase(types.begin() + static_cast<std::ptrdiff_t>(left_out));
  return types;
}

/// Without the hash, and with the start of a slice for the window.
std::shared_ptr<const Schema> slice_schema(const AggregateSpec& spec) {
  auto schema = std::make_shared<Schema>(*partial_schema(spec));
  schema->fields.erase(schema->fields.begin());
  schema->fields[spec.sliding->key].type = spec.keys[spec.sliding->key]->type;
  return schema;
}

}  // namespace

SliceMerge::SliceMerge(const AggregateSpec& spec)
    : sliding_(*spec.sliding),
      slicing_(sliding_),
      window_type_(spec.schema->fields[sliding_.key].type),
      schema_(slice_schema(spec)),
      other_keys_(types_but(sliding_.key, spec.keys)),
      merged_(spec.calls) {}

void SliceMerge::open(BlockPool& pool) {
  pool_ = &pool;
  given_.emplace(schema_, pool);
  read_.emplace(schema_, pool);
}

void SliceMerge::begin(const AggregateStates& slices) {
  leave_window();
  states_ = &slices;
  numbers_.clear();
  met_.clear();
  last_met_ = met_.end();
  slice_of_.clear();
  key_of_.clear();
  std::vector<std::uint32_t> groups;
  for (std::size_t first = 0; first < slices.num_groups(); first += groups.size()) {
    groups.resize(std::min(kGroupsAtOnce, slices.num_groups() - first));
    std::iota(groups.begin(), groups.end(), static_cast<std::uint32_t>(first));
    const auto builders = read_->columns(0, slices.num_keys());
    slices.append_keys(groups, builders);
    std::vector<Column> keys = finish_columns(builders);
    const auto* starts = keys[sliding_.key].data<std::int64_t>();
    for (std::size_t i = 0; i < groups.size(); ++i) slice_of_.push_back(slice_number(starts[i]));
    number_keys(std::move(keys), groups.size());
  }
  sort_by_slice();
  merged_.make_room(numbers_.num_groups());
  is_present_.resize(numbers_.num_groups());
  examples_.resize(numbers_.num_groups());
  earliest_ = behind_ = 0;
  is_closing_ = false;
  next_window_ = slicing_.first_window(slices_.front().start);
}

std::uint32_t SliceMerge::slice_number(std::int64_t start) {
  // Groups of a slice come together, mostly.
  if (last_met_ == met_.end() || last_met_->first != start)
    last_met_ = met_.try_emplace(start, static_cast<std::uint32_t>(met_.size())).first;
  return last_met_->second;
}

void SliceMerge::number_keys(std::vector<Column> keys, std::size_t num_rows) {
  keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(sliding_.key));
  const std::size_t before = key_of_.size();
  key_of_.resize(before + num_rows);
  if (keys.empty()) {
    bool is_new = false;
    numbers_.find_or_insert(RowKey{}, is_new);  // the number 0, which they all have
    return;
  }
  numbers_.find_or_insert(other_keys_.encode(keys, num_rows), std::span(key_of_).subspan(before));
}

void SliceMerge::sort_by_slice() {
  std::vector<std::size_t> next(met_.size() + 1);
  for (const std::uint32_t slice : slice_of_) ++next[slice];
  slices_.clear();
  std::size_t first = 0;
  for (const auto& [start, slice] : met_) {
    slices_.push_back({start, first});
    first += std::exchange(next[slice], first);
  }
  slices_.push_back({0, first});
  groups_.resize(first);
  keys_.resize(first);
  for (std::uint32_t group = 0; group < slice_of_.size(); ++group) {
    const std::size_t place = next[slice_of_[group]]++;
    groups_[place] = group;
    keys_[place] = key_of_[group];
  }
}

void SliceMerge::leave_window() {
  merged_.reset(present_);
  for (const std::uint32_t key : present_) is_present_[key] = 0;
  present_.clear();
  num_given_ = 0;
}

Result<bool> SliceMerge::merge_window() {
  const std::size_t num_slices = slices_.size() - 1;
  const std::int64_t last = slices_[num_slices - 1].start;
  if (!is_closing_) {
    const std::size_t earliest_before = earliest_;
    while (slices_[earliest_].start < next_window_) ++earliest_;
    window_ = std::max(next_window_, slicing_.first_window(slices_[earliest_].start));
    next_window_ = window_ + sliding_.slide;
    if (window_ + sliding_.size <= last) {
      if (earliest_ != earliest_before) {
        leave_window();
        behind_ = earliest_;
      }
      const std::size_t first = behind_;
      while (slices_[behind_].start < window_ + sliding_.size) ++behind_;
      STREAM_TRY(merge_slices(first, behind_));
      return true;
    }
    is_closing_ = true;
    leave_window();
    earliest_ = num_slices;
    window_ = slicing_.last_window(last) + sliding_.slide;
  }
  window_ -= sliding_.slide;
  if (window_ + sliding_.size <= last) return false;
  const std::size_t end = earliest_;
  while (earliest_ > 0 && slices_[earliest_ - 1].start >= window_) --earliest_;
  STREAM_TRY(merge_in_front(earliest_, end));
  return true;
}

/// Functions such as collect_list take what comes first for what was first.
Result<void> SliceMerge::merge_in_front(std::size_t first_slice, std::size_t end_slice) {
  const auto states = read_->columns(states_->num_keys(), states_->num_state_columns());
  merged_.append_states(present_, states);
  const std::vector<Column> later = finish_columns(states);
  const std::vector<std::uint32_t> keys = present_;
  leave_window();
  STREAM_TRY(merge_slices(first_slice, end_slice));
  chosen_.clear();
  for (const std::uint32_t key : keys) chosen_.push_back(examples_[key]);
  return merge_states(later, keys, chosen_);
}

Result<void> SliceMerge::merge_slices(std::size_t first_slice, std::size_t end_slice) {
  num_given_ = 0;
  const auto states = read_->columns(states_->num_keys(), states_->num_state_columns());
  const std::size_t end = slices_[end_slice].first;
  for (std::size_t first = slices_[first_slice].first; first < end; first += kGroupsAtOnce) {
    const std::size_t count = std::min(kGroupsAtOnce, end - first);
    const auto groups = std::span<const std::uint32_t>(groups_).subspan(first, count);
    const auto keys = std::span<const std::uint32_t>(keys_).subspan(first, count);
    states_->append_states(groups, states);
    STREAM_TRY(merge_states(finish_columns(states), keys, groups));
  }
  return {};
}

Result<void> SliceMerge::merge_states(const std::vector<Column>& states,
                                      std::span<const std::uint32_t> keys,
                                      std::span<const std::uint32_t> groups) {
  STREAM_TRY(merged_.merge(states, keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (std::exchange(is_present_[keys[i]], std::uint8_t{1}) != 0) continue;
    present_.push_back(keys[i]);
    examples_[keys[i]] = groups[i];
  }
  return {};
}

Result<std::vector<Column>> SliceMerge::next(std::size_t num_rows) {
  const std::size_t num_keys = states_->num_keys();
  const std::size_t num_states = states_->num_state_columns();
  starts_.clear();
  while (starts_.size() < num_rows) {
    if (num_given_ == present_.size()) {
      STREAM_TRY(const bool is_more, merge_window());
      if (!is_more) break;
    }
    const std::size_t count = std::min(num_rows - starts_.size(), present_.size() - num_given_);
    const auto keys = std::span<const std::uint32_t>(present_).subspan(num_given_, count);
    chosen_.clear();
    for (const std::uint32_t key : keys) chosen_.push_back(examples_[key]);
    states_->append_keys(chosen_, given_->columns(0, num_keys));
    merged_.append_states(keys, given_->columns(num_keys, num_states));
    starts_.insert(starts_.end(), count, window_);
    num_given_ += count;
  }
  std::vector<Column> columns = finish_columns(given_->columns(0, num_keys + num_states));
  columns[sliding_.key] = window_column();
  return columns;
}

Column SliceMerge::window_column() const {
  Column windows;
  windows.type = window_type_;
  windows.num_rows = starts_.size();
  for (const std::int64_t after : {std::int64_t{0}, sliding_.size}) {
    Column& times = windows.children.emplace_back();
    times.type = window_type_.children[windows.children.size() - 1].type;
    times.num_rows = windows.num_rows;
    times.values = pool_->allocate(windows.num_rows * sizeof(std::int64_t) + 1);
    auto* to = reinterpret_cast<std::int64_t*>(times.values.data());
    for (std::size_t row = 0; row < starts_.size(); ++row) to[row] = starts_[row] + after;
  }
  return windows;
}

}  // namespace stream
