#include <libstream/expressions/window_text.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

std::string bound_text(const FrameBound& bound, const ExpressionText& text_of) {
  switch (bound.kind) {
    case FrameBound::Kind::unbounded_preceding:
      return "UNBOUNDED PRECEDING";
    case FrameBound::Kind::preceding:
      return text_of(*bound.distance) + " PRECEDING";
    case FrameBound::Kind::current_row:
      return "CURRENT ROW";
    case FrameBound::Kind::following:
      return text_of(*bound.distance) + " FOLLOWING";
    case FrameBound::Kind::unbounded_following:
      return "UNBOUNDED FOLLOWING";
  }
  return "";
}

/// lag and lead look at the one row that is so far away.
std::string offset_frame(bool is_lag, const Call& call, const ExpressionText& text_of) {
  std::string offset = call.arguments.size() > 1 ? text_of(*call.arguments[1]) : "1";
  if (is_lag) offset = offset.starts_with('-') ? offset.substr(1) : "-" + offset;
  return fmt::format("ROWS BETWEEN {} FOLLOWING AND {} FOLLOWING", offset, offset);
}

std::string frame_text(std::string_view function, const Call& call, const ExpressionText& text_of) {
  const WindowSpec& window = *call.over;
  if (window.frame)
    return fmt::format("{} BETWEEN {} AND {}", window.frame->is_rows ? "ROWS" : "RANGE",
                       bound_text(window.frame->start, text_of),
                       bound_text(window.frame->end, text_of));
  if (function == "lag" || function == "lead")
    return offset_frame(function == "lag", call, text_of);
  if (is_rank_function(function) || function == "row_number" || function == "ntile")
    return "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
  if (window.order_by.empty() && function != "cume_dist")
    return "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
  return "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
}

}  // namespace

bool is_rank_function(std::string_view name) {
  return name == "rank" || name == "dense_rank" || name == "percent_rank";
}

std::string sort_key_text(const SortKey& key, const std::string& expression) {
  const bool is_nulls_first = key.nulls_first.value_or(!key.is_descending);
  return fmt::format("{} {} NULLS {}", expression, key.is_descending ? "DESC" : "ASC",
                     is_nulls_first ? "FIRST" : "LAST");
}

std::string window_text(std::string_view function, const Call& call,
                        const ExpressionText& text_of) {
  const WindowSpec& window = *call.over;
  std::string text = "(";
  for (std::size_t i = 0; i < window.partition_by.size(); ++i)
    text += (i == 0 ? "PARTITION BY " : ", ") + text_of(*window.partition_by[i]);
  if (!window.partition_by.empty()) text += ' ';
  for (std::size_t i = 0; i < window.order_by.size(); ++i) {
    const SortKey& key = window.order_by[i];
    text += (i == 0 ? "ORDER BY " : ", ") + sort_key_text(key, text_of(*key.expression));
  }
  if (!window.order_by.empty()) text += ' ';
  return text + frame_text(function, call, text_of) + ")";
}

}  // namespace stream
