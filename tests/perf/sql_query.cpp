#include <libstream/api/query_start.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <tests/perf/sql_query.hpp>

#include <fmt/format.h>

namespace stream::perf {
namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 0x9E3779B97F4A7C15u + (hash >> 29);
}

template <class T>
void mix_values(const Column& column, std::vector<std::uint64_t>& hashes) {
  const T* values = column.data<T>();
  for (std::size_t row = 0; row < hashes.size(); ++row)
    hashes[row] =
        mix(hashes[row], static_cast<std::uint64_t>(static_cast<std::int64_t>(values[row])));
}

void mix_column(const Column& column, std::vector<std::uint64_t>& hashes) {
  switch (column.type.kind) {
    case TypeKind::structure:
      for (const Column& child : column.children) mix_column(child, hashes);
      return;
    case TypeKind::int32:
      return mix_values<std::int32_t>(column, hashes);
    case TypeKind::decimal:
      return mix_values<Int128>(column, hashes);
    case TypeKind::string:
      for (std::size_t row = 0; row < hashes.size(); ++row)
        hashes[row] = mix(hashes[row],
                          hash_bytes(column.string_at(row).data(), column.string_at(row).size()));
      return;
    default:
      return mix_values<std::int64_t>(column, hashes);
  }
}

std::uint64_t finished(std::uint64_t hash) { return hash_integer(hash); }

}  // namespace

void Fingerprint::add(const Batch& batch) {
  hashes_.assign(batch.num_rows(), 0);
  for (const Column& column : batch.columns()) mix_column(column, hashes_);
  for (const std::uint64_t hash : hashes_) sum_ += finished(hash);
  num_rows_ += static_cast<std::int64_t>(batch.num_rows());
}

void Fingerprint::add_row(std::span<const std::int64_t> values) {
  std::uint64_t hash = 0;
  for (const std::int64_t value : values) hash = mix(hash, static_cast<std::uint64_t>(value));
  sum_ += finished(hash);
  ++num_rows_;
}

std::string Fingerprint::text() const { return fmt::format("{} rows {:016x}", num_rows_, sum_); }

Result<std::unique_ptr<SessionState>> make_session(const SqlQuery& query) {
  auto session = std::make_unique<SessionState>(make_runner(query.runner, query.parallelism));
  STREAM_TRY(
      session->add_relation("events", make_relation(SourceRelation{query.source, true}), false));
  STREAM_TRY(RelationRef view, parse_query(query.view));
  STREAM_TRY(Expr time, parse_expression("time"));
  STREAM_TRY(session->add_relation(
      "timed",
      make_relation(WatermarkRelation{std::move(view), std::move(time), query.watermark_delay}),
      false));
  return session;
}

Result<void> run_to_end(const SqlQuery& query) {
  STREAM_TRY(const auto session, make_session(query));
  STREAM_TRY(const RelationRef relation, parse_query(query.text));
  StreamingOptions options;
  options.mode = query.mode;
  options.sink = query.sink;
  options.query.trigger = Trigger::available_now();
  options.query.parallelism = query.parallelism;
  STREAM_TRY(const auto running, start_streaming(*session, relation, std::move(options)));
  STREAM_TRY(running->await_termination(std::nullopt));
  return {};
}

}  // namespace stream::perf
