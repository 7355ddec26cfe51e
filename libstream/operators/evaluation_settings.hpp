// What operators need beside a batch to evaluate expressions, and how they use watermarks. Part of
// their specs; plain values.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/expressions/sql_settings.hpp>
#include <libstream/expressions/typed_expression.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace stream {

struct EvaluationSettings {
  std::shared_ptr<const SqlSettings> sql;  ///< nullptr: the defaults
  std::uint64_t seed = 0;  ///< of the query and the operator; epoch and task are mixed in
};

/// The watermark at an operator's input from the epoch's global one, in milliseconds: the least of
/// what its children pass on. Empty: the global one. Applied to both of an epoch's
/// watermarks.
using WatermarkAtInput = std::function<EpochMillis(EpochMillis)>;

enum class OutputMode { append, update, complete };

}  // namespace stream
