// What typed operators share: the loop over a batch that knows the row when a function throws, and
// the emission of rows in batches of bounded size.
#pragma once

#include <libstream/api/chain.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

/// The error of a user's function, with the row it was given.
Error row_failure(const std::exception& failure, const Batch& batch, std::size_t row);
Error plain_failure(const std::exception& failure);

/// Calls body(row) for each row of the batch; an exception becomes an Error with that row.
template <class Body>
Result<void> for_each_row(const Batch& batch, Body body) {
  std::size_t row = 0;
  try {
    for (const std::size_t end = batch.num_rows(); row < end; ++row) body(row);
  } catch (const std::exception& failure) {
    return row_failure(failure, batch, row);
  }
  return {};
}

/// Runs `body`; an exception of a user's function becomes an Error.
template <class Body>
Result<void> guard(Body body) {
  try {
    return body();
  } catch (const std::exception& failure) {
    return plain_failure(failure);
  }
}

/// Collects rows of T and passes full batches on.
template <class T>
class BatchEmitter {
 public:
  BatchEmitter(BlockPool& pool, std::size_t batch_rows) : writer_(pool), batch_rows_(batch_rows) {}
  TypedRowWriter<T>& writer() { return writer_; }
  template <class X>
  void append(const X& value) {
    writer_.append(value);
  }
  bool is_full() const { return writer_.num_rows() >= batch_rows_; }
  Result<void> flush(Output& output) {
    if (writer_.num_rows() == 0) return {};
    return output.push(writer_.finish());
  }
  Result<void> flush_if_full(Output& output) {
    if (!is_full()) return {};
    return flush(output);
  }

 private:
  TypedRowWriter<T> writer_;
  std::size_t batch_rows_;
};

}  // namespace stream
