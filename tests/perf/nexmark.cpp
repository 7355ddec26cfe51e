#include <libstream/base/hash.hpp>
#include <libstream/data/column_builder.hpp>
#include <tests/perf/nexmark.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace stream::perf {
namespace {

constexpr std::int64_t kBeginMillis = 1'700'000'000'000;
constexpr std::int64_t kFirstId = 1000;
constexpr std::int64_t kDelayMicros = 2'000'000;
constexpr std::int64_t kTenSeconds = 10'000'000;
constexpr const char* kStates[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};

enum Place {
  kKind,
  kTime,
  kId,
  kName,
  kCity,
  kState,
  kSeller,
  kCategory,
  kAuction,
  kBidder,
  kPrice
};

class Draw {
 public:
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(
        (hash_integer(++state_) >> 32) * static_cast<std::uint64_t>(limit) >> 32);
  }
  double unit() { return static_cast<double>(hash_integer(++state_) >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_ = hash_integer(7);
};

/// The columns of one batch, by row.
struct Rows {
  explicit Rows(const Batch& batch) : batch_(batch) {}
  std::size_t size() const { return batch_.num_rows(); }
  bool is(std::size_t row, std::int32_t kind) const {
    return batch_.column(kKind).data<std::int32_t>()[row] == kind;
  }
  std::int64_t number(Place place, std::size_t row) const {
    return batch_.column(place).data<std::int64_t>()[row];
  }
  std::int32_t category(std::size_t row) const {
    return batch_.column(kCategory).data<std::int32_t>()[row];
  }
  std::string_view text(Place place, std::size_t row) const {
    return batch_.column(place).string_at(row);
  }

 private:
  const Batch& batch_;
};

template <class Visit>
void for_each_row(std::span<const Batch> batches, std::int32_t kind, Visit visit) {
  for (const Batch& batch : batches) {
    const Rows rows(batch);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (rows.is(row, kind)) visit(rows, row);
    }
  }
}

/// Windows that end later were not closed when the input ended.
std::int64_t last_end(std::span<const Batch> batches) {
  const Batch& last = batches.back();
  return Rows(last).number(kTime, last.num_rows() - 1) - kDelayMicros;
}

std::int64_t hash_of(std::string_view text) {
  return static_cast<std::int64_t>(hash_bytes(text.data(), text.size()));
}

void currency(std::span<const Batch> batches, Fingerprint& print) {
  for_each_row(batches, 2, [&](const Rows& rows, std::size_t row) {
    print.add_row({rows.number(kAuction, row), rows.number(kBidder, row),
                   rows.number(kPrice, row) * 908, rows.number(kTime, row)});
  });
}

void selection(std::span<const Batch> batches, Fingerprint& print) {
  for_each_row(batches, 2, [&](const Rows& rows, std::size_t row) {
    if (rows.number(kAuction, row) % 123 == 0)
      print.add_row({rows.number(kAuction, row), rows.number(kPrice, row)});
  });
}

void local_items(std::span<const Batch> batches, Fingerprint& print) {
  struct Person {
    std::int64_t name, city, state;
  };
  std::unordered_map<std::int64_t, Person> people;
  for (const Batch& batch : batches) {
    const Rows rows(batch);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (rows.is(row, 0)) {
        const std::string_view state = rows.text(kState, row);
        if (state == "OR" || state == "ID" || state == "CA")
          people[rows.number(kId, row)] = {hash_of(rows.text(kName, row)),
                                           hash_of(rows.text(kCity, row)), hash_of(state)};
      } else if (rows.is(row, 1) && rows.category(row) == 10) {
        const auto found = people.find(rows.number(kSeller, row));
        if (found != people.end())
          print.add_row(
              {rows.number(kId, row), found->second.name, found->second.city, found->second.state});
      }
    }
  }
}

void hot_items(std::span<const Batch> batches, Fingerprint& print) {
  constexpr std::int64_t kSlide = 2'000'000;
  std::map<std::int64_t, std::unordered_map<std::int64_t, std::int64_t>> slices;
  for_each_row(batches, 2, [&](const Rows& rows, std::size_t row) {
    const std::int64_t time = rows.number(kTime, row);
    ++slices[time / kSlide * kSlide][rows.number(kAuction, row)];
  });
  const std::int64_t first = slices.begin()->first - kTenSeconds + kSlide;
  for (std::int64_t start = first; start + kTenSeconds <= last_end(batches); start += kSlide) {
    std::unordered_map<std::int64_t, std::int64_t> counts;
    for (auto at = slices.lower_bound(start); at != slices.end() && at->first < start + kTenSeconds;
         ++at) {
      for (const auto& [auction, count] : at->second) counts[auction] += count;
    }
    std::pair<std::int64_t, std::int64_t> best{0, 0};
    for (const auto& [auction, count] : counts) best = std::max(best, {count, -auction});
    print.add_row({start, best.first, best.second});
  }
}

void highest_bids(std::span<const Batch> batches, Fingerprint& print) {
  using Best = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
  std::map<std::int64_t, Best> windows;
  for_each_row(batches, 2, [&](const Rows& rows, std::size_t row) {
    Best& best = windows[rows.number(kTime, row) / kTenSeconds * kTenSeconds];
    best = std::max(best, Best{rows.number(kPrice, row), -rows.number(kAuction, row),
                               -rows.number(kBidder, row)});
  });
  for (const auto& [start, best] : windows) {
    if (start + kTenSeconds > last_end(batches)) continue;
    print.add_row({start, std::get<0>(best), std::get<1>(best), std::get<2>(best)});
  }
}

