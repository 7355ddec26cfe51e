#include <libstream/operators/add_hash.hpp>
#include <libstream/plans/physical_plan.hpp>
#include <libstream/state/state_file.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/operator_harness.hpp>

#include <algorithm>
#include <deque>
#include <random>

namespace stream::testing {
namespace {

enum class Cut { as_given, single_rows, random };

struct Way {
  std::string name;
  Cut cut = Cut::as_given;
  bool restarts = false;  ///< after every epoch
  bool is_parallel = false;
};

std::string value_text(const Value& value) {
  struct Printer {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int8_t v) const { return std::to_string(v); }
    std::string operator()(std::int16_t v) const { return std::to_string(v); }
    std::string operator()(std::int32_t v) const { return std::to_string(v); }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(float v) const { return std::to_string(v); }
    std::string operator()(double v) const { return std::to_string(v); }
    std::string operator()(Int128 v) const { return std::to_string(static_cast<std::int64_t>(v)); }
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(const CalendarInterval& v) const {
      return std::to_string(v.months) + "m" + std::to_string(v.days) + "d" +
             std::to_string(v.micros) + "us";
    }
    std::string operator()(const ValueList& list) const {
      std::string text = "[";
      for (const Value& element : list) text += (text.size() > 1 ? "," : "") + value_text(element);
      return text + "]";
    }
  };
  return std::visit(Printer{}, value.content);
}

class Collect final : public Output {
 public:
  explicit Collect(std::vector<std::string>& rows) : rows_(rows) {}
  Result<void> push(Batch batch) override {
    for (const Row& row : rows_of(batch)) rows_.push_back(row_text(row));
    return {};
  }

 private:
  std::vector<std::string>& rows_;
};

void require_ok(const Result<void>& result) {
  if (!result) FAIL(result.error().message());
}

class Run {
 public:
  Run(const OperatorCase& script, Way way, std::uint32_t seed)
      : script_(script), way_(std::move(way)), random_(seed) {}

  std::vector<EpochOutput> run() {
    start_tasks(way_.is_parallel ? 3 : 1);
    std::vector<EpochOutput> outputs;
    EpochMillis late = 0;
    for (std::size_t epoch = 0; epoch < script_.epochs.size(); ++epoch) {
      outputs.push_back(run_epoch(static_cast<std::int64_t>(epoch), late));
      late = script_.epochs[epoch].watermark;
      seal_all();
      if (way_.restarts) start_tasks(way_.is_parallel ? 1 + random_() % 4 : 1);
    }
    return outputs;
  }

 private:
  void start_tasks(std::uint32_t count) {
    operators_.clear();
    for (std::uint32_t task = 0; task < count; ++task) {
      const OperatorContext context{pool_,
                                    task,
                                    count,
                                    static_cast<std::uint32_t>(script_.inputs.size()),
                                    1,
                                    key_groups_of(task, count, kDefaultKeyGroups),
                                    kDefaultKeyGroups,
                                    way_.cut == Cut::single_rows ? 2u : 4096u};
      operators_.push_back(script_.make());
      require_ok(operators_.back()->open(context));
      for (const StatePiece& piece : pieces_) require_ok(operators_.back()->restore(piece));
    }
  }

  std::uint64_t dealt_by(std::uint64_t row_hash) const {
    return script_.is_dealt_by_keys ? row_hash : key_group_hash(row_hash);
  }

  EpochOutput run_epoch(std::int64_t number, EpochMillis late) {
    const EpochScript& epoch = script_.epochs[static_cast<std::size_t>(number)];
    EpochStart start;
    start.epoch = number;
    start.interval = number + 1;
    start.batch_time = epoch.batch_time;
    start.watermark = epoch.watermark;
    start.late_watermark = late;
    for (const auto& task : operators_) require_ok(task->begin(start));
    EpochOutput output;
    Collect collect(output.rows);
    for (const auto& [ordinal, rows] : cut_inputs(epoch)) push(ordinal, rows, collect);
    for (const auto& task : operators_) {
      for (bool is_done = false; !is_done;) {
        Result<bool> ended = task->end(start, collect);
        if (!ended) FAIL(ended.error().message());
        is_done = *ended;
      }
      const StateCounts counts = task->state_counts();
      output.counts.rows += counts.rows;
      output.counts.updated += counts.updated;
      output.counts.removed += counts.removed;
      output.counts.dropped_by_watermark += counts.dropped_by_watermark;
      output.counts.dropped_duplicates += counts.dropped_duplicates;
    }
    if (!script_.is_ordered) std::sort(output.rows.begin(), output.rows.end());
    return output;
  }

