// The families of built-in functions, one registration function a file of functions/.
#pragma once

#include <libstream/expressions/function.hpp>

namespace stream {}  // namespace stream
