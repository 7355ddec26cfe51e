// What the caller's own actors exchange with a query (actors/pipeline.hpp).
#pragma once

#include <libstream/data/batch.hpp>

#include <cstdint>

namespace stream {

/// Producer -> source: rows for the query. Charges batch.retained_bytes() of the producer's credit.
struct QueryInput {
  Batch batch;
};

/// Source -> producer: may send so many more bytes. The first one comes when the query starts, from
/// the actor to send to; later ones when rows are in a committed epoch.
struct InputCredit {
  std::int64_t bytes = 0;
};

/// Sink -> consumer: rows of an epoch; answer with OutputTaken{bytes}.
struct QueryOutput {
  std::int64_t epoch = 0;
  Batch batch;
  std::int64_t bytes = 0;
};

/// Consumer -> sink: the rows are dealt with.
struct OutputTaken {
  std::int64_t bytes = 0;
};

}  // namespace stream
