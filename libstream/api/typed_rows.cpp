#include <libstream/api/typed_rows.hpp>
#include <libstream/connectors/row_text.hpp>

#include <fmt/format.h>

namespace stream {

std::string step_name(std::string_view operation, const std::source_location& where) {
  std::string_view file = where.file_name();
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos)
    file.remove_prefix(slash + 1);
  return fmt::format("{} at {}:{}", operation, file, where.line());
}

Error row_failure(const std::exception& failure, const Batch& batch, std::size_t row) {
  constexpr std::size_t kMaxRowText = 500;
  std::string text = row_text(batch, row);
  if (text.size() > kMaxRowText) {
    text.resize(kMaxRowText);
    text += "…";
  }
  return user_code(fmt::format("{}; the row was: {}", failure.what(), text));
}

Error plain_failure(const std::exception& failure) { return user_code(failure.what()); }

}  // namespace stream
