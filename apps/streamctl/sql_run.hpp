// Runs SQL text: statements in turn, then waits for the queries that they started. Used by the
// commands run and sql. One thread.
#pragma once

#include <apps/streamctl/result_output.hpp>

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace stream::apps {

/// What `run` and `sql` share on the command line.
struct SqlRunOptions {
  std::vector<std::string> parameters;
  std::string checkpoint;
  std::string trigger;
  std::uint32_t parallelism = 1;
  bool is_local = false;
  bool as_json = false;
  bool as_csv = false;
  bool as_markdown = false;
  std::string progress_file;
  std::string rejects_file;
  bool is_quiet = false;
};
void add_sql_options(CLI::App& app, SqlRunOptions& options);

class SqlRun {
 public:
  explicit SqlRun(const SqlRunOptions& options);

  /// All statements of `text`; `file` (may be empty) is named in errors, which are thrown.
  void run_text(const std::string& text, const std::string& file);
  /// One statement out of `text`; prints what comes of it.
  void run_statement(const Statement& statement, const std::string& text, const std::string& file);
  /// Until all started queries have ended, or SIGINT or SIGTERM stops them gracefully. Throws the
  /// first error; the other queries are stopped then.
  void await_queries();

  SqlSession& session() { return *session_; }
  /// For the shell: also say what statements without rows did, and let queries run on when a later
  /// statement is wrong.
  void be_interactive() { is_interactive_ = true; }

 private:
  std::shared_ptr<SessionState> state_;
  std::unique_ptr<SqlSession> session_;
  std::unique_ptr<ResultOutput> output_;
  std::map<std::string, std::string> parameters_;
  bool is_interactive_ = false;
};

}  // namespace stream::apps
