#include <tests/tidy/discipline_rules.hpp>
#include <tests/tidy/readme_tables.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <initializer_list>

namespace stream::tidy {

namespace {

/// A word with the code before and behind it, spaces skipped.
struct Place {
  std::string_view word;
  std::string_view before;
  std::string_view behind;
};

using Matches = std::function<bool(const Place&)>;

bool is_any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string_view without_space_ahead(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

std::string_view without_space_behind(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\n");
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

bool is_allowed(const Allowances& allowed, std::string_view subject, std::string_view path) {
  const auto row = allowed.find(subject);
  if (row == allowed.end()) return false;
  return std::ranges::any_of(row->second, [&](const std::string& entry) {
    return entry.ends_with('/') ? path.starts_with(entry) : path == entry;
  });
}

bool is_include_line(std::string_view code, std::size_t offset) {
  const std::size_t line_break = code.substr(0, offset).rfind('\n');
  const std::size_t begin = line_break == std::string_view::npos ? 0 : line_break + 1;
  return trim(code.substr(begin)).starts_with("#include");
}

std::vector<Violation> check_words(const SourceTree& tree, const Allowances& allowed,
                                   std::string_view subject, std::string_view advice,
                                   const Matches& matches) {
  std::vector<Violation> found;
  for (const auto& file : tree.files) {
    if (!is_cpp(file) || is_allowed(allowed, subject, file.path)) continue;
    const std::string_view code = file.code;
    for (const auto& word : words_of(code)) {
      const Place place{word.text, without_space_behind(code.substr(0, word.offset)),
                        without_space_ahead(code.substr(word.offset + word.text.size()))};
      if (!matches(place) || is_include_line(code, word.offset)) continue;
      found.push_back(
          {file.path, line_at(code, word.offset), fmt::format("`{}`: {}", word.text, advice)});
    }
  }
  return found;
}

/// Whether a word is called as a free function: not a member, not a name in another namespace.
bool is_free_call(const Place& place) {
  if (!place.behind.starts_with('(')) return false;
  const auto& before = place.before;
  if (before.ends_with('.') || before.ends_with("->")) return false;
  if (!before.ends_with("::")) return true;
  const auto scope = without_space_behind(before.substr(0, before.size() - 2));
  return scope.ends_with("std") || scope.empty() ||
         std::string_view("({};=,!&|+-<>\n").find(scope.back()) != std::string_view::npos;
}

/// A declaration such as `EpochMillis time() const` is no call.
bool follows_a_type(const Place& place) {
  if (place.before.empty() || place.before.ends_with("return")) return false;
  const char last = place.before.back();
  return std::isalnum(static_cast<unsigned char>(last)) != 0 || last == '_' || last == '>' ||
         last == '&' || last == '*';
}

/// `unique_ptr<X>(new X(…))`, also with a name before the bracket: how a private constructor is
/// called, owned from the first moment.
bool goes_into_a_pointer(std::string_view before) {
  if (!before.ends_with('(')) return false;
  const std::size_t end = before.find_last_of(";{}");
  const auto statement = end == std::string_view::npos ? before : before.substr(end + 1);
  return statement.find("unique_ptr<") != std::string_view::npos ||
         statement.find("shared_ptr<") != std::string_view::npos;
}

/// The arguments of the C function: where to store the time, mostly nowhere.
bool takes_no_time(std::string_view behind) {
  const auto argument = without_space_ahead(behind.substr(1));
  return argument.starts_with("nullptr") || argument.starts_with("NULL") ||
         argument.starts_with("0)") || argument.starts_with('&');
}

}  // namespace

Allowances parse_allowances(std::string_view readme) {
  Allowances allowed;
  for (const auto& cells : table_below(readme, "## Who may touch what")) {
    if (cells.size() < 2) continue;
    for (const auto& subject : quoted_words(cells[0])) allowed[subject] = quoted_words(cells[1]);
  }
  return allowed;
}

std::vector<Violation> check_clock_reads(const SourceTree& tree, const Allowances& allowed) {
  return check_words(
      tree, allowed, "clock", "read the stream::Clock that was passed in", [](const Place& place) {
        if (place.word.ends_with("_clock")) {
          return place.behind.starts_with("::") &&
                 without_space_ahead(place.behind.substr(2)).starts_with("now");
        }
        if (is_any_of(place.word, {"gettimeofday", "clock_gettime", "timespec_get"})) return true;
        return place.word == "time" && is_free_call(place) && takes_no_time(place.behind);
      });
}

std::vector<Violation> check_sleeps(const SourceTree& tree, const Allowances& allowed) {
  return check_words(tree, allowed, "sleep", "wait for an event, not for time", [](const Place& p) {
    if (is_any_of(p.word, {"sleep_for", "sleep_until"})) return p.before.ends_with("this_thread::");
    return is_any_of(p.word, {"usleep", "nanosleep", "clock_nanosleep"}) ||
           (p.word == "sleep" && is_free_call(p));
  });
}

std::vector<Violation> check_threads(const SourceTree& tree, const Allowances& allowed) {
  return check_words(tree, allowed, "thread", "threads belong to the runners",
                     [](const Place& place) {
                       if (place.word == "pthread_create") return true;
                       return is_any_of(place.word, {"thread", "jthread", "async"}) &&
                              place.before.ends_with("std::") && !place.behind.starts_with("::");
                     });
}

std::vector<Violation> check_randomness(const SourceTree& tree, const Allowances& allowed) {
  return check_words(
      tree, allowed, "random", "take a seed, or unique_id.hpp", [](const Place& place) {
        return is_any_of(place.word, {"random_device", "getrandom", "getentropy", "arc4random"}) ||
               (is_any_of(place.word, {"rand", "srand", "drand48"}) && is_free_call(place) &&
                !follows_a_type(place));
      });
}

std::vector<Violation> check_new_and_delete(const SourceTree& tree, const Allowances& allowed) {
  return check_words(tree, allowed, "new", "use make_unique, make_shared or a value",
                     [](const Place& place) {
                       return (place.word == "new" && !goes_into_a_pointer(place.before)) ||
                              (place.word == "delete" && !place.before.ends_with('='));
                     });
}

std::vector<Violation> check_caf(const SourceTree& tree, const Allowances& allowed) {
  return check_words(tree, allowed, "caf", "CAF stays in actors/", [](const Place& place) {
    return place.word == "caf" || place.word.starts_with("CAF_");
  });
}

std::vector<Violation> check_allowances_exist(const SourceTree& tree, const Allowances& allowed) {
  std::vector<Violation> found;
  for (const auto& [subject, paths] : allowed) {
    for (const auto& path : paths) {
      const bool exists = path.ends_with('/') || tree.find(path) != nullptr;
      if (!exists) {
        found.push_back({"libstream/README.md", 0,
                         fmt::format("row `{}` names {}, which is not there", subject, path)});
      }
    }
  }
  return found;
}

}  // namespace stream::tidy
