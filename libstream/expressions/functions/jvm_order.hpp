// The order in which Spark's hash tables give their entries back. It shows in the results of
// collect_set and of mode among equals, so we follow it for the types whose hash is simple.
#pragma once

#include <libstream/data/value.hpp>

#include <span>
#include <vector>

namespace stream {

/// The places of different `values` of `type` in the order of a scala.collection.mutable.HashSet
/// they were added to one by one; in their own order for nested types, decimals and intervals.
std::vector<std::size_t> scala_set_order(std::span<const Value> values, const DataType& type);

/// The same for Spark's OpenHashMap with these keys.
std::vector<std::size_t> open_hash_map_order(std::span<const Value> values, const DataType& type);

}  // namespace stream
