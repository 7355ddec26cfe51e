// Options of file formats as users write them, and the tables by which they are parsed, checked and
// listed. Each struct of options has one table of OptionField beside it. Pure functions.
#pragma once

#include <libstream/base/result.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct IgnoreCaseLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};

/// Key and value texts; keys ignore case.
using OptionMap = std::map<std::string, std::string, IgnoreCaseLess>;

/// What a list of options shows of one.
struct OptionText {
  std::string_view name;
  std::string_view alias;          ///< another name for the same, or ""
  std::string_view default_value;  ///< as a user would write it; "" where there is none
  std::string_view sentence;
};

/// One option of `Options`: its texts and what a value does. `set` refuses wrong values with a
/// reason ("is not a number"); read_options puts the name in front.
template <class Options>
struct OptionField {
  OptionText text;
  std::function<Result<void>(Options& options, const std::string& value)> set;
};

template <class Options>
using OptionTable = std::vector<OptionField<Options>>;

/// Takes the value of `text` (or its alias) out of `options`.
std::optional<std::string> take_option(OptionMap& options, const OptionText& text);

/// Applies what `options` says about the table's fields to `target` and takes it out of `options`.
/// All wrong values are reported at once, each with its option's name.
template <class Options>
Result<void> read_options(const OptionTable<Options>& table, OptionMap& options, Options& target) {
  std::vector<Error> errors;
  for (const OptionField<Options>& field : table) {
    const auto value = take_option(options, field.text);
    if (!value) continue;
    if (auto set = field.set(target, *value); !set)
      errors.push_back(std::move(set).error().with_context(field.text.name));
  }
  if (errors.empty()) return {};
  return join_errors(errors);
}

template <class Options>
std::vector<OptionText> texts_of(const OptionTable<Options>& table) {
  std::vector<OptionText> texts;
  for (const OptionField<Options>& field : table) texts.push_back(field.text);
  return texts;
}

/// Refuses what no table took, with the nearest name that there is. Empty `rest` is fine.
Result<void> refuse_unknown(const OptionMap& rest, const std::vector<OptionText>& known,
                            std::string_view where);

// Values, as Spark reads them.
Result<bool> option_flag(const std::string& value);
Result<std::int64_t> option_integer(const std::string& value);
/// One character; "" is '\0', which means none.
Result<char> option_character(const std::string& value);

}  // namespace stream
