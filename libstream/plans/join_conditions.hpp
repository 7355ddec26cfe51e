// What a join condition is made of: equality keys, parts that look at one side only, and the time
// bounds by which a stream-stream join can forget rows (R-080 … R-084; Spark's
// StreamingJoinHelper). Used by the relational planner and the streaming checks. Pure functions.
#pragma once

#include <libstream/plans/resolved_plan.hpp>

namespace stream {

struct EquiKey {
  TypedExpr left;
  TypedExpr right;
  bool is_null_safe = false;
};

struct JoinConditions {
  std::vector<EquiKey> keys;
  std::vector<TypedExpr> left_only;
  std::vector<TypedExpr> right_only;
  std::vector<TypedExpr> rest;
};

/// Cuts a condition into its parts; null: nothing.
JoinConditions split_join_condition(const TypedExpr& condition, const Attributes& left,
                                    const Attributes& right);

/// a <=> b as two plain equalities: of whether the sides are null, and of their values with a
/// stand-in for null. Keys of types without a stand-in go to the rest.
void make_null_safe_keys_plain(JoinConditions& parts);

/// A side's rows may be forgotten once `column` is at or before the watermark plus offset_millis.
struct TimeBound {
  /// An offset so far back that nothing is ever behind it.
  static constexpr std::int64_t kNever = -4'000'000'000'000'000;

  TypedExpr column;  ///< over that side's attributes
  bool is_key = false;
  std::size_t key = 0;  ///< which, when is_key
  std::int64_t offset_millis = 0;
};

/// What the condition and the other side's watermark say of `side`'s rows: is no match to come any
/// more? nullopt: nothing.
std::optional<TimeBound> time_bound(const TypedExpr& condition, const JoinConditions& parts,
                                    const Attributes& side, const Attributes& other, bool is_left);
/// The bound that `side`'s rows are let go by, for which the side needs a watermark of its own;
/// nullopt: none, they stay for ever.
std::optional<TimeBound> kept_bound(const TypedExpr& condition, const JoinConditions& parts,
                                    const Attributes& side, const Attributes& other, bool is_left);

/// The column of a side that its watermark is on.
const Attribute* event_time_attribute(const Attributes& attributes);

}  // namespace stream
