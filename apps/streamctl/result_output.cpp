#include <apps/streamctl/result_output.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/formats/file_format.hpp>
#include <libstream/formats/table_text.hpp>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace stream::apps {
namespace {

constexpr Duration kEpochCheck{50};

std::size_t num_rows(const std::vector<Batch>& batches) {
  std::size_t count = 0;
  for (const Batch& batch : batches) count += batch.num_rows();
  return count;
}

/// The table that stands on the terminal: drawn over itself, never taller than the screen.
class ScreenTable {
 public:
  ScreenTable(const Schema& schema, bool is_whole, const SqlSettings& settings)
      : schema_(schema), is_whole_(is_whole), settings_(settings) {}

  void add(const std::vector<Batch>& batches) {
    if (is_whole_) rows_.clear();
    for (const Batch& batch : batches) {
      if (batch.num_rows() > 0) rows_.push_back(batch);
    }
    // Of rows that are only appended the newest stay in sight.
    while (!is_whole_ && rows_.size() > 1 && num_rows(rows_) - rows_.front().num_rows() >= height())
      rows_.erase(rows_.begin());
    draw();
  }

 private:
  static std::size_t height() {
    winsize size{};
    constexpr std::size_t kFrame = 6;  // lines, header, prompt
    constexpr std::size_t kDefault = 24;
    const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
    const std::size_t lines = is_known ? size.ws_row : kDefault;
    return lines > kFrame + 1 ? lines - kFrame : 1;
  }

  void draw() {
    TableTextOptions options;
    options.max_rows = height();
    std::vector<Batch> shown = rows_;
    if (!is_whole_ && num_rows(shown) > options.max_rows) {
      BlockPool pool;
      std::vector<std::uint32_t> last;
      const std::size_t total = num_rows(shown);
      // Only the first batch reaches out of sight: add() sees to it.
      const std::size_t hidden = total - options.max_rows;
      for (std::size_t i = hidden; i < shown.front().num_rows(); ++i)
        last.push_back(static_cast<std::uint32_t>(i));
      shown.front() = take_rows(shown.front(), last, pool);
    }
    const std::string table = show_text(schema_, shown, options, settings_);
    // A status line may stand below the table.
    if (num_lines_ > 0) fmt::print("\r\033[{}A", num_lines_);
    fmt::print("\r\033[J");
    fmt::print("{}", table);
    std::fflush(stdout);
    num_lines_ = std::count(table.begin(), table.end(), '\n');
  }

  const Schema& schema_;
  bool is_whole_;
  const SqlSettings& settings_;
  std::vector<Batch> rows_;
  std::ptrdiff_t num_lines_ = 0;
};

std::string escaped(std::string_view cell) {
  std::string text;
  for (const char c : cell) {
    if (c == '|') text += '\\';
    if (c == '\n') {
      text += "<br>";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

ResultOutput::ResultOutput(ResultFormat format, const SessionState& session)
    : format_(format), session_(session) {}

std::string ResultOutput::written(const Schema& schema, const std::vector<Batch>& batches,
                                  bool has_header) const {
  OptionMap options;
  const bool is_json = format_ == ResultFormat::json;
  if (is_json) {
    options["ignoreNullFields"] = "false";
  } else {
    options["header"] = has_header ? "true" : "false";
  }
  const auto format =
      value_or_throw(make_file_format(is_json ? "json" : "csv", options, session_.settings()));
  value_or_throw(format->check_writable(schema));
  const auto writer = value_or_throw(format->make_writer(std::make_shared<const Schema>(schema)));
  std::string text;
  value_or_throw(writer->begin(text));
  for (const Batch& batch : batches)
    value_or_throw(writer->write(batch, 0, batch.num_rows(), text));
  value_or_throw(writer->end(text));
  return text;
}

std::string ResultOutput::markdown(const Schema& schema, const std::vector<Batch>& batches,
                                   bool has_header) const {
  std::string text;
  if (has_header) {
    text = "|";
    for (const Field& field : schema.fields) text += " " + escaped(field.name) + " |";
    text += "\n|";
    for (const Field& field : schema.fields) text += is_numeric(field.type.kind) ? "---:|" : "---|";
    text += "\n";
  }
  std::string cell;
  for (const Batch& batch : batches) {
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      text += "|";
      for (const Column& column : batch.columns()) {
        cell.clear();
        if (column.is_null(row)) {
          cell = "NULL";
        } else {
          append_cast_text(column, row, session_.settings(), cell);
        }
        text += " " + escaped(cell) + " |";
      }
      text += "\n";
    }
  }
  return text;
}

std::string ResultOutput::text_of(const Schema& schema, const std::vector<Batch>& batches,
                                  bool has_header) const {
  if (format_ == ResultFormat::markdown) return markdown(schema, batches, has_header);
  if (format_ != ResultFormat::table) return written(schema, batches, has_header);
  TableTextOptions options;
  options.max_rows = num_rows(batches);
  options.truncate = 0;
  return show_text(schema, batches, options, session_.settings());
}

void ResultOutput::print(const StatementRows& rows) const {
  const bool is_plan = rows.schema.num_fields() == 1 && rows.schema.fields[0].name == "plan" &&
                       num_rows(rows.batches) == 1;
  if (is_plan && format_ == ResultFormat::table) {
    fmt::print("{}", rows.batches.front().column(0).string_at(0));  // lines, not one wide cell
  } else {
    fmt::print("{}", text_of(rows.schema, rows.batches, true));
  }
  std::fflush(stdout);
}

void ResultOutput::follow(const LiveRows& live, const std::function<bool()>& is_stopped) const {
  ScreenTable screen(live.schema, live.mode == OutputMode::complete, session_.settings());
  const bool redraws = format_ == ResultFormat::table && isatty(STDOUT_FILENO) != 0;
  bool has_header = true;
  const auto show_new = [&] {
    for (const CollectedEpoch& epoch : live.rows->take()) {
      if (num_rows(epoch.batches) == 0) continue;
      if (redraws) {
        screen.add(epoch.batches);
      } else {
        fmt::print("{}", text_of(live.schema, epoch.batches, has_header));
        std::fflush(stdout);
      }
      has_header = false;
    }
  };
  while (!live.query->await_termination(kEpochCheck)) {
    show_new();
    if (is_stopped()) live.query->stop_gracefully();
  }
  show_new();
}

}  // namespace stream::apps
