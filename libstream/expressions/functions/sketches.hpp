// Sketches as values: small summaries of large sets in a BINARY, made by aggregates and read by
// functions. The bytes of HllSketch, ThetaSketch and KllSketch are our own (not those of Apache
// DataSketches); CountMinSketch writes Spark's. All share one shape, which SketchAccumulator needs:
// add, merge (false: these bytes are no such sketch), bytes, heap_bytes.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/expressions/functions/distinct_count.hpp>
#include <libstream/expressions/functions/quantile_summary.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// How many different values there are, from 2^lg_k registers.
class HllSketch {
 public:
  explicit HllSketch(int lg_k = 12) : lg_k_(lg_k), count_(lg_k) {}
  static std::optional<HllSketch> parse(std::string_view bytes);

  int lg_k() const { return lg_k_; }
  std::int64_t estimate() const { return count_.estimate(); }
  void add(const Column& column, std::size_t row);
  bool merge(std::string_view bytes);
  /// Registers of the finer sketch are folded into those of the coarser one.
  void unite(const HllSketch& other);
  std::string bytes() const;
  std::size_t heap_bytes() const { return count_.registers().capacity(); }

 private:
  int lg_k_;
  DistinctCount count_;
};

/// The 2^lg_k smallest hashes of a set: counts, also of unions, intersections and differences.
class ThetaSketch {
 public:
  explicit ThetaSketch(int lg_k = 12) : lg_k_(lg_k) {}
  static std::optional<ThetaSketch> parse(std::string_view bytes);

  std::int64_t estimate() const;
  void add(const Column& column, std::size_t row);
  bool merge(std::string_view bytes);
  void unite(const ThetaSketch& other);
  void intersect(const ThetaSketch& other);
  void subtract(const ThetaSketch& other);
  std::string bytes() const;
  std::size_t heap_bytes() const { return 8 * (hashes_.capacity() + recent_.capacity()); }

 private:
  static constexpr std::uint64_t kAll = ~std::uint64_t{0};
  void settle();

  int lg_k_;
  std::uint64_t theta_ = kAll;         // hashes at or above it are left out
  std::vector<std::uint64_t> hashes_;  // in order, each once
  std::vector<std::uint64_t> recent_;  // not in hashes_ yet
};

/// Quantiles and ranks of numbers.
class KllSketch {
 public:
  explicit KllSketch(int k = 200) : k_(k), summary_(1.0 / (2.0 * k)) {}
  static std::optional<KllSketch> parse(std::string_view bytes);

  int k() const { return k_; }
  std::int64_t count() const { return summary_.count(); }
  /// Requires count() > 0.
  double quantile(double rank) const { return summary_.value_at(rank); }
  /// The share of values up to `value`.
  double rank(double value) const;
  std::string to_string() const;
  void add(const Column& column, std::size_t row);
  bool merge(std::string_view bytes);
  void unite(const KllSketch& other) { summary_.merge(other.summary_); }
  std::string bytes() const;
  std::size_t heap_bytes() const { return summary_.heap_bytes(); }

 private:
  int k_;
  QuantileSummary summary_;
};

/// How often each value came, too high by at most eps times all of them with some confidence.
class CountMinSketch {
 public:
  CountMinSketch(double eps, double confidence, std::int32_t seed);

  void add(const Column& column, std::size_t row);
  bool merge(std::string_view bytes);
  std::string bytes() const;
  std::size_t heap_bytes() const { return 8 * (table_.capacity() + multipliers_.capacity()); }

 private:
  void add_integer(std::int64_t value);
  void add_text(std::string_view text);

  std::int32_t width_;
  std::int64_t total_ = 0;
  std::vector<std::int64_t> multipliers_;  // one a row of the table
  std::vector<std::int64_t> table_;
};

}  // namespace stream
