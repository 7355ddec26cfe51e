#include <tests/cluster/sensor_program.hpp>
#include <tests/kit/catch.hpp>

#include <algorithm>
#include <utility>

namespace stream::testing {
namespace {

/// Rows of what the sink's log names, sorted.
std::vector<std::string> rows_of(const std::string& directory, const std::string& columns) {
  const ChildResult read =
      run_program("streamctl", {"sql", "-c",
                                "CREATE TABLE t (" + columns + ") USING json OPTIONS (path '" +
                                    directory + "'); SELECT * FROM t",
                                "--csv"});
  std::vector<std::string> rows;
  std::string row;
  for (const char c : read.output) {
    if (c != '\n') {
      row += c;
      continue;
    }
    rows.push_back(std::exchange(row, {}));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

std::string readings(int from, int to) {
  std::string text = "time,sensor,value\n";
  for (int i = from; i < to; ++i) {
    const std::string minute = std::to_string(i / 60 % 60);
    const std::string second = std::to_string(i % 60);
    text += "2024-01-01 0" + std::to_string(i / 3600) + ":" + (minute.size() < 2 ? "0" : "") +
            minute + ":" + (second.size() < 2 ? "0" : "") + second + ",s" + std::to_string(i % 17) +
            "," + std::to_string(i) + "\n";
  }
  return text;
}

std::string sensor_script(const std::string& input, const std::string& output) {
  return "CREATE STREAM readings (time TIMESTAMP, sensor STRING, value INT) "
         "USING csv OPTIONS (path '" +
         input +
         "', header true, maxFilesPerTrigger 1) "
         "WATERMARK FOR time AS time - INTERVAL '10' SECONDS;\n"
         "CREATE SINK copies USING json OPTIONS (path '" +
         output +
         "/copies');\n"
         "CREATE SINK counts USING json OPTIONS (path '" +
         output +
         "/counts');\n"
         "INSERT INTO copies SELECT sensor, value FROM readings;\n"
         "INSERT INTO counts SELECT window.start AS start, sensor, count(*) AS n, sum(value) AS s "
         "FROM readings GROUP BY window(time, '30 seconds'), sensor;\n";
}

std::vector<std::string> copies_in(const std::string& output) {
  return rows_of(output + "/copies", "sensor STRING, value INT");
}
std::vector<std::string> counts_in(const std::string& output) {
  return rows_of(output + "/counts", "start TIMESTAMP, sensor STRING, n BIGINT, s BIGINT");
}

void run_alone(const TemporaryDirectory& directory) {
  drop_file(directory / "alone.sql", sensor_script(directory / "in", directory / "alone"));
  const ChildResult result =
      run_program("streamctl", {"run", directory / "alone.sql", "--trigger", "available-now",
                                "--checkpoint", directory / "alone-checkpoint"});
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
}

void check_like_alone(const TemporaryDirectory& directory, std::size_t rows) {
  const auto copies = copies_in(directory / "out");
  CHECK(copies == copies_in(directory / "alone"));
  CHECK(copies.size() == rows + 1);  // and the header
  const auto counts = counts_in(directory / "out");
  CHECK(counts == counts_in(directory / "alone"));
  CHECK(counts.size() > 100);
}

}  // namespace stream::testing
