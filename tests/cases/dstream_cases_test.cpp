#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/dstream_case.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

TEST_CASE("a transcript with a wrong expectation fails with a diff") {
  const auto parsed = testing::parse_dstream_case(
      "--- stream a\n[1,2]\n--- flow\nout = a.map(add1)\n--- output out\n1 [2,4]\n2 -\n");
  REQUIRE(parsed);
  const auto result = testing::run_dstream_case(*parsed, {local_runner(), "local", 1, 1024, false});
  REQUIRE(result);
  CHECK_THAT(result->diff, Catch::Matchers::ContainsSubstring("- [2,4]"));
  CHECK_THAT(result->diff, Catch::Matchers::ContainsSubstring("+ [2,3]"));
  CHECK_THAT(result->diff, Catch::Matchers::ContainsSubstring("interval 2"));
}

TEST_CASE("a malformed transcript is refused with its line") {
  for (const char* text : {"--- stream a\nnot json\n", "--- nonsense\n", "--- flow\nout a.map(x)\n",
                           "--- stream a\n[1]\n--- flow\nx = a.count()\n--- output out\n2 [1]\n"}) {
    const auto parsed = testing::parse_dstream_case(text);
    REQUIRE_FALSE(parsed);
    CHECK_THAT(parsed.error().message(), Catch::Matchers::ContainsSubstring("line "));
  }
}

TEST_CASE("an unknown operation or function is named") {
  for (const char* flow : {"x = a.fly(1)", "x = a.map(fly)", "x = b.count()"}) {
    const auto parsed = testing::parse_dstream_case(
        std::string("--- stream a\n[[1,2]]\n--- flow\n") + flow + "\n--- output x\n1 []\n");
    REQUIRE(parsed);
    CHECK_FALSE(testing::run_dstream_case(*parsed, {local_runner(), "local", 1, 1024, false}));
  }
}
