#include <libstream/connectors/postgresql/binary_bytes.hpp>
#include <libstream/connectors/postgresql/row_decoder.hpp>
#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>

#include <fmt/format.h>

#include <limits>

namespace stream::postgresql {
namespace {

/// What Spark reads infinity as: the ends of its calendar.
constexpr CivilDate kFirstDay{1, 1, 1};
constexpr CivilDate kLastDay{9999, 12, 31};

Error damaged(const ColumnType& type) {
  return bad_data(fmt::format("damaged bytes for a value of type {}",
                              type.name.empty() ? std::to_string(type.oid) : type.name));
}

Error no_place(std::string_view what) {
  return bad_data(fmt::format("{}: cast the column in a query, as in column::text", what));
}

Result<void> append_date(std::int32_t days, ColumnBuilder& builder) {
  std::int64_t value = days + kEpochDays;
  if (days == std::numeric_limits<std::int32_t>::max()) value = days_from_civil(kLastDay);
  if (days == std::numeric_limits<std::int32_t>::min()) value = days_from_civil(kFirstDay);
  if (value > std::numeric_limits<std::int32_t>::max()) return no_place("a date is out of range");
  builder.append(static_cast<std::int32_t>(value));
  return {};
}

Result<void> append_timestamp(std::int64_t micros, ColumnBuilder& builder) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::int64_t value = 0;
  if (micros == kMax) {
    value = (days_from_civil(kLastDay) + 1) * kMicrosPerDay - 1;
  } else if (micros == std::numeric_limits<std::int64_t>::min()) {
    value = days_from_civil(kFirstDay) * kMicrosPerDay;
  } else if (__builtin_add_overflow(micros, kEpochMicros, &value)) {
    return no_place("a timestamp is out of range");
  }
  builder.append(value);
  return {};
}

Result<void> append_interval(ByteCursor bytes, ColumnBuilder& builder) {
  CalendarInterval interval;
  interval.micros = bytes.number<std::int64_t>();
  interval.days = bytes.number<std::int32_t>();
  interval.months = bytes.number<std::int32_t>();
  switch (builder.type().kind) {
    case TypeKind::year_month_interval:
      if (interval.days != 0 || interval.micros != 0)
        return no_place("an interval of years and months holds days");
      builder.append(interval.months);
      return {};
    case TypeKind::day_time_interval: {
      std::int64_t micros = 0;
      if (interval.months != 0) return no_place("an interval of days holds months");
      if (__builtin_add_overflow(interval.days * kMicrosPerDay, interval.micros, &micros))
        return no_place("an interval is out of range");
      builder.append(micros);
      return {};
    }
    default:
      builder.append(interval);
      return {};
  }
}

/// The groups of a numeric at the scale of a decimal, rounded half up.
class NumericSum {
 public:
  explicit NumericSum(int scale) : scale_(scale) {}

