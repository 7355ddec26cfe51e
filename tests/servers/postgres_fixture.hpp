// A session with a database of the server that tests/run keeps, for the tests of this folder.
#pragma once

#include <libstream/base/unique_id.hpp>
#include <libstream/connectors/postgresql/connection.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/unit/api_frame/frame_fixture.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace stream {

inline postgresql::Connection connect_to(const std::string& url) {
  postgresql::ConnectionOptions options;
  options.url = url;
  return value_or_throw(postgresql::Connection::open(options));
}

struct PostgresFixture {
  std::string url = testing::server_variable("STREAM_TEST_POSTGRES");
  postgresql::Connection admin = connect_to(url);
  /// Tests share the server: each has names of its own.
  std::string name = "t" + make_unique_id().substr(0, 8);
  Session session{local_runner()};

  void run(const std::string& statements) { value_or_throw(admin.run(statements)); }
  /// Rows as texts, "a,b", sorted.
  std::vector<std::string> rows(const std::string& query) {
    const auto found = value_or_throw(admin.query(query));
    std::vector<std::string> lines;
    for (std::size_t row = 0; row < found.size(); ++row) {
      std::string line;
      for (std::size_t i = 0; i < found.num_columns(); ++i)
        line += (i > 0 ? "," : "") + (found.at(row, i) ? found.text(row, i) : std::string("null"));
      lines.push_back(std::move(line));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  std::string value(const std::string& query) {
    const auto lines = rows(query);
    return lines.size() == 1 ? lines[0] : std::to_string(lines.size()) + " rows";
  }
  DataFrameReader read() { return session.read().format("postgresql").option("url", url); }
  DataFrameReader read_stream() {
    return session.read_stream().format("postgresql").option("url", url);
  }
};

using Lines = std::vector<std::string>;

}  // namespace stream
