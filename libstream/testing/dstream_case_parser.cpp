#include <libstream/testing/dstream_case.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

namespace stream::testing {
namespace {

using nlohmann::json;

class Parser {
 public:
  explicit Parser(const std::string& text) : input_(text) {}

  Result<DStreamCase> run() {
    std::string line;
    while (std::getline(input_, line)) {
      ++number_;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.empty() || line.front() == '#') continue;
      if (line.rfind("---", 0) == 0) {
        STREAM_TRY(open_section(line));
      } else {
        STREAM_TRY(read_body(line));
      }
    }
    if (made_.flow.empty()) return wrong("the case has no flow");
    return std::move(made_);
  }

 private:
  Error wrong(const std::string& what) const {
    return bad_data(fmt::format("line {}: {}", number_, what));
  }

  Result<void> open_section(const std::string& line) {
    std::istringstream words(line.substr(3));
    std::string name;
    words >> section_ >> name;
    if (section_ == "stream") {
      if (name.empty()) return wrong("a stream needs a name");
      made_.streams.push_back({name, {}});
    } else if (section_ == "slice") {
      made_.slice.emplace();
    } else if (section_ != "flow" && section_ != "output") {
      return wrong("unknown section '" + section_ + "'");
    }
    return {};
  }

  Result<void> read_body(const std::string& line) {
    if (section_ == "stream") {
      STREAM_TRY(auto elements, elements_of(line));
      made_.streams.back().second.push_back(std::move(elements));
    } else if (section_ == "flow") {
      STREAM_TRY(auto step, step_of(line));
      made_.flow.push_back(std::move(step));
    } else if (section_ == "output") {
      const auto space = line.find(' ');
      if (space == std::string::npos)
        return wrong("expected an interval's number and its elements");
      if (line.substr(0, space) != std::to_string(made_.output.size() + 1))
        return wrong("the intervals of an output are numbered from 1");
      const std::string rest = line.substr(space + 1);
      if (rest == "-") {
        made_.output.push_back(std::nullopt);
      } else {
        STREAM_TRY(auto elements, elements_of(rest));
        made_.output.push_back(std::move(elements));
      }
    } else if (section_ == "slice") {
      STREAM_TRY(auto elements, elements_of(line));
      std::sort(elements.begin(), elements.end());
      made_.slice->push_back(fmt::format("[{}]", fmt::join(elements, ",")));
    } else {
      return wrong("text outside a section");
    }
    return {};
  }

  Result<std::vector<std::string>> elements_of(const std::string& text) const {
    const json parsed = json::parse(text, nullptr, false);
    if (!parsed.is_array()) return wrong("expected a JSON array of elements");
    std::vector<std::string> elements;
    for (const json& element : parsed) elements.push_back(element.dump());
    return elements;
  }

  Result<FlowStep> step_of(const std::string& line) const {
    const auto equals = line.find(" = ");
    const auto open = line.find('(');
    const auto close = line.rfind(')');
    const auto dot = equals == std::string::npos ? equals : line.find('.', equals);
    if (equals == std::string::npos || open == std::string::npos || close == std::string::npos ||
        dot == std::string::npos || !(equals < dot && dot < open && open < close))
      return wrong("expected NAME = STREAM.OPERATION(ARGUMENTS)");
    FlowStep step{line.substr(0, equals),
                  line.substr(equals + 3, dot - equals - 3),
                  line.substr(dot + 1, open - dot - 1),
                  {}};
    // Arguments are split at commas outside brackets and quotes.
    std::string argument;
    int depth = 0;
    bool is_quoted = false;
    for (const char c : line.substr(open + 1, close - open - 1)) {
      if (c == '"') is_quoted = !is_quoted;
      if (!is_quoted && (c == '[' || c == '(')) ++depth;
      if (!is_quoted && (c == ']' || c == ')')) --depth;
      if (c == ',' && depth == 0 && !is_quoted) {
        step.arguments.push_back(std::move(argument));
        argument.clear();
      } else if (c != ' ' || is_quoted || !argument.empty()) {
        argument += c;
      }
    }
    if (!argument.empty()) step.arguments.push_back(std::move(argument));
    return step;
  }

  std::istringstream input_;
  std::size_t number_ = 0;
  std::string section_;
  DStreamCase made_;
};

}  // namespace

Result<DStreamCase> parse_dstream_case(const std::string& text) { return Parser(text).run(); }

}  // namespace stream::testing
