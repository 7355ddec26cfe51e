// The program that fault tests harm: readings from a topic, counted by sensor in windows, to a
// topic or a table exactly once, by `streamctl run`. One reading of 100 is poisoned. It knows which
// rows must come out. Used by one test at a time.
#pragma once

#include <tests/cluster/child_process.hpp>
#include <tests/kit/test_runs.hpp>
#include <tests/servers/topics.hpp>
#include <tests/servers/window_output.hpp>

#include <map>
#include <memory>
#include <random>
#include <string>

namespace stream::testing {

class WindowProgram {
 public:
  /// Makes the topic of the readings, with `copies` of it.
  WindowProgram(std::string brokers, std::unique_ptr<WindowOutput> output, std::uint64_t seed,
                int copies = 1);

  /// `more`: further options of the sink, as SQL (", name 'value'").
  std::unique_ptr<ChildProcess> start(const std::string& trigger = "20ms",
                                      const std::string& more = "") const;
  /// Adds readings, later than all before them.
  void add_readings(int rows = 200);
  /// Adds one reading far later, so that every window before it ends, then an aborted transaction.
  void close_windows();
  /// The command line that start runs.
  std::vector<std::string> arguments(const std::string& trigger, const std::string& more) const;
  /// Runs the program until all there is has been read; its output and exit code.
  ChildResult run_to_end(const std::string& more = "") const;

  /// "sensor window count sum", poisoned readings counted and not summed, each as often as it must
  /// be in the output, up to close_windows.
  std::map<std::string, int> expected() const;
  std::map<std::string, int> written() const;

  /// Whether an epoch is begun and not committed, by the checkpoint alone: cheap to ask again.
  bool is_within_epoch() const;
  /// Where a killed or stopped program left its checkpoint and the output.
  std::string phase_left() const;
  std::string checkpoint() const { return checkpoint_; }
  std::string directory() const { return directory_ / ""; }
  void set_checkpoint(std::string path) { checkpoint_ = std::move(path); }
  int parallelism() const { return parallelism_; }
  int num_poisoned() const { return num_poisoned_; }

 private:
  TopicRecord reading();

  std::string brokers_;
  std::string input_;
  std::unique_ptr<WindowOutput> output_;
  TemporaryDirectory directory_;
  std::string checkpoint_;
  mutable std::mt19937_64 random_;
  int parallelism_;
  int num_poisoned_ = 0;
  long second_ = 1'704'067'200;
  std::map<std::pair<std::string, long>, std::pair<long, std::optional<long>>> windows_;
};

std::int64_t steady_millis();

}  // namespace stream::testing
