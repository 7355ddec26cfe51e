#include <tests/tidy/text_rules.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <set>

namespace stream::tidy {

namespace {

constexpr std::array<std::string_view, 10> kBannedWords = {
    "Util", "Utils", "Helper", "Helpers", "Manager", "Common", "Misc", "Legacy", "Impl2", "V2"};

// The one name with such a word that users know from Spark.
constexpr std::string_view kSparksName = "StreamingQueryManager";

/// Three crosses are a note when a colon or bracket follows; else a pattern of zones.
bool is_note(std::string_view text, std::size_t end) {
  return end < text.size() && (text[end] == ':' || text[end] == '(');
}

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// "HttpV2Server" → Http, V2, Server.
std::vector<std::string_view> parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= name.size(); ++i) {
    if (i < name.size() && !is_upper(name[i])) continue;
    parts.push_back(name.substr(begin, i - begin));
    begin = i;
  }
  return parts;
}

/// Whether `list` names `file` as a word of its own.
bool lists(std::string_view list, std::string_view file) {
  for (std::size_t at = list.find(file); at != std::string_view::npos;
       at = list.find(file, at + 1)) {
    const bool begins = at == 0 || std::string_view(" \t\n(/").find(list[at - 1]) != list.npos;
    const std::size_t end = at + file.size();
    const bool ends = end == list.size() || std::string_view(" \t\n)").find(list[end]) != list.npos;
    if (begins && ends) return true;
  }
  return false;
}

bool is_listed(const SourceTree& tree, std::string_view path) {
  for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos && slash > 0;
       slash = path.rfind('/', slash - 1)) {
    const auto* list = tree.find(fmt::format("{}/CMakeLists.txt", path.substr(0, slash)));
    if (list != nullptr && lists(list->text, path.substr(slash + 1))) return true;
  }
  const auto* top = tree.find("CMakeLists.txt");
  return top != nullptr && lists(top->text, path);
}

std::string normal_target(std::string_view folder, std::string_view target) {
  const auto path = (std::filesystem::path(folder) / target).lexically_normal().generic_string();
  return path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

/// Whether a program stands at `offset`: an odd number of fences is before it.
bool is_in_fence(std::string_view text, std::size_t offset) {
  std::size_t num_fences = 0;
  for (const auto line : lines_of(text.substr(0, offset))) num_fences += line.starts_with("```");
  return num_fences % 2 == 1;
}

bool is_outside_link(std::string_view target) {
  return target.empty() || target.starts_with('#') || target.find("://") != target.npos ||
         target.starts_with("mailto:");
}

}  // namespace

std::vector<Violation> check_dead_files(const SourceTree& tree) {
  std::set<std::string, std::less<>> included;
  for (const auto& file : tree.files) {
    if (!is_cpp(file)) continue;
    for (const auto line : lines_of(file.text)) {
      if (line.starts_with("#include <")) {
        included.emplace(line.substr(10, line.find('>') - 10));
      } else if (line.starts_with("#include \"")) {
        // By quotes: a private header beside the file.
        included.insert(file.path.substr(0, file.path.rfind('/') + 1) +
                        std::string(line.substr(10, line.find('"', 10) - 10)));
      }
    }
  }
  std::vector<Violation> found;
  for (const auto& file : tree.files) {
    if (file.path.ends_with(".cpp") && !is_listed(tree, file.path)) {
      found.push_back({file.path, 0, "no CMakeLists.txt lists it"});
    }
    if (file.path.ends_with(".hpp") && file.path != "libstream/stream.hpp" &&
        !included.contains(file.path)) {
      found.push_back({file.path, 0, "nothing includes it"});
    }
  }
  return found;
}

std::vector<Violation> check_file_names(const SourceTree& tree) {
  std::vector<Violation> found;
  for (const auto& file : tree.files) {
    // Transcripts keep the names that they came with.
    if (file.path.starts_with("tests/cases/") && !is_cpp(file)) continue;
    const auto name = name_of(file.path);
    if (name == "README.md" || name == "CMakeLists.txt" || name.starts_with('.')) continue;
    if (!std::ranges::all_of(name, [](char c) { return is_lower_or_digit(c) || c == '.'; })) {
      found.push_back({file.path, 0, "file names are snake_case"});
    }
  }
  return found;
}

std::vector<Violation> check_type_names(const SourceTree& tree) {
  std::vector<Violation> found;
  for (const auto& file : tree.files) {
    const auto words = words_of(file.code);
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto before = words[i - 1].text;
      if (before != "class" && before != "struct" && before != "using" && before != "concept") {
        continue;
      }
      if (words[i].text == kSparksName) continue;
      for (const auto part : parts_of(words[i].text)) {
        if (std::ranges::find(kBannedWords, part) == kBannedWords.end()) continue;
        found.push_back({file.path, line_at(file.code, words[i].offset),
                         fmt::format("{}: \"{}\" does not say what it is", words[i].text, part)});
      }
    }
  }
  return found;
}

std::vector<Violation> check_left_over_notes(const SourceTree& tree) {
  std::vector<Violation> found;
  for (const auto& file : tree.files) {
    for (const auto& word : words_of(file.text)) {
      if (word.text ==
              "TO"
              "DO" ||
          word.text ==
              "FIX"
              "ME" ||
          (word.text == "XX"
                        "X" &&
           is_note(file.text, word.offset + word.text.size()))) {
        found.push_back({file.path, line_at(file.text, word.offset),
                         fmt::format("{}: do it, or write the limit into the README", word.text)});
      }
    }
  }
  return found;
}

std::vector<Violation> check_links(const SourceTree& tree,
                                   const std::vector<std::string>& root_entries) {
  std::set<std::string, std::less<>> paths(root_entries.begin(), root_entries.end());
  for (const auto& file : tree.files) {
    for (std::size_t end = file.path.size(); end != std::string::npos && end > 0;
         end = file.path.rfind('/', end - 1)) {
      paths.insert(file.path.substr(0, end));
    }
  }
  std::vector<Violation> found;
  for (const auto& file : tree.files) {
    if (!file.path.ends_with(".md")) continue;
    const std::size_t slash = file.path.rfind('/');
    const auto folder = slash == std::string::npos ? "" : file.path.substr(0, slash);
    const std::string_view text = file.text;
    for (std::size_t at = text.find("]("); at != text.npos; at = text.find("](", at + 2)) {
      const std::size_t end = text.find_first_of(")\n", at);
      auto target = text.substr(at + 2, end == text.npos ? text.npos : end - at - 2);
      if (is_outside_link(target) || is_in_fence(text, at)) continue;
      target = target.substr(0, target.find('#'));
      if (!paths.contains(normal_target(folder, target))) {
        found.push_back(
            {file.path, line_at(text, at), fmt::format("the link to {} is dead", target)});
      }
    }
  }
  return found;
}

}  // namespace stream::tidy
