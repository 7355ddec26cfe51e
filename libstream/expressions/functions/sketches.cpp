#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/functions/row_hash.hpp>
#include <libstream/expressions/functions/sketches.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace stream {
namespace {

constexpr char kHllMark = 'H';
constexpr char kThetaMark = 'T';
constexpr char kKllMark = 'K';

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
/// Takes a value off the front. Requires enough bytes.
template <class T>
T take(std::string_view& bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

double number_at(const Column& column, std::size_t row) {
  switch (column.type.kind) {
    case TypeKind::int64:
      return static_cast<double>(column.data<std::int64_t>()[row]);
    case TypeKind::float32:
      return static_cast<double>(column.data<float>()[row]);
    default:
      return column.data<double>()[row];
  }
}

}  // namespace

std::optional<HllSketch> HllSketch::parse(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[0] != kHllMark || bytes[1] < 4 || bytes[1] > 21)
    return std::nullopt;
  HllSketch sketch(bytes[1]);
  const std::string_view registers = bytes.substr(2);
  if (!registers.empty() && registers.size() != std::size_t{1} << sketch.lg_k_) return std::nullopt;
  sketch.count_.merge({registers.begin(), registers.end()});
  return sketch;
}

void HllSketch::add(const Column& column, std::size_t row) { count_.add(hash_row(column, row)); }

bool HllSketch::merge(std::string_view bytes) {
  const std::optional<HllSketch> other = parse(bytes);
  if (!other) return false;
  unite(*other);
  return true;
}

void HllSketch::unite(const HllSketch& other) {
  if (other.count_.registers().empty()) return;
  if (other.lg_k_ == lg_k_) {
    count_.merge(other.count_.registers());
    return;
  }
  const HllSketch& fine = other.lg_k_ > lg_k_ ? other : *this;
  const HllSketch& coarse = other.lg_k_ > lg_k_ ? *this : other;
  HllSketch united(coarse.lg_k_);
  united.count_.merge(coarse.count_.registers());
  // The bits of the index that the coarser sketch has not come in front of the run of zeros.
  const int num_bits = fine.lg_k_ - coarse.lg_k_;
  std::vector<std::uint8_t> folded(std::size_t{1} << coarse.lg_k_);
  const std::vector<std::uint8_t>& registers = fine.count_.registers();
  for (std::size_t i = 0; i < registers.size(); ++i) {
    if (registers[i] == 0) continue;
    const std::size_t low = i & ((std::size_t{1} << num_bits) - 1);
    int rank = num_bits + registers[i];
    for (int bit = 0; bit < num_bits; ++bit) {
      if ((low >> (num_bits - 1 - bit)) & 1u) {
        rank = bit + 1;
        break;
      }
    }
    std::uint8_t& into = folded[i >> num_bits];
    into = std::max(into, static_cast<std::uint8_t>(rank));
  }
  united.count_.merge(folded);
  *this = std::move(united);
}

std::string HllSketch::bytes() const {
  std::string out{kHllMark, static_cast<char>(lg_k_)};
  out.append(count_.registers().begin(), count_.registers().end());
  return out;
}

std::optional<ThetaSketch> ThetaSketch::parse(std::string_view bytes) {
  if (bytes.size() < 10 || (bytes.size() - 10) % 8 != 0 || bytes[0] != kThetaMark || bytes[1] < 4 ||
      bytes[1] > 26)
    return std::nullopt;
  ThetaSketch sketch(bytes[1]);
  bytes.remove_prefix(2);
  sketch.theta_ = take<std::uint64_t>(bytes);
  while (!bytes.empty()) sketch.hashes_.push_back(take<std::uint64_t>(bytes));
  if (!std::is_sorted(sketch.hashes_.begin(), sketch.hashes_.end())) return std::nullopt;
  return sketch;
}

void ThetaSketch::settle() {
  if (!recent_.empty()) {
    hashes_.insert(hashes_.end(), recent_.begin(), recent_.end());
    recent_.clear();
    std::sort(hashes_.begin(), hashes_.end());
    hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  }
  const std::size_t max_hashes = std::size_t{1} << lg_k_;
  if (hashes_.size() > max_hashes) {
    theta_ = hashes_[max_hashes];
    hashes_.resize(max_hashes);
  }
}

void ThetaSketch::add(const Column& column, std::size_t row) {
  const std::uint64_t hash = hash_row(column, row);
  if (hash >= theta_) return;
  recent_.push_back(hash);
  if (recent_.size() >= (std::size_t{1} << lg_k_)) settle();
}

