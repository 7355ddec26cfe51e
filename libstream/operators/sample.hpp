// Keeps a random share of the rows, the same ones in every run with the same seed.
#pragma once

#include <libstream/operators/operator.hpp>

namespace stream {

struct SampleSpec {
  double fraction = 1;  ///< 0 … 1
  std::uint64_t seed = 0;
};
OperatorFactory make_sample(SampleSpec spec);

}  // namespace stream
