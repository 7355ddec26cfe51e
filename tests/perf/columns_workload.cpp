// How the cost of a CSV record grows with its columns, all of them read and one.
#include <libstream/base/file_system.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/connectors/files/file_relation.hpp>
#include <tests/perf/fold_sink.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/sql_query.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{120'000};
constexpr std::int64_t kFields = 30'000'000;

struct WideCsv {
  std::string path;
  std::int64_t num_columns = 0;
  std::int64_t num_rows = 0;
  std::int64_t total = 0;        ///< of all values
  std::int64_t first_total = 0;  ///< of the first column's
};

/// Numbers of one to six digits, about as many whatever the columns.
Result<WideCsv> write_wide(const std::string& path, std::int64_t num_columns, bool is_quick) {
  constexpr std::size_t kPieceBytes = 1u << 20;
  WideCsv csv{path, num_columns, kFields / num_columns / (is_quick ? 10 : 1), 0, 0};
  STREAM_TRY(auto file, local_file_system().open_writing(path));
  std::string piece;
  std::uint64_t state = 0;
  for (std::int64_t row = 0; row < csv.num_rows; ++row) {
    for (std::int64_t column = 0; column < num_columns; ++column) {
      const auto value = static_cast<std::int64_t>((hash_integer(++state) >> 32) * 1'000'000 >> 32);
      csv.total += value;
      if (column == 0) csv.first_total += value;
      fmt::format_to(std::back_inserter(piece), "{}{}", column == 0 ? "" : ",", value);
    }
    piece += '\n';
    if (piece.size() < kPieceBytes) continue;
    STREAM_TRY(file->append(piece));
    piece.clear();
  }
  STREAM_TRY(file->append(piece));
  STREAM_TRY(file->close());
  return csv;
}

Result<Work> read_columns(const WideCsv& csv, bool reads_all) {
  const Stopwatch watch;
  Schema schema;
  for (std::int64_t column = 0; column < csv.num_columns; ++column)
    schema.fields.push_back({fmt::format("c{}", column), primitive(TypeKind::int64), true});
  SqlQuery query;
  STREAM_TRY(query.source,
             make_file_source("csv", {csv.path}, OptionMap(), schema, true, SqlSettings()));
  query.view = "SELECT timestamp_millis(c0) AS time FROM events";
  query.text = reads_all ? "SELECT * FROM events" : "SELECT c0 FROM events";
  std::int64_t rows = 0;
  std::int64_t total = 0;
  query.sink = fold_sink([&](const Batch& batch) {
    rows += static_cast<std::int64_t>(batch.num_rows());
    for (const Column& column : batch.columns()) {
      const std::int64_t* values = column.data<std::int64_t>();
      for (std::size_t row = 0; row < batch.num_rows(); ++row) total += values[row];
    }
  });
  STREAM_TRY(run_to_end(query));
  const double seconds = watch.seconds();
  if (rows != csv.num_rows || total != (reads_all ? csv.total : csv.first_total))
    return fatal(fmt::format("{} rows with a total of {}", rows, total));
  return Work{seconds, rows, ""};
}

std::string field_cost(const Measured& run, std::int64_t num_columns) {
  return fmt::format("{:.2f} ns a field",
                     run.cpu_seconds * 1e9 / static_cast<double>(run.work.rows * num_columns));
}

}  // namespace

void run_columns(const BenchOptions& options, const Print& print) {
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line("columns", directory.error().message()));
  for (const std::int64_t num_columns : {1, 3, 10, 30, 100}) {
    const std::string name = fmt::format("columns {}", num_columns);
    const std::string path = *directory / fmt::format("{}.csv", num_columns);
    const auto csv = write_wide(path, num_columns, options.is_quick);
    if (!csv) return print(failed_line(name, csv.error().message()));
    const Comparison comparison =
        compare([&](int) { return read_columns(*csv, true); },
                [&](int) { return read_columns(*csv, false); }, num_pairs(options), kTimeLimit);
    if (!comparison.is_ok()) return print(failed_line(name, comparison.error));
    const Measured& all = median_run(comparison.first);
    const Measured& one = median_run(comparison.second);
    print(line_of(name + ", all read", all, field_cost(all, num_columns)));
    print(line_of(name + ", one read", one, field_cost(one, num_columns)));
  }
}

}  // namespace stream::perf
