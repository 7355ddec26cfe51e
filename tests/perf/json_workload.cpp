#include <libstream/base/file_system.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/connectors/files/file_relation.hpp>
#include <tests/perf/fold_sink.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/sql_query.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>
#include <simdjson.h>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{120'000};
constexpr const char* kLetters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij";

/// Bids as Nexmark has them, nine fields a line. Returns the lines.
Result<std::int64_t> write_bids(const std::string& path, std::int64_t num_rows) {
  constexpr std::size_t kPieceBytes = 1u << 20;
  STREAM_TRY(auto file, local_file_system().open_writing(path));
  std::string piece;
  std::uint64_t state = 0;
  const auto below = [&](std::uint64_t limit) {
    return (hash_integer(++state) >> 32) * limit >> 32;
  };
  for (std::int64_t i = 0; i < num_rows; ++i) {
    const std::int64_t millis = 1'700'000'000'000 + i / 10;
    fmt::format_to(
        std::back_inserter(piece),
        R"({{"type":"bid","ts":{},"auction":{},"bidder":{},"price":{},"channel":"channel-{}",)"
        R"("url":"https://www.nexmark.com/{}/item.htm?query=1&channel_id={}",)"
        R"("dateTime":"2023-11-14T22:13:20.{:03}Z","extra":"{:.{}}"}})"
        "\n",
        millis, 1000 + below(100'000), 1000 + below(50'000), 100 + below(100'000'000),
        below(10'000), below(1'000'000), below(10'000), millis % 1000, kLetters, 20 + below(40));
    if (piece.size() < kPieceBytes) continue;
    STREAM_TRY(file->append(piece));
    piece.clear();
  }
  STREAM_TRY(file->append(piece));
  STREAM_TRY(file->close());
  return num_rows;
}

std::int64_t hash_of(std::string_view text) {
  return static_cast<std::int64_t>(hash_bytes(text.data(), text.size()));
}

/// simdjson alone, document by document.
Result<Work> read_by_hand(const std::string& path) {
  const Stopwatch watch;
  Fingerprint print;
  simdjson::padded_string text;
  if (simdjson::padded_string::load(path).get(text)) return fatal(path + ": cannot be read");
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream documents;
  if (parser.iterate_many(text, 1u << 20).get(documents)) return fatal(path + ": not JSON");
  for (auto document : documents) {
    std::int64_t ts = 0, auction = 0, bidder = 0, price = 0;
    std::string_view channel, url;
    const bool is_wrong = document["ts"].get(ts) || document["auction"].get(auction) ||
                          document["bidder"].get(bidder) || document["price"].get(price) ||
                          document["channel"].get(channel) || document["url"].get(url);
    if (is_wrong) return fatal(path + ": a line lacks a field");
    print.add_row({ts, auction, bidder, price, hash_of(channel), hash_of(url)});
  }
  return Work{watch.seconds(), print.num_rows(), print.text()};
}

Result<Work> read_by_query(const std::string& path, RunnerKind runner) {
  const Stopwatch watch;
  Fingerprint print;
  SqlQuery query;
  const DataType number = primitive(TypeKind::int64);
  const DataType text = primitive(TypeKind::string);
  const Schema schema{{{"ts", number, true},
                       {"auction", number, true},
                       {"bidder", number, true},
                       {"price", number, true},
                       {"channel", text, true},
                       {"url", text, true}}};
  STREAM_TRY(query.source,
             make_file_source("json", {path}, OptionMap(), schema, true, SqlSettings()));
  query.view = "SELECT timestamp_millis(ts) AS time FROM events";
  query.text = "SELECT * FROM events";
  query.sink = fold_sink([&](const Batch& batch) { print.add(batch); });
  query.runner = runner;
  STREAM_TRY(run_to_end(query));
  return Work{watch.seconds(), print.num_rows(), print.text()};
}

}  // namespace

void run_json(const BenchOptions& options, const Print& print) {
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line("JSON", directory.error().message()));
  const std::string path = *directory / "bids.json";
  const auto written = write_bids(path, options.is_quick ? 300'000 : 2'000'000);
  if (!written) return print(failed_line("JSON", written.error().message()));
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    print_pairs(fmt::format("JSON {}", to_string(kind)),
                compare_notes(compare([&](int) { return read_by_query(path, kind); },
                                      [&](int) { return read_by_hand(path); }, num_pairs(options),
                                      kTimeLimit)),
                print);
  }
}

}  // namespace stream::perf
