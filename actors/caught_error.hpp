// Turns what user code threw into an Error. Called in the catch-all clauses of the actors.
#pragma once

#include <libstream/base/error.hpp>

#include <string>
#include <string_view>

namespace stream {

/// Requires to be called while an exception is handled. An Error stays as it is.
inline Error caught_error(std::string_view where) {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& error) {
    return user_code(std::string(where) + " threw: " + error.what());
  } catch (...) {
    return user_code(std::string(where) + " threw something that is no std::exception");
  }
}

}  // namespace stream