void new_sellers(std::span<const Batch> batches, Fingerprint& print) {
  std::map<std::int64_t, std::unordered_map<std::int64_t, std::int64_t>> people;
  std::map<std::int64_t, std::unordered_set<std::int64_t>> sellers;
  for (const Batch& batch : batches) {
    const Rows rows(batch);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::int64_t window = rows.number(kTime, row) / kTenSeconds * kTenSeconds;
      if (rows.is(row, 0)) people[window][rows.number(kId, row)] = hash_of(rows.text(kName, row));
      if (rows.is(row, 1)) sellers[window].insert(rows.number(kSeller, row));
    }
  }
  for (const auto& [window, of_window] : people) {
    if (window + kTenSeconds > last_end(batches)) continue;
    const auto opened = sellers.find(window);
    if (opened == sellers.end()) continue;
    for (const auto& [id, name] : of_window) {
      if (opened->second.contains(id)) print.add_row({window, id, name});
    }
  }
}

}  // namespace

std::vector<Batch> nexmark_batches(std::int64_t num_events, std::size_t batch_rows) {
  const DataType text = primitive(TypeKind::string);
  const DataType number = primitive(TypeKind::int64);
  const DataType small = primitive(TypeKind::int32);
  const auto schema =
      std::make_shared<const Schema>(Schema{{{"kind", small, false},
                                             {"time", primitive(TypeKind::timestamp), false},
                                             {"id", number, false},
                                             {"name", text, false},
                                             {"city", text, false},
                                             {"state", text, false},
                                             {"seller", number, false},
                                             {"category", small, false},
                                             {"auction", number, false},
                                             {"bidder", number, false},
                                             {"price", number, false}}});
  BlockPool pool;
  Draw draw;
  std::int64_t next_person = kFirstId;
  std::int64_t next_auction = kFirstId;
  // Half or three quarters go to the first of each hundred.
  const auto person = [&](bool is_hot) {
    const std::int64_t last = next_person - 1;
    if (is_hot) return std::max(kFirstId, last / 100 * 100);
    return last - draw.below(std::min<std::int64_t>(1000, next_person - kFirstId));
  };
  std::vector<Batch> batches;
  for (std::int64_t made = 0; made < num_events;) {
    std::vector<ColumnBuilder> builders;
    for (const Field& field : schema->fields) builders.emplace_back(field.type, pool);
    std::size_t count = 0;
    for (; count < batch_rows && made < num_events; ++count, ++made) {
      const std::int64_t place = made % 50;
      const std::int32_t kind = place == 0 ? 0 : place < 4 ? 1 : 2;
      std::int64_t id = 0, seller = 0, auction = 0, bidder = 0, price = 0;
      std::int32_t category = 0;
      std::string name, city, state;
      if (kind == 0) {
        id = next_person++;
        name = fmt::format("person {}", draw.below(1000));
        city = fmt::format("city {}", draw.below(10));
        state = kStates[draw.below(6)];
      } else if (kind == 1) {
        seller = person(draw.below(4) > 0);
        id = next_auction++;
        category = static_cast<std::int32_t>(10 + draw.below(5));
      } else {
        const std::int64_t last = next_auction - 1;
        auction = draw.below(2) == 0
                      ? std::max(kFirstId, last / 100 * 100)
                      : last - draw.below(std::min<std::int64_t>(100, next_auction - kFirstId));
        bidder = person(draw.below(4) > 0);
        price = static_cast<std::int64_t>(100 * std::pow(10.0, 6 * draw.unit()));
      }
      builders[kKind].append(kind);
      builders[kTime].append((kBeginMillis + made / 10) * 1000);
      builders[kId].append(id);
      builders[kName].append_string(name);
      builders[kCity].append_string(city);
      builders[kState].append_string(state);
      builders[kSeller].append(seller);
      builders[kCategory].append(category);
      builders[kAuction].append(auction);
      builders[kBidder].append(bidder);
      builders[kPrice].append(price);
    }
    std::vector<Column> columns;
    for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
    batches.emplace_back(schema, std::move(columns), count);
  }
  return batches;
}

const std::vector<NexmarkQuery>& nexmark_queries() {
  static const std::vector<NexmarkQuery> queries{
      {"N1", "SELECT auction, bidder, price * 0.908, time FROM timed WHERE kind = 2", currency},
      {"N2", "SELECT auction, price FROM timed WHERE kind = 2 AND auction % 123 = 0", selection},
      {"N3",
       "SELECT a.id, p.name, p.city, p.state FROM (SELECT id, seller FROM timed WHERE kind = 1 AND "
       "category = 10) a JOIN (SELECT id, name, city, state FROM timed WHERE kind = 0 AND state IN "
       "('OR', 'ID', 'CA')) p ON a.seller = p.id",
       local_items},
      {"N5",
       "SELECT window.start, max(struct(n, -auction)) FROM (SELECT window, auction, count(*) AS n "
       "FROM timed WHERE kind = 2 GROUP BY window(time, '10 seconds', '2 seconds'), auction) "
       "GROUP BY window",
       hot_items},
      {"N7",
       "SELECT window.start, max(struct(price, -auction, -bidder)) FROM timed WHERE kind = 2 "
       "GROUP BY window(time, '10 seconds')",
       highest_bids},
      {"N8",
       "SELECT p.window.start, p.id, p.name FROM (SELECT window, id, name FROM timed WHERE kind = "
       "0 "
       "GROUP BY window(time, '10 seconds'), id, name) p JOIN (SELECT window, seller FROM timed "
       "WHERE kind = 1 GROUP BY window(time, '10 seconds'), seller) a ON p.id = a.seller AND "
       "p.window = a.window",
       new_sellers},
  };
  return queries;
}

}  // namespace stream::perf
