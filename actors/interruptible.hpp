// A sink whose writers wait for someone outside the query. The coordinator calls interrupt before
// it waits for the tasks to end, so that a stop never waits for a consumer that does not answer.
#pragma once

namespace stream {

class Interruptible {
 public:
  virtual ~Interruptible() = default;
  /// Writers opened so far give up with an error. Any thread.
  virtual void interrupt() const = 0;
};

}  // namespace stream
