// The window over batch time, whose state is the rows of the last intervals.
#include <libstream/operators/window.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/operator_harness.hpp>

namespace stream::testing {
namespace {

/// Intervals 1 … 6, one without rows.
OperatorCase intervals(OperatorFactory make) {
  OperatorCase script;
  script.make = std::move(make);
  script.inputs = {
      schema_of({{"k", primitive(TypeKind::string)}, {"v", primitive(TypeKind::int64)}})};
  script.partition_by = {{0}};
  script.is_dealt_by_keys = true;
  script.epochs = {{{{0, {row("a", 1), row("b", 2)}}}}, {{{0, {row("a", 3)}}}}, {},
                   {{{0, {row("c", 4), row("a", 5)}}}}, {{{0, {row("b", 6)}}}}, {}};
  return script;
}

}  // namespace

TEST_CASE("a window holds the rows of its last intervals, the first ones fewer") {
  const auto outputs = verify_operator(intervals(make_window(2, 1)), {{"a|1", "b|2"},
                                                                      {"a|1", "a|3", "b|2"},
                                                                      {"a|3"},
                                                                      {"a|5", "c|4"},
                                                                      {"a|5", "b|6", "c|4"},
                                                                      {"b|6"}});
  CHECK(outputs[1].counts.rows == 1);
}

TEST_CASE("a slide beyond the length leaves intervals out; between slides nothing comes") {
  verify_operator(intervals(make_window(2, 3)), {{}, {}, {"a|3"}, {}, {}, {"b|6"}});
  verify_operator(intervals(make_window(4, 2)), {{},
                                                 {"a|1", "a|3", "b|2"},
                                                 {},
                                                 {"a|1", "a|3", "a|5", "b|2", "c|4"},
                                                 {},
                                                 {"a|5", "b|6", "c|4"}});
}

}  // namespace stream::testing
