// A query that writes known rows to a file sink, crashes where it is told, and starts again.
#pragma once

#include <libstream/connectors/sink.hpp>
#include <libstream/data/column_builder.hpp>
#include <tests/unit/connectors/files/dying_files.hpp>
#include <tests/unit/connectors/files/file_fixture.hpp>

#include <fmt/format.h>

namespace stream::testing {

/// A batch of (word STRING, count BIGINT).
inline Batch word_counts(BlockPool& pool, const std::vector<std::pair<std::string, int>>& rows) {
  ColumnBuilder word(primitive(TypeKind::string), pool);
  ColumnBuilder count(primitive(TypeKind::int64), pool);
  for (const auto& [text, number] : rows) {
    word.append_string(text);
    count.append(std::int64_t{number});
  }
  std::vector<Column> columns;
  columns.push_back(word.finish());
  columns.push_back(count.finish());
  return Batch(
      std::make_shared<const Schema>(Schema{{{"word", primitive(TypeKind::string), false},
                                             {"count", primitive(TypeKind::int64), false}}}),
      std::move(columns), rows.size());
}

struct SinkRun {
  const Sink& sink;
  std::uint32_t num_tasks = 2;
  std::int64_t num_epochs = 4;
  std::int64_t checkpoint_every = 1;
  std::int64_t committed = -1;  ///< what commits/N says, durable
  std::int64_t term = 0;
  std::string query_id = "0123456789abcdef";

  static EpochMillis batch_time(std::int64_t epoch) { return 1000 * (epoch + 1); }
  /// Task t of epoch e writes "e-t" twice, but nothing when e + t is a multiple of 3.
  static bool has_rows(std::int64_t epoch, std::uint32_t task) { return (epoch + task) % 3 != 0; }
  static std::string word(std::int64_t epoch, std::uint32_t task) {
    return fmt::format("{}-{}", epoch, task);
  }

  /// One life of the process: goes on after the last commit, ends at the first failure.
  Result<void> live(FileSystem& files) {
    ++term;
    BlockPool pool;
    const auto committer = sink.make_committer();
    STREAM_TRY(committer->recover({files, query_id, 0, num_tasks, term}, committed));
    std::vector<std::unique_ptr<SinkWriter>> writers;
    for (std::uint32_t task = 0; task < num_tasks; ++task) {
      writers.push_back(sink.make_writer());
      STREAM_TRY(writers.back()->open({files, query_id, task, num_tasks, term}));
    }
    for (std::int64_t epoch = committed + 1; epoch < num_epochs; ++epoch) {
      std::vector<std::string> messages;
      const bool is_checkpoint = (epoch + 1) % checkpoint_every == 0 || epoch + 1 == num_epochs;
      for (std::uint32_t task = 0; task < num_tasks; ++task) {
        SinkWriter& writer = *writers[task];
        STREAM_TRY(writer.begin(epoch, batch_time(epoch)));
        for (int i = 0; i < 2 && has_rows(epoch, task); ++i)
          STREAM_TRY(writer.write(word_counts(pool, {{word(epoch, task), i}})));
        STREAM_TRY(writer.end(epoch));
        if (!is_checkpoint) continue;
        STREAM_TRY(std::string message, writer.finish(epoch));
        messages.push_back(std::move(message));
      }
      if (!is_checkpoint) continue;
      STREAM_TRY(committer->commit(epoch, messages));
      // The record of the commit is a change like the others: the process may die before it.
      STREAM_TRY(files.create_directories("/checkpoint"));
      committed = epoch;
    }
    return {};
  }
};

/// All paths below a directory, hidden ones too.
inline void list_below(FileSystem& files, const std::string& directory, Lines& into) {
  for (const FileStatus& file : require_value(files.list(directory, 10'000))) {
    into.push_back(file.path);
    if (file.is_directory) list_below(files, file.path, into);
  }
}

/// All that the sink has made.
inline Lines all_paths(FileSystem& files) {
  Lines paths;
  list_below(files, "/out", paths);
  return paths;
}

/// The lines of DIRECTORY/*, sorted: what `cat DIRECTORY/* | sort` shows.
inline Lines visible_lines(FileSystem& files, const std::string& directory) {
  Lines lines;
  for (const FileStatus& file : require_value(files.list(directory, 10'000))) {
    if (file_name(file.path).starts_with('.') || file.is_directory) continue;
    const std::string text = require_value(read_file(files, file.path));
    REQUIRE((text.empty() || text.back() == '\n'));
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      lines.push_back(text.substr(at, text.find('\n', at) - at));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace stream::testing
