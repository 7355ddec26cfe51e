// Identities of queries and runs. The only place that asks the operating system for randomness.
#pragma once

#include <string>

namespace stream {

/// A fresh random UUID (version 4) in its usual text form.
std::string make_unique_id();

}  // namespace stream
