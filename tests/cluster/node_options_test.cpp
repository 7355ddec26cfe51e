#include <libstream/base/file_system.hpp>
#include <tests/cluster/child_process.hpp>
#include <tests/cluster/secure_nodes.hpp>
#include <tests/kit/catch.hpp>

#include <sys/stat.h>

#include <csignal>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// What a node says that does not start.
std::string refusal(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "node");
  const ChildResult result = run_program("streamctl", arguments);
  CHECK(result.exit_code == 1);
  return result.output;
}

void issue(const std::string& tls, const std::string& name, const std::string& host) {
  const ChildResult result =
      run_program("streamctl", {"cluster", "issue-cert", name, "--dir", tls, "--host", host});
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
}

}  // namespace

TEST_CASE("a node off loopback starts with a good certificate only") {
  const TemporaryDirectory directory;
  const std::string tls = directory / "tls";
  // 192.0.2.0/24 belongs to nobody.
  CHECK_THAT(refusal({"--listen", "192.0.2.1:4001"}),
             ContainsSubstring("streamctl cluster issue-cert"));
  REQUIRE(run_program("streamctl", {"cluster", "init-ca", "--dir", tls}).exit_code == 0);
  const ChildResult again = run_program("streamctl", {"cluster", "init-ca", "--dir", tls});
  CHECK(again.exit_code == 1);
  CHECK_THAT(again.output, ContainsSubstring("--replace"));
  issue(tls, "a", "10.0.0.1");
  CHECK_THAT(refusal({"--listen", "192.0.2.1:4001", "--certificate", tls + "/a.pem"}),
             ContainsSubstring("is for 10.0.0.1, not for 192.0.2.1"));
  issue(tls, "b", "192.0.2.1");
  CHECK_THAT(refusal({"--listen", "192.0.2.1:4001", "--certificate", tls + "/b.pem"}),
             ContainsSubstring("cannot listen on 192.0.2.1:4001"));
  CHECK_THAT(refusal({"--certificate", tls + "/b.pem", "--key", tls + "/a-key.pem"}),
             ContainsSubstring("is not the one of"));
  REQUIRE(::chmod((tls + "/b-key.pem").c_str(), 0644) == 0);
  CHECK_THAT(refusal({"--certificate", tls + "/b.pem"}), ContainsSubstring("chmod 600"));
  CHECK_THAT(refusal({"--listen", "0.0.0.0:4001"}), ContainsSubstring("the one address"));
}

TEST_CASE("nodes with certificates believe their like, and clients with one") {
  const TemporaryDirectory directory;
  SecureNodes nodes(directory, 2);
  const std::string first = nodes.address(0);
  const ChildResult nameless = run_program("streamctl", {"cluster", "status", "--cluster", first});
  CHECK(nameless.exit_code == 1);
  CHECK_THAT(nameless.output, ContainsSubstring("Give --certificate"));

  REQUIRE(
      run_program("streamctl", {"cluster", "init-ca", "--dir", directory / "other"}).exit_code ==
      0);
  issue(directory / "other", "eve", "127.0.0.1");
  const ChildResult strange = run_program(
      "streamctl",
      {"cluster", "status", "--cluster", first, "--certificate", directory / "other/eve.pem"});
  CHECK(strange.exit_code == 1);
  CHECK_THAT(strange.output, ContainsSubstring("is not believed"));

  // A node without one asks in vain, and its cluster is its own.
  const std::string plain = "127.0.0.1:" + std::to_string(free_port());
  ChildProcess outsider("streamctl",
                        {"node", "--listen", plain, "--join", first, "--heartbeat", "200"});
  for (int i = 0; i < 100; ++i) {
    if (run_program("streamctl", {"cluster", "status", "--cluster", plain}).exit_code == 0) break;
    sleep_millis(100);
  }
  sleep_millis(1000);
  CHECK(nodes.num_ready() == 2);
  outsider.signal(SIGTERM);
  CHECK_THAT(outsider.wait(20).output, ContainsSubstring("does it want a certificate"));

  CHECK(nodes.run({"cluster", "drain", nodes.address(1)}).exit_code == 0);
  CHECK_THAT(nodes.run({"cluster", "status"}).output, ContainsSubstring("draining"));
}

TEST_CASE("the reference file has every option with its default") {
  const ChildResult printed = run_program("streamctl", {"node", "--print-config"});
  CHECK(printed.exit_code == 0);
  const std::string reference =
      *stream::read_file(stream::local_file_system(), STREAM_CONFIGS "/node.toml");
  CHECK(printed.output == reference);
  const ChildResult read =
      run_program("streamctl", {"node", "--config", STREAM_CONFIGS "/node.toml", "--print-config"});
  CHECK(read.output == reference);
}

TEST_CASE("the command line wins over the file, whose mistakes have a place") {
  const TemporaryDirectory directory;
  const std::string file = directory / "node.toml";
  drop_file(file, "slots = 3\nheartbeat = 500\ncertificate = \"tls/a.pem\"\n");
  const ChildResult merged = run_program("streamctl", {"node", "--config", file, "--slots", "7",
                                                       "--join", "127.0.0.1:1", "--print-config"});
  CHECK_THAT(merged.output, ContainsSubstring("slots = 7"));
  CHECK_THAT(merged.output, ContainsSubstring("heartbeat = 500"));
  CHECK_THAT(merged.output, ContainsSubstring("join = [\"127.0.0.1:1\"]"));
  CHECK_THAT(merged.output, ContainsSubstring("certificate = \"" + (directory / "tls/a.pem")));

  drop_file(file, "slot = 3\n\nheartbeat = \"2s\"\njoin = \"127.0.0.1:1\"\n");
  const std::string wrong = refusal({"--config", file});
  CHECK_THAT(wrong, ContainsSubstring("node.toml:1:1: unknown key 'slot'; did you mean 'slots'?"));
  CHECK_THAT(wrong, ContainsSubstring("node.toml:3:13: heartbeat must be a number of 10 to 60000"));
  CHECK_THAT(wrong, ContainsSubstring("node.toml:4:8: join must be a list"));
  drop_file(file, "slots = \n");
  CHECK_THAT(refusal({"--config", file}), ContainsSubstring("node.toml:1:"));
  CHECK_THAT(refusal({"--config", directory / "none.toml"}), ContainsSubstring("no such file"));
}
