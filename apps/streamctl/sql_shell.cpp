#include <apps/streamctl/script.hpp>
#include <apps/streamctl/sql_shell.hpp>
#include <apps/terminal/query_terminal.hpp>
#include <libstream/sql/sql_parser.hpp>

#include <editline/readline.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace stream::apps {
namespace {

constexpr int kMaxHistory = 1000;
constexpr const char* kKeywords[] = {
    "ALL",       "AND",       "AS",        "ASC",     "BEGIN",   "BETWEEN",   "BY",
    "CASE",      "CAST",      "COMPLETE",  "CREATE",  "CROSS",   "CUBE",      "DESC",
    "DESCRIBE",  "DISTINCT",  "DROP",      "ELSE",    "END",     "EXCEPT",    "EXISTS",
    "EXPLAIN",   "EXTENDED",  "FALSE",     "FOR",     "FROM",    "FULL",      "FUNCTIONS",
    "GROUP",     "HAVING",    "IN",        "INNER",   "INSERT",  "INTERSECT", "INTERVAL",
    "INTO",      "IS",        "JOIN",      "LATERAL", "LEFT",    "LIKE",      "LIMIT",
    "NOT",       "NULL",      "OFFSET",    "ON",      "OPTIONS", "OR",        "ORDER",
    "OUTER",     "OVER",      "PARTITION", "QUERIES", "QUERY",   "REPLACE",   "RESET",
    "RIGHT",     "ROLLUP",    "SELECT",    "SEMI",    "SET",     "SHOW",      "SINK",
    "SINKS",     "STATEMENT", "STOP",      "STREAM",  "STREAMS", "TABLE",     "TABLES",
    "TEMPORARY", "THEN",      "TRUE",      "UNION",   "USING",   "VALUES",    "VIEW",
    "VIEWS",     "WATERMARK", "WHEN",      "WHERE",   "WITH"};

/// What the word at the cursor may become; libedit asks through a plain function.
struct Completion {
  const SessionState* session = nullptr;
  std::vector<std::string> found;
  std::size_t next = 0;
};
Completion& completion() {
  static Completion only;
  return only;
}

bool begins_with(std::string_view name, std::string_view beginning) {
  return name.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), name.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) ==
                  std::tolower(static_cast<unsigned char>(b));
         });
}

void find_completions(std::string_view word) {
  Completion& state = completion();
  state.found.clear();
  state.next = 0;
  const bool is_lower = !word.empty() && std::islower(static_cast<unsigned char>(word.back())) != 0;
  for (std::string keyword : kKeywords) {
    if (!begins_with(keyword, word)) continue;
    if (is_lower) {
      for (char& c : keyword) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    state.found.push_back(std::move(keyword));
  }
  for (std::string& name : state.session->relation_names()) {
    if (begins_with(name, word)) state.found.push_back(std::move(name));
  }
  constexpr std::size_t kEnoughToNameFunctions = 2;
  if (word.size() < kEnoughToNameFunctions) return;
  for (std::string& name : state.session->functions().names()) {
    if (begins_with(name, word)) state.found.push_back(std::move(name));
  }
}

/// libedit frees what it is given.
char* next_completion(const char* word, int is_first_0) {
  if (is_first_0 == 0) find_completions(word);
  Completion& state = completion();
  return state.next < state.found.size() ? strdup(state.found[state.next++].c_str()) : nullptr;
}

char** complete(const char* word, int, int) {
  rl_attempted_completion_over = 1;  // never names of files
  return rl_completion_matches(word, next_completion);
}

std::string history_path() {
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::string(home) + "/.streamctl_history";
}

constexpr std::string_view kHelp =
    "\\q            end; running queries are stopped\n"
    "\\d [NAME]     streams, tables and views, or the columns of one\n"
    "\\timing       say or do not say how long statements take\n"
    "\\?            this list\n"
    "A statement ends with ';'. Ctrl-C ends a streaming SELECT. SHOW QUERIES and STOP QUERY name\n"
    "look after those that INSERT INTO started.\n";

class Shell {
 public:
  explicit Shell(SqlRun& run) : run_(run) {}

  /// False: the shell ends.
  bool take_line(const std::string& line) {
    if (text_.empty() && !line.empty() && line.front() == '\\') return run_command(line);
    if (text_.empty() && line.find_first_not_of(" \t") == std::string::npos) return true;
    text_ += (text_.empty() ? "" : "\n") + line;
    if (!is_complete(text_)) return true;
    std::string text;
    text.swap(text_);
    remember(text);
    execute(text);
    return true;
  }
  void drop_text() { text_.clear(); }
  const char* prompt() const { return text_.empty() ? "sql> " : "  -> "; }

 private:
  void remember(std::string text) const {
    std::replace(text.begin(), text.end(), '\n', ' ');
    add_history(text.c_str());
  }

  void execute(const std::string& text) {
    count_stop_signals();
    const std::int64_t start = system_clock().steady_nanos();
    report_errors([&] {
      run_.run_text(text, "");
      return 0;
    });
    constexpr double kNanosPerMilli = 1e6;
    const auto took = static_cast<double>(system_clock().steady_nanos() - start);
    if (has_timing_) fmt::print("Time: {:.1f} ms\n", took / kNanosPerMilli);
    std::fflush(stdout);
    count_stop_signals();
  }

  bool run_command(const std::string& line) {
    add_history(line.c_str());
    if (line == "\\q") return false;
    if (line == "\\timing") {
      has_timing_ = !has_timing_;
      fmt::print("timing is {}\n", has_timing_ ? "on" : "off");
    } else if (line == "\\d") {
      execute("SHOW TABLES; SHOW SINKS;");
    } else if (line.rfind("\\d ", 0) == 0) {
      execute("DESCRIBE " + line.substr(3) + ";");
    } else {
      if (line != "\\?") fmt::print("there is no command {}\n", line);
      fmt::print("{}", kHelp);
    }
    return true;
  }

  SqlRun& run_;
  std::string text_;
  bool has_timing_ = true;
};

}  // namespace

int run_shell(SqlRun& run) {
  run.be_interactive();
  completion().session = run.session().state().get();
  rl_readline_name = const_cast<char*>("streamctl");
  rl_attempted_completion_function = complete;
  using_history();
  stifle_history(kMaxHistory);
  const std::string path = history_path();
  if (!path.empty()) read_history(path.c_str());
  fmt::print("libstream SQL; \\? for help, \\q to end\n");
  Shell shell(run);
  while (true) {
    count_stop_signals();
    char* line = readline(shell.prompt());
    if (line == nullptr && num_stop_signals() > 0) {
      fmt::print("\n");
      shell.drop_text();
      continue;
    }
    if (line == nullptr) break;
    const std::string text(line);
    std::free(line);
    if (!shell.take_line(text)) break;
  }
  if (!path.empty()) write_history(path.c_str());
  run.session().stop_all(true);
  return 0;
}

}  // namespace stream::apps
