// INTERSECT and EXCEPT, with and without ALL, over the rows of an epoch of two inputs. Both are
// exchanged by add_hash of all compared columns.
#pragma once

#include <libstream/operators/operator.hpp>

namespace stream {

struct SetOperationSpec {
  enum class Kind { intersect, intersect_all, except, except_all };
  Kind kind = Kind::intersect;
  std::vector<std::size_t> left;  ///< columns compared and handed on, pairwise of one type
  std::vector<std::size_t> right;
  std::shared_ptr<const Schema> schema;
};
OperatorFactory make_set_operation(SetOperationSpec spec);

}  // namespace stream
