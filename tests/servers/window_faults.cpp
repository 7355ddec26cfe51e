#include <tests/servers/window_faults.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <stdexcept>

namespace stream::testing {

namespace {

/// Outputs of servers that come up again fail for a moment.
std::size_t num_written(const WindowProgram& program, std::size_t otherwise) {
  try {
    return program.written().size();
  } catch (const std::exception&) {
    return otherwise;
  }
}

void kill_child(ChildProcess& child) {
  child.signal(SIGKILL);
  child.wait();
}

}  // namespace

std::int64_t wait_for_rows(WindowProgram& program, ChildProcess& child, std::size_t before) {
  const std::int64_t began = steady_millis();
  while (program.written().size() <= before) {
    if (!child.is_running())
      throw std::runtime_error("the program ended by itself: " + child.wait().output);
    program.add_readings(100);
    sleep_millis(20);
    if (steady_millis() - began > 60'000)
      throw std::runtime_error("no new row within a minute: " + child.output());
  }
  return steady_millis() - began;
}

std::string last_fault(WindowProgram& program, const std::string& more) {
  program.close_windows();
  const ChildResult last = program.run_to_end(more);
  if (last.exit_code != 0) return "the last run: " + last.output;
  const auto expected = program.expected();
  const auto written = program.written();
  std::string differences;
  for (const auto& [row, count] : expected) {
    if (!written.contains(row)) differences += fmt::format("missing: {}\n", row);
  }
  for (const auto& [row, count] : written) {
    const auto wanted = expected.find(row);
    const int times = wanted == expected.end() ? 0 : wanted->second;
    if (count != times)
      differences += fmt::format("{} times instead of {}: {}\n", count, times, row);
  }
  if (expected.size() <= 5) differences += "too few windows to tell anything\n";
  const ChildResult verified =
      run_program("streamctl", {"checkpoint", "verify", program.checkpoint() + "/totals"});
  if (verified.exit_code != 0) differences += verified.output;
  return differences;
}

void kill_often(WindowProgram& program, std::uint64_t seed, int wanted) {
  std::mt19937_64 random(seed);
  std::map<std::string, int> phases;
  int kills = 0;
  for (; kills < wanted || (phases.size() < 3 && kills < 20 * wanted); ++kills) {
    program.add_readings();
    const auto child = program.start();
    // Starting takes about 300 ms; then epochs run as long as there is input.
    const int slices = static_cast<int>(random() % 12);
    for (int i = 0; i < 6 + slices; ++i) {
      sleep_millis(static_cast<int>(30 + random() % 60));
      program.add_readings();
    }
    if (!child->is_running())
      throw std::runtime_error("the program ended by itself: " + child->wait().output);
    kill_child(*child);
    ++phases[program.phase_left()];
  }
  for (const auto& [phase, count] : phases)
    std::cout << "  killed " << phase << ": " << count << "\n";
  if (phases["offsets written, running"] == 0)
    throw std::runtime_error("it was never killed within an epoch");
  std::cout << "  " << kills << " kills with parallelism " << program.parallelism() << ", "
            << program.num_poisoned() << " poisoned records\n";
}

void stop_within_epoch(WindowProgram& program, ChildProcess& child) {
  const std::int64_t give_up = steady_millis() + 60'000;
  while (steady_millis() < give_up) {
    if (!child.is_running())
      throw std::runtime_error("the program ended by itself: " + child.wait().output);
    program.add_readings(5000);
    for (int i = 0; i < 1000 && !program.is_within_epoch(); ++i) sleep_millis(1);
    child.signal(SIGSTOP);
    if (program.phase_left() == "offsets written, running") return;
    child.signal(SIGCONT);
  }
  throw std::runtime_error("the program was never stopped within an epoch");
}

std::vector<std::int64_t> recovery_millis(WindowProgram& program, int times) {
  auto child = program.start();
  wait_for_rows(program, *child, 0);
  std::vector<std::int64_t> millis;
  for (int round = 0; round < times; ++round) {
    kill_child(*child);
    const std::size_t before = program.written().size();
    child = program.start();
    millis.push_back(wait_for_rows(program, *child, before));
  }
  kill_child(*child);
  std::sort(millis.begin(), millis.end());
  std::cout << "  " << times << " restarts: first new rows after " << millis.front() << " to "
            << millis.back() << " ms, half of them within " << millis[millis.size() / 2] << "\n";
  return millis;
}

void run_harmed(WindowProgram& program, std::uint64_t seed, int times,
                const std::function<void(int round)>& harm) {
  std::mt19937_64 random(seed + 1);
  std::unique_ptr<ChildProcess> child;
  int restarts = 0;
  for (int round = 0; round < times; ++round) {
    if (!child || !child->is_running()) {
      restarts += child ? 1 : 0;
      child = program.start();
    }
    for (int i = 0; i < 8; ++i) {
      program.add_readings();
      sleep_millis(static_cast<int>(50 + random() % 100));
    }
    harm(round);
    for (int i = 0; i < 5; ++i) {
      program.add_readings();
      sleep_millis(100);
    }
  }
  const std::size_t before = num_written(program, 0);
  const std::int64_t began = steady_millis();
  while (num_written(program, before) <= before) {
    if (!child->is_running()) {
      ++restarts;
      child = program.start();
    }
    if (steady_millis() - began > 60'000)
      throw std::runtime_error("no new row within a minute after the last fault: " +
                               child->output());
    program.add_readings();
    sleep_millis(100);
  }
  kill_child(*child);
  std::cout << "  " << times << " faults, " << restarts << " restarts of the program, "
            << program.expected().size() << " windows\n";
}

}  // namespace stream::testing
