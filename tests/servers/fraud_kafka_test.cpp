// fraud_detection with its input in topics of a real broker and its alerts in another.
#include <apps/fraud_detection/payment_generator.hpp>
#include <tests/cluster/child_process.hpp>
#include <tests/kit/catch.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/servers/topics.hpp>
#include <tests/servers/window_program.hpp>

#include <algorithm>
#include <csignal>
#include <iostream>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;
using stream::apps::PaymentGenerator;

namespace {

/// A broker whose topics are filled with generated payments and logins.
struct FraudTopics {
  ServerScript kafka{"kafka"};
  std::string brokers = kafka.variable("STREAM_TEST_KAFKA");
  TemporaryDirectory directory;
  std::uint64_t seed = test_seed("servers_fraud");
  std::uint64_t num_payments = 0, num_logins = 0;

  FraudTopics() {
    for (const char* topic : {"payments", "logins", "alerts", "rejects"})
      create_topic(brokers, topic, 1);
  }

  void add(std::uint64_t payments, bool with_logins = true) {
    const PaymentGenerator generator(seed % 1000);
    std::vector<TopicRecord> records, logins;
    for (num_payments += payments; payments > 0; --payments) {
      const std::uint64_t index = num_payments - payments;
      records.push_back({{}, "", PaymentGenerator::payment_arrival(index)});
      generator.append_payment(index, *records.back().value);
    }
    while (with_logins && (num_logins + 1) * PaymentGenerator::kPaymentsPerLogin <= num_payments) {
      logins.push_back({{}, "", PaymentGenerator::login_arrival(num_logins)});
      generator.append_login(num_logins++, *logins.back().value);
    }
    write_topic(brokers, "payments", records);
    write_topic(brokers, "logins", logins);
  }

  std::vector<std::string> arguments(std::vector<std::string> more) const {
    more.insert(more.end(), {"--kafka", brokers, "--seed", std::to_string(seed % 1000), "--output",
                             directory / "alerts", "--checkpoint", directory / "checkpoint"});
    return more;
  }

  std::vector<std::string> values_of(const std::string& topic) const {
    std::vector<std::string> values;
    for (const TopicRecord& record : read_topic(brokers, topic))
      values.push_back(record.key.value_or("-") + " " + record.value.value_or("-"));
    std::sort(values.begin(), values.end());
    return values;
  }
};

}  // namespace

TEST_CASE("alerts in a topic are those of a replay, each once, when the program is killed") {
  FraudTopics topics;
  std::mt19937_64 random(topics.seed);
  const int kills = rounds(3, 30);
  for (int i = 0; i < kills; ++i) {
    ChildProcess child("fraud_detection", topics.arguments({"--json"}));
    for (int part = 0; part < 4; ++part) {
      topics.add(1000);
      sleep_millis(static_cast<int>(200 + random() % 400));
    }
    REQUIRE(child.is_running());
    child.signal(SIGKILL);
    child.wait();
  }
  // What nobody can read: no JSON, no value, no text, and a large one.
  const std::int64_t now = PaymentGenerator::payment_arrival(topics.num_payments);
  write_topic(topics.brokers, "payments",
              {{{}, "{\"id\": 1", now},
               {{}, std::nullopt, now},
               {{}, "\xff\xfe", now},
               {{}, std::string(900'000, 'x'), now}});
  topics.add(20'000);
  const ChildResult last = run_program("fraud_detection", topics.arguments({"--json", "--verify"}));
  INFO(last.output.substr(0, 4000));
  CHECK(last.exit_code == 0);
  CHECK_THAT(last.output, ContainsSubstring("missing: 0, extra: 0"));

  std::vector<std::string> in_files;
  for (const auto& [name, lines] : read_lines(topics.directory / "alerts")) {
    if (name.starts_with("part-")) in_files.insert(in_files.end(), lines.begin(), lines.end());
  }
  std::sort(in_files.begin(), in_files.end());
  std::vector<std::string> in_topic;
  for (const TopicRecord& record : read_topic(topics.brokers, "alerts"))
    in_topic.push_back(record.value.value());
  std::sort(in_topic.begin(), in_topic.end());
  CHECK(in_topic.size() > 20);
  CHECK(in_topic == in_files);

  const auto rejects = topics.values_of("rejects");
  const auto num_rejected = [&](const std::string& text) {
    return std::count(rejects.begin(), rejects.end(), text);
  };
  CHECK(num_rejected("malformed {\"id\": 1") == 1);
  CHECK(num_rejected("malformed -") == 1);
  CHECK(num_rejected("malformed \xff\xfe") == 1);
  CHECK(num_rejected("malformed " + std::string(900'000, 'x')) == 1);
  CHECK(rejects.size() > 10);
  std::cout << "  " << kills << " kills, " << in_topic.size() << " alerts, " << rejects.size()
            << " rejects\n";
}

TEST_CASE("a topic without logins holds back the alerts of payments only for a time") {
  FraudTopics topics;
  topics.add(20'000, false);
  ChildProcess child("fraud_detection", topics.arguments({"--json", "--idle", "2s"}));
  const std::int64_t began = steady_millis();
  bool has_alerts = false;
  while (!has_alerts && child.is_running() && steady_millis() - began < 60'000) {
    topics.add(500, false);
    sleep_millis(300);
    has_alerts = !topics.values_of("alerts").empty();
  }
  CHECK(has_alerts);
  child.signal(SIGKILL);
  INFO(child.wait().output);
}
