// A source that can be asked for the rows of given keys instead of being read whole: the static
// side of a stream's join. Sources implement it beside Source; the planner looks for it.
#pragma once

#include <libstream/connectors/source.hpp>

namespace stream {

/// Finds rows. Belongs to one task; may block.
class LookupReader {
 public:
  virtual ~LookupReader() = default;
  /// All rows of the source's schema whose key columns equal a row of `keys` (no nulls, no
  /// repeats), in any order.
  virtual Result<Batch> find(const Batch& keys) = 0;
};

struct LookupCache {
  std::size_t max_keys = 100'000;
  std::int64_t ttl_millis = 60'000;  ///< how long an answer holds, also "there is none"
};

class LookupSource {
 public:
  virtual ~LookupSource() = default;
  /// False: it was not asked to be one, or cannot search by these columns of its schema.
  virtual bool can_find(const std::vector<std::size_t>& key_columns) const = 0;
  virtual LookupCache cache() const = 0;
  virtual Result<std::unique_ptr<LookupReader>> make_lookup(
      const std::vector<std::size_t>& key_columns, BlockPool& pool) const = 0;
};

}  // namespace stream
