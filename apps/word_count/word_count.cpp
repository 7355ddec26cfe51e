#include <apps/word_count/word_count.hpp>

#include <charconv>

namespace stream::apps {
namespace {

constexpr std::string_view kTcp = "tcp://";

DStream<std::string> lines_of(StreamingContext& context, const WordCountOptions& options,
                              bool is_available_now) {
  if (options.input.rfind(kTcp, 0) != 0) {
    TextFileOptions files;
    files.path = options.input;
    files.existing = true;
    files.available_now = is_available_now;
    return context.text_file_stream(files);
  }
  const std::string address = options.input.substr(kTcp.size());
  const auto colon = address.rfind(':');
  unsigned port = 0;
  const char* end = address.data() + address.size();
  if (colon == std::string::npos || colon == 0 ||
      std::from_chars(address.data() + colon + 1, end, port).ptr != end || port == 0 ||
      port > 65'535)
    throw bad_option("--input " + options.input +
                     ": write tcp://HOST:PORT, as tcp://localhost:9999");
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  SocketOptions socket;
  // With a checkpoint what was received must survive a crash.
  socket.write_ahead_log = !options.checkpoint.empty();
  return context.socket_text_stream(host, static_cast<std::uint16_t>(port), socket);
}

}  // namespace

StreamingContext make_word_count(std::shared_ptr<Runner> runner, const WordCountOptions& options) {
  const Trigger trigger = value_or_throw(parse_trigger(options.trigger));
  StreamingContext context(std::move(runner), Duration(1000));
  context.set_trigger(trigger);
  context.options().name = "word_count";
  context.options().parallelism = options.parallelism;
  context.checkpoint(options.checkpoint);

  const auto lines = lines_of(context, options, trigger.kind == Trigger::Kind::available_now);
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

}  // namespace stream::apps
