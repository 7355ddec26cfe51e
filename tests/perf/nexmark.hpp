// The Nexmark auction's events in columns, and its queries by hand. One mixed stream of persons,
// auctions and bids (1 : 3 : 46 of 50); fields of other kinds are 0 or empty. One thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/batch.hpp>
#include <tests/perf/sql_query.hpp>

#include <span>
#include <vector>

namespace stream::perf {

/// Columns kind INT (0 person, 1 auction, 2 bid), time TIMESTAMP, id BIGINT, name, city, state
/// STRING, seller BIGINT, category INT, auction, bidder, price BIGINT. 10,000 events a second of
/// event time, in order.
std::vector<Batch> nexmark_batches(std::int64_t num_events, std::size_t batch_rows);

/// A query: its text over `timed`, and the same by a loop of its own.
struct NexmarkQuery {
  const char* name;
  const char* text;
  void (*by_hand)(std::span<const Batch> batches, Fingerprint& print);
};
const std::vector<NexmarkQuery>& nexmark_queries();

}  // namespace stream::perf
