#include <libstream/control/epoch_records.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace stream {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxTextBytes = 64u << 20;
constexpr std::size_t kMaxListEntries = 1'000'000;
constexpr int kMaxNesting = 8;

/// Reads typed fields of one object; keeps the first problem, after which reads give zeros.
class FieldReader {
 public:
  FieldReader(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object_.is_object()) fail("is not an object");
  }

  template <class Integer>
  Integer integer(const char* key, Integer low, Integer high) {
    const Json* value = find(key);
    if (value == nullptr) return low;
    if (value->is_number_unsigned()) {
      const auto number = value->get<std::uint64_t>();
      if (std::in_range<Integer>(number) && static_cast<Integer>(number) >= low &&
          static_cast<Integer>(number) <= high) {
        return static_cast<Integer>(number);
      }
    } else if (value->is_number_integer()) {
      const auto number = value->get<std::int64_t>();
      if (std::in_range<Integer>(number) && static_cast<Integer>(number) >= low &&
          static_cast<Integer>(number) <= high) {
        return static_cast<Integer>(number);
      }
    }
    fail("has no whole number in range", key);
    return low;
  }
  template <class Integer>
  Integer integer(const char* key) {
    return integer<Integer>(key, 0, std::numeric_limits<Integer>::max());
  }

  /// Entries that older checkpoints lack read as their default.
  bool has(const char* key) const { return object_.is_object() && object_.contains(key); }

  std::string string(const char* key) {
    const Json* value = find(key);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    fail("is not a string", key);
    return {};
  }

  bool boolean(const char* key) {
    const Json* value = find(key);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    fail("is not true or false", key);
    return false;
  }

  template <class Each>
  void list(const char* key, Each each) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) return fail("is not a list", key);
    if (value->size() > kMaxListEntries) return fail("has too many entries", key);
    for (std::size_t i = 0; i < value->size() && !error_; ++i) {
      each((*value)[i], place_ + "." + key + "[" + std::to_string(i) + "]");
    }
  }

  void fail(std::string_view what, std::string_view key = {}) {
    if (error_) return;
    std::string where = place_;
    if (!key.empty()) where.append(".").append(key);
    error_ = fatal(where + " " + std::string(what) + "; the checkpoint is damaged");
  }
  void take_error_of(const FieldReader& inner) {
    if (!error_) error_ = inner.error_;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  const Json* find(const char* key) {
    if (error_) return nullptr;
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    fail("is missing", key);
    return nullptr;
  }

  const Json& object_;
  std::string place_;
  std::optional<Error> error_;
};

/// Refuses too long texts, and too deep ones while they are parsed.
Result<Json> parse_bounded(std::string_view text, const std::string& what) {
  if (text.size() > kMaxTextBytes) {
    return fatal(what + " has " + std::to_string(text.size()) + " bytes, at most " +
                 std::to_string(kMaxTextBytes) + " are read; the checkpoint is damaged");
  }
  bool is_too_deep = false;
  Json::parser_callback_t watch = [&is_too_deep](int depth, Json::parse_event_t, Json&) {
    is_too_deep |= depth > kMaxNesting;
    return !is_too_deep;
  };
  Json json = Json::parse(text, watch, false);
  if (is_too_deep) return fatal(what + " is nested too deeply; the checkpoint is damaged");
  if (json.is_discarded()) return fatal(what + " is not JSON; the checkpoint is damaged");
  return json;
}

