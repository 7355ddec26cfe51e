#include <apps/fraud_detection/cities.hpp>
#include <apps/fraud_detection/payment.hpp>
#include <apps/fraud_detection/payment_generator.hpp>
#include <libstream/base/hash.hpp>

#include <charconv>
#include <string_view>

namespace stream::apps {

/// Numbers that look random, of one record.
class Dice {
 public:
  explicit Dice(std::uint64_t state) : state_(state) {}
  std::uint64_t below(std::uint64_t limit) {
    state_ += 0x9e37'79b9'7f4a'7c15U;
    return ((hash_integer(state_) >> 32) * limit) >> 32;
  }
  bool is_one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

namespace {

constexpr EpochMillis kFirstArrival = 1'704'067'200'000;  // 2024-01-01 00:00 UTC
constexpr EpochMillis kPaymentMillis = 10;
constexpr std::uint64_t kNumMerchants = 500;
constexpr std::uint64_t kRiskyMerchants = 5;
// Cards of the last fifth pay seldom: their histories grow old.
constexpr std::int64_t kSeldomCards = PaymentGenerator::kNumCards / 5;

// Planted fraud: which of the payments belong to what.
constexpr std::uint64_t kBurstPeriod = 4000;  // 8 payments of one card, each 8th of 64 records
constexpr std::uint64_t kBurstRecords = 64;
constexpr std::uint64_t kTravelPeriod = 2000;  // then, a second later, in another city
constexpr std::uint64_t kTravelGap = 100;
constexpr std::uint64_t kTakeoverPeriod = 1000;  // in a window after a login from abroad
constexpr std::uint64_t kTakeoverRecord = 700;
constexpr std::uint64_t kLoginRecord = 50;  // the login, of each 100

void append_number(std::string& out, std::int64_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

struct Draft {
  std::int64_t card = 0;
  std::uint64_t merchant = 0;
  std::string_view city;
  std::int64_t cents = 0;
  bool is_online = false;
  bool is_declined = false;
  EpochMillis time = 0;
};

void append_json(std::string& out, std::uint64_t id, const Draft& draft) {
  out += "{\"id\":";
  append_number(out, static_cast<std::int64_t>(id));
  out += ",\"card\":";
  append_number(out, draft.card);
  out += ",\"merchant\":\"m";
  append_number(out, static_cast<std::int64_t>(draft.merchant));
  out += "\",\"city\":\"";
  out += draft.city;
  out += "\",\"cents\":";
  append_number(out, draft.cents);
  out += draft.is_online ? ",\"online\":true" : ",\"online\":false";
  out += draft.is_declined ? ",\"declined\":true,\"time\":" : ",\"declined\":false,\"time\":";
  append_number(out, draft.time);
  out += '}';
}

/// Most times are a moment before arrival, some up to the bound, a few are nonsense.
EpochMillis event_time(EpochMillis arrival, Dice& dice) {
  if (dice.is_one_in(3000)) return arrival - 7'200'000;
  if (dice.is_one_in(5000)) return arrival + 3'600'000;
  const std::uint64_t most = dice.is_one_in(20) ? RuleLimits::kDisorderSeconds * 1000 - 1 : 2000;
  return arrival - static_cast<EpochMillis>(dice.below(most));
}

/// Damage that one of 500 records has.
void damage(std::string& text, std::uint64_t id, Draft draft, std::size_t start, Dice& dice) {
  switch (dice.below(5)) {
    case 0:
      text.resize(start + 10 + dice.below(60));
      return;
    case 1:
      text.replace(start + 1, 4, "\"nr\"");
      return;
    case 2:
      draft.cents = -draft.cents;
      break;
    case 3:
      draft.city = "Atlantis";
      break;
    default:
      draft.card += PaymentGenerator::kNumCards;
  }
  text.resize(start);
  append_json(text, id, draft);
}

}  // namespace

EpochMillis PaymentGenerator::payment_arrival(std::uint64_t index) {
  return kFirstArrival + static_cast<EpochMillis>(index) * kPaymentMillis;
}
EpochMillis PaymentGenerator::login_arrival(std::uint64_t index) {
  return payment_arrival(index * kPaymentsPerLogin);
}

std::size_t PaymentGenerator::home_city(std::int64_t card) const {
  return hash_combine(seed_, static_cast<std::uint64_t>(card)) % cities().size();
}
std::string PaymentGenerator::home_country(std::int64_t card) const {
  return std::string(cities()[home_city(card)].country);
}
std::int64_t PaymentGenerator::limit_cents(std::int64_t card) const {
  return 100'000 +
         static_cast<std::int64_t>(hash_combine(seed_ + 1, static_cast<std::uint64_t>(card)) % 10) *
             50'000;
}

std::int64_t PaymentGenerator::usual_card(Dice& dice) const {
  const bool pays_seldom = dice.is_one_in(50);
  const std::int64_t first = pays_seldom ? kNumCards - kSeldomCards : 0;
  const std::int64_t number = pays_seldom ? kSeldomCards : kNumCards - kSeldomCards;
  return first + static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(number)));
}

void PaymentGenerator::append_payment(std::uint64_t index, std::string& out) const {
  Dice dice(hash_combine(seed_ + 2, index));
  // Planted groups draw their card from the group's number, not from the record's.
  const auto card_of_group = [&](std::uint64_t kind, std::uint64_t group) {
    Dice group_dice(hash_combine(seed_ + 10 + kind, group));
    return usual_card(group_dice);
  };
  Draft draft;
  draft.card = usual_card(dice);
  draft.merchant = dice.below(kNumMerchants);
  draft.is_online = dice.is_one_in(3);
  draft.time = event_time(payment_arrival(index), dice);
  std::int64_t percent = 50 + static_cast<std::int64_t>(dice.below(101));
  bool is_abroad = false;

  const std::uint64_t in_burst = index % kBurstPeriod;
  const std::uint64_t in_travel = index % kTravelPeriod;
  if (in_burst < kBurstRecords && in_burst % 8 == 0) {
    draft.card = card_of_group(0, index / kBurstPeriod);
    draft.is_online = true;
  } else if (in_travel == kBurstRecords + 1 || in_travel == kBurstRecords + 1 + kTravelGap) {
    draft.card = card_of_group(1, index / kTravelPeriod);
    draft.is_online = false;
    is_abroad = in_travel != kBurstRecords + 1;
  } else if (index % kTakeoverPeriod == kTakeoverRecord) {
    draft.card = card_of_group(2, index / kTakeoverPeriod);
    draft.is_online = true;
    percent = 1000;
  } else if (dice.is_one_in(3000)) {
    percent = 5000;
  }
  const std::uint64_t card_hash = hash_combine(seed_ + 3, static_cast<std::uint64_t>(draft.card));
  draft.cents = static_cast<std::int64_t>(500 + card_hash % 7500) * percent / 100;
  const std::size_t city = home_city(draft.card) + (is_abroad ? 1 + dice.below(14) : 0);
  draft.city = cities()[city % cities().size()].name;
  // Each risky merchant has its bad times.
  const bool is_risky = draft.merchant < kRiskyMerchants && (index >> 16) % 3 == draft.merchant % 3;
  draft.is_declined = dice.below(100) < (is_risky ? 50u : 3u);

  const std::size_t start = out.size();
  append_json(out, index, draft);
  if (dice.is_one_in(500)) damage(out, index, draft, start, dice);
}

void PaymentGenerator::append_login(std::uint64_t index, std::string& out) const {
  Dice dice(hash_combine(seed_ + 4, index));
  constexpr std::uint64_t kLoginPeriod = kTakeoverPeriod / kPaymentsPerLogin;
  const bool is_planted = index % kLoginPeriod == kLoginRecord;
  Dice group_dice(hash_combine(seed_ + 12, index / kLoginPeriod));
  const std::int64_t card = is_planted ? usual_card(group_dice) : usual_card(dice);
  const bool is_abroad = is_planted || dice.is_one_in(300);
  const std::size_t city = home_city(card) + (is_abroad ? 7 : 0);
  out += "{\"card\":";
  append_number(out, card);
  out += ",\"country\":\"";
  out += cities()[city % cities().size()].country;
  out += "\",\"time\":";
  append_number(out, login_arrival(index) - static_cast<EpochMillis>(dice.below(1000)));
  out += '}';
}

}  // namespace stream::apps
