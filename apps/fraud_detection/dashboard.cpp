#include <apps/fraud_detection/dashboard.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace stream::apps {
namespace {

std::string clock_time(EpochMillis time) {
  const EpochMillis second = time / 1000 % 86'400;
  return fmt::format("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
}

std::string amount(std::int64_t cents) { return fmt::format("{}.{:02}", cents / 100, cents % 100); }

std::string counts_text(const std::map<std::string, std::int64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) text += fmt::format("  {} {}", name, count);
  return text;
}

/// Names come from outside.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return text;
}

std::int64_t total_of(const std::map<std::string, std::int64_t>& counts) {
  std::int64_t total = 0;
  for (const auto& [name, count] : counts) total += count;
  return total;
}

}  // namespace

std::string alert_text(const Alert& alert) {
  return printable(fmt::format("{}  {:<8}  {:<14}  {:>10}  {}", clock_time(alert.time.millis()),
                               alert.rule, alert.subject, amount(alert.cents), alert.detail));
}

std::string alert_json(const Alert& alert) {
  const nlohmann::ordered_json json = {{"rule", alert.rule},       {"subject", alert.subject},
                                       {"payment", alert.payment}, {"time", alert.time.millis()},
                                       {"cents", alert.cents},     {"detail", alert.detail}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Dashboard::add_alerts(const std::vector<Alert>& alerts) {
  const std::lock_guard lock(mutex_);
  for (const Alert& alert : alerts) {
    ++alerts_[alert.rule];
    newest_.push_back(alert);
    if (newest_.size() > kNewestAlerts) newest_.pop_front();
  }
}

void Dashboard::add_merchants(const std::vector<MerchantWindow>& windows) {
  const std::lock_guard lock(mutex_);
  for (const MerchantWindow& window : windows) {
    if (window.end.millis() < window_end_) continue;
    if (window.end.millis() > window_end_) merchants_.clear();
    window_end_ = window.end.millis();
    merchants_.push_back(window);
  }
  const auto is_riskier = [](const MerchantWindow& a, const MerchantWindow& b) {
    return a.declined * b.payments > b.declined * a.payments;
  };
  std::stable_sort(merchants_.begin(), merchants_.end(), is_riskier);
}

void Dashboard::add_rejects(const std::vector<RejectedPayment>& rejects) {
  const std::lock_guard lock(mutex_);
  for (const RejectedPayment& reject : rejects) ++problems_[reject.problem];
}

void Dashboard::on_query_progress(const QueryProgress& progress) {
  const std::lock_guard lock(mutex_);
  // The first source is that of the payments.
  if (!progress.sources.empty()) {
    payments_ += progress.sources.front().num_input_rows;
    payments_offset_ = progress.sources.front().end_offset;
    if (progress.sources.front().num_input_rows > 0)
      payments_per_second_ = progress.sources.front().processed_rows_per_second;
  }
  for (const OperatorStatistics& op : progress.state_operators) late_ += op.dropped_by_watermark;
  if (progress.event_time) watermark_ = progress.event_time->watermark;
}

std::string Dashboard::payments_offset() const {
  const std::lock_guard lock(mutex_);
  return payments_offset_;
}

std::string Dashboard::summary() const {
  const std::lock_guard lock(mutex_);
  return fmt::format("payments {}, rejected {}, late {}, alerts {}\n", payments_,
                     total_of(problems_), late_, total_of(alerts_));
}

std::string Dashboard::text() const {
  const std::lock_guard lock(mutex_);
  std::string text = fmt::format(
      "---- event time {}: {} payments, {:.0f} a second, rejected {}, late {} ----\n",
      clock_time(watermark_), payments_, payments_per_second_, total_of(problems_), late_);
  text += fmt::format("  alerts {}:{}\n", total_of(alerts_), counts_text(alerts_));
  if (!problems_.empty()) text += fmt::format("  rejected:{}\n", counts_text(problems_));
  if (!merchants_.empty()) {
    text += fmt::format("  risky merchants until {}:", clock_time(window_end_));
    for (std::size_t i = 0; i < std::min(merchants_.size(), kRiskyMerchants); ++i)
      text += fmt::format("  {} {} % of {}", printable(merchants_[i].merchant),
                          merchants_[i].declined * 100 / merchants_[i].payments,
                          merchants_[i].payments);
    text += '\n';
  }
  for (const Alert& alert : newest_) text += "    " + alert_text(alert) + "\n";
  return text;
}

}  // namespace stream::apps
