// histogram_numeric: numbers in a fixed number of bins that follow the data (Ben-Haim and Tom-Tov,
// "A Streaming Parallel Decision Tree Algorithm"), with Spark's way of breaking ties.
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>
#include <libstream/expressions/functions/percentages.hpp>

#include <algorithm>

namespace stream {
namespace {

/// java.util.Random(31183).nextDouble, from which Spark takes its choices.
class TieBreaker {
 public:
  double next() {
    const std::uint64_t high = next_bits(26) << 27;
    return static_cast<double>(high + next_bits(27)) * 0x1.0p-53;
  }

 private:
  std::uint64_t next_bits(int bits) {
    state_ = (state_ * 0x5DEECE66DULL + 0xB) & kMask;
    return state_ >> (48 - bits);
  }
  static constexpr std::uint64_t kMask = (1ULL << 48) - 1;
  std::uint64_t state_ = (31183 ^ 0x5DEECE66DULL) & kMask;
};

struct Bin {
  double x;
  double y;
};

struct Histogram {
  std::vector<Bin> bins;  ///< by x
  TieBreaker ties;
  std::size_t heap_bytes() const { return bins.capacity() * sizeof(Bin); }
};

/// Joins the two nearest bins until there are at most `max_bins`.
void trim(Histogram& histogram, std::size_t max_bins) {
  std::vector<Bin>& bins = histogram.bins;
  while (bins.size() > max_bins) {
    double smallest = bins[1].x - bins[0].x;
    std::size_t place = 0;
    int num_equal = 1;
    for (std::size_t i = 1; i + 1 < bins.size(); ++i) {
      const double gap = bins[i + 1].x - bins[i].x;
      if (gap < smallest) {
        smallest = gap;
        place = i;
        num_equal = 1;
      } else if (gap == smallest && histogram.ties.next() <= 1.0 / ++num_equal) {
        place = i;
      }
    }
    const Bin& left = bins[place];
    const Bin& right = bins[place + 1];
    const double sum = left.y + right.y;
    bins[place] = {left.x * (left.y / sum) + right.x / sum * right.y, sum};
    bins.erase(bins.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

void add_number(Histogram& histogram, double x, double y, std::size_t max_bins) {
  std::vector<Bin>& bins = histogram.bins;
  const auto it = std::lower_bound(bins.begin(), bins.end(), x, [](const Bin& bin, double value) {
    return compare_floats(bin.x, value) < 0;
  });
  if (it != bins.end() && compare_floats(it->x, x) == 0) {
    it->y += y;
    return;
  }
  bins.insert(it, {x, y});
  trim(histogram, max_bins);
}

class HistogramAccumulator final : public GroupedAccumulator<Histogram> {
 public:
  HistogramAccumulator(std::size_t max_bins, DataType type)
      : max_bins_(max_bins), type_(std::move(type)) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    visit_storage(type_, [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_same_v<T, Int128>) {
        for_each_value<T>(arguments[0], groups, [this](std::uint32_t group, T value) {
          add(group, decimal_to_double(value, type_.scale), 1);
        });
      } else if constexpr (std::is_arithmetic_v<T>) {
        for_each_value<T>(arguments[0], groups, [this](std::uint32_t group, T value) {
          add(group, static_cast<double>(value), 1);
        });
      }
    });
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const std::int64_t* offsets = state[0].data<std::int64_t>();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i)
        add(groups[row], state[0].children[0].data<double>()[i],
            state[1].children[0].data<double>()[i]);
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      for (const Bin& bin : states_[group].bins) {
        builders[0].child(0).append(bin.x);
        builders[1].child(0).append(bin.y);
      }
      builders[0].append_array();
      builders[1].append_array();
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) {
      if (states_[group].bins.empty()) {
        builder.append_null();
        continue;
      }
      for (const Bin& bin : states_[group].bins) {
        append_x(bin.x, builder.child(0).child(0));
        builder.child(0).child(1).append(bin.y);
        builder.child(0).append_struct();
      }
      builder.append_array();
    }
    return {};
  }

 private:
  void add(std::uint32_t group, double x, double y) {
    heap_bytes_ -= states_[group].heap_bytes();
    add_number(states_[group], x, y, max_bins_);
    heap_bytes_ += states_[group].heap_bytes();
  }
  void append_x(double x, ColumnBuilder& into) const {
    visit_storage(type_, [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_same_v<T, Int128>) {
        into.append(decimal_from_double(x, type_.scale).value_or(0));
      } else if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
        into.append(static_cast<T>(x));
      }
    });
  }

  std::size_t max_bins_;
  DataType type_;
};

Result<ResolvedAggregate> resolve_histogram(Arguments arguments, const AggregateModifiers&,
                                            const SqlSettings&) {
  DataType type = arguments[0].type;
  const TypeKind kind = type.kind;
  if (kind == TypeKind::null) type = primitive(TypeKind::float64);
  const bool is_fit = is_numeric(type.kind) || kind == TypeKind::date ||
                      kind == TypeKind::timestamp || kind == TypeKind::timestamp_ntz ||
                      kind == TypeKind::year_month_interval || kind == TypeKind::day_time_interval;
  if (!is_fit)
    return wrong_argument("histogram_numeric", arguments, 0,
                          "the (\"NUMERIC\", \"DATE\", \"TIMESTAMP\" or \"ANSI INTERVAL\") type");
  if (!is_integral(arguments[1].type.kind))
    return wrong_argument("histogram_numeric", arguments, 1, "the \"INT\" type");
  if (!arguments[1].constant)
    return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                          "histogram_numeric: the number of bins must be a constant");
  const auto bins = constant_number(*arguments[1].constant, arguments[1].type);
  if (!bins)
    return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL",
                          "histogram_numeric: the number of bins must not be NULL");
  if (*bins < 2)
    return analysis_error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                          "histogram_numeric: the number of bins must be at least 2");
  ResolvedAggregate histogram;
  histogram.parameter_types = {type, arguments[1].type};
  const DataType number = primitive(TypeKind::float64);
  histogram.type = array_of(struct_of({{"x", type, true}, {"y", number, true}}), true);
  histogram.state = {{"x", array_of(number, false), false}, {"y", array_of(number, false), false}};
  histogram.make = maker<HistogramAccumulator>(static_cast<std::size_t>(*bins), type);
  return histogram;
}

}  // namespace

void add_histogram_functions(FunctionRegistry& registry) {
  registry.add(
      AggregateFunction{"histogram_numeric",
                        "histogram_numeric(x, n) - a histogram of n bins of fitting widths",
                        2,
                        2,
                        resolve_histogram,
                        {}});
}

}  // namespace stream