  std::vector<InputRows> cut_inputs(const EpochScript& epoch) {
    if (way_.cut == Cut::as_given) return epoch.inputs;
    std::vector<std::deque<Row>> left(script_.inputs.size());
    std::size_t num_left = 0;
    for (const InputRows& input : epoch.inputs) {
      for (const Row& each : input.rows) left[input.ordinal].push_back(each);
      num_left += input.rows.size();
    }
    std::vector<InputRows> cut;
    while (num_left > 0) {
      const auto ordinal = static_cast<std::uint32_t>(random_() % left.size());
      std::deque<Row>& rows = left[ordinal];
      std::size_t count = way_.cut == Cut::single_rows ? 1 : 1 + random_() % 4;
      count = std::min(count, rows.size());
      if (count == 0) continue;
      const auto end = rows.begin() + static_cast<std::ptrdiff_t>(count);
      cut.push_back({ordinal, {rows.begin(), end}});
      rows.erase(rows.begin(), end);
      num_left -= count;
    }
    return cut;
  }

  void push(std::uint32_t ordinal, const std::vector<Row>& rows, Output& output) {
    const Batch batch = batch_of(script_.inputs[ordinal], rows, pool_);
    if (operators_.size() == 1) {
      require_ok(operators_[0]->push({ordinal, 0}, batch, output));
      return;
    }
    std::vector<std::uint64_t> hashes(rows.size());
    hash_rows(batch, script_.partition_by[ordinal], hashes);
    const auto count = static_cast<std::uint32_t>(operators_.size());
    for (std::uint32_t task = 0; task < count; ++task) {
      std::vector<std::uint32_t> mine;
      for (std::uint32_t i = 0; i < hashes.size(); ++i) {
        if (task_of_hash(dealt_by(hashes[i]), count, kDefaultKeyGroups) == task) mine.push_back(i);
      }
      if (mine.empty()) continue;
      require_ok(operators_[task]->push({ordinal, 0}, take_rows(batch, mine, pool_), output));
    }
  }

  void seal_all() {
    std::vector<StatePiece> sealed;
    for (const auto& task : operators_) {
      if (!task->is_stateful()) continue;
      require_ok(task->seal(sealed));
    }
    // Through the file format, as a checkpoint does it.
    const Result<std::string> file = encode_state_file(sealed);
    REQUIRE(file.has_value());
    Result<std::vector<StatePiece>> decoded = decode_state_file(*file, pool_);
    REQUIRE(decoded.has_value());
    for (StatePiece& piece : *decoded) pieces_.push_back(std::move(piece));
    if (random_() % 2 == 0) pieces_ = merge_pieces(pieces_, pool_);
  }

  const OperatorCase& script_;
  Way way_;
  std::minstd_rand random_;
  BlockPool pool_;
  std::vector<std::unique_ptr<Operator>> operators_;
  std::vector<StatePiece> pieces_;
};

}  // namespace

std::string row_text(const Row& row) {
  std::string text;
  for (std::size_t i = 0; i < row.size(); ++i) text += (i > 0 ? "|" : "") + value_text(row[i]);
  return text;
}

std::shared_ptr<const Schema> schema_of(std::vector<std::pair<std::string, DataType>> fields) {
  auto schema = std::make_shared<Schema>();
  for (auto& [name, type] : fields) schema->fields.push_back({name, std::move(type), true});
  return schema;
}

DataType window_type() {
  return struct_of({{"start", primitive(TypeKind::timestamp), true},
                    {"end", primitive(TypeKind::timestamp), true}});
}

std::vector<EpochOutput> run_operator(const OperatorCase& script) {
  return Run(script, {"as given"}, 1).run();
}

std::vector<EpochOutput> verify_operator(const OperatorCase& script,
                                         std::vector<std::vector<std::string>> expected) {
  if (!script.is_ordered) {
    for (auto& rows : expected) std::sort(rows.begin(), rows.end());
  }
  const std::uint32_t seed = std::random_device{}();
  std::vector<Way> ways{{"as given"},
                        {"one row a batch", Cut::single_rows},
                        {"random cuts", Cut::random},
                        {"restarted", Cut::as_given, true},
                        {"random cuts, restarted", Cut::random, true}};
  if (!script.partition_by.empty()) {
    ways.push_back({"three tasks", Cut::as_given, false, true});
    ways.push_back({"random cuts, tasks changing", Cut::random, true, true});
  }
  const std::vector<EpochOutput> reference = run_operator(script);
  REQUIRE(expected.size() == reference.size());
  for (const Way& way : ways) {
    INFO("way: " << way.name << ", seed " << seed);
    const std::vector<EpochOutput> outputs = Run(script, way, seed).run();
    for (std::size_t epoch = 0; epoch < expected.size(); ++epoch) {
      INFO("epoch " << epoch);
      CHECK(outputs[epoch].rows == expected[epoch]);
      CHECK(outputs[epoch].counts.rows == reference[epoch].counts.rows);
      CHECK(outputs[epoch].counts.removed == reference[epoch].counts.removed);
      CHECK(outputs[epoch].counts.dropped_by_watermark ==
            reference[epoch].counts.dropped_by_watermark);
      CHECK(outputs[epoch].counts.dropped_duplicates == reference[epoch].counts.dropped_duplicates);
    }
  }
  return reference;
}

}  // namespace stream::testing
