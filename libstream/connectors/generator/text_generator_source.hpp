// Lines of text made by a pure function of their number, at a given rate: generated access logs,
// word streams. Replayable: line i is the same however often it is read.
#pragma once

#include <libstream/connectors/generator/rate_source.hpp>

#include <functional>
#include <string>

namespace stream {

/// Appends line `index`, without a line end, to `out`, which is empty. Must be pure: it is called
/// from several tasks at once, and again when an epoch is replayed.
using LineGenerator = std::function<void(std::uint64_t index, std::string& out)>;

struct TextGeneratorOptions {
  RateOptions rate{.granularity = RateGranularity::millis};
  std::string name = "TextGenerator";  ///< in the description
};

/// Rows `value STRING`. Error bad_option naming every option out of range.
Result<std::shared_ptr<Source>> text_generator_source(LineGenerator generator,
                                                      TextGeneratorOptions options = {});

}  // namespace stream
