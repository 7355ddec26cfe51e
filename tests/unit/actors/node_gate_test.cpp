#include <actors/node_dial.hpp>
#include <actors/node_gate.hpp>
#include <libstream/security/tls_context.hpp>
#include <tests/cluster/child_process.hpp>
#include <tests/kit/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

using namespace stream;
using Catch::Matchers::ContainsSubstring;
using stream::testing::TemporaryDirectory;

namespace {

constexpr Duration kPatience{10'000};

/// A gate on a free port of loopback, and whom it let in.
class OpenGate {
 public:
  explicit OpenGate(std::shared_ptr<const TlsContext> tls, GateLimits limits = {})
      : gate_(value_or_throw(NodeGate::open({"127.0.0.1", 0}, std::move(tls), limits, refusals,
                                            [this](NodeConnection connection) {
                                              std::lock_guard lock(mutex_);
                                              admitted_.push_back(std::move(connection));
                                              changed_.notify_all();
                                            }))),
        thread_([this] { gate_->run(); }) {}
  ~OpenGate() {
    gate_->stop();
    thread_.join();
  }
  NodeAddress address() const { return {"127.0.0.1", gate_->port()}; }
  std::string wait_for_peer() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return !admitted_.empty(); });
    return admitted_.empty() ? "nobody" : admitted_.front().peer;
  }
  void forget_peers() {
    std::lock_guard lock(mutex_);
    admitted_.clear();
  }

  const std::shared_ptr<Refusals> refusals = std::make_shared<Refusals>();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<NodeConnection> admitted_;
  std::shared_ptr<NodeGate> gate_;
  std::thread thread_;
};

std::shared_ptr<const TlsContext> issue(const std::string& directory, const std::string& name,
                                        const std::string& host = "127.0.0.1") {
  return value_or_throw(
      TlsContext::load(value_or_throw(issue_certificate({directory, name, {host}, 30, false}))));
}

/// Until the peer ends the connection.
void wait_for_end(const NodeConnection& connection) {
  char byte = 0;
  while (::read(connection.socket.get(), &byte, 1) < 0 && errno == EAGAIN)
    std::this_thread::yield();
}

}  // namespace

TEST_CASE("a gate lets in who has a certificate of its authority, and nobody else") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  REQUIRE(make_authority({directory / "other", 30, false}));
  OpenGate gate(issue(directory / "tls", "a"));
  const auto b = issue(directory / "tls", "b");
  {
    const auto dialed = dial_node(gate.address(), b, kPatience);
    REQUIRE(dialed);
    CHECK(dialed->tls->peer_name() == "a");
    CHECK_THAT(gate.wait_for_peer(), ContainsSubstring("(b)"));
  }
  CHECK(gate.refusals->total() == 0);
  CHECK_THAT(
      dial_node(gate.address(), issue(directory / "other", "c"), kPatience).error().message(),
      ContainsSubstring("is not believed"));
  CHECK_THAT(dial_node({"localhost", gate.address().port}, b, kPatience).error().message(),
             ContainsSubstring("is not believed"));
  const auto plain = dial_node(gate.address(), nullptr, kPatience);
  REQUIRE(plain);
  REQUIRE(::write(plain->socket.get(), "GET /\n", 6) == 6);
  wait_for_end(*plain);
  CHECK(gate.refusals->total() == 3);
}

TEST_CASE("a gate without certificates says so to those that have one") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  OpenGate gate(nullptr);
  CHECK_THAT(dial_node(gate.address(), issue(directory / "tls", "b"), kPatience).error().message(),
             ContainsSubstring("without certificates"));
  CHECK(gate.refusals->total() == 1);
}

TEST_CASE("who says nothing is sent away after a while, and at once when too many come") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  OpenGate gate(issue(directory / "tls", "a"), {2, 2, Duration(200)});
  {
    const auto silent = dial_node(gate.address(), nullptr, kPatience);
    wait_for_end(*silent);
    CHECK(gate.refusals->total() == 1);
  }
  std::vector<NodeConnection> silent;
  for (int i = 0; i < 5; ++i)
    silent.push_back(value_or_throw(dial_node(gate.address(), nullptr, kPatience)));
  const auto b = issue(directory / "tls", "b");
  CHECK(dial_node(gate.address(), b, kPatience));
  for (const NodeConnection& one : silent) wait_for_end(one);
  CHECK(gate.refusals->total() == 6);
}

TEST_CASE("places in a gate are limited and come free again") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  OpenGate gate(issue(directory / "tls", "a"), {10, 1, Duration(5000)});
  const auto b = issue(directory / "tls", "b");
  const auto first = dial_node(gate.address(), b, kPatience);
  REQUIRE(first);
  REQUIRE_THAT(gate.wait_for_peer(), ContainsSubstring("(b)"));
  CHECK_FALSE(dial_node(gate.address(), b, kPatience));
  gate.forget_peers();
  CHECK(dial_node(gate.address(), b, kPatience));
}

TEST_CASE("nobody listens, and the address is not ours: both say so") {
  CHECK_THAT(dial_node({"127.0.0.1", 1}, nullptr, kPatience).error().message(),
             ContainsSubstring("no node answers"));
  const auto gate = NodeGate::open({"192.0.2.1", 0}, nullptr, {}, std::make_shared<Refusals>(),
                                   [](NodeConnection) {});
  CHECK_THAT(gate.error().message(), ContainsSubstring("cannot listen on 192.0.2.1"));
}
