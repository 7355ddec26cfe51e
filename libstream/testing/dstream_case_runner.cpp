#include <libstream/api/streaming_context.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/testing/case_functions.hpp>
#include <libstream/testing/dstream_case.hpp>
#include <libstream/testing/manual_clock.hpp>

#include <fmt/format.h>

#include <mutex>

namespace stream::testing {
namespace {

using Texts = DStream<Text>;
using Pairs = DStream<TextPair>;

constexpr Duration kInterval{1000};
constexpr std::size_t kMaxIntervals = 10'000;

Pairs pairs_of(const Texts& texts) {
  return texts.map([](const Text& x) { return to_pair(x); });
}
Texts texts_of(const Pairs& pairs) {
  return pairs.map([](const TextPair& pair) { return to_element(pair); });
}

/// Builds the flow of a case over a context's queue streams.
class FlowBuilder {
 public:
  FlowBuilder(const DStreamCase& dstream_case, StreamingContext& context) {
    for (const auto& [name, intervals] : dstream_case.streams) {
      auto queue = context.queue_stream<Text>();
      for (const auto& elements : intervals) queue.add(elements);
      streams_.emplace(name, queue);
    }
  }

  /// Throws std::invalid_argument for what a case may not say.
  Texts build(const FlowStep& step) {
    const Texts made = apply(stream(step.stream), step);
    streams_.insert_or_assign(step.name, made);
    return made;
  }

  const Texts& stream(const std::string& name) const {
    const auto found = streams_.find(name);
    if (found == streams_.end()) throw std::invalid_argument("no stream is named '" + name + "'");
    return found->second;
  }

 private:
  static const std::string& argument(const FlowStep& step, std::size_t index) {
    if (index >= step.arguments.size())
      throw std::invalid_argument(step.operation + " lacks argument " + std::to_string(index + 1));
    return step.arguments[index];
  }
  static Duration intervals(const FlowStep& step, std::size_t index) {
    return kInterval * std::stoll(argument(step, index));
  }

  Texts apply(const Texts& in, const FlowStep& step) {
    const std::string& op = step.operation;
    if (op == "map") return in.map(map_function(argument(step, 0)));
    if (op == "flatMap") return in.flat_map(flat_map_function(argument(step, 0)));
    if (op == "filter") return in.filter(filter_function(argument(step, 0)));
    if (op == "union") return in.union_with(stream(argument(step, 0)));
    if (op == "count") return in.count().map([](std::int64_t n) { return std::to_string(n); });
    if (op == "reduce") return in.reduce(reduce_function(argument(step, 0)));
    if (op == "cache" || op == "persist") return in.cache();
    if (op == "repartition")
      return in.repartition(static_cast<std::uint32_t>(std::stoul(argument(step, 0))));
    if (op == "glom")
      return in.glom().map([](const std::vector<Text>& values) { return to_sorted_list(values); });
    if (op == "transform") return transform(in, argument(step, 0));
    if (op == "transformWith") {
      if (argument(step, 0) != "subtract")
        throw std::invalid_argument("no transformWith function is named '" + argument(step, 0) +
                                    "'");
      return in.transform_with(
          stream(argument(step, 1)),
          [](const Rdd<Text>& left, const Rdd<Text>& right) { return left.subtract(right); });
    }
    if (op == "countByValue")
      return in.count_by_value().map([](const std::pair<Text, std::int64_t>& pair) {
        return to_element({pair.first, std::to_string(pair.second)});
      });
    if (op.find("Window") != std::string::npos || op == "window") return windowed(in, step);
    return keyed(pairs_of(in), step);
  }

  static Texts transform(const Texts& in, const std::string& name) {
    if (name == "distinct")
      return in.transform([](const Rdd<Text>& rdd) { return rdd.distinct(); });
    if (name == "top2")
      return in.transform([](const Rdd<Text>& rdd) { return Rdd<Text>::of(rdd.top(2, is_less)); });
    throw std::invalid_argument("no transform function is named '" + name + "'");
  }

