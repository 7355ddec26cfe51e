// A direct sink that hands every batch to a function, one at a time, and keeps nothing: how the
// workloads check results without paying for storing them.
#pragma once

#include <libstream/connectors/sink.hpp>

#include <functional>

namespace stream::perf {

std::shared_ptr<const Sink> fold_sink(std::function<void(const Batch&)> take);

}  // namespace stream::perf
