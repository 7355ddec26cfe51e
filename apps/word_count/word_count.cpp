#include <apps/word_count/word_count.hpp>
#include <libstream/connectors/files/text_file_sink.hpp>

#include <charconv>

namespace stream::apps {
namespace {

constexpr std::string_view kTcp = "tcp://";

TextFileOptions files_of(const WordCountOptions& options, const Trigger& trigger) {
  TextFileOptions files;
  files.path = options.input;
  files.existing = true;
  files.available_now = trigger.kind == Trigger::Kind::available_now;
  return files;
}

bool is_tcp(const WordCountOptions& options) { return options.input.rfind(kTcp, 0) == 0; }

SocketOptions socket_of(const WordCountOptions& options) {
  const std::string address = options.input.substr(kTcp.size());
  const auto colon = address.rfind(':');
  unsigned port = 0;
  const char* end = address.data() + address.size();
  if (colon == std::string::npos || colon == 0 ||
      std::from_chars(address.data() + colon + 1, end, port).ptr != end || port == 0 ||
      port > 65'535)
    throw bad_option("--input " + options.input +
                     ": write tcp://HOST:PORT, as tcp://localhost:9999");
  SocketOptions socket;
  socket.host = address.substr(0, colon);
  if (socket.host.size() > 2 && socket.host.front() == '[' && socket.host.back() == ']')
    socket.host = socket.host.substr(1, socket.host.size() - 2);
  socket.port = static_cast<std::uint16_t>(port);
  // With a checkpoint what was received must survive a crash.
  socket.write_ahead_log = !options.checkpoint.empty();
  return socket;
}

}  // namespace

StreamingContext make_word_count(std::shared_ptr<Runner> runner, const WordCountOptions& options) {
  const Trigger trigger = value_or_throw(parse_trigger(options.trigger));
  StreamingContext context(std::move(runner), Duration(1000));
  context.set_trigger(trigger);
  context.options().name = "word_count";
  context.options().parallelism = options.parallelism;
  context.checkpoint(options.checkpoint);

  const auto lines = [&] {
    if (!is_tcp(options)) return context.text_file_stream(files_of(options, trigger));
    const SocketOptions socket = socket_of(options);
    return context.socket_text_stream(socket.host, socket.port, socket);
  }();
  const auto counts = lines.flat_map(split_words())
                          .map([](std::string_view word) {
                            return std::pair{word, std::int64_t{1}};
                          })
                          .reduce_by_key(std::plus{});
  const auto totals = counts.map_with_state<std::int64_t>(
      [](std::string_view word, std::optional<std::int64_t> count, State<std::int64_t>& total) {
        total.update(total.get_option().value_or(0) + *count);
        return std::pair{word, total.get()};
      });
  if (options.output.empty())
    totals.print(20);
  else
    totals.write_text(options.output);
  return context;
}

std::shared_ptr<StreamingQuery> start_word_count(const Session& session,
                                                 const WordCountOptions& options,
                                                 QueryOptions query) {
  query.trigger = value_or_throw(parse_trigger(options.trigger));
  query.name = "word_count";
  query.parallelism = options.parallelism;
  query.checkpoint_directory = options.checkpoint;

  const DataFrame lines =
      session.from_source(is_tcp(options) ? value_or_throw(socket_text_source(socket_of(options)))
                                          : text_file_source(files_of(options, query.trigger)),
                          true);
  const DataFrame words = lines.select(explode(split(col("value"), "[ \\t\\r\\n]+")).alias("word"));
  const DataFrame totals = words.where(col("word") != "").group_by("word").count();

  DataStreamWriter writer = totals.write_stream();
  writer.query_options() = std::move(query);
  writer.output_mode(OutputMode::update);
  if (options.output.empty()) return writer.format("console").start();
  return writer.sink(text_file_sink({options.output})).start();
}

}  // namespace stream::apps