  /// Group number `index` of a number whose first group stands for 10000^weight. False: too large.
  bool add(int group, int weight, int index) {
    const int exponent = 4 * (weight - index) + scale_;
    if (exponent >= 4) return shift(10'000) && plus(group);
    if (exponent >= 0) return shift(10'000) && plus(group) && shift_to(exponent);
    return add_fraction(group, -exponent);
  }
  bool is_done(int weight, int index) const { return 4 * (weight - index) + scale_ < -4; }
  Int128 value() const { return value_; }

 private:
  bool shift(Int128 factor) { return !__builtin_mul_overflow(value_, factor, &value_); }
  bool plus(Int128 more) { return !__builtin_add_overflow(value_, more, &value_); }
  bool shift_to(int exponent) { return shift(power_of_ten(exponent)); }
  /// A group of which the last `lost` digits have no place.
  bool add_fraction(int group, int lost) {
    const auto unit = static_cast<int>(power_of_ten(lost));
    return plus(group / unit + (2 * (group % unit) >= unit ? 1 : 0));
  }

  int scale_;
  Int128 value_ = 0;
};

Result<void> append_decimal(ByteCursor bytes, const ColumnType& type, ColumnBuilder& builder) {
  constexpr std::uint16_t kPositive = 0x0000, kNegative = 0x4000;
  constexpr int kBase = 10'000;
  const auto num_groups = bytes.number<std::int16_t>();
  const auto weight = bytes.number<std::int16_t>();
  const auto sign = bytes.number<std::uint16_t>();
  bytes.number<std::int16_t>();  // digits to show
  if (bytes.is_short() || num_groups < 0 ||
      bytes.size() != static_cast<std::size_t>(num_groups) * sizeof(std::int16_t))
    return damaged(type);
  if (sign != kPositive && sign != kNegative) return no_place("a numeric is NaN or infinite");
  const DataType& target = builder.type();
  NumericSum sum(target.scale);
  // Groups that are not sent are zeros; they count until the last one that has a place.
  for (int index = 0; !sum.is_done(weight, index); ++index) {
    const int group = index < num_groups ? bytes.number<std::int16_t>() : 0;
    if (group < 0 || group >= kBase) return damaged(type);
    if (!sum.add(group, weight, index)) return no_place("a numeric has too many digits");
  }
  if (!fits_precision(sum.value(), target.precision))
    return no_place("a numeric has too many digits");
  builder.append(sign == kNegative ? -sum.value() : sum.value());
  return {};
}

void append_uuid(std::string_view bytes, ColumnBuilder& builder) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  builder.append_string(text);
}

Result<void> append_array(ByteCursor bytes, const ColumnType& type, ColumnBuilder& builder) {
  const auto dimensions = bytes.number<std::int32_t>();
  bytes.number<std::int32_t>();  // has nulls
  const auto element = bytes.number<std::uint32_t>();
  if (bytes.is_short() || element != element_of_oid(type.oid)) return damaged(type);
  if (dimensions == 0) {
    builder.append_array();
    return {};
  }
  if (dimensions != 1) return no_place("an array has more than one dimension");
  const auto size = bytes.number<std::int32_t>();
  bytes.number<std::int32_t>();  // lower bound
  const ColumnType element_type{element, type.modifier, type.name, 0, false};
  for (std::int32_t i = 0; i < size; ++i) {
    const auto length = bytes.number<std::int32_t>();
    if (bytes.is_short() || length < -1) return damaged(type);
    if (length == -1) {
      builder.child(0).append_null();
      continue;
    }
    const std::string_view value = bytes.take(static_cast<std::size_t>(length));
    if (bytes.is_short()) return damaged(type);
    STREAM_TRY(append_decoded(value, element_type, builder.child(0)));
  }
  if (size < 0 || !bytes.is_empty()) return damaged(type);
  builder.append_array();
  return {};
}

/// The size of a value of a type of fixed width; 0: any.
std::size_t fixed_size(std::uint32_t type) {
  switch (type) {
    case oid::kBool:
    case oid::kChar:
      return 1;
    case oid::kInt2:
      return 2;
    case oid::kInt4:
    case oid::kOid:
    case oid::kFloat4:
    case oid::kDate:
      return 4;
    case oid::kInt8:
    case oid::kFloat8:
    case oid::kTimestamp:
    case oid::kTimestamptz:
      return 8;
    case oid::kInterval:
    case oid::kUuid:
      return 16;
    default:
      return 0;
  }
}

}  // namespace

Result<void> append_decoded(std::string_view bytes, const ColumnType& type,
                            ColumnBuilder& builder) {
  if (const std::size_t size = fixed_size(type.oid); size != 0 && bytes.size() != size)
    return damaged(type);
  switch (type.oid) {
    case oid::kBool:
      builder.append(bytes[0] != 0);
      return {};
    case oid::kInt2:
      builder.append(number_at<std::int16_t>(bytes.data()));
      return {};
    case oid::kInt4:
    case oid::kFloat4:
      builder.append(number_at<std::int32_t>(bytes.data()));
      return {};
    case oid::kOid:
      builder.append(static_cast<std::int64_t>(number_at<std::uint32_t>(bytes.data())));
      return {};
    case oid::kInt8:
    case oid::kFloat8:
      builder.append(number_at<std::int64_t>(bytes.data()));
      return {};
    case oid::kDate:
      return append_date(number_at<std::int32_t>(bytes.data()), builder);
    case oid::kTimestamp:
    case oid::kTimestamptz:
      return append_timestamp(number_at<std::int64_t>(bytes.data()), builder);
    case oid::kInterval:
      return append_interval(ByteCursor(bytes), builder);
    case oid::kNumeric:
      return append_decimal(ByteCursor(bytes), type, builder);
    case oid::kUuid:
      append_uuid(bytes, builder);
      return {};
    case oid::kJsonb:
      if (bytes.empty() || bytes[0] != 1) return damaged(type);
      builder.append_string(bytes.substr(1));
      return {};
    default:
      if (element_of_oid(type.oid) != 0) return append_array(ByteCursor(bytes), type, builder);
      builder.append_string(bytes);
      return {};
  }
}

Result<void> CopyDecoder::append(std::string_view message, std::vector<ColumnBuilder>& columns) {
  ByteCursor bytes(message);
  if (!has_begun_) {
    const bool is_copy = bytes.take(kCopySignature.size()) == kCopySignature;
    bytes.number<std::int32_t>();
    const auto extension = bytes.number<std::int32_t>();
    if (!is_copy || bytes.is_short() || extension < 0)
      return bad_data("what the server sent is no binary COPY");
    bytes.take(static_cast<std::size_t>(extension));
    has_begun_ = true;
  }
  while (!bytes.is_empty()) {
    const auto num_fields = bytes.number<std::int16_t>();
    if (num_fields == -1 && bytes.is_empty() && !bytes.is_short()) {
      has_ended_ = true;
      return {};
    }
    if (num_fields < 0 || static_cast<std::size_t>(num_fields) != types_.size() || has_ended_)
      return bad_data("a row of a binary COPY has another number of columns");
    for (std::size_t i = 0; i < types_.size(); ++i) {
      const auto length = bytes.number<std::int32_t>();
      if (bytes.is_short() || length < -1) return damaged(types_[i]);
      if (length == -1) {
        columns[i].append_null();
        continue;
      }
      const std::string_view value = bytes.take(static_cast<std::size_t>(length));
      if (bytes.is_short()) return damaged(types_[i]);
      STREAM_TRY(append_decoded(value, types_[i], columns[i]));
    }
    ++num_rows_;
  }
  return bytes.is_short() ? Result<void>(bad_data("a row of a binary COPY is cut off"))
                          : Result<void>();
}

}  // namespace stream::postgresql
