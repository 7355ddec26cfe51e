// --verify: the input of a finished run read once more, and its alerts compared with those that
// separate code finds. One thread.
#pragma once

#include <apps/fraud_detection/fraud_query.hpp>
#include <apps/fraud_detection/verify.hpp>

namespace stream::apps {

/// The payments, logins and cards of a bounded run.
FraudInput read_input(const Session& session, const FraudOptions& options);
/// The alerts that a run left in JSON files.
std::vector<Alert> read_alert_files(const Session& session, const std::string& directory);

/// Prints "alerts: N, missing: M, extra: E", and some of the differences on standard error. Returns
/// the exit code.
int report_differences(const Expected& expected, std::vector<Alert> found);

}  // namespace stream::apps
