// What a pipeline must answer, found by loops over vectors of rows: no batches, no state, no
// operators of the engine. Used by the tests of this folder.
#pragma once

#include <tests/pipelines/random_pipeline.hpp>

namespace stream::pipelines {

struct NaiveOptions {
  /// A mistake, to see that the tests find it: late rows are kept.
  bool keeps_late_rows = false;
};

/// The rows that the query has written in append mode after its last epoch, in any order.
std::vector<Row> evaluate(const Pipeline& pipeline, const NaiveOptions& options = {});

}  // namespace stream::pipelines
