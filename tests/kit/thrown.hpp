// What a call throws, for tests of errors.
#pragma once

#include <libstream/base/error.hpp>

#include <string>

namespace stream::testing {

/// The message of the Error that `function` throws.
template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.message();
  }
  return "nothing was thrown";
}

}  // namespace stream::testing
