// A sink that hands each whole epoch to a function of the user (foreachBatch, foreachRDD). The
// function runs in the sink task, which may block; at least once an epoch.
#pragma once

#include <libstream/connectors/sink.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stream {

using EpochCallback = std::function<Result<void>(std::int64_t epoch, EpochMillis batch_time,
                                                 std::vector<Batch> batches)>;

struct CallbackOptions {
  std::string name = "ForeachBatchSink";
  std::size_t max_epoch_bytes = 1u << 30;  ///< an epoch that retains more fails
};

/// Called once an epoch, also for an empty one, by the task that ends it last. Exceptions become
/// errors of class user_code.
std::shared_ptr<Sink> callback_sink(EpochCallback callback, CallbackOptions options = {});

}  // namespace stream
