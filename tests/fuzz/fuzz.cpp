#include <libstream/base/clock.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/kit/test_runs.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace stream::fuzz {

namespace {

/// What is tried just now: a crash handler sees nothing else.
std::string text_at_hand;

/// Prints the text at hand; only what is allowed in a signal handler.
void on_crash(int signal_number) {
  constexpr std::string_view kTitle = "\nfuzz: crashed or hung on this text:\n";
  [[maybe_unused]] auto written = write(STDERR_FILENO, kTitle.data(), kTitle.size());
  written = write(STDERR_FILENO, text_at_hand.data(), text_at_hand.size());
  written = write(STDERR_FILENO, "\n", 1);
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

/// Handlers of crashes while it lives; those before come back.
class CrashReport {
 public:
  CrashReport() {
    for (std::size_t i = 0; i < std::size(kSignals); ++i)
      before_[i] = std::signal(kSignals[i], on_crash);
  }
  ~CrashReport() {
    for (std::size_t i = 0; i < std::size(kSignals); ++i) std::signal(kSignals[i], before_[i]);
  }
  CrashReport(const CrashReport&) = delete;
  CrashReport& operator=(const CrashReport&) = delete;

 private:
  static constexpr int kSignals[] = {SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGALRM};
  void (*before_[std::size(kSignals)])(int) = {};
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// A figure of /proc/self/status in bytes, 0 where there is none.
std::size_t memory_figure(const char* name) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/status", "re"),
                                                             std::fclose);
  char line[256];
  while (file && std::fgets(line, sizeof line, file.get()) != nullptr) {
    if (std::strncmp(line, name, std::strlen(name)) == 0)
      return std::strtoull(line + std::strlen(name), nullptr, 10) * 1024;
  }
  return 0;
}

/// The peak of resident memory begins anew.
void forget_peak() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen("/proc/self/clear_refs", "we"), std::fclose);
  if (file) std::fputs("5", file.get());
}

/// Sanitizers keep freed memory: there the figure says nothing.
bool counts_memory() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

std::size_t below(std::size_t bound, std::mt19937_64& random) {
  return bound == 0 ? 0 : static_cast<std::size_t>(random() % bound);
}

template <class Items>
const auto& one_of(const Items& items, std::mt19937_64& random) {
  return items[below(items.size(), random)];
}

/// Replaces text[from, from + count) by `with`.
void splice(std::string& text, std::size_t from, std::size_t count, std::string_view with) {
  text.replace(std::min(from, text.size()), count, with);
}

}  // namespace

std::size_t hash_of(std::string_view text) {
  std::size_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

std::string mutate(std::string text, const FuzzTarget& target, std::mt19937_64& random) {
  const std::size_t num_changes = 1 + below(4, random);
  for (std::size_t i = 0; i < num_changes; ++i) {
    const std::size_t at = below(text.size() + 1, random);
    const std::size_t length = below(std::min<std::size_t>(text.size() - at, 40) + 1, random);
    const std::string piece = text.substr(at, length);
    switch (below(8, random)) {
      case 0:
        splice(text, at, length, {});
        break;
      case 1:
        splice(text, at, 0, piece);
        break;
      case 2:
        splice(text, at, 1, std::string(1, static_cast<char>(random())));
        break;
      case 3:
      case 4:
        if (!target.words.empty())
          splice(text, at, below(3, random), " " + one_of(target.words, random) + " ");
        break;
      case 5: {
        const std::string& other = one_of(target.corpus, random);
        splice(text, at, length, other.substr(below(other.size() + 1, random), 60));
        break;
      }
      case 6:
        for (std::size_t n = below(60, random); n > 0 && piece.size() < 20; --n)
          splice(text, at, 0, piece);
        break;
      default:
        splice(text, below(text.size() + 1, random), 0, piece);
        break;
    }
    if (text.size() > target.max_bytes) text.resize(target.max_bytes);
  }
  return text;
}

FuzzOutcome fuzz(const FuzzTarget& target) {
  const std::uint64_t seed = number_from("STREAM_FUZZ_SEED", std::random_device()());
  std::fprintf(stderr, "fuzz %s: STREAM_FUZZ_SEED=%llu\n", target.name.c_str(),
               static_cast<unsigned long long>(seed));
  const auto seconds = static_cast<std::int64_t>(
      number_from("STREAM_FUZZ_SECONDS", testing::is_long_run() ? 60 : 1));
  std::mt19937_64 random(seed);
  const CrashReport crash_report;
  FuzzOutcome outcome;
  for (const std::string& text : target.corpus) target.run(text);  // tables that are made once
  const auto longest_seconds =
      static_cast<unsigned>(2 * target.longest_run / std::chrono::seconds(1));
  forget_peak();
  const std::size_t memory_before = memory_figure("VmRSS:");
  const Clock& clock = system_clock();
  const std::int64_t end = clock.steady_nanos() + seconds * 1'000'000'000;
  while (clock.steady_nanos() < end) {
    text_at_hand = mutate(one_of(target.corpus, random), target, random);
    const std::int64_t start = clock.steady_nanos();
    alarm(longest_seconds);  // a text that never ends is shown like one that crashes
    std::string problem = target.run(text_at_hand);
    alarm(0);
    const std::int64_t took = clock.steady_nanos() - start;
    ++outcome.num_runs;
    if (problem.empty() && took > std::chrono::nanoseconds(target.longest_run).count())
      problem = "it took too long";
    // Reading the figure costs more than most texts.
    const bool looks = outcome.num_runs % 64 == 0 || took > 20'000'000;
    if (problem.empty() && looks && counts_memory() &&
        memory_figure("VmHWM:") > memory_before + target.max_growth)
      problem = "the process has grown by more than " + std::to_string(target.max_growth >> 20) +
                " MB, by this text or one shortly before";
    if (problem.empty()) continue;
    outcome.failure = target.name + ": " + problem + "\nSTREAM_FUZZ_SEED=" + std::to_string(seed) +
                      ", text " + std::to_string(outcome.num_runs) + ":\n" + text_at_hand;
    return outcome;
  }
  return outcome;
}

}  // namespace stream::fuzz
