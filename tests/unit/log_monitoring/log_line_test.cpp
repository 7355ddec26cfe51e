#include <apps/log_monitoring/log_line.hpp>
#include <tests/kit/catch.hpp>

#include <array>
#include <string>

namespace stream::apps {
namespace {

TEST_CASE("a combined line gives client, request, status, bytes and agent") {
  const auto record = parse_access_line(
      "203.0.113.9 - alice [21/Nov/2026:04:05:06 +0000] \"GET /a/b?q=1 HTTP/1.1\" 200 512 "
      "\"https://example.org/\" \"curl/8.5\"\n");
  REQUIRE(record);
  CHECK(record->host == "203.0.113.9");
  CHECK(record->time == "21/Nov/2026:04:05:06 +0000");
  CHECK(record->method == "GET");
  CHECK(record->path == "/a/b");
  CHECK(record->status == 200);
  CHECK(record->bytes == 512);
  CHECK(record->message == "curl/8.5");
}

TEST_CASE("a common line, an IPv6 client and a dash for bytes are taken") {
  const auto record =
      parse_access_line("2001:db8::1 - - [21/Nov/2026:04:05:06 +0000] \"HEAD / HTTP/2.0\" 304 -");
  REQUIRE(record);
  CHECK(record->host == "2001:db8::1");
  CHECK(record->bytes == -1);
}

TEST_CASE("escaped quotes do not end a field") {
  const auto record = parse_access_line(
      R"(1.2.3.4 - - [21/Nov/2026:04:05:06 +0000] "GET /\"x HTTP/1.1" 404 0 "-" "a \"b\" c")");
  REQUIRE(record);
  CHECK(record->path == R"(/\"x)");
  CHECK(record->message == R"(a \"b\" c)");
}

TEST_CASE("bytes that are no request are a record only with a client error") {
  const std::string before = "1.2.3.4 - - [21/Nov/2026:04:05:06 +0000] ";
  const auto record = parse_access_line(before + R"("\x16\x03\x01" 400 150 "-" "-")");
  REQUIRE(record);
  CHECK(record->method.empty());
  CHECK(record->status == 400);
  CHECK_FALSE(parse_access_line(before + R"("\x16\x03\x01" 200 150 "-" "-")"));
}

TEST_CASE("malformed access lines are refused") {
  const std::string good =
      "1.2.3.4 - - [21/Nov/2026:04:05:06 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\"";
  REQUIRE(parse_access_line(good));
  const std::string time = "1.2.3.4 - - [21/Nov/2026:04:05:06 +0000] ";
  for (const auto& line : std::array<std::string, 12>{
           "", " ", "\"", "[", std::string(3, '\0'), "\xff\xfe\x01 - - [", time, time + "\"GET /",
           time + "\"GET / HTTP/1.1\" 99 5", time + "\"GET / HTTP/1.1\" 2000 5",
           time + "\"GET / HTTP/1.1\" 200 -5", time + "\"GET / HTTP/1.1\" 200 5 \"-\" \"x\\\""}) {
    INFO(line);
    CHECK_FALSE(parse_access_line(line));
  }
}

TEST_CASE("no cut of a good line is read beyond its end") {
  const std::string good =
      "1.2.3.4 - - [21/Nov/2026:04:05:06 +0000] \"GET /\\\"a HTTP/1.1\" 200 5 \"-\" \"x\"";
  std::size_t accepted = 0;
  for (std::size_t size = 0; size <= good.size(); ++size) {
    // A buffer of its own, so that a sanitizer sees any read behind it.
    const std::string cut(good, 0, size);
    accepted += parse_log_line(cut, LogFormat::automatic).has_value() ? 1 : 0;
  }
  // The whole line, and the common format with and without the space behind it.
  CHECK(accepted == 3);
}

TEST_CASE("syslog lines of all three forms give host, program and severity") {
  const auto old = parse_syslog_line("Nov  1 04:05:06 box sshd[812]: Accepted key for bob");
  REQUIRE(old);
  CHECK(old->time == "Nov  1 04:05:06");
  CHECK(old->host == "box");
  CHECK(old->program == "sshd");
  CHECK(old->message == "Accepted key for bob");
  CHECK(old->severity == -1);

  const auto iso = parse_syslog_line("<11>2026-11-21T04:05:06.123+00:00 box kernel: link is down");
  REQUIRE(iso);
  CHECK(iso->time == "2026-11-21T04:05:06.123+00:00");
  CHECK(iso->program == "kernel");
  CHECK(iso->severity == 3);

  const auto structured = parse_syslog_line(
      "<165>1 2026-11-21T04:05:06.003Z box.example.org app 99 ID47 [x@1 a=\"b\"] started");
  REQUIRE(structured);
  CHECK(structured->host == "box.example.org");
  CHECK(structured->program == "app");
  CHECK(structured->severity == 5);
}

TEST_CASE("malformed syslog lines are refused") {
  for (const char* line :
       {"Nov 21 04:05:06", "Nov 21 04:05:06 box", "Nov 21 04:05:06 box no tag here: x",
        "Nox 21 04:05:06 box a: b", "Nov 21 4:05:06 box a: b", "<999>Nov 21 04:05:06 box a: b",
        "<1", "Nov 21 04:05:06 box sshd[1 x", "Nov 21 04:05:06 box sshd[1]", "<165>1 - box app",
        "Nov 21 04:05:06 box \x01\x02: b"}) {
    INFO(line);
    CHECK_FALSE(parse_syslog_line(line));
  }
}

TEST_CASE("dpkg lines give action and package") {
  const auto status =
      parse_dpkg_line("2026-11-21 04:05:06 status installed libfmt9:amd64 9.1.0+ds1-2");
  REQUIRE(status);
  CHECK(status->method == "status");
  CHECK(status->path == "libfmt9:amd64");
  CHECK(status->message == "installed");
  const auto install = parse_dpkg_line("2026-11-21 04:05:06 install zstd:amd64 <none> 1.5.4");
  REQUIRE(install);
  CHECK(install->path == "zstd:amd64");
  CHECK_FALSE(parse_dpkg_line("2026-11-21 04:05:06 "));
  CHECK_FALSE(parse_dpkg_line("2026-11-21 04:05:06 status installed"));
  CHECK_FALSE(parse_dpkg_line("2026-11-21T04:05:06 status installed a b"));
}

TEST_CASE("the format is told from the line") {
  const auto format_of = [](const char* line) {
    return parse_log_line(line, LogFormat::automatic).value().format;
  };
  CHECK(format_of("Nov 21 04:05:06 box cron[1]: x") == LogFormat::syslog);
  CHECK(format_of("2026-11-21 04:05:06 startup archives unpack") == LogFormat::dpkg);
  CHECK(format_of("::1 - - [21/Nov/2026:04:05:06 +0000] \"GET / HTTP/1.1\" 200 5") ==
        LogFormat::access);
  CHECK_FALSE(parse_log_line("Nov 21 04:05:06 box cron[1]: x", LogFormat::access));
}

}  // namespace
}  // namespace stream::apps