  Texts windowed(const Texts& in, const FlowStep& step) {
    const std::string& op = step.operation;
    if (op == "window") {
      if (step.arguments.size() == 1) return in.window(intervals(step, 0));
      return in.window(intervals(step, 0), intervals(step, 1));
    }
    if (op == "countByWindow")
      return in.count_by_window(intervals(step, 0), intervals(step, 1)).map([](std::int64_t n) {
        return std::to_string(n);
      });
    if (op == "countByValueAndWindow")
      return in.count_by_value_and_window(intervals(step, 0), intervals(step, 1))
          .map([](const std::pair<Text, std::int64_t>& pair) {
            return to_element({pair.first, std::to_string(pair.second)});
          });
    if (op == "groupByKeyAndWindow")
      return grouped(pairs_of(in).window(intervals(step, 0), intervals(step, 1)));
    const auto function = reduce_function(argument(step, 0));
    const bool has_inverse = argument(step, 1) != "none";
    const Duration length = intervals(step, 2);
    const Duration slide = intervals(step, 3);
    if (op == "reduceByWindow") {
      if (has_inverse)
        return in.reduce_by_window(function, reduce_function(argument(step, 1)), length, slide);
      return in.reduce_by_window(function, length, slide);
    }
    if (op != "reduceByKeyAndWindow")
      throw std::invalid_argument("no operation is named '" + op + "'");
    if (!has_inverse)
      return texts_of(pairs_of(in).reduce_by_key_and_window(function, length, slide));
    const auto inverse = reduce_function(argument(step, 1));
    if (step.arguments.size() < 5)
      return texts_of(pairs_of(in).reduce_by_key_and_window(function, inverse, length, slide));
    return texts_of(pairs_of(in).reduce_by_key_and_window(
        function, inverse, length, slide,
        [keep = filter_function(argument(step, 4))](const TextPair& pair) {
          return keep(to_element(pair));
        }));
  }

  static Texts grouped(const Pairs& in) {
    return in.group_by_key().map([](const std::pair<Text, std::vector<Text>>& pair) {
      return to_element({pair.first, to_sorted_list(pair.second)});
    });
  }

  Texts keyed(const Pairs& in, const FlowStep& step) {
    const std::string& op = step.operation;
    if (op == "mapValues") return texts_of(in.map_values(map_function(argument(step, 0))));
    if (op == "flatMapValues")
      return texts_of(in.flat_map_values(flat_map_function(argument(step, 0))));
    if (op == "reduceByKey") return texts_of(in.reduce_by_key(reduce_function(argument(step, 0))));
    if (op == "groupByKey") return grouped(in);
    if (op == "combineByKey") return combined(in);
    if (op == "updateStateByKey") return updated(in, step);
    const auto element_of = [](const auto& pair) {
      return to_element(
          {Text(pair.first), to_list({side(pair.second.first), side(pair.second.second)})});
    };
    if (op == "join") return in.join(pairs_of(stream(argument(step, 0)))).map(element_of);
    if (op == "leftOuterJoin")
      return in.left_outer_join(pairs_of(stream(argument(step, 0)))).map(element_of);
    if (op == "rightOuterJoin")
      return in.right_outer_join(pairs_of(stream(argument(step, 0)))).map(element_of);
    if (op == "fullOuterJoin")
      return in.full_outer_join(pairs_of(stream(argument(step, 0)))).map(element_of);
    if (op == "cogroup") return in.cogroup(pairs_of(stream(argument(step, 0)))).map(element_of);
    throw std::invalid_argument("no operation is named '" + op + "'");
  }

  template <class Side>
  static Text side(const Side& value) {
    if constexpr (std::is_same_v<Side, std::vector<Text>>)
      return to_sorted_list(value);
    else if constexpr (std::is_convertible_v<Side, std::string_view>)
      return Text(value);
    else
      return value ? Text(*value) : "null";
  }

  static Texts combined(const Pairs& in) {
    const auto combined_pairs =
        in.combine_by_key([](const Text& value) { return std::vector<Text>{value}; },
                          [](std::vector<Text>& list, const Text& value) { list.push_back(value); },
                          [](std::vector<Text>& list, std::vector<Text>&& more) {
                            list.insert(list.end(), more.begin(), more.end());
                          });
    return combined_pairs.map([](const std::pair<Text, std::vector<Text>>& pair) {
      return to_element({pair.first, to_list(pair.second)});
    });
  }

  static Texts updated(const Pairs& in, const FlowStep& step) {
    std::vector<TextPair> initial;
    if (step.arguments.size() > 1) {
      for (const Text& element : elements_of(step.arguments[1]))
        initial.push_back(to_pair(element));
    }
    return texts_of(in.update_state_by_key<Text>(update_function(argument(step, 0)), initial));
  }

  static std::vector<Text> elements_of(const std::string& text) {
    // The parser of streams' lines reads the same arrays.
    auto parsed = parse_dstream_case("--- stream s\n" + text + "\n--- flow\nx = s.cache()\n");
    if (!parsed) throw std::invalid_argument("initial pairs: " + parsed.error().message());
    if (parsed->streams[0].second.empty()) throw std::invalid_argument("no initial pairs");
    return parsed->streams[0].second[0];
  }

