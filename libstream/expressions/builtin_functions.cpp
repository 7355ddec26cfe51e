#include <libstream/expressions/builtin_functions.hpp>

namespace stream {

const FunctionRegistry& builtin_functions() {
  static const FunctionRegistry registry = [] {
    FunctionRegistry made;
    return made;
  }();
  return registry;
}

}  // namespace stream
