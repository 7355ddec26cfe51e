#include <apps/log_monitoring/access_log_generator.hpp>
#include <apps/log_monitoring/log_line.hpp>
#include <tests/kit/catch.hpp>

#include <map>

namespace stream::apps {
namespace {

constexpr EpochMillis kTime = 1'795'233'906'000;  // 2026-11-21T04:05:06Z
constexpr std::uint64_t kLines = 50'000;

TEST_CASE("a line depends on its number and time alone") {
  CHECK(generated_access_line(7, kTime) == generated_access_line(7, kTime));
  CHECK(generated_access_line(7, kTime) != generated_access_line(8, kTime));
  CHECK_THAT(generated_access_line(7, kTime),
             Catch::Matchers::ContainsSubstring("[21/Nov/2026:04:05:06 +0000]"));
}

TEST_CASE("generated lines have the promised shares of errors and malformed lines") {
  std::map<std::string, std::uint64_t, std::less<>> paths;
  std::uint64_t malformed = 0;
  std::uint64_t errors = 0;
  std::uint64_t burst_errors = 0;
  for (std::uint64_t i = 0; i < kLines; ++i) {
    const auto line = generated_access_line(i, kTime);
    const auto record = parse_access_line(line);
    if (!record) {
      ++malformed;
      continue;
    }
    ++paths[std::string(record->path)];
    if (record->status >= 500) {
      ++errors;
      burst_errors += i % 5000 < 200 ? 1 : 0;
    }
  }
  CHECK(malformed > kLines * 3 / 1000);
  CHECK(malformed < kLines * 7 / 1000);
  CHECK(errors > kLines * 2 / 100);
  CHECK(errors < kLines * 4 / 100);
  CHECK(burst_errors > errors / 2);
  // Zipf: the first path clearly ahead of the second, the last still seen.
  CHECK(paths["/"] > paths["/index.html"] * 14 / 10);
  CHECK(paths["/api/orders"] > 0);
}

}  // namespace
}  // namespace stream::apps
