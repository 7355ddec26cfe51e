#include <apps/log_monitoring/log_report.hpp>
#include <tests/kit/catch.hpp>

namespace stream::apps {
namespace {

LogWindow window_of_hundred() {
  LogWindow window;
  window.end = 1'795'233'906'000;
  window.length = Duration(10'000);
  window.access_lines = 100;
  window.status_classes = {0, 80, 5, 5, 10};
  window.bytes = 102'400;
  window.paths = {{"/b", 30}, {"/a", 30}, {"/c", 40}};
  return window;
}

TEST_CASE("a window is shown with its counts, an alert and the top names") {
  CHECK(render_report(window_of_hundred(), {.alert_error_share = 0.05, .num_names = 2}) ==
        "---- 04:05:06 UTC, last 10 s: 100 lines, 10.0 a second ----\n"
        "  requests 100   2xx 80   3xx 5   4xx 5   5xx 10   10.0 KiB/s\n"
        "  error share 10.0 %   ALERT: above 5 %\n"
        "  top paths\n"
        "    /c                                      40\n"
        "    /a                                      30\n");
}

TEST_CASE("an error share at the limit is no alert") {
  CHECK_THAT(render_report(window_of_hundred(), {.alert_error_share = 0.1}),
             !Catch::Matchers::ContainsSubstring("ALERT"));
}

TEST_CASE("an empty window has no error share and no lists") {
  LogWindow window;
  window.length = Duration(1000);
  CHECK(window.error_share() == 0.0);
  CHECK(render_report(window, {}) == "---- 00:00:00 UTC, last 1 s: 0 lines, 0.0 a second ----\n");
}

TEST_CASE("the whole of an input is shown without rates") {
  LogWindow window = window_of_hundred();
  window.length = Duration(0);
  CHECK_THAT(render_report(window, {}),
             Catch::Matchers::StartsWith("---- 04:05:06 UTC, whole input: 100 lines ----\n"
                                         "  requests 100   2xx 80   3xx 5   4xx 5   5xx 10   "
                                         "100.0 KiB\n"));
}

TEST_CASE("control characters of a log do not reach the terminal") {
  auto window = window_of_hundred();
  window.paths = {{"/\x1b[2J\xff", 1}};
  const auto text = render_report(window, {});
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("/?[2J?"));
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("painting in place clears what an earlier block left") {
  const auto text = render_in_place(window_of_hundred(), {});
  CHECK(text.starts_with("\x1b[H"));
  CHECK(text.ends_with("\x1b[J"));
}

}  // namespace
}  // namespace stream::apps
