// What a join makes of its two inputs.
#pragma once

#include <cstdint>

namespace stream {

enum class JoinKind : std::uint8_t {
  inner,  ///< cross joins too: no keys, no condition
  left_outer,
  right_outer,
  full_outer,
  left_semi,
  left_anti,
  existence,  ///< left rows and a BOOLEAN: has it a match?
};

/// Left rows without a match come out with nulls.
inline bool keeps_left(JoinKind kind) {
  return kind == JoinKind::left_outer || kind == JoinKind::full_outer;
}
inline bool keeps_right(JoinKind kind) {
  return kind == JoinKind::right_outer || kind == JoinKind::full_outer;
}
/// Output has columns of the left only.
inline bool is_left_only(JoinKind kind) {
  return kind == JoinKind::left_semi || kind == JoinKind::left_anti || kind == JoinKind::existence;
}

}  // namespace stream
