// Comparing the rows of a frame with those a test expects; what differs comes as a diff. Used by
// users' tests, with any test framework.
#pragma once

#include <libstream/api/data_frame.hpp>

#include <string_view>

namespace stream::testing {

enum class RowOrder { any, exact };

/// Lines "- expected and missing" and "+ there and not expected"; empty when the rows agree.
/// `expected` holds rows as JSON, a line each: objects, or arrays in the order of the columns.
/// Floating point numbers agree to 1e-9 relative. Throws the frame's own errors.
std::string answer_diff(const DataFrame& frame, std::string_view expected,
                        RowOrder order = RowOrder::any);
std::string answer_diff(const DataFrame& frame, const std::vector<std::vector<Value>>& expected,
                        RowOrder order = RowOrder::any);

/// Throws Error with the diff when the rows differ.
void check_answer(const DataFrame& frame, std::string_view expected,
                  RowOrder order = RowOrder::any);
void check_answer(const DataFrame& frame, const std::vector<std::vector<Value>>& expected,
                  RowOrder order = RowOrder::any);

}  // namespace stream::testing
