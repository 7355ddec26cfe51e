#include <apps/log_monitoring/access_log_generator.hpp>
#include <apps/log_monitoring/log_stream.hpp>
#include <libstream/execution/local_runner.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/folder.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace stream::apps {
namespace {

constexpr std::uint64_t kStreamLines = 20'000;

std::string text_of_files_in(const std::filesystem::path& folder) {
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().filename().string().starts_with("_")) continue;
    std::ifstream in(entry.path());
    text.append(std::istreambuf_iterator<char>(in), {});
  }
  return text;
}

TEST_CASE("the query counts each line of a file once and keeps the malformed ones") {
  const testing::Folder folder;
  LogWindow expected;
  std::int64_t root_hits = 0;
  std::string malformed;
  {
    std::ofstream log(folder / "access.log");
    for (std::uint64_t i = 0; i < kStreamLines; ++i) {
      const auto line = generated_access_line(i, 1'795'233'906'000);
      log << line << '\n';
      const auto record = parse_access_line(line);
      if (!record) {
        malformed += line + "\n";
        ++expected.malformed_lines;
        continue;
      }
      ++expected.access_lines;
      ++expected.status_classes[static_cast<std::size_t>(record->status / 100 - 1)];
      expected.bytes += record->bytes;
      root_hits += record->path == "/" ? 1 : 0;
    }
  }
  LogMonitoringOptions options;
  options.inputs = {folder / "access.log"};
  options.once = true;
  options.rejects = folder / "rejects";
  std::vector<LogWindow> windows;
  auto context = make_log_monitoring(local_runner(), options,
                                     [&](const LogWindow& window) { windows.push_back(window); });
  context.start();
  context.await_termination();

  REQUIRE(windows.size() == 1);
  CHECK(windows[0].access_lines == expected.access_lines);
  CHECK(windows[0].malformed_lines == expected.malformed_lines);
  CHECK(windows[0].status_classes == expected.status_classes);
  CHECK(windows[0].bytes == expected.bytes);
  CHECK(top_names(windows[0].paths, 1) == CountedNames{{"/", root_hits}});
  CHECK(text_of_files_in(options.rejects) == malformed);
}

TEST_CASE("a wrong address is refused with what to write") {
  LogMonitoringOptions options;
  options.inputs = {"tcp://localhost"};
  CHECK_THROWS_WITH(make_log_monitoring(local_runner(), options, [](const LogWindow&) {}),
                    Catch::Matchers::ContainsSubstring("tcp://HOST:PORT"));
}

}  // namespace
}  // namespace stream::apps
