#include <actors/runner.hpp>
#include <apps/streamctl/script.hpp>
#include <apps/streamctl/sql_run.hpp>
#include <apps/terminal/query_terminal.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/sql/sql_parser.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace stream::apps {
namespace {

constexpr Duration kSignalCheck{100};

ResultFormat format_of(const SqlRunOptions& options) {
  if (options.as_json) return ResultFormat::json;
  if (options.as_csv) return ResultFormat::csv;
  if (options.as_markdown) return ResultFormat::markdown;
  return ResultFormat::table;
}

std::shared_ptr<Runner> runner_of(const SqlRunOptions& options) {
  if (options.is_local) return local_runner();
  ActorRunnerOptions actors;
  actors.num_threads = options.parallelism;
  return actor_runner(actors);
}

}  // namespace

void add_sql_options(CLI::App& app, SqlRunOptions& options) {
  app.add_option("--checkpoint", options.checkpoint,
                 "directory that makes queries survive a restart, a folder for each");
  app.add_option("--trigger", options.trigger,
                 "of sinks that name none: available-now, or a duration such as 500ms");
  app.add_option("--parallelism", options.parallelism, "tasks of each stage")
      ->check(CLI::Range(1, 128))
      ->capture_default_str();
  app.add_flag("--local", options.is_local, "run on one thread, without actors");
  auto* json = app.add_flag("--json", options.as_json, "rows as JSON lines");
  auto* csv = app.add_flag("--csv", options.as_csv, "rows as CSV with a header");
  auto* markdown = app.add_flag("--markdown", options.as_markdown, "rows as a Markdown table");
  json->excludes(csv)->excludes(markdown);
  csv->excludes(markdown);
  app.add_option("--progress", options.progress_file,
                 "file that gets each epoch's progress as a JSON line");
  app.add_option("--rejects", options.rejects_file,
                 "file that keeps records that could not be read");
  app.add_flag("--quiet,-q", options.is_quiet, "no status line");
}

SqlRun::SqlRun(const SqlRunOptions& options)
    : state_(std::make_shared<SessionState>(runner_of(options))),
      parameters_(parse_parameters(options.parameters)) {
  state_->set_parallelism(options.parallelism);
  SqlSessionOptions session;
  session.checkpoint_directory = options.checkpoint;
  if (!options.trigger.empty()) session.trigger = value_or_throw(parse_trigger(options.trigger));
  session.on_reject = make_reject_file(options.rejects_file);
  session_ = std::make_unique<SqlSession>(state_, std::move(session));
  output_ = std::make_unique<ResultOutput>(format_of(options), *state_);
  if (!options.progress_file.empty())
    state_->streams().add_listener(make_progress_file(options.progress_file));
  if (const auto status = options.is_quiet ? nullptr : make_status_line())
    state_->streams().add_listener(status);
  count_stop_signals();
}

void SqlRun::run_text(const std::string& raw, const std::string& file) {
  std::string text;
  std::vector<Statement> statements;
  try {
    text = fill_in(raw, parameters_);
    ParserOptions options;
    options.time_zone = state_->settings().time_zone;
    statements = value_or_throw(parse_script(text, options));
  } catch (Error& error) {
    throw in_file(std::move(error), file);
  }
  for (const Statement& statement : statements) {
    if (num_stop_signals() > 0) break;
    run_statement(statement, text, file);
  }
}

void SqlRun::run_statement(const Statement& statement, const std::string& text,
                           const std::string& file) {
  StatementResult result;
  try {
    result = session_->run(statement);
  } catch (Error& error) {
    if (!is_interactive_) session_->stop_all(true);
    throw in_file(placed(std::move(error), text, statement), file);
  }
  if (const auto* rows = std::get_if<StatementRows>(&result)) {
    // A script sets without a word.
    if (is_interactive_ || !statement.as<SetStatement>() || !statement.as<SetStatement>()->value)
      output_->print(*rows);
  } else if (const auto* live = std::get_if<LiveRows>(&result)) {
    output_->follow(*live, [] { return num_stop_signals() > 0; });
  } else if (const auto* started = std::get_if<StartedQuery>(&result)) {
    if (is_interactive_) fmt::print(stderr, "started {}\n", started->name);
  } else if (const auto* message = std::get_if<StatementMessage>(&result)) {
    if (is_interactive_ && !message->text.empty()) fmt::print(stderr, "{}\n", message->text);
  }
}

void SqlRun::await_queries() {
  bool is_stopping = false;
  for (const auto& [name, query] : session_->queries()) {
    try {
      while (!query->await_termination(kSignalCheck)) {
        const auto& all = session_->queries();
        const bool has_failed = std::any_of(all.begin(), all.end(), [](const StartedQuery& other) {
          return other.query->exception().has_value();
        });
        if (is_stopping || (num_stop_signals() == 0 && !has_failed)) continue;
        is_stopping = true;
        session_->stop_all(true);
      }
    } catch (Error& error) {
      session_->stop_all(true);
      throw std::move(error).with_context("query " + name);
    }
  }
}

}  // namespace stream::apps
