#include <actors/frame_guard.hpp>
#include <actors/node_address.hpp>
#include <tests/kit/catch.hpp>

#include <random>

using namespace stream;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string header(char operation, std::uint32_t length, unsigned char id_begin = 0x10) {
  std::string text(FrameGuard::kHeaderBytes, '\0');
  text[0] = operation;
  for (std::size_t i = 0; i < 4; ++i) text[4 + i] = static_cast<char>(length >> (24 - 8 * i));
  text[8] = static_cast<char>(id_begin);
  return text;
}

std::string frame(char operation, std::uint32_t length) {
  return header(operation, length) + std::string(length, 'x');
}

const std::string kHello = frame(1, 20);

}  // namespace

TEST_CASE("what nodes say passes, however it is cut") {
  const std::string talk = kHello + frame(2, 300) + frame(4, 40) + header(6, 0) + frame(5, 40) +
                           frame(2, 70'000) + frame(1, 20);
  for (const std::size_t size : {std::size_t{1}, std::size_t{31}, std::size_t{33}, talk.size()}) {
    FrameGuard guard;
    for (std::size_t at = 0; at < talk.size(); at += size)
      REQUIRE(guard.take(std::string_view(talk).substr(at, size)));
  }
}

TEST_CASE("what CAF would trust too far does not pass") {
  const auto is_refused = [](const std::string& frames) {
    FrameGuard guard;
    return !guard.take(frames);
  };
  CHECK(is_refused(kHello + header(2, 1u << 30)));
  CHECK_FALSE(is_refused(kHello + header(2, FrameGuard::kMostMessageBytes)));
  CHECK(is_refused(kHello + header(2, FrameGuard::kMostMessageBytes + 1)));
  CHECK(is_refused(kHello + header(2, 100, 0x20)));  // streams of CAF 0.17
  CHECK(is_refused(kHello + header(2, 100, 0x30)));
  CHECK(is_refused(kHello + header(2, 100, 0xb0)));
  CHECK(is_refused(kHello + frame(3, 100)));  // relayed
  CHECK(is_refused(kHello + frame(7, 100)));
  CHECK(is_refused(kHello + header(2, 0)));
  CHECK(is_refused(kHello + header(6, 1)));
  CHECK(is_refused(header(1, 0)));
  CHECK(is_refused(header(0, 100'000)));
  CHECK(is_refused(frame(2, 10)));  // before any handshake
  CHECK(is_refused("GET / HTTP/1.1\r\nHost: example.example\r\n\r\n"));
}

TEST_CASE("nothing passes behind what was refused") {
  FrameGuard guard;
  CHECK_FALSE(guard.take(header(7, 0)));
  CHECK_FALSE(guard.take(kHello));
}

TEST_CASE("random bytes end in a refusal") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  int num_refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string noise(256, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    FrameGuard guard;
    num_refused += guard.take(noise) ? 0 : 1;
  }
  CHECK(num_refused > 990);
}

TEST_CASE("addresses are taken apart, and those that stand for all are refused") {
  const NodeAddress address = value_or_throw(parse_node_address("localhost:4001"));
  CHECK(to_string(address) == "127.0.0.1:4001");
  CHECK(is_loopback(address));
  CHECK_FALSE(is_loopback(value_or_throw(parse_node_address("10.77.0.1:4001"))));
  CHECK_FALSE(is_loopback(value_or_throw(parse_node_address("127.example:4001"))));
  for (const std::string text : {"", "a", ":1", "a:", "a:70000", "a:b", "[::1]:4001", "a b:1"})
    CHECK_FALSE(parse_node_address(text));
  CHECK_THAT(parse_node_address("0.0.0.0:4001").error().message(), ContainsSubstring("the one"));
  CHECK_THAT(tls_for({"10.77.0.1", 4001}, {}).error().message(),
             ContainsSubstring("streamctl cluster init-ca"));
  CHECK(value_or_throw(tls_for({"127.0.0.1", 4001}, {})) == nullptr);
}
