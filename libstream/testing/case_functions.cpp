#include <libstream/testing/case_functions.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace stream::testing {
namespace {

using nlohmann::json;

json parse(const Text& text) { return json::parse(text); }

/// Whole numbers stay whole, as in the transcripts.
template <class F>
json arithmetic(const json& left, const json& right, F function) {
  if (left.is_number_integer() && right.is_number_integer())
    return function(left.get<std::int64_t>(), right.get<std::int64_t>());
  return function(left.get<double>(), right.get<double>());
}

std::invalid_argument unknown(const char* kind, const std::string& name) {
  return std::invalid_argument(std::string("no ") + kind + " function is named '" + name + "'");
}

bool is_even(const json& value) { return value.get<std::int64_t>() % 2 == 0; }

}  // namespace

std::function<Text(const Text&)> map_function(const std::string& name) {
  if (name == "add1")
    return [](const Text& x) { return arithmetic(parse(x), 1, std::plus{}).dump(); };
  if (name == "double")
    return [](const Text& x) { return arithmetic(parse(x), 2, std::multiplies{}).dump(); };
  if (name == "square")
    return [](const Text& x) { return arithmetic(parse(x), parse(x), std::multiplies{}).dump(); };
  if (name == "pair1") return [](const Text& x) { return to_element({x, "1"}); };
  if (name == "swap") {
    return [](const Text& x) {
      auto [first, second] = to_pair(x);
      return to_element({second, first});
    };
  }
  if (name == "keymod3") {
    return [](const Text& x) {
      const std::int64_t value = parse(x).get<std::int64_t>();
      return to_element({json(value % 3).dump(), x});
    };
  }
  throw unknown("map", name);
}

std::function<std::vector<Text>(const Text&)> flat_map_function(const std::string& name) {
  if (name == "split") {
    return [](const Text& x) {
      const std::string text = parse(x).get<std::string>();
      std::vector<Text> words;
      std::size_t begin = 0;
      while (begin < text.size()) {
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        if (end > begin) words.push_back(json(text.substr(begin, end - begin)).dump());
        begin = end + 1;
      }
      return words;
    };
  }
  if (name == "upto") {
    return [](const Text& x) {
      std::vector<Text> numbers;
      for (std::int64_t i = 0; i < parse(x).get<std::int64_t>(); ++i)
        numbers.push_back(json(i).dump());
      return numbers;
    };
  }
  if (name == "twice") return [](const Text& x) { return std::vector<Text>{x, x}; };
  throw unknown("flatMap", name);
}

std::function<bool(const Text&)> filter_function(const std::string& name) {
  if (name == "even") return [](const Text& x) { return is_even(parse(x)); };
  if (name == "positive")
    return [](const Text& x) { return parse(to_pair(x).second).get<double>() > 0; };
  if (name == "evenValue") return [](const Text& x) { return is_even(parse(to_pair(x).second)); };
  throw unknown("filter", name);
}

std::function<Text(const Text&, const Text&)> reduce_function(const std::string& name) {
  if (name == "sum") {
    return [](const Text& a, const Text& b) {
      const json left = parse(a);
      const json right = parse(b);
      if (left.is_string()) return json(left.get<std::string>() + right.get<std::string>()).dump();
      return arithmetic(left, right, std::plus{}).dump();
    };
  }
  if (name == "max") return [](const Text& a, const Text& b) { return is_less(a, b) ? b : a; };
  if (name == "minus")
    return [](const Text& a, const Text& b) {
      return arithmetic(parse(a), parse(b), std::minus{}).dump();
    };
  throw unknown("reduce", name);
}

std::function<std::optional<Text>(const std::vector<Text>&, const std::optional<Text>&)>
update_function(const std::string& name) {
  const auto running_sum = [](const std::vector<Text>& values, const std::optional<Text>& state) {
    json sum = state ? parse(*state) : json(0);
    for (const Text& value : values) sum = arithmetic(sum, parse(value), std::plus{});
    return sum;
  };
  if (name == "runningSum") {
    return [=](const std::vector<Text>& values, const std::optional<Text>& state) {
      return std::optional<Text>(running_sum(values, state).dump());
    };
  }
  if (name == "forgetZero") {
    return [=](const std::vector<Text>& values, const std::optional<Text>& state) {
      const json sum = running_sum(values, state);
      return sum == 0 ? std::nullopt : std::optional<Text>(sum.dump());
    };
  }
  if (name == "idleCount") {
    return [](const std::vector<Text>& values, const std::optional<Text>& state) {
      const std::int64_t before = state ? parse(*state).get<std::int64_t>() : 0;
      return std::optional<Text>(json(values.empty() ? before + 1 : 0).dump());
    };
  }
  if (name == "collectSorted") {
    return [](const std::vector<Text>& values, const std::optional<Text>& state) {
      json all = state ? parse(*state) : json::array();
      for (const json& value : parse(to_sorted_list(values))) all.push_back(value);
      return std::optional<Text>(all.dump());
    };
  }
  throw unknown("updateStateByKey", name);
}

TextPair to_pair(const Text& element) {
  const json parsed = parse(element);
  if (!parsed.is_array() || parsed.size() != 2)
    throw std::invalid_argument("the element " + element + " is no pair");
  return {parsed[0].dump(), parsed[1].dump()};
}

Text to_element(const TextPair& pair) { return "[" + pair.first + "," + pair.second + "]"; }

Text to_list(std::vector<Text> values) {
  Text text = "[";
  for (const Text& value : values) {
    if (text.size() > 1) text += ",";
    text += value;
  }
  return text + "]";
}

Text to_sorted_list(std::vector<Text> values) {
  std::stable_sort(values.begin(), values.end(), is_less);
  return to_list(std::move(values));
}

bool is_less(const Text& left, const Text& right) { return parse(left) < parse(right); }

}  // namespace stream::testing