std::string print(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json message_json(const SinkMessage& message) {
  return {{"sink", message.sink}, {"task", message.task}, {"content", message.content}};
}

Json file_json(const StateFile& file) {
  return {{"name", file.name},
          {"sizeBytes", file.size_bytes},
          {"checksum", file.checksum},
          {"firstGroup", file.first_group},
          {"lastGroup", file.last_group},
          {"operatorId", file.operator_id},
          {"epoch", file.epoch},
          {"isSnapshot", file.is_snapshot}};
}

StateFile read_file(FieldReader& fields) {
  StateFile file;
  file.name = fields.string("name");
  file.size_bytes = fields.integer<std::uint64_t>("sizeBytes");
  file.checksum = fields.integer<std::uint64_t>("checksum");
  file.first_group = fields.integer<std::uint32_t>("firstGroup");
  file.last_group = fields.integer<std::uint32_t>("lastGroup");
  file.operator_id = fields.string("operatorId");
  file.epoch = fields.integer<EpochId>("epoch");
  file.is_snapshot = fields.boolean("isSnapshot");
  if (file.first_group > file.last_group) fields.fail("ends before it begins", "lastGroup");
  const bool leaves_folder = file.name.empty() || file.name.front() == '/' ||
                             file.name.find("..") != std::string::npos ||
                             file.name.find('\0') != std::string::npos;
  if (leaves_folder) fields.fail("is not a name inside state/", "name");
  return file;
}

EpochMillis read_millis(FieldReader& fields, const char* key) {
  return fields.integer<EpochMillis>(key, std::numeric_limits<EpochMillis>::min(),
                                     std::numeric_limits<EpochMillis>::max());
}

EpochMillis read_watermark(FieldReader& fields, const char* key) {
  return fields.has(key) ? fields.integer<EpochMillis>(key) : 0;
}

const char* policy_text(WatermarkPolicy policy) {
  return policy == WatermarkPolicy::min ? "min" : "max";
}

/// A checkpoint without a policy means min.
WatermarkPolicy read_policy(FieldReader& fields) {
  if (!fields.has("watermarkPolicy")) return WatermarkPolicy::min;
  const std::string text = fields.string("watermarkPolicy");
  if (text == "max") return WatermarkPolicy::max;
  if (text != "min") fields.fail("is neither min nor max", "watermarkPolicy");
  return WatermarkPolicy::min;
}

void add_event_times(std::vector<EventTimes>& sums, const EventTimes& seen) {
  const auto same = std::find_if(sums.begin(), sums.end(), [&seen](const EventTimes& sum) {
    return sum.watermark_node == seen.watermark_node;
  });
  if (same == sums.end()) {
    sums.push_back(seen);
  } else {
    same->add(seen);
  }
}

}  // namespace

void EpochStatistics::add(const EpochStatistics& other) {
  if (source_rows.size() < other.source_rows.size()) source_rows.resize(other.source_rows.size());
  for (std::size_t i = 0; i < other.source_rows.size(); ++i) source_rows[i] += other.source_rows[i];
  for (const auto& [id, counters] : other.operators) {
    OperatorStatistics& sum = operators[id];
    if (sum.name.empty()) sum.name = counters.name;
    sum.rows_in += counters.rows_in;
    sum.rows_out += counters.rows_out;
    sum.state_rows += counters.state_rows;
    sum.state_rows_updated += counters.state_rows_updated;
    sum.state_rows_removed += counters.state_rows_removed;
    sum.state_bytes += counters.state_bytes;
    sum.dropped_by_watermark += counters.dropped_by_watermark;
    sum.dropped_duplicates += counters.dropped_duplicates;
    sum.is_stateful |= counters.is_stateful;
  }
  for (const EventTimes& seen : other.event_times) add_event_times(event_times, seen);
  rejected_rows += other.rejected_rows;
  if (sink_rows.size() < other.sink_rows.size()) sink_rows.resize(other.sink_rows.size());
  for (std::size_t i = 0; i < other.sink_rows.size(); ++i) sink_rows[i] += other.sink_rows[i];
  for (const auto& [key, millis] : other.duration_millis) duration_millis[key] += millis;
}

