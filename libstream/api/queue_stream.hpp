// queue_stream: a stream fed by the program itself, for tests and embedding.
#pragma once

#include <libstream/api/dstream.hpp>
#include <libstream/connectors/memory/queue_source.hpp>

#include <memory>
#include <vector>

namespace stream {

/// A DStream<T> and the queue that feeds it. add is thread-safe, also while the context runs.
template <class T>
class QueueStream : public DStream<T> {
 public:
  QueueStream(DStream<T> stream, std::shared_ptr<QueueSource> queue)
      : DStream<T>(std::move(stream)),
        queue_(std::move(queue)),
        pool_(std::make_shared<BlockPool>()) {}

  /// Adds one queue element: what one interval takes.
  void add(const std::vector<T>& elements) const {
    TypedRowWriter<T> writer(*pool_);
    for (const T& element : elements) writer.append(element);
    value_or_throw(queue_->add(writer.finish()));
  }

 private:
  std::shared_ptr<QueueSource> queue_;
  std::shared_ptr<BlockPool> pool_;
};

}  // namespace stream
