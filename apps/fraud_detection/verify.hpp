// The alerts of a bounded input once more, by loops over sorted vectors and maps: nothing of the
// library's operators and none of the rules' code. For --verify and tests. Pure, any thread.
#pragma once

#include <apps/fraud_detection/payment.hpp>
#include <libstream/base/clock.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace stream::apps {

struct RawRecord {
  std::string value;
  EpochMillis arrival = 0;
};
struct CardInfo {
  std::string home;
  std::int64_t limit_cents = 0;
};
struct FraudInput {
  std::vector<RawRecord> payments;
  std::vector<RawRecord> logins;
  std::map<std::int64_t, CardInfo> cards;
};

struct Expected {
  std::vector<Alert> alerts;  ///< sorted
  EpochMillis watermark = 0;  ///< payments at or after it wait, windows that end behind it are open
  std::int64_t rejects = 0;
};

/// What is to be found when all of the input has been read.
Expected expected_alerts(const FraudInput& input);

struct Differences {
  std::int64_t missing = 0;
  std::int64_t extra = 0;
  std::vector<std::string> examples;  ///< a few, as text
};

/// As multisets of whole rows. Both must be sorted.
Differences compare_alerts(const std::vector<Alert>& expected, const std::vector<Alert>& found);

}  // namespace stream::apps
