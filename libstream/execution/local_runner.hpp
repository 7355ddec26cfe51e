// Runs a query on one thread of its own, tasks stepped in a seeded order, without CAF: for tests,
// simulation and tiny programs.
#pragma once

#include <libstream/plans/runner.hpp>

#include <memory>

namespace stream {

/// A runner of single-threaded queries. May be shared and outlive its queries.
std::shared_ptr<Runner> local_runner();

}  // namespace stream
