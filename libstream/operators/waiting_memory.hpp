// How much an operator whose rows wait for the end of an epoch may hold, as the settings of its
// query say. Used by the factories of such operators, so that the tasks of one operator share it.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/state/epoch_memory.hpp>

namespace stream {

/// Before rows go into temporary files; of one operator in one process.
inline constexpr std::uint64_t kDefaultWaitingBytes = std::uint64_t{256} << 20;

/// Error bad_option: the settings hold no amount of bytes.
Result<std::shared_ptr<EpochMemory>> waiting_memory(const EvaluationSettings& evaluation);

}  // namespace stream
