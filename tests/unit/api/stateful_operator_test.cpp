// The operators of keyed DStreams that keep state, run in every way a query might.
#include <libstream/api/inverse_window_operator.hpp>
#include <libstream/api/state_operators.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/operator_harness.hpp>

#include <numeric>

namespace stream::testing {
namespace {

/// Epochs of pairs (text, number), exchanged by the text.
OperatorCase pairs_case(OperatorFactory make, const std::vector<std::vector<Row>>& epochs) {
  OperatorCase script;
  script.make = std::move(make);
  script.inputs = {
      schema_of({{"k", primitive(TypeKind::string)}, {"v", primitive(TypeKind::int64)}})};
  script.partition_by = {{0}};
  script.is_dealt_by_keys = true;
  for (const std::vector<Row>& rows : epochs) {
    EpochScript epoch;
    epoch.inputs = {{0, rows}};
    epoch.batch_time = 1000 * static_cast<EpochMillis>(script.epochs.size() + 1);
    script.epochs.push_back(std::move(epoch));
  }
  return script;
}

}  // namespace

TEST_CASE("update_state_by_key visits every known key in every epoch, until it is let go") {
  const auto update = [](const std::vector<std::int64_t>& values,
                         const std::optional<std::int64_t>& sum) -> std::optional<std::int64_t> {
    const std::int64_t next = std::accumulate(values.begin(), values.end(), sum.value_or(0));
    if (next > 100) return std::nullopt;
    return next;
  };
  using Update = std::remove_const_t<decltype(update)>;
  const auto make = [update] {
    return std::make_unique<UpdateStateOperator<std::string, std::int64_t, std::int64_t, Update>>(
        update, std::vector<std::pair<std::string, std::int64_t>>{{"old", 7}}, "sum");
  };
  verify_operator(pairs_case(make, {{row("a", 1), row("b", 2), row("a", 3)},
                                    {},
                                    {row("b", 200), row("c", 5)},
                                    {row("old", 1)}}),
                  {{"a|4", "b|2", "old|7"},
                   {"a|4", "b|2", "old|7"},
                   {"a|4", "c|5", "old|7"},
                   {"a|4", "c|5", "old|8"}});
}

TEST_CASE("map_with_state gives one result a row, and keys can be removed and come anew") {
  const auto append = [](const std::string& key, const std::optional<std::int64_t>& value,
                         State<std::string>& state) {
    const std::string seen = (state.exists() ? state.get() : "") + "x";
    if (value && *value < 0) {
      if (state.exists()) state.remove();
    } else {
      state.update(seen);
    }
    return std::pair<std::string, std::string>(key, seen);
  };
  using Map = std::remove_const_t<decltype(append)>;
  using Out = std::pair<std::string, std::string>;
  const auto make = [append] {
    return std::make_unique<MapWithStateOperator<std::string, std::int64_t, std::string, Out, Map>>(
        append, std::vector<std::pair<std::string, std::string>>{}, Duration{0}, "append");
  };
  verify_operator(pairs_case(make, {{row("a", 1), row("a", 1), row("b", 1)},
                                    {row("a", -1), row("c", -1)},
                                    {row("a", 1), row("b", 1)}}),
                  {{"a|x", "a|xx", "b|x"}, {"a|xxx", "c|x"}, {"a|x", "b|xx"}});
}

TEST_CASE("a window with an inverse adds what comes and takes away what left") {
  const auto add = [](std::int64_t a, std::int64_t b) { return a + b; };
  const auto subtract = [](std::int64_t a, std::int64_t b) { return a - b; };
  const auto keep = [](const std::pair<std::string, std::int64_t>& pair) {
    return pair.second != 0;
  };
  using Window =
      InverseWindowOperator<std::string, std::int64_t, std::remove_const_t<decltype(add)>,
                            std::remove_const_t<decltype(subtract)>,
                            std::remove_const_t<decltype(keep)>>;
  const auto make = [=] {
    return std::make_unique<Window>(add, subtract, keep, 2, 1, "sums of two intervals");
  };
  verify_operator(
      pairs_case(make, {{row("a", 1), row("b", 2)}, {row("a", 10)}, {}, {row("c", 5)}, {}, {}}),
      {{"a|1", "b|2"}, {"a|11", "b|2"}, {"a|10"}, {"c|5"}, {"c|5"}, {}});
}

}  // namespace stream::testing
