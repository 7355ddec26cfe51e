#include <libstream/base/check.hpp>
#include <libstream/base/error.hpp>

#include <cstdio>
#include <cstdlib>

namespace stream {

void fail_check(std::string_view condition, std::string_view detail, std::source_location where) {
  std::fprintf(stderr, "%s:%u: broken invariant: %.*s (%.*s)\n", where.file_name(), where.line(),
               static_cast<int>(condition.size()), condition.data(),
               static_cast<int>(detail.size()), detail.data());
  std::abort();
}

std::string_view to_string(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::bad_plan:
      return "bad plan";
    case ErrorClass::bad_option:
      return "bad option";
    case ErrorClass::bad_data:
      return "bad data";
    case ErrorClass::user_code:
      return "user code";
    case ErrorClass::transient:
      return "transient";
    case ErrorClass::fatal:
      return "fatal";
    case ErrorClass::fenced:
      return "fenced";
  }
  STREAM_UNREACHABLE("error class");
}

Error::Error(ErrorClass error_class, std::string message)
    : class_(error_class), message_(std::move(message)) {}

Error Error::with_context(std::string_view where) && {
  message_.insert(0, ": ");
  message_.insert(0, where);
  return std::move(*this);
}

Error bad_plan(std::string message) { return {ErrorClass::bad_plan, std::move(message)}; }
Error bad_option(std::string message) { return {ErrorClass::bad_option, std::move(message)}; }
Error bad_data(std::string message) { return {ErrorClass::bad_data, std::move(message)}; }
Error user_code(std::string message) { return {ErrorClass::user_code, std::move(message)}; }
Error transient(std::string message) { return {ErrorClass::transient, std::move(message)}; }
Error fatal(std::string message) { return {ErrorClass::fatal, std::move(message)}; }
Error fenced(std::string message) { return {ErrorClass::fenced, std::move(message)}; }

Error join_errors(const std::vector<Error>& errors) {
  STREAM_CHECK(!errors.empty(), "no error to join");
  if (errors.size() == 1) return errors.front();
  std::string text = std::to_string(errors.size()) + " problems:";
  for (const Error& error : errors) text += "\n  - " + error.message();
  return {errors.front().error_class(), std::move(text)};
}

}  // namespace stream
