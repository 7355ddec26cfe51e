#include <actors/network_system.hpp>
#include <actors/node_workers.hpp>
#include <actors/program_build.hpp>
#include <libstream/base/log.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr std::int64_t kPrintedBytes = 256 << 10;  // of a worker, each tick
constexpr std::int64_t kLongestStart = 60'000;     // until main has come to its query
constexpr std::uint64_t kOnlySubmission = 1;       // of the workers' cluster
constexpr std::int64_t kLongestGathering = 5'000;  // of workers before the query starts

std::string address_of(const NodeInfo& node) { return fmt::format("{}:{}", node.host, node.port); }

}  // namespace

std::int64_t NodeWorkers::patience() const {
  const LivenessOptions& liveness = ground_.setup->cluster.liveness;
  return liveness.heartbeat.count() * liveness.misses;
}

ClusterAccess NodeWorkers::access_to(const NodeAddress& worker) const {
  return {worker, ground_.setup->tls, &ground_.system};
}

// ---- workers here ----

void NodeWorkers::run_worker(const RunWorker& wanted) {
  const auto found = workers_.find(wanted.submission);
  if (found != workers_.end()) {
    Worker& worker = found->second;
    if (worker.wanted.attempt > wanted.attempt) return;
    if (worker.wanted.attempt == wanted.attempt && !wanted.is_over) {
      worker.wanted_at = now();
      if (!worker.address.empty()) report(wanted, worker.address, {});
      return;
    }
    if (wanted.is_over) {
      worker.wanted.is_over = true;
      return worker.process->end();  // and is forgotten when it has
    }
    worker.process->kill();
    workers_.erase(found);
  }
  if (wanted.is_over) return;
  Worker worker;
  worker.wanted = wanted;
  launch(std::move(worker));
}

void NodeWorkers::launch(Worker worker) {
  const RunWorker& wanted = worker.wanted;
  const std::uint64_t submission = wanted.submission;
  const std::uint64_t attempt = wanted.attempt;
  auto path = find_program(ground_.setup->programs, wanted.binary);
  if (!path) return report(wanted, "", std::move(path).error());
  WorkerSetup setup;
  setup.binary = wanted.binary;
  setup.host = self().host;
  setup.join = wanted.join;
  setup.slots = self().slots;
  const TlsFiles& tls = ground_.setup->tls;
  setup.certificate = tls.certificate;
  setup.key = tls.key;
  setup.authority = tls.authority;
  setup.heartbeat_millis = ground_.setup->cluster.liveness.heartbeat.count();
  worker.limit = std::make_shared<PrintLimit>();
  worker.limit->left = kPrintedBytes;
  worker.started_at = worker.wanted_at = now();
  WorkerEvents events;
  events.reported = [post = ground_.post, submission, attempt](const WorkerReport& report) {
    post([=](NodeWorkers& self) { self.worker_ready(submission, attempt, report); });
  };
  events.printed = [post = ground_.post, limit = worker.limit, submission, attempt](
                       std::string text, bool is_error) {
    const auto size = static_cast<std::int64_t>(text.size());
    if (limit->left.fetch_sub(size) < size) {
      limit->dropped += size;
      return;
    }
    post([=](NodeWorkers& self) { self.print(submission, attempt, text, is_error); });
  };
  events.ended = [post = ground_.post, submission, attempt](const Error& how) {
    post([=](NodeWorkers& self) { self.worker_ended(submission, attempt, how); });
  };
  worker.process = WorkerProcess::start(ground_.system, *path, std::move(setup), std::move(events));
  workers_[submission] = std::move(worker);
}

NodeWorkers::Worker* NodeWorkers::find(std::uint64_t submission, std::uint64_t attempt) {
  const auto found = workers_.find(submission);
  if (found == workers_.end() || found->second.wanted.attempt != attempt) return nullptr;
  return &found->second;
}

void NodeWorkers::worker_ready(std::uint64_t submission, std::uint64_t attempt,
                               const WorkerReport& said) {
  Worker* worker = find(submission, attempt);
  if (worker == nullptr) return;
  worker->address = said.address;
  report(worker->wanted, said.address, said.error);
}

/// One that was ready is started again when it is wanted the next time.
void NodeWorkers::worker_ended(std::uint64_t submission, std::uint64_t attempt, Error how) {
  const Worker* found = find(submission, attempt);
  if (found == nullptr) return;
  const Worker worker = *found;
  workers_.erase(submission);
  const auto program = programs_.find(submission);
  if (program != programs_.end() && program->second.is_over) return conclude(submission);
  if (worker.wanted.is_over) return;
  STREAM_LOG(warning, "submission {}: {}", submission, how.message());
  if (worker.address.empty()) report(worker.wanted, "", std::move(how));
}

