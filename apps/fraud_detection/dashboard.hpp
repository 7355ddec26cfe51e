// What fraud_detection shows while it runs: totals, alerts by rule, risky merchants, the newest
// alerts. Fed by the query's outputs and listeners, on any thread.
#pragma once

#include <apps/fraud_detection/fraud_query.hpp>

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace stream::apps {

class Dashboard final : public QueryListener {
 public:
  void add_alerts(const std::vector<Alert>& alerts);
  void add_merchants(const std::vector<MerchantWindow>& windows);
  void add_rejects(const std::vector<RejectedPayment>& rejects);
  void on_query_progress(const QueryProgress& progress) override;

  /// Up to where the payments have been read: the source's offset.
  std::string payments_offset() const;

  /// A block of lines, each ended by a line break.
  std::string text() const;
  /// Totals alone, on one line.
  std::string summary() const;

 private:
  static constexpr std::size_t kNewestAlerts = 8;
  static constexpr std::size_t kRiskyMerchants = 5;

  mutable std::mutex mutex_;  // guards everything below
  std::int64_t payments_ = 0;
  std::string payments_offset_;
  std::int64_t late_ = 0;
  double payments_per_second_ = 0;
  EpochMillis watermark_ = 0;
  std::map<std::string, std::int64_t> alerts_;    ///< by rule
  std::map<std::string, std::int64_t> problems_;  ///< rejected, by problem
  std::deque<Alert> newest_;
  EpochMillis window_end_ = 0;
  std::vector<MerchantWindow> merchants_;  ///< of the newest window
};

/// One line, without control characters: "02:46:11  velocity  card 4711  12.34  …".
std::string alert_text(const Alert& alert);
/// A JSON object without a line break.
std::string alert_json(const Alert& alert);

}  // namespace stream::apps
