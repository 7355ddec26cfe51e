// Results of SQL statements on standard output: tables as show() prints them, JSON lines, CSV or
// Markdown; of streaming queries a table that is drawn anew, or rows as they come. One thread.
#pragma once

#include <libstream/api/sql_session.hpp>

#include <string>

namespace stream::apps {

enum class ResultFormat { table, json, csv, markdown };

class ResultOutput {
 public:
  ResultOutput(ResultFormat format, const SessionState& session);

  /// All rows. Throws Error: a type that the format has not.
  void print(const StatementRows& rows) const;
  /// Prints epochs until the query ends or `is_stopped()`, then stops it. Throws its error.
  void follow(const LiveRows& live, const std::function<bool()>& is_stopped) const;

 private:
  /// `has_header`: the column names too.
  std::string text_of(const Schema& schema, const std::vector<Batch>& batches,
                      bool has_header) const;
  std::string written(const Schema& schema, const std::vector<Batch>& batches,
                      bool has_header) const;
  std::string markdown(const Schema& schema, const std::vector<Batch>& batches,
                       bool has_header) const;

  ResultFormat format_;
  const SessionState& session_;
};

}  // namespace stream::apps
