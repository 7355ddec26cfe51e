// Several outputs of one query, and what they share.
#include <tests/unit/api_frame/frame_fixture.hpp>

#include <atomic>

namespace stream {
namespace {

struct Doubled {
  std::atomic<int> num_calls{0};
  DataFrame frame(FrameFixture& fixture, const testing::MemoryStream& input) {
    fixture.session.udf("twice", [this](std::int64_t x) {
      ++num_calls;
      return 2 * x;
    });
    return input.to_df(fixture.session).select_expr({"twice(x) AS y"});
  }
};

void run_both(const FrameFixture& fixture, const DataFrame& first, const DataFrame& second) {
  const std::vector<DataStreamWriter> outputs = {
      first.write_stream().format("memory").query_name("first"),
      second.write_stream().format("memory").query_name("second")};
  QueryOptions options;
  options.name = "both";
  options.trigger = Trigger::available_now();
  fixture.session.start_all(outputs, options)->await_termination();
}

}  // namespace

TEST_CASE("outputs of one query share a cached frame, which is computed once") {
  FrameFixture fixture;
  testing::MemoryStream input("x BIGINT");
  input.add_data("{\"x\":1}\n{\"x\":2}\n{\"x\":3}");
  Doubled doubled;
  const DataFrame shared = doubled.frame(fixture, input).cache();
  run_both(fixture, shared.where("y > 2"), shared.union_all(shared));
  CHECK(doubled.num_calls == 3);
  CHECK(diff(fixture.session.table("first"), "[4]\n[6]") == "");
  CHECK(diff(fixture.session.table("second"), "[2]\n[4]\n[6]\n[2]\n[4]\n[6]") == "");
}

TEST_CASE("a frame that two outputs take as it is is computed once; frames built apart are not") {
  FrameFixture fixture;
  testing::MemoryStream input("x BIGINT");
  input.add_data("{\"x\":1}\n{\"x\":2}\n{\"x\":3}");
  Doubled doubled;
  const DataFrame plain = doubled.frame(fixture, input);
  SECTION("one frame") {
    run_both(fixture, plain, plain);
    CHECK(doubled.num_calls == 3);
  }
  SECTION("two frames") {
    run_both(fixture, plain, doubled.frame(fixture, input));
    CHECK(doubled.num_calls == 6);
  }
  CHECK(diff(fixture.session.table("first"), "[2]\n[4]\n[6]") == "");
  CHECK(diff(fixture.session.table("second"), "[2]\n[4]\n[6]") == "");
}

}  // namespace stream