  std::map<std::string, Texts> streams_;
};

/// What the last stream gave, by epoch; written by the sink's task.
struct Collected {
  std::mutex mutex;  // guards `values`
  std::map<std::int64_t, std::vector<Text>> values;
};

std::string text_of(const IntervalValue& value) {
  return value ? fmt::format("[{}]", fmt::join(*value, ",")) : "-";
}

DStreamResult compare(const DStreamCase& dstream_case, Collected& collected) {
  DStreamResult result;
  for (std::size_t n = 1; n <= dstream_case.output.size(); ++n) {
    IntervalValue expected = dstream_case.output[n - 1];
    if (expected) std::sort(expected->begin(), expected->end());
    IntervalValue got;
    const auto found = collected.values.find(static_cast<std::int64_t>(n) - 1);
    if (found != collected.values.end()) {
      got = found->second;
      std::sort(got->begin(), got->end());
    }
    result.body += fmt::format("{} {}\n", n, text_of(got));
    if (got != expected)
      result.diff +=
          fmt::format("  interval {}\n  - {}\n  + {}\n", n, text_of(expected), text_of(got));
  }
  return result;
}

DStreamResult compare_slice(const std::vector<std::string>& expected,
                            const std::vector<Rdd<Text>>& got) {
  std::vector<std::string> values;
  for (const Rdd<Text>& rdd : got) {
    IntervalValue value = rdd.collect();
    std::sort(value->begin(), value->end());
    values.push_back(text_of(value));
  }
  DStreamResult result;
  for (const std::string& value : values) result.body += value + "\n";
  if (values != expected)
    result.diff =
        fmt::format("  slice\n  - {}\n  + {}\n", fmt::join(expected, " "), fmt::join(values, " "));
  return result;
}

/// The flow's last stream, and its slice step where it ends in one.
std::pair<Texts, std::optional<FlowStep>> build_flow(const DStreamCase& dstream_case,
                                                     FlowBuilder& builder) {
  std::optional<Texts> last;
  for (const FlowStep& step : dstream_case.flow) {
    if (step.operation == "slice") return {builder.stream(step.stream), step};
    last = builder.build(step);
  }
  if (!last) throw std::invalid_argument("the flow has no stream");
  return {*last, std::nullopt};
}

DStreamResult run(const DStreamCase& dstream_case, const CaseCell& cell) {
  MemoryFileSystem files;
  ManualClock clock(1'700'000'000'000);
  StreamingContext context(cell.runner, kInterval);
  Trigger trigger = Trigger::manual();
  trigger.interval = kInterval;
  context.set_trigger(trigger);
  QueryOptions& options = context.options();
  options.run_empty_epochs = true;
  options.parallelism = cell.parallelism;
  options.batch_rows = cell.batch_rows;
  options.files = &files;
  options.clock = &clock;
  if (cell.loses_tasks || cell.is_rescaled) options.checkpoint_directory = "/checkpoint";
  options.lose_tasks_after_every_epoch = cell.loses_tasks;
  if (cell.is_rescaled) options.rescale_after_every_epoch = {3, 1, 8, 2};
  FlowBuilder builder(dstream_case, context);
  auto [last, slice] = build_flow(dstream_case, builder);
  Collected collected;
  std::size_t intervals = dstream_case.output.size();
  if (slice) {
    last = last.remember(kInterval * 100'000);
    if (slice->arguments.size() != 2) throw std::invalid_argument("slice takes FROM, TO");
    if (!dstream_case.slice) throw std::invalid_argument("a case of slice lacks its slice section");
    intervals = static_cast<std::size_t>(std::stoul(slice->arguments[1]));
  } else {
    last.for_each_batch([&](const Rdd<Text>& rdd, EpochTime time) {
      std::lock_guard lock(collected.mutex);
      collected.values[time.epoch] = rdd.collect();
    });
  }
  const EpochMillis zero_time = clock.wall_millis();
  context.start();
  if (intervals > kMaxIntervals)
    throw std::invalid_argument(
        fmt::format("a case of {} intervals; at most {} are run", intervals, kMaxIntervals));
  context.run_epochs(intervals);
  DStreamResult result;
  if (slice) {
    const auto time = [&](const std::string& n) {
      return zero_time + kInterval.count() * std::stoll(n);
    };
    result = compare_slice(*dstream_case.slice,
                           last.slice(time(slice->arguments[0]), time(slice->arguments[1])));
  }
  context.stop(true);
  if (!slice) result = compare(dstream_case, collected);
  return result;
}

}  // namespace

std::string CaseCell::name() const {
  return fmt::format("{} runner, parallelism {}, batches of {}, {}", runner_name, parallelism,
                     batch_rows,
                     loses_tasks   ? "tasks lost after every epoch"
                     : is_rescaled ? "rescaled after every epoch"
                                   : "as written");
}

Result<DStreamResult> run_dstream_case(const DStreamCase& dstream_case, const CaseCell& cell) {
  try {
    return run(dstream_case, cell);
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& exception) {
    return bad_data(exception.what());
  }
}

Result<std::string> explain_dstream_case(const DStreamCase& dstream_case,
                                         std::uint32_t parallelism) {
  try {
    StreamingContext context(nullptr, kInterval);
    context.options().parallelism = parallelism;
    FlowBuilder builder(dstream_case, context);
    build_flow(dstream_case, builder).first.print();
    return context.explain();
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& exception) {
    return bad_data(exception.what());
  }
}

}  // namespace stream::testing
