// What tests of operators share whose rows wait for the end of an epoch: a way to have them wait in
// temporary files.
#pragma once

#include <libstream/operators/waiting_memory.hpp>
#include <tests/kit/operator_harness.hpp>

namespace stream::testing {

inline EvaluationSettings with_setting(EvaluationSettings evaluation, const std::string& key,
                                       const std::string& value) {
  auto sql = evaluation.sql ? std::make_shared<SqlSettings>(*evaluation.sql)
                            : std::make_shared<SqlSettings>();
  sql->values[key] = value;
  evaluation.sql = std::move(sql);
  return evaluation;
}

inline OperatorContext only_task(BlockPool& pool) {
  return {pool, 0, 1, 2, 1, {}, kDefaultKeyGroups, 4096};
}

/// Makes in turn an operator that holds everything and one that may hold no row.
template <class Spec>
OperatorFactory every_other_in_files(OperatorFactory (*make)(Spec), Spec spec) {
  const OperatorFactory in_memory = make(spec);
  spec.evaluation = with_setting(spec.evaluation, kEpochBufferSetting, "1");
  return [in_memory, in_files = make(std::move(spec)), number = 0]() mutable {
    return ++number % 2 == 0 ? in_files() : in_memory();
  };
}

/// Requires that an operator which may hold no row puts those of input `ordinal` into the directory
/// of the settings: one that cannot be is the error.
template <class Spec>
void require_rows_wait_in_files(OperatorFactory (*make)(Spec), Spec spec, std::uint32_t ordinal,
                                const std::shared_ptr<const Schema>& schema, const Row& row) {
  spec.evaluation = with_setting(spec.evaluation, kEpochBufferSetting, "1");
  spec.evaluation = with_setting(spec.evaluation, kLocalDirectorySetting, "/dev/null/there");
  struct Nowhere final : Output {
    Result<void> push(Batch) override { return {}; }
  } nowhere;
  BlockPool pool;
  const std::unique_ptr<Operator> made = make(std::move(spec))();
  REQUIRE(made->open(only_task(pool)));
  REQUIRE(made->begin({}));
  Result<void> outcome;
  for (int i = 0; i < 2 && outcome; ++i)
    outcome = made->push({ordinal, 0}, batch_of(schema, {row}, pool), nowhere);
  for (bool is_done = false; outcome && !is_done;) {
    const Result<bool> ended = made->end({}, nowhere);
    if (!ended) outcome = ended.error();
    is_done = !ended || *ended;
  }
  REQUIRE_FALSE(outcome);
  CHECK_THAT(outcome.error().message(),
             Catch::Matchers::ContainsSubstring("/dev/null/there") &&
                 Catch::Matchers::ContainsSubstring(kEpochBufferSetting) &&
                 Catch::Matchers::ContainsSubstring(kLocalDirectorySetting));
}

}  // namespace stream::testing
