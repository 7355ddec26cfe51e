#include <libstream/expressions/functions/row_hash.hpp>
#include <libstream/expressions/functions/sketches.hpp>

#include <cmath>
#include <cstdlib>

namespace stream {
namespace {

constexpr std::int32_t kVersion = 1;

/// java.util.Random(seed).nextInt(2^31 - 1).
class JavaRandom {
 public:
  explicit JavaRandom(std::int32_t seed)
      : state_((static_cast<std::uint64_t>(static_cast<std::int64_t>(seed)) ^ 0x5DEECE66DULL) &
               kMask) {}
  std::int32_t next() {
    constexpr std::int32_t kBound = 2147483647;
    while (true) {
      state_ = (state_ * 0x5DEECE66DULL + 0xB) & kMask;
      const auto bits = static_cast<std::int32_t>(state_ >> 17);
      if (bits < kBound) return bits;  // 2^31 − 1 itself begins an incomplete round
    }
  }

 private:
  static constexpr std::uint64_t kMask = (1ULL << 48) - 1;
  std::uint64_t state_;
};

template <class T>
void put_big_endian(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

std::int64_t long_at(std::string_view bytes, std::size_t place) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[place + i]);
  return static_cast<std::int64_t>(value);
}

}  // namespace

CountMinSketch::CountMinSketch(double eps, double confidence, std::int32_t seed)
    : width_(static_cast<std::int32_t>(std::ceil(2 / eps))) {
  const double depth = std::ceil(-std::log1p(-confidence) / std::log(2));
  JavaRandom random(seed);
  for (int i = 0; i < static_cast<int>(depth); ++i) multipliers_.push_back(random.next());
  table_.resize(multipliers_.size() * static_cast<std::size_t>(width_));
}

void CountMinSketch::add(const Column& column, std::size_t row) {
  switch (column.type.kind) {
    case TypeKind::int8:
      return add_integer(column.data<std::int8_t>()[row]);
    case TypeKind::int16:
      return add_integer(column.data<std::int16_t>()[row]);
    case TypeKind::int32:
      return add_integer(column.data<std::int32_t>()[row]);
    case TypeKind::int64:
      return add_integer(column.data<std::int64_t>()[row]);
    default:
      return add_text(column.string_at(row));
  }
}

void CountMinSketch::add_integer(std::int64_t value) {
  constexpr std::int64_t kPrimeModulus = (std::int64_t{1} << 31) - 1;
  ++total_;
  for (std::size_t i = 0; i < multipliers_.size(); ++i) {
    auto hash = static_cast<std::int64_t>(static_cast<std::uint64_t>(multipliers_[i]) *
                                          static_cast<std::uint64_t>(value));
    hash = static_cast<std::int64_t>(static_cast<std::uint64_t>(hash) +
                                     static_cast<std::uint64_t>(hash >> 32)) &
           kPrimeModulus;
    ++table_[i * static_cast<std::size_t>(width_) + static_cast<std::size_t>(hash % width_)];
  }
}

void CountMinSketch::add_text(std::string_view text) {
  ++total_;
  const std::int32_t first = murmur3_bytes(text, 0);
  const std::int32_t second = murmur3_bytes(text, first);
  for (std::size_t i = 0; i < multipliers_.size(); ++i) {
    const auto mixed = static_cast<std::int32_t>(static_cast<std::uint32_t>(first) +
                                                 static_cast<std::uint32_t>(i) *
                                                     static_cast<std::uint32_t>(second));
    const std::int32_t bucket = std::abs(mixed % width_);
    ++table_[i * static_cast<std::size_t>(width_) + static_cast<std::size_t>(bucket)];
  }
}

std::string CountMinSketch::bytes() const {
  std::string out;
  put_big_endian(out, kVersion);
  put_big_endian(out, total_);
  put_big_endian(out, static_cast<std::int32_t>(multipliers_.size()));
  put_big_endian(out, width_);
  for (const std::int64_t multiplier : multipliers_) put_big_endian(out, multiplier);
  for (const std::int64_t count : table_) put_big_endian(out, count);
  return out;
}

bool CountMinSketch::merge(std::string_view bytes) {
  const std::string own = bytes.size() >= 20 ? this->bytes() : std::string();
  const std::size_t table_begin = 20 + 8 * multipliers_.size();
  // Version, depth, width and multipliers must be ours; the total in between is added.
  const bool is_same = bytes.size() == own.size() && bytes.substr(0, 4) == own.substr(0, 4) &&
                       bytes.substr(12, table_begin - 12) == own.substr(12, table_begin - 12);
  if (!is_same) return false;
  total_ += long_at(bytes, 4);
  for (std::size_t i = 0; i < table_.size(); ++i) table_[i] += long_at(bytes, table_begin + 8 * i);
  return true;
}

}  // namespace stream
