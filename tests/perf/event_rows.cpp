#include <libstream/base/file_system.hpp>
#include <libstream/data/column_builder.hpp>
#include <tests/perf/event_rows.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::perf {

Result<std::vector<std::string>> write_events(const std::string& directory, const EventSpec& spec,
                                              std::int64_t num_files) {
  constexpr std::size_t kPieceBytes = 1u << 20;
  FileSystem& files = local_file_system();
  STREAM_TRY(files.create_directories(directory));
  EventRows rows(spec);
  std::vector<std::string> paths;
  std::string piece;
  std::int64_t written = 0;
  for (std::int64_t i = 1; i <= num_files; ++i) {
    paths.push_back(fmt::format("{}/part-{:04}.csv", directory, i));
    STREAM_TRY(auto file, files.open_writing(paths.back()));
    for (; written < spec.num_rows * i / num_files; ++written) {
      const Event event = rows.next();
      fmt::format_to(std::back_inserter(piece), "{},{},{}\n", event.millis, event.key, event.value);
      if (piece.size() < kPieceBytes) continue;
      STREAM_TRY(file->append(piece));
      piece.clear();
    }
    STREAM_TRY(file->append(piece));
    piece.clear();
    STREAM_TRY(file->close());
  }
  return paths;
}

std::vector<Batch> event_batches(const EventSpec& spec, std::size_t batch_rows,
                                 std::size_t num_values) {
  const auto schema =
      std::make_shared<Schema>(Schema{{{"time", primitive(TypeKind::timestamp), false},
                                       {"key", primitive(TypeKind::int64), false},
                                       {"value", primitive(TypeKind::int32), false}}});
  for (std::size_t i = 2; i <= num_values; ++i)
    schema->fields.push_back({fmt::format("value{}", i), primitive(TypeKind::int32), false});
  BlockPool pool;
  EventRows rows(spec);
  std::vector<Batch> batches;
  for (std::int64_t made = 0; made < spec.num_rows;) {
    std::vector<ColumnBuilder> builders;
    for (const Field& field : schema->fields) builders.emplace_back(field.type, pool);
    std::size_t count = 0;
    for (; count < batch_rows && made < spec.num_rows; ++count, ++made) {
      const Event event = rows.next();
      builders[0].append(event.millis * 1000);
      builders[1].append(std::int64_t{event.key});
      for (std::size_t i = 0; i < num_values; ++i)
        builders[2 + i].append(static_cast<std::int32_t>(event.value + i));
    }
    std::vector<Column> columns;
    for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
    batches.emplace_back(schema, std::move(columns), count);
  }
  return batches;
}

}  // namespace stream::perf
