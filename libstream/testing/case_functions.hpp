// The named functions of DStream cases, over JSON texts. Elements of a case travel as their JSON
// text, keys and values of pairs too, so one set of types runs them all.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stream::testing {

using Text = std::string;  ///< a JSON text
using TextPair = std::pair<Text, Text>;

// Each throws std::invalid_argument for an unknown name.
std::function<Text(const Text&)> map_function(const std::string& name);
std::function<std::vector<Text>(const Text&)> flat_map_function(const std::string& name);
std::function<bool(const Text&)> filter_function(const std::string& name);
std::function<Text(const Text&, const Text&)> reduce_function(const std::string& name);
std::function<std::optional<Text>(const std::vector<Text>&, const std::optional<Text>&)>
update_function(const std::string& name);

/// Splits a two-element array; throws when it is none.
TextPair to_pair(const Text& element);
Text to_element(const TextPair& pair);
Text to_list(std::vector<Text> values);         ///< in the order given
Text to_sorted_list(std::vector<Text> values);  ///< numbers by value, else by text
/// Orders by value: numbers, then texts.
bool is_less(const Text& left, const Text& right);

}  // namespace stream::testing
