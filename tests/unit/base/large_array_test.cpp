#include <libstream/base/large_array.hpp>
#include <tests/kit/catch.hpp>

#include <algorithm>
#include <cstdint>

namespace stream {
namespace {

constexpr std::size_t kMany = 3'000'000;  // 24 MB: through small blocks into several large ones

}  // namespace

TEST_CASE("an array keeps its values while it grows into huge pages") {
  LargeArray<std::uint64_t> array;
  for (std::uint64_t i = 0; i < kMany; ++i) array.push_back(i * i);
  REQUIRE(array.size() == kMany);
  std::size_t wrong = 0;
  for (std::uint64_t i = 0; i < kMany; ++i) wrong += array[i] != i * i;
  CHECK(wrong == 0);
}

TEST_CASE("what is added by resizing is new, also where old values were") {
  LargeArray<std::uint64_t> array;
  for (const std::size_t size : {std::size_t{10}, kMany / 2, kMany}) {
    array.clear();
    array.resize(size / 2);
    std::fill(array.begin(), array.end(), 7);
    array.resize(size);
    CHECK(std::count(array.begin(), array.end(), 7u) == static_cast<std::ptrdiff_t>(size / 2));
    CHECK(std::count(array.begin(), array.end(), 0u) ==
          static_cast<std::ptrdiff_t>(size - size / 2));
  }
}

TEST_CASE("an array of zeros is zero, a moved one is empty") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, kMany}) {
    auto array = LargeArray<std::uint64_t>::of_zeros(size);
    CHECK(std::all_of(array.begin(), array.end(), [](std::uint64_t value) { return value == 0; }));
    const LargeArray<std::uint64_t> other = std::move(array);
    CHECK(other.size() == size);
    CHECK(array.empty());
  }
}

TEST_CASE("an array pushes a value of its own") {
  LargeArray<std::uint64_t> array;
  array.push_back(5);
  while (array.size() < 1000) array.push_back(array[0]);
  CHECK(std::all_of(array.begin(), array.end(), [](std::uint64_t value) { return value == 5; }));
}

}  // namespace stream
