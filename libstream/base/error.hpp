// What went wrong, as data: it crosses tasks and nodes. Used by everything below `api`.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// Decides who reacts and how (see libstream/base/README.md).
enum class ErrorClass {
  bad_plan,    ///< the program is wrong; nothing starts
  bad_option,  ///< an option is unknown or has a wrong value; nothing starts
  bad_data,    ///< a record does not decode
  user_code,   ///< a user's function threw
  transient,   ///< may go away by itself: back off, restart from the last commit
  fatal,       ///< the query stops and its state is kept
  fenced,      ///< another run of the query took over; this one writes nothing any more
};

/// The class's name as users read it, for example "bad option".
std::string_view to_string(ErrorClass error_class);

/// A failure. Below `api` it travels inside Result<T>; at the API it is thrown.
class Error : public std::exception {
 public:
  Error(ErrorClass error_class, std::string message);

  ErrorClass error_class() const { return class_; }
  const std::string& message() const { return message_; }

  /// Puts `where` in front of the message: "where: message". Called where an error crosses a floor.
  Error with_context(std::string_view where) &&;

  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorClass class_;
  std::string message_;
};

Error bad_plan(std::string message);
Error bad_option(std::string message);
Error bad_data(std::string message);
Error user_code(std::string message);
Error transient(std::string message);
Error fatal(std::string message);
Error fenced(std::string message);

/// Joins all problems found in one pass into one error of the first one's class. Requires one.
Error join_errors(const std::vector<Error>& errors);

}  // namespace stream
