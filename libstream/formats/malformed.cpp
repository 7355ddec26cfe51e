#include <libstream/expressions/function.hpp>
#include <libstream/formats/malformed.hpp>

#include <fmt/format.h>

#include <cstring>

namespace stream {

std::optional<std::size_t> corrupt_column(const Schema& schema, const MalformedHandling& handling) {
  for (std::size_t i = 0; i < schema.num_fields(); ++i) {
    if (schema.fields[i].name == handling.corrupt_column) return i;
  }
  return std::nullopt;
}

Result<void> check_corrupt_column(const Schema& schema, const MalformedHandling& handling) {
  const auto column = corrupt_column(schema, handling);
  if (!column || schema.fields[*column].type.kind == TypeKind::string) return {};
  return runtime_error(
      "INVALID_CORRUPT_RECORD_TYPE",
      fmt::format("the column {} for corrupt records must have the nullable "
                  "STRING type, but got {}",
                  handling.corrupt_column, schema.fields[*column].type.to_string()));
}

Result<void> refuse_corrupt_alone(const ReadRequest& request, const MalformedHandling& handling) {
  if (request.columns.size() != 1) return {};
  if (request.schema->fields[request.columns[0]].name != handling.corrupt_column) return {};
  return analysis_error("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN",
                        fmt::format("queries from files are refused when they read nothing but the "
                                    "column of corrupt records ({}); read another column, too",
                                    handling.corrupt_column));
}

void keep_reject(std::vector<RejectedRecord>& rejects, std::string_view record,
                 std::uint64_t offset, std::string reason, const ReadRequest& request) {
  constexpr std::size_t kMaxNamed = 100;
  constexpr std::size_t kNamedBytes = 1024;
  constexpr std::size_t kOutputBytes = 64u << 10;
  if (!request.keeps_all_rejects && rejects.size() >= kMaxNamed) return;
  const std::size_t limit = request.keeps_all_rejects ? kOutputBytes : kNamedBytes;
  if (record.size() > limit)
    reason += fmt::format(" (the first {} of its {} bytes are kept)", limit, record.size());
  rejects.push_back({std::string(record.substr(0, limit)), offset, std::move(reason)});
}

Error malformed_record_error(std::string_view record, std::uint64_t offset,
                             std::string_view reason) {
  return runtime_error(
      "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
      fmt::format("malformed record at byte {} in mode FAILFAST: {}: {}; mode=PERMISSIVE makes "
                  "nulls of it, mode=DROPMALFORMED leaves it out",
                  offset, reason, record.substr(0, 1000)));
}

TextLine next_line(std::string_view text, std::size_t at,
                   const std::optional<std::string>& separator, bool is_last) {
  std::size_t end = separator ? text.find(*separator, at) : text.find('\n', at);
  if (!separator) {
    // Two quick searches; carriage returns are rare.
    const std::size_t size = (end == std::string_view::npos ? text.size() : end) - at;
    if (const void* found = std::memchr(text.data() + at, '\r', size))
      end = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  }
  if (end == std::string_view::npos) return {text.size() - at, text.size(), is_last};
  if (separator) return {end - at, end + separator->size(), true};
  if (text[end] == '\n') return {end - at, end + 1, true};
  if (end + 1 == text.size()) return {end - at, end + 1, is_last};
  return {end - at, end + (text[end + 1] == '\n' ? 2 : 1), true};
}

}  // namespace stream
