#include <apps/log_monitoring/access_log_generator.hpp>
#include <apps/log_monitoring/log_stream.hpp>
#include <libstream/connectors/files/follow_source.hpp>
#include <libstream/connectors/generator/text_generator_source.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

namespace stream::apps {
namespace {

constexpr std::string_view kTcp = "tcp://";

// Counters of a window are keyed by a letter for what is counted and, behind it, a name.
constexpr char kStatus = 's';
constexpr char kPath = 'p';
constexpr char kClient = 'c';
constexpr char kProgram = 'g';
constexpr char kBytes = 'b';
constexpr char kAccess = 'a';
constexpr char kSystem = 'y';
constexpr char kMalformed = 'm';

using Counters = std::vector<std::pair<std::string, std::int64_t>>;

std::string counter(char kind, std::string_view name = {}) {
  std::string key(1, kind);
  return key.append(name);
}

Counters counters_of(std::string_view line, LogFormat format) {
  const auto record = parse_log_line(line, format);
  if (!record) return {{counter(kMalformed), 1}};
  if (record->format != LogFormat::access) {
    return {{counter(kSystem), 1}, {counter(kProgram, record->program), 1}};
  }
  Counters counters{{counter(kAccess), 1},
                    {counter(kStatus, std::to_string(record->status / 100)), 1},
                    {counter(kClient, record->host), 1}};
  if (!record->path.empty()) counters.emplace_back(counter(kPath, record->path), 1);
  if (record->bytes > 0) counters.emplace_back(counter(kBytes), record->bytes);
  return counters;
}

void add_counter(LogWindow& window, const std::string& key, std::int64_t count) {
  const std::string name = key.substr(1);
  switch (key[0]) {
    case kStatus:
      window.status_classes[static_cast<std::size_t>(name[0] - '1')] += count;
      break;
    case kPath:
      window.paths.emplace_back(name, count);
      break;
    case kClient:
      window.clients.emplace_back(name, count);
      break;
    case kProgram:
      window.programs.emplace_back(name, count);
      break;
    case kBytes:
      window.bytes += count;
      break;
    case kAccess:
      window.access_lines += count;
      break;
    case kSystem:
      window.system_lines += count;
      break;
    case kMalformed:
      window.malformed_lines += count;
      break;
    default:
      break;
  }
}

DStream<std::string> socket_lines(StreamingContext& context, const std::string& input,
                                  bool has_checkpoint) {
  const std::string address = input.substr(kTcp.size());
  const auto colon = address.rfind(':');
  unsigned port = 0;
  const char* end = address.data() + address.size();
  if (colon == std::string::npos || colon == 0 ||
      std::from_chars(address.data() + colon + 1, end, port).ptr != end || port == 0 ||
      port > 65'535) {
    throw bad_option("--input " + input + ": write tcp://HOST:PORT, as tcp://localhost:9999");
  }
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  SocketOptions socket;
  // With a checkpoint what was received must survive a crash.
  socket.write_ahead_log = has_checkpoint;
  return context.socket_text_stream(host, static_cast<std::uint16_t>(port), socket);
}

DStream<std::string> file_lines(StreamingContext& context, const LogMonitoringOptions& options,
                                const std::string& path) {
  if (options.once) {
    TextFileOptions files;
    files.path = path;
    files.available_now = true;
    return context.text_file_stream(files);
  }
  const bool is_directory = std::filesystem::is_directory(path);
  FollowOptions follow;
  follow.paths = {is_directory ? path + "/*" : path};
  follow.from_beginning = options.from_beginning;
  return context.source_stream<std::string>(follow_source(std::move(follow)));
}

DStream<std::string> generated_lines(StreamingContext& context,
                                     const LogMonitoringOptions& options) {
  TextGeneratorOptions generator;
  generator.name = "generated access log";
  generator.rate.rows_per_second = options.generated_per_second;
  // The time of a line follows from its number, so that a replayed line is the same.
  const EpochMillis start = system_clock().wall_millis();
  const auto rate =
      static_cast<std::uint64_t>(std::max<std::int64_t>(1, generator.rate.rows_per_second));
  const auto line = [start, rate](std::uint64_t index, std::string& out) {
    out = generated_access_line(index, start + static_cast<EpochMillis>(index * 1000 / rate));
  };
  return context.source_stream<std::string>(
      value_or_throw(text_generator_source(line, std::move(generator))));
}

DStream<std::string> all_lines(StreamingContext& context, const LogMonitoringOptions& options) {
  if (options.inputs.empty()) return generated_lines(context, options);
  std::optional<DStream<std::string>> all;
  for (const auto& input : options.inputs) {
    auto lines = input.starts_with(kTcp) ? socket_lines(context, input, !options.checkpoint.empty())
                                         : file_lines(context, options, input);
    all = all ? all->union_with(lines) : lines;
  }
  return *all;
}

}  // namespace

StreamingContext make_log_monitoring(std::shared_ptr<Runner> runner,
                                     const LogMonitoringOptions& options, ReportWindow report) {
  StreamingContext context(std::move(runner), options.slide);
  context.options().name = "log_monitoring";
  if (!options.checkpoint.empty()) context.checkpoint(options.checkpoint);
  if (options.once) context.set_trigger(value_or_throw(parse_trigger("available-now")));

  const auto lines = all_lines(context, options);
  const auto format = options.format;
  const auto counts =
      lines.flat_map([format](std::string_view line) { return counters_of(line, format); })
          .reduce_by_key(std::plus{});
  const auto show = [report = std::move(report),
                     length = options.once ? Duration(0) : options.window](
                        const Rdd<std::pair<std::string, std::int64_t>>& rdd, EpochTime time) {
    LogWindow window;
    window.end = time.batch_time;
    window.length = length;
    for (const auto& [key, count] : rdd.collect()) add_counter(window, key, count);
    report(window);
  };
  if (options.once) {
    counts.for_each_batch(show);
  } else {
    counts
        .reduce_by_key_and_window(std::plus{}, std::minus{}, options.window, options.slide,
                                  [](const auto& pair) { return pair.second != 0; })
        .for_each_batch(show);
  }
  if (!options.rejects.empty()) {
    lines.filter([format](std::string_view line) { return !parse_log_line(line, format); })
        .write_text(options.rejects);
  }
  return context;
}

std::vector<std::string> readable_system_logs() {
  std::vector<std::string> readable;
  for (const char* path :
       {"/var/log/nginx/access.log", "/var/log/apache2/access.log", "/var/log/syslog",
        "/var/log/messages", "/var/log/auth.log", "/var/log/dpkg.log"}) {
    std::error_code error;
    if (access(path, R_OK) == 0 && std::filesystem::file_size(path, error) > 0 && !error) {
      readable.emplace_back(path);
    }
  }
  return readable;
}

}  // namespace stream::apps