std::string to_text(const EpochOffsets& offsets) {
  Json ranges = Json::array();
  for (const SourceRange& range : offsets.ranges) {
    ranges.push_back({{"start", range.start}, {"end", range.end}, {"isOpen", range.is_open}});
  }
  return print({{"epoch", offsets.epoch},
                {"batchTime", offsets.batch_time},
                {"zeroTime", offsets.zero_time},
                {"term", offsets.term},
                {"parallelism", offsets.parallelism},
                {"batchWatermarkMs", offsets.watermark},
                {"watermarkPolicy", policy_text(offsets.watermark_policy)},
                {"ranges", std::move(ranges)}});
}

std::string to_text(const EpochCommit& commit) {
  Json messages = Json::array();
  for (const SinkMessage& message : commit.sink_messages) messages.push_back(message_json(message));
  Json files = Json::array();
  for (const StateFile& file : commit.state_files) files.push_back(file_json(file));
  return print({{"epoch", commit.epoch},
                {"term", commit.term},
                {"batchTime", commit.batch_time},
                {"zeroTime", commit.zero_time},
                {"batchWatermarkMs", commit.watermark},
                {"nextBatchWatermarkMs", commit.next_watermark},
                {"watermarkPolicy", policy_text(commit.watermark_policy)},
                {"ends", commit.ends},
                {"stateFiles", std::move(files)},
                {"sinkMessages", std::move(messages)}});
}

Result<EpochOffsets> parse_epoch_offsets(std::string_view text) {
  STREAM_TRY(const Json json, parse_bounded(text, "offsets"));
  FieldReader fields(json, "offsets");
  EpochOffsets offsets;
  offsets.epoch = fields.integer<EpochId>("epoch");
  offsets.batch_time = read_millis(fields, "batchTime");
  offsets.zero_time = read_millis(fields, "zeroTime");
  offsets.term = fields.integer<std::int64_t>("term");
  offsets.parallelism =
      fields.integer<std::uint32_t>("parallelism", 1, std::numeric_limits<std::uint32_t>::max());
  offsets.watermark = read_watermark(fields, "batchWatermarkMs");
  offsets.watermark_policy = read_policy(fields);
  fields.list("ranges", [&](const Json& entry, std::string place) {
    FieldReader inner(entry, std::move(place));
    offsets.ranges.push_back({inner.string("start"), inner.string("end"), inner.boolean("isOpen")});
    fields.take_error_of(inner);
  });
  if (fields.error()) return *fields.error();
  return offsets;
}

Result<EpochCommit> parse_epoch_commit(std::string_view text) {
  STREAM_TRY(const Json json, parse_bounded(text, "commit"));
  FieldReader fields(json, "commit");
  EpochCommit commit;
  commit.epoch = fields.integer<EpochId>("epoch");
  commit.term = fields.integer<std::int64_t>("term");
  commit.batch_time = read_millis(fields, "batchTime");
  commit.zero_time = read_millis(fields, "zeroTime");
  commit.watermark = read_watermark(fields, "batchWatermarkMs");
  commit.next_watermark = read_watermark(fields, "nextBatchWatermarkMs");
  commit.watermark_policy = read_policy(fields);
  fields.list("ends", [&](const Json& entry, const std::string& place) {
    if (entry.is_string()) {
      commit.ends.push_back(entry.get<std::string>());
    } else {
      fields.fail("holds something else than strings (" + place + ")", "ends");
    }
  });
  fields.list("stateFiles", [&](const Json& entry, std::string place) {
    FieldReader inner(entry, std::move(place));
    commit.state_files.push_back(read_file(inner));
    fields.take_error_of(inner);
  });
  fields.list("sinkMessages", [&](const Json& entry, std::string place) {
    FieldReader inner(entry, std::move(place));
    SinkMessage message;
    message.sink = inner.integer<std::uint32_t>("sink");
    message.task = inner.integer<TaskIndex>("task");
    message.content = inner.string("content");
    commit.sink_messages.push_back(std::move(message));
    fields.take_error_of(inner);
  });
  if (fields.error()) return *fields.error();
  return commit;
}

}  // namespace stream