void NodeWorkers::print(std::uint64_t submission, std::uint64_t attempt, std::string text,
                        bool is_error) {
  if (find(submission, attempt) == nullptr) return;
  ground_.tell(submission, {ProgramEvent::What::printed, std::move(text), is_error, 0});
}

void NodeWorkers::report(const RunWorker& wanted, const std::string& address,
                         std::optional<Error> error) {
  WorkerReport said{wanted.submission, wanted.attempt, self().id, address, std::move(error)};
  if (wanted.from == self().id) return take_report(said);
  ground_.send(wanted.from, encode_frame(said));
}

void NodeWorkers::lose(const std::string& node) {
  for (auto& [submission, program] : programs_) program.workers.erase(node);
  std::erase_if(workers_, [&](const auto& entry) {
    if (entry.second.wanted.from != node) return false;
    entry.second.process->kill();
    return true;
  });
}

// ---- programs that are coordinated here ----

RunWorker NodeWorkers::wish(const Program& program) const {
  RunWorker wanted;
  wanted.submission = program.submission.number;
  wanted.attempt = program.submission.attempt;
  wanted.from = self().id;
  wanted.binary = *program.submission.program.binary;
  return wanted;
}

void NodeWorkers::start(const Submission& submission, ProgramRun::Told told) {
  Program program;
  program.submission = submission;
  program.told = std::move(told);
  const RunWorker first = wish(program);
  if (const auto before = programs_.find(submission.number); before != programs_.end())
    *before->second.is_stopped = true;
  programs_.insert_or_assign(submission.number, std::move(program));
  run_worker(first);
}

void NodeWorkers::take_report(const WorkerReport& report) {
  const auto found = programs_.find(report.submission);
  if (found == programs_.end() || found->second.submission.attempt != report.attempt) return;
  Program& program = found->second;
  if (program.is_over) return;
  if (report.error) {
    const Member* member = ground_.view().find(report.from);
    Error error = *report.error;
    if (member != nullptr)
      error = std::move(error).with_context("node " + address_of(member->node));
    return finish(report.submission, report.attempt, error);
  }
  if (program.workers.empty()) program.submit_by = now() + std::min(kLongestGathering, patience());
  std::string& address = program.workers[report.from];
  if (address == report.address) return;
  address = report.address;
  advance(program);
}

/// Asks all nodes for workers and hands the query over when they are there.
void NodeWorkers::advance(Program& program) {
  const auto first = program.workers.find(self().id);
  if (program.is_over || first == program.workers.end()) return;
  bool is_complete = true;
  for (const Member& member : ground_.view().members) {
    const std::string& node = member.node.id;
    if (node == self().id) continue;
    const bool has_worker = program.workers.contains(node);
    if (member.is_draining && !has_worker) continue;
    if (!has_worker) is_complete = false;
    if (member.is_draining) drain(program, node);
    RunWorker wanted = wish(program);
    wanted.join = first->second;
    ground_.send(node, encode_frame(wanted));
  }
  if (!program.is_submitted && (is_complete || now() >= program.submit_by)) submit(program);
}

/// A conversation with the first worker, as a submitter has it with a node.
void NodeWorkers::submit(Program& program) {
  program.is_submitted = true;
  const auto address = parse_node_address(program.workers.at(self().id));
  if (!address) {
    return ground_.post([error = address.error(), number = program.submission.number,
                         attempt = program.submission.attempt](NodeWorkers& self) {
      self.finish(number, attempt, error);
    });
  }
  SubmissionEvents events;
  events.started = program.told.started;
  events.progress = program.told.progress;
  events.printed = [told = program.told.printed](const std::string& text, bool) { told(text); };
  events.waiting = [number = program.submission.number](const Error& error) {
    STREAM_LOG(warning, "submission {} starts again: {}", number, error.message());
  };
  events.is_stopped = [is_stopped = program.is_stopped] { return is_stopped->load(); };
  QueryProgram query = program.submission.program;
  query.binary.reset();
  caf_compat::run_detached(
      ground_.system, [post = ground_.post, access = access_to(*address), query = std::move(query),
                       events = std::move(events), number = program.submission.number,
                       attempt = program.submission.attempt] {
        const auto ended = submit_program(access, query, events);
        std::optional<Error> error;
        if (!ended) error = ended.error();
        post([=](NodeWorkers& self) { self.finish(number, attempt, error); });
      });
}

