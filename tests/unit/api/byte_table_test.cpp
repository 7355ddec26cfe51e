#include <libstream/api/key_table.hpp>
#include <tests/kit/catch.hpp>

#include <map>
#include <random>

using namespace stream;

TEST_CASE("a byte table agrees with a map under random inserts and removals") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  KeyTable<std::string, int> table;
  std::map<std::string, int> model;
  for (int i = 0; i < 20'000; ++i) {
    // Keys of 0 to 40 bytes around the inline limit, few enough to meet again.
    std::string key(random() % 41, 'k');
    for (char& c : key) c = static_cast<char>('a' + random() % 2);
    if (key.size() > 6) key.replace(6, std::string::npos, std::string(key.size() - 6, 'z'));
    if (random() % 3 == 0 && model.contains(key)) {
      table.erase(std::string_view(key));
      model.erase(key);
    } else {
      bool is_new = false;
      table.find_or_insert(std::string_view(key), is_new) += i;
      REQUIRE(is_new == !model.contains(key));
      model[key] += i;
    }
  }
  REQUIRE(table.size() == model.size());
  std::map<std::string, int> found;
  std::size_t position = 0;
  while (auto* entry = table.next(position))
    found[std::string(table.key(*entry))] = table.value(*entry);
  CHECK(found == model);
  for (const auto& [key, value] : model) CHECK(*table.find(std::string_view(key)) == value);
  table.clear();
  CHECK(table.size() == 0);
  CHECK(table.find(std::string_view("a")) == nullptr);
}

TEST_CASE("keys that differ only behind their end in memory are told apart") {
  KeyTable<std::string, int> table;
  const std::string text = "abcdefghijklmnopqrstuvwxyz";
  bool is_new = false;
  for (std::size_t size = 0; size <= text.size(); ++size)
    table.find_or_insert(std::string_view(text).substr(0, size), is_new) = static_cast<int>(size);
  for (std::size_t size = 0; size <= text.size(); ++size)
    CHECK(*table.find(std::string_view(std::string(text, 0, size))) == static_cast<int>(size));
  CHECK(*table.find(std::string_view("", 0)) == 0);
  CHECK(table.find(std::string_view("\0", 1)) == nullptr);
}

TEST_CASE("numbers, optionals and pairs are keys") {
  bool is_new = false;
  KeyTable<std::int32_t, int> numbers;
  numbers.find_or_insert(-7, is_new) = 1;
  CHECK(*numbers.find(-7) == 1);
  std::size_t position = 0;
  CHECK(numbers.key(*numbers.next(position)) == -7);

  KeyTable<std::optional<std::string>, int> optionals;
  optionals.find_or_insert(std::optional<std::string_view>(), is_new) = 1;
  optionals.find_or_insert(std::optional<std::string_view>(""), is_new) = 2;
  CHECK(optionals.size() == 2);

  KeyTable<std::pair<std::string, std::string>, int> pairs;
  pairs.find_or_insert(std::pair<std::string_view, std::string_view>("a", "bc"), is_new) = 1;
  pairs.find_or_insert(std::pair<std::string_view, std::string_view>("ab", "c"), is_new) = 2;
  CHECK(pairs.size() == 2);

  KeyTable<double, int> doubles;
  doubles.find_or_insert(0.0, is_new) = 1;
  doubles.find_or_insert(-0.0, is_new) = 2;
  CHECK(doubles.size() == 1);
}