std::int64_t ThetaSketch::estimate() const {
  ThetaSketch settled = *this;
  settled.settle();
  const auto count = static_cast<double>(settled.hashes_.size());
  if (settled.theta_ == kAll) return static_cast<std::int64_t>(count);
  return std::llround(count * 0x1.0p64 / static_cast<double>(settled.theta_));
}

bool ThetaSketch::merge(std::string_view bytes) {
  const std::optional<ThetaSketch> other = parse(bytes);
  if (!other) return false;
  unite(*other);
  return true;
}

void ThetaSketch::unite(const ThetaSketch& other) {
  theta_ = std::min(theta_, other.theta_);
  recent_.insert(recent_.end(), other.hashes_.begin(), other.hashes_.end());
  recent_.insert(recent_.end(), other.recent_.begin(), other.recent_.end());
  settle();
  std::erase_if(hashes_, [this](std::uint64_t hash) { return hash >= theta_; });
}

void ThetaSketch::intersect(const ThetaSketch& other) {
  ThetaSketch right = other;
  right.settle();
  settle();
  theta_ = std::min(theta_, right.theta_);
  std::erase_if(hashes_, [&](std::uint64_t hash) {
    return hash >= theta_ || !std::binary_search(right.hashes_.begin(), right.hashes_.end(), hash);
  });
}

void ThetaSketch::subtract(const ThetaSketch& other) {
  ThetaSketch right = other;
  right.settle();
  settle();
  theta_ = std::min(theta_, right.theta_);
  std::erase_if(hashes_, [&](std::uint64_t hash) {
    return hash >= theta_ || std::binary_search(right.hashes_.begin(), right.hashes_.end(), hash);
  });
}

std::string ThetaSketch::bytes() const {
  ThetaSketch settled = *this;
  settled.settle();
  std::string out{kThetaMark, static_cast<char>(lg_k_)};
  put(out, settled.theta_);
  for (const std::uint64_t hash : settled.hashes_) put(out, hash);
  return out;
}

std::optional<KllSketch> KllSketch::parse(std::string_view bytes) {
  constexpr std::size_t kHead = 1 + 4 + 8;
  constexpr std::size_t kSample = 3 * 8;
  if (bytes.size() < kHead || (bytes.size() - kHead) % kSample != 0 || bytes[0] != kKllMark)
    return std::nullopt;
  bytes.remove_prefix(1);
  const auto k = take<std::int32_t>(bytes);
  const auto count = take<std::int64_t>(bytes);
  if (k < 8 || k > 65535 || count < 0 || (count > 0) != !bytes.empty()) return std::nullopt;
  std::vector<QuantileSample> samples;
  while (!bytes.empty()) {
    QuantileSample sample;
    sample.value = take<double>(bytes);
    sample.num_ranks = take<std::int64_t>(bytes);
    sample.rank_slack = take<std::int64_t>(bytes);
    samples.push_back(sample);
  }
  KllSketch sketch(k);
  sketch.summary_ = QuantileSummary(1.0 / (2.0 * k), std::move(samples), count);
  return sketch;
}

double KllSketch::rank(double value) const {
  std::int64_t num_below = 0;
  for (const QuantileSample& sample : summary_.samples()) {
    if (sample.value <= value) num_below += sample.num_ranks;
  }
  return static_cast<double>(num_below) / static_cast<double>(count());
}

std::string KllSketch::to_string() const {
  std::string text =
      fmt::format("KLL sketch: k {}, n {}, retained {}", k_, count(), summary_.samples().size());
  if (count() > 0)
    text += fmt::format(", min {}, max {}", summary_.samples().front().value,
                        summary_.samples().back().value);
  return text;
}

void KllSketch::add(const Column& column, std::size_t row) {
  const double value = number_at(column, row);
  if (!std::isnan(value)) summary_.add(value);
}

bool KllSketch::merge(std::string_view bytes) {
  const std::optional<KllSketch> other = parse(bytes);
  if (!other) return false;
  unite(*other);
  return true;
}

std::string KllSketch::bytes() const {
  QuantileSummary summary = summary_;
  summary.compress();
  std::string out{kKllMark};
  put(out, static_cast<std::int32_t>(k_));
  put(out, summary.count());
  for (const QuantileSample& sample : summary.samples()) {
    put(out, sample.value);
    put(out, sample.num_ranks);
    put(out, sample.rank_slack);
  }
  return out;
}

}  // namespace stream
