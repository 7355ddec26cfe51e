#include <libstream/base/file_system.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/connectors/postgresql/postgresql.hpp>
#include <libstream/data/value.hpp>
#include <tests/perf/batches_source.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/postgres_workload.hpp>
#include <tests/perf/sql_query.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{300'000};
constexpr std::size_t kBatchRows = 4096;
/// An epoch of about 100,000 rows: a second of a busy stream.
constexpr std::size_t kBatchesPerEpoch = 25;
constexpr const char* kTable = "bench_postgres_write";
constexpr const char* kColumns =
    "id bigint, price double precision, name text, \"time\" timestamptz";

const std::shared_ptr<const Schema>& row_schema() {
  static const auto schema =
      std::make_shared<const Schema>(Schema{{{"id", primitive(TypeKind::int64), false},
                                             {"price", primitive(TypeKind::float64), false},
                                             {"name", primitive(TypeKind::string), false},
                                             {"time", primitive(TypeKind::timestamp), false}}});
  return schema;
}

struct Row {
  std::int64_t id;
  double price;
  std::string name;
  std::int64_t seconds;
};

Row row_at(std::int64_t id) {
  const std::uint64_t hash = hash_integer(static_cast<std::uint64_t>(id));
  return {id, static_cast<double>(hash % 1'000'000) / 100, fmt::format("customer-{}", hash >> 40),
          1'700'000'000 + id / 1000};
}

std::vector<Batch> make_batches(std::int64_t num_rows) {
  std::vector<Batch> batches;
  BlockPool pool;
  for (std::int64_t first = 0; first < num_rows; first += kBatchRows) {
    std::vector<ColumnBuilder> builders;
    for (const Field& field : row_schema()->fields) builders.emplace_back(field.type, pool);
    const std::int64_t end = std::min(first + static_cast<std::int64_t>(kBatchRows), num_rows);
    for (std::int64_t id = first; id < end; ++id) {
      const Row row = row_at(id);
      builders[0].append(row.id);
      builders[1].append(row.price);
      builders[2].append_string(row.name);
      builders[3].append(row.seconds * 1'000'000);
    }
    std::vector<Column> columns;
    for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
    batches.emplace_back(row_schema(), std::move(columns), static_cast<std::size_t>(end - first));
  }
  return batches;
}

Result<void> write_csv(const std::string& path, std::int64_t num_rows) {
  STREAM_TRY(auto file, local_file_system().open_writing(path));
  std::string piece;
  for (std::int64_t id = 0; id < num_rows; ++id) {
    const Row row = row_at(id);
    fmt::format_to(std::back_inserter(piece), "{},{},{},2023-11-14 {:02}:{:02}:{:02}+00\n", row.id,
                   row.price, row.name, row.seconds / 3600 % 24, row.seconds / 60 % 60,
                   row.seconds % 60);
    if (piece.size() < (1u << 20)) continue;
    STREAM_TRY(file->append(piece));
    piece.clear();
  }
  STREAM_TRY(file->append(piece));
  return file->close();
}

/// What psql prints. The url comes from tests/run and holds no quote.
Result<std::string> psql(const std::string& url, const std::string& commands) {
  const std::string line =
      fmt::format("psql -XAtq -v ON_ERROR_STOP=1 '{}' 2>&1 <<'END'\n{}\nEND\n", url, commands);
  FILE* pipe = popen(line.c_str(), "r");
  if (!pipe) return fatal("psql cannot be started");
  std::string output;
  char part[4096];
  for (std::size_t size = 0; (size = fread(part, 1, sizeof part, pipe)) > 0;)
    output.append(part, size);
  if (pclose(pipe) != 0) return fatal("psql: " + output);
  return output;
}

/// The same table each time, empty and written out, so that both find the server alike.
Result<void> make_table(const std::string& url) {
  STREAM_TRY(psql(url, fmt::format("DROP TABLE IF EXISTS {0}; CREATE TABLE {0} ({1}); CHECKPOINT;",
                                   kTable, kColumns)));
  return {};
}

Result<Work> finished(const std::string& url, double seconds, std::int64_t num_rows) {
  STREAM_TRY(
      std::string note,
      psql(url, fmt::format("SELECT count(*), count(DISTINCT id), sum(price)::numeric(20,2), "
                            "sum(length(name)), min(\"time\") FROM {}",
                            kTable)));
  note.erase(note.find_last_not_of('\n') + 1);
  if (!note.starts_with(fmt::format("{0}|{0}|", num_rows)))
    return fatal("rows are missing or doubled: " + note);
  return Work{seconds, num_rows, note};
}

Result<Work> write_by_copy(const std::string& url, const std::string& path, std::int64_t num_rows) {
  STREAM_TRY(make_table(url));
  const Stopwatch watch;
  STREAM_TRY(psql(url, fmt::format("\\copy {} FROM '{}' WITH (FORMAT csv)", kTable, path)));
  return finished(url, watch.seconds(), num_rows);
}

Result<Work> write_by_query(const std::string& url, std::int64_t num_rows) {
  STREAM_TRY(make_table(url));
  PostgresSinkRequest request;
  request.options = {{"url", url}, {"dbtable", kTable}};
  request.schema = *row_schema();
  SqlQuery query;
  query.source = batches_source(make_batches(num_rows), kBatchesPerEpoch);
  query.text = "SELECT * FROM events";
  query.runner = RunnerKind::actors;
  const Stopwatch watch;
  STREAM_TRY(query.sink, make_postgresql_sink(std::move(request)));
  STREAM_TRY(run_to_end(query));
  return finished(url, watch.seconds(), num_rows);
}

}  // namespace

void run_postgres_write(const BenchOptions& options, const Print& print) {
  const char* url = std::getenv("STREAM_TEST_POSTGRES");
  if (!url) {
    // Without a server there is nothing to measure, and nothing that could be wrong.
    fmt::print(
        "postgres-write: skipped: STREAM_TEST_POSTGRES is not set (tests/servers/postgres)\n");
    return;
  }
  const std::int64_t num_rows = options.is_quick ? 300'000 : 2'000'000;
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line("postgres-write", directory.error().message()));
  const std::string path = *directory / "rows.csv";
  if (const auto written = write_csv(path, num_rows); !written)
    return print(failed_line("postgres-write", written.error().message()));
  print_pairs("postgres-write",
              compare_notes(compare([&](int) { return write_by_query(url, num_rows); },
                                    [&](int) { return write_by_copy(url, path, num_rows); },
                                    num_pairs(options), kTimeLimit)),
              print);
}

}  // namespace stream::perf
