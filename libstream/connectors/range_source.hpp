// The numbers from a start to an end by a step, as rows `id BIGINT`: the table function range.
// Bounded, read whole in every epoch, made as it is read. Immutable, any thread.
#pragma once

#include <libstream/connectors/source.hpp>

namespace stream {

struct NumberRange {
  std::int64_t start = 0;
  std::int64_t end = 0;   ///< not part of it
  std::int64_t step = 1;  ///< not 0; may be negative

  /// How many numbers there are.
  std::uint64_t count() const;
  /// Requires index < count().
  std::int64_t at(std::uint64_t index) const;
};

std::shared_ptr<const Source> range_source(const NumberRange& range);

}  // namespace stream
