// For programs that already use CAF: queries in the caller's actor system, fed by and feeding the
// caller's actors. The messages are in pipeline_messages.hpp; examples/pipeline.cpp shows it all.
// The actor system must outlive queries, sources and sinks made for it; call init_messages() first.
#pragma once

#include <actors/messages.hpp>
#include <actors/query_handle.hpp>
#include <libstream/connectors/sink.hpp>
#include <libstream/connectors/source.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace stream {

/// Runs a plan (`context.plan()`) in `system`; the handle has the query's actor, for monitoring.
Result<StartedQuery> spawn_query(caf::actor_system& system, PhysicalPlan plan,
                                 QueryOptions options = {});

/// A runner whose queries live in `system`: for StreamingContext.
std::shared_ptr<Runner> runner_in(caf::actor_system& system);

struct ActorSourceOptions {
  std::string name = "ActorSource";
  /// Bytes the producer may send beyond what is committed. Checkpoint epochs give them back: less
  /// than a checkpoint interval's rows makes the producer wait for the next one.
  std::int64_t window_bytes = 64 << 20;
};

/// Rows of `schema` from the actor `producer`. When the query starts it gets InputCredit from the
/// actor to send QueryInput to, and more when an epoch is committed. Rows are kept until then, so
/// no failure of a task loses any. One query a source.
std::shared_ptr<const Source> actor_source(caf::actor_system& system, caf::actor producer,
                                           std::shared_ptr<const Schema> schema,
                                           ActorSourceOptions options = {});

struct ActorSinkOptions {
  std::string name = "ActorSink";
  std::int64_t window_bytes = 16 << 20;  ///< bytes on their way to the consumer
};

/// Sends rows as QueryOutput to the actor `consumer`, which answers each with OutputTaken. An epoch
/// is committed when all its rows are taken; it comes again after a failure: at least once. The
/// query fails when the consumer ends.
std::shared_ptr<const Sink> actor_sink(caf::actor_system& system, caf::actor consumer,
                                       ActorSinkOptions options = {});

}  // namespace stream