/// Its tasks move to other workers; the worker itself stays until the end.
void NodeWorkers::drain(Program& program, const std::string& node) {
  if (!program.is_submitted || !program.drained.insert(node).second) return;
  const auto first = parse_node_address(program.workers.at(self().id));
  if (!first) return;
  caf_compat::run_detached(
      ground_.system, [first = access_to(*first), which = program.workers.at(node)] {
        if (auto drained = drain_node(first, which); !drained)
          STREAM_LOG(warning, "worker {} was not drained: {}", which, drained.error().message());
      });
}

void NodeWorkers::stop(std::uint64_t submission) {
  const auto found = programs_.find(submission);
  if (found == programs_.end()) return;
  Program& program = found->second;
  if (!program.is_submitted) return finish(submission, program.submission.attempt, {});
  *program.is_stopped = true;
  program.stop_by = now() + patience();
}

void NodeWorkers::rescale(std::uint64_t submission, std::uint32_t parallelism,
                          std::function<void(const Result<void>&)> tell) {
  const auto found = programs_.find(submission);
  if (found == programs_.end() || !found->second.is_submitted) return;
  const auto first = parse_node_address(found->second.workers.at(self().id));
  if (!first) return tell(first.error());
  caf_compat::run_detached(ground_.system,
                           [first = access_to(*first), parallelism, tell = std::move(tell)] {
                             tell(rescale_submission(first, kOnlySubmission, parallelism));
                           });
}

void NodeWorkers::finish(std::uint64_t submission, std::uint64_t attempt,
                         const std::optional<Error>& error) {
  const auto found = programs_.find(submission);
  if (found == programs_.end() || found->second.submission.attempt != attempt) return;
  Program& program = found->second;
  if (std::exchange(program.is_over, true)) return;
  program.error = error;
  *program.is_stopped = true;
  RunWorker over = wish(program);
  over.is_over = true;
  for (const Member& member : ground_.view().members) {
    if (member.node.id != self().id) ground_.send(member.node.id, encode_frame(over));
  }
  if (find(submission, attempt) == nullptr) return conclude(submission);
  run_worker(over);  // conclude comes when it has ended
}

void NodeWorkers::conclude(std::uint64_t submission) {
  const auto found = programs_.find(submission);
  const Program program = std::move(found->second);
  programs_.erase(found);
  program.told.ended(program.error);
}

// ---- both ----

void NodeWorkers::tick() {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> late;
  for (auto& [number, program] : programs_) {
    advance(program);
    if (program.stop_by != 0 && now() >= program.stop_by)
      late.emplace_back(number, program.submission.attempt);
  }
  for (const auto& [number, attempt] : late) finish(number, attempt, {});
  for (auto& [number, worker] : workers_) {
    worker.limit->left = kPrintedBytes;
    const std::int64_t dropped = worker.limit->dropped.exchange(0);
    if (dropped > 0)
      print(number, worker.wanted.attempt,
            fmt::format("[{} bytes that were printed on {} are left out]\n", dropped,
                        address_of(self())),
            true);
  }
  give_up_slow_starts();
  std::erase_if(workers_, [&](const auto& entry) {
    const Worker& worker = entry.second;
    if (worker.wanted.from == self().id || now() < worker.wanted_at + patience()) return false;
    worker.process->kill();
    return true;
  });
}

void NodeWorkers::give_up_slow_starts() {
  std::vector<Worker> slow;
  for (const auto& [number, worker] : workers_) {
    if (worker.address.empty() && now() >= worker.started_at + kLongestStart)
      slow.push_back(worker);
  }
  for (const Worker& worker : slow) {
    const ProgramBinary& binary = worker.wanted.binary;
    worker.process->kill();
    workers_.erase(worker.wanted.submission);
    report(worker.wanted, "",
           fatal(fmt::format("{} has not come to its query {} in {} s: is that query started by a "
                             "cluster_runner()?",
                             binary.name, binary.query, kLongestStart / 1000)));
  }
}

void NodeWorkers::end_all() {
  for (auto& [number, program] : programs_) *program.is_stopped = true;
  for (auto& [number, worker] : workers_) worker.process->kill();
  programs_.clear();
  workers_.clear();
}

}  // namespace stream
