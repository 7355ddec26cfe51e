#pragma once

// The one way to Catch2 for every test: 2.13 (Debian 12) and 3.x (Ubuntu 24.04) have different
// headers and differ in a few names; what tests need of both is made equal here.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>

#include <string>

namespace Catch::Matchers {

/// The name 3.x gives to the matcher that 2.x calls Contains.
inline auto ContainsSubstring(const std::string& text) { return Contains(text); }

}  // namespace Catch::Matchers
#endif
