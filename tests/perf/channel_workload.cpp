// Frames of batches from one process to another, against payloads of 1 MiB that nobody looks into.
#include <actors/payload_stream.hpp>
#include <libstream/execution/task_frame.hpp>
#include <tests/perf/event_rows.hpp>
#include <tests/perf/key_tally.hpp>
#include <tests/perf/node_workloads.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{60'000};
constexpr std::size_t kPayloadBytes = 1u << 20;
constexpr std::size_t kOnTheirWay = 8;

/// What the receiving process does; `tell` is asked at its end.
struct Receiving {
  std::function<void(const std::string&)> take;
  std::function<std::string()> tell;
};

/// Forks a receiver, runs `send` with its port and gives what the receiver says.
class ReceiverProcess {
 public:
  explicit ReceiverProcess(const Receiving& receiving) {
    int down[2];
    int up[2];
    if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) return;
    process_ = ::fork();
    if (process_ == 0) {
      ::close(down[1]);
      const auto receiver = start_payload_receiver(receiving.take);
      const std::uint16_t port = receiver ? (*receiver)->port() : 0;
      char end = 0;
      if (::write(up[1], &port, sizeof port) == sizeof port && ::read(down[0], &end, 1) == 0) {
        const std::string said = receiving.tell();
        if (::write(up[1], said.data(), said.size()) < 0) ::_exit(1);
      }
      ::_exit(0);
    }
    ::close(down[0]);
    ::close(up[1]);
    to_ = down[1];
    from_ = up[0];
    if (::read(from_, &port_, sizeof port_) != sizeof port_) port_ = 0;
  }
  ~ReceiverProcess() {
    if (to_ >= 0) ::close(to_);
    if (from_ >= 0) ::close(from_);
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  std::uint16_t port() const { return port_; }
  std::string finish() {
    ::close(std::exchange(to_, -1));
    char buffer[256];
    const ssize_t got = ::read(from_, buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : "";
  }

 private:
  pid_t process_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::uint16_t port_ = 0;
};

/// Work.rows are bytes of payload here, so that rates compare.
Result<Work> send_raw(std::size_t bytes) {
  const auto received = std::make_shared<std::size_t>(0);
  ReceiverProcess receiver({[received](const std::string& payload) { *received += payload.size(); },
                            [received] { return std::to_string(*received); }});
  const std::string payload(kPayloadBytes, 'x');
  const std::size_t count = bytes / kPayloadBytes;
  std::optional<Stopwatch> watch;
  STREAM_TRY(send_payloads(receiver.port(), count, kOnTheirWay, [&] {
    if (!watch) watch.emplace();  // connecting does not count
    return payload;
  }));
  const double seconds = watch->seconds();
  if (receiver.finish() != std::to_string(count * kPayloadBytes))
    return bad_data("the receiver got other bytes");
  return Work{seconds, static_cast<std::int64_t>(count * kPayloadBytes), ""};
}

Result<Work> send_frames(std::size_t bytes) {
  EventSpec spec;
  spec.num_rows = 1'000'000;
  const std::vector<Batch> batches = event_batches(spec, 32'768);
  constexpr std::size_t kRowBytes = 2 * sizeof(std::int64_t) + sizeof(std::int32_t);
  const std::size_t count = bytes / (32'768 * kRowBytes);
  struct Received {
    std::vector<Batch> batches;
    BlockPool pool;
    std::int64_t num_rows = 0;
    std::string first;  ///< tally of one round
    bool is_bad = false;
  };
  const auto received = std::make_shared<Received>();
  const std::size_t round = batches.size();
  ReceiverProcess receiver({[received, round](const std::string& frame) {
                              std::string_view elements = frame;
                              const auto header = read_task_frame(elements);
                              auto events = read_task_events(elements, 1, 1, received->pool);
                              if (!header || !events) {
                                received->is_bad = true;
                                return;
                              }
                              for (TaskEvent& event : *events) {
                                auto* arrived = std::get_if<ElementArrived>(&event);
                                if (!arrived) continue;
                                Batch batch = std::get<Batch>(std::move(arrived->element));
                                received->num_rows += static_cast<std::int64_t>(batch.num_rows());
                                if (received->batches.size() < round)
                                  received->batches.push_back(std::move(batch));
                              }
                            },
                            [received] {
                              return received->is_bad ? std::string("damaged")
                                                      : fmt::format("{} {}", received->num_rows,
                                                                    tally_of(received->batches));
                            }});
  TaskFrameWriter writer({{1, 1}, "node", 3, 0});
  std::size_t next = 0;
  std::int64_t rows = 0;
  std::optional<Stopwatch> watch;
  STREAM_TRY(send_payloads(receiver.port(), count, kOnTheirWay, [&] {
    if (!watch) watch.emplace();
    const Batch& batch = batches[next++ % round];
    rows += static_cast<std::int64_t>(batch.num_rows());
    writer.deliver(0, batch);
    auto frame = writer.take();
    return frame ? std::move(*frame) : std::string();
  }));
  const double seconds = watch->seconds();
  if (next < round) return fatal("too few frames to compare all rows");
  if (const std::string said = receiver.finish();
      said != fmt::format("{} {}", rows, tally_of(batches)))
    return bad_data(fmt::format("the receiver got other rows: {}", said));
  return Work{seconds, rows * static_cast<std::int64_t>(kRowBytes), ""};
}

}  // namespace

void measure_channel(const BenchOptions& options, const Print& print) {
  const std::size_t bytes = (options.is_quick ? 512u : 2048u) * kPayloadBytes;
  const Comparison comparison =
      compare([&](int) { return send_frames(bytes); }, [&](int) { return send_raw(bytes); },
              num_pairs(options), kTimeLimit);
  if (!comparison.is_ok()) return print(failed_line("W8 channel", comparison.error));
  const auto rate = [](const std::vector<Measured>& runs) {
    return fmt::format("{:.2f} GB/s", median_run(runs).rows_per_second() * 1e-9);
  };
  print(line_of("W8 channel raw bytes", median_run(comparison.second), rate(comparison.second)));
  print(line_of(
      "W8 channel bytes", median_run(comparison.first),
      rate(comparison.first) + ", " + in_words(comparison.ratio_of_rates(), "x the raw rate")));
}

}  // namespace stream::perf
