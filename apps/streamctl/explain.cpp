#include <apps/streamctl/commands.hpp>
#include <apps/streamctl/script.hpp>
#include <libstream/api/sql_session.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <libstream/testing/dstream_case.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace stream::apps {
namespace {

struct ExplainOptions {
  std::string path;
  std::string sql;
  std::vector<std::string> parameters;
  std::uint32_t parallelism = 1;
  bool is_extended = false;
};

void explain_transcript(const ExplainOptions& options) {
  const std::string text = value_or_throw(read_file(local_file_system(), options.path));
  const auto parsed = value_or_throw(testing::parse_dstream_case(text));
  fmt::print("{}", value_or_throw(testing::explain_dstream_case(parsed, options.parallelism)));
}

class Explainer {
 public:
  explicit Explainer(const ExplainOptions& options)
      : options_(options),
        state_(std::make_shared<SessionState>(local_runner())),
        session_(state_) {
    state_->set_parallelism(options.parallelism);
  }

  /// Definitions are carried out, queries only explained.
  void explain(const std::string& raw, const std::string& file) {
    try {
      const std::string text = fill_in(raw, parse_parameters(options_.parameters));
      for (const Statement& statement : value_or_throw(parse_script(text))) {
        try {
          explain(statement);
        } catch (Error& error) {
          throw placed(std::move(error), text, statement);
        }
      }
    } catch (Error& error) {
      throw in_file(std::move(error), file);
    }
  }

 private:
  void explain(const Statement& statement) {
    if (const auto* query = statement.as<QueryStatement>()) {
      print("", query->query, "");
    } else if (const auto* insert = statement.as<InsertStatement>()) {
      print(insert->sink, insert->query, insert->sink);
    } else if (const auto* set = statement.as<StatementSet>()) {
      for (const InsertStatement& one : set->inserts) print(one.sink, one.query, one.sink);
    } else if (const auto* asked = statement.as<ExplainStatement>()) {
      print(asked->sink, asked->query, asked->sink);
    } else if (!statement.as<StopQueryStatement>() && !statement.as<ShowStatement>() &&
               !statement.as<DescribeStatement>()) {
      session_.run(statement);
    }
  }

  void print(const std::string& title, RelationRef query, const std::string& sink) {
    ExplainStatement explain;
    explain.query = std::move(query);
    explain.sink = sink;
    explain.mode =
        options_.is_extended ? ExplainStatement::Mode::extended : ExplainStatement::Mode::simple;
    const StatementResult result = session_.run(Statement{std::move(explain), {}, {}});
    if (!title.empty()) fmt::print("-- INSERT INTO {}\n", title);
    fmt::print("{}\n", std::get<StatementRows>(result).batches.front().column(0).string_at(0));
  }

  const ExplainOptions& options_;
  std::shared_ptr<SessionState> state_;
  SqlSession session_;
};

}  // namespace

Command add_explain(CLI::App& app) {
  auto options = std::make_shared<ExplainOptions>();
  auto* path = app.add_option("file", options->path, "a script (*.sql) or a transcript (*.dcase)");
  app.add_option("--sql", options->sql, "a query")->excludes(path);
  app.add_option("--param", options->parameters, "key=value: stands for ${key} in the script")
      ->allow_extra_args(false);
  app.add_option("--parallelism", options->parallelism, "tasks of each stage")
      ->check(CLI::Range(1, 128))
      ->capture_default_str();
  app.add_flag("--extended", options->is_extended, "also the plan with filters pushed down");
  return [options] {
    if (options->path.empty() && options->sql.empty())
      throw bad_option("explain: name a file, or give --sql \"SELECT …\"");
    if (options->path.ends_with(".dcase")) {
      explain_transcript(*options);
      return 0;
    }
    Explainer explainer(*options);
    if (options->path.empty()) {
      explainer.explain(options->sql, "");
    } else {
      explainer.explain(value_or_throw(read_file(local_file_system(), options->path)),
                        options->path);
    }
    return 0;
  };
}

}  // namespace stream::apps
