// The `error` sections of transcripts.
#include <libstream/testing/expected_error.hpp>
#include <tests/kit/catch.hpp>

namespace stream::testing {
namespace {

Section expecting(std::string body) { return {"error", "analysis", std::move(body), 7}; }

}  // namespace

TEST_CASE("a transcript's error is met by its condition or by the condition's cause") {
  const Error overflow = bad_plan("[CAST_OVERFLOW] The value 300 does not fit.");
  CHECK(error_diff(expecting("CAST_OVERFLOW\n"), overflow).empty());
  CHECK(error_diff(expecting("# a comment\nOUTER.ONE < CAST_OVERFLOW\n"), overflow).empty());
  CHECK(error_diff(expecting("CAST_INVALID_INPUT\n"), overflow) ==
        "error (line 7): expected CAST_INVALID_INPUT, came [CAST_OVERFLOW] The value 300 does not "
        "fit.\n");
  CHECK_FALSE(error_diff(expecting("CAST\n"), overflow).empty());
  const Error unknown = bad_plan("line 1: [UNRESOLVED_COLUMN.WITHOUT_SUGGESTION] No column `x`.");
  CHECK(error_diff(expecting("UNRESOLVED_COLUMN.WITH_SUGGESTION\n"), unknown).empty());
  CHECK(error_diff(expecting("CAST_OVERFLOW\n"), std::nullopt) ==
        "no error; expected analysis CAST_OVERFLOW\n");
}

TEST_CASE("conditions that only Spark's code has are met by any error") {
  const Error refused = bad_plan("[PARSE_SYNTAX_ERROR] There is no such thing.");
  CHECK(error_diff(expecting("_LEGACY_ERROR_TEMP_3102\n"), refused).empty());
  CHECK(error_diff(expecting("java.lang.IllegalArgumentException\n"), refused).empty());
  CHECK(error_diff(expecting("# none at all\n"), refused).empty());
  CHECK_FALSE(error_diff(expecting("# none at all\n"), std::nullopt).empty());
}

}  // namespace stream::testing
