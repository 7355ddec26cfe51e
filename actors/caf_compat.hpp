// The only place that knows CAF's versions: 0.17 (Debian) and 1.x. Included by the .cpp files and
// the actor headers of this folder. Messages of a query never leave the process: they are declared
// with STREAM_MESSAGES_BEGIN … END and carry C++ objects as they are.
#pragma once

#include <caf/all.hpp>

#if !defined(CAF_VERSION_MAJOR)
#define STREAM_CAF_HAS_TYPE_IDS 0
#else
#define STREAM_CAF_HAS_TYPE_IDS 1
#endif

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

#if STREAM_CAF_HAS_TYPE_IDS
// The block begins where programs' own blocks (from first_custom_type_id on) seldom reach.
#define STREAM_MESSAGES_BEGIN(block) \
  CAF_BEGIN_TYPE_ID_BLOCK(block, caf::first_custom_type_id + 1000)
#define STREAM_MESSAGE(block, type) \
  CAF_ADD_TYPE_ID(block, (type))    \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::type)
#define STREAM_MESSAGES_END(block) CAF_END_TYPE_ID_BLOCK(block)
#else
#define STREAM_MESSAGES_BEGIN(block)
#define STREAM_MESSAGE(block, type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::type)
#define STREAM_MESSAGES_END(block)
#endif

namespace stream::caf_compat {

/// Messages an actor takes before the next one has its turn: few, as most are whole batches.
inline constexpr std::size_t kMessagesPerTurn = 16;

/// Scheduler settings; no configuration file or command line is read.
inline void set_scheduler(caf::actor_system_config& config, bool stealing,
                          std::size_t num_threads) {
#if STREAM_CAF_HAS_TYPE_IDS
  config.set("caf.scheduler.policy", std::string(stealing ? "stealing" : "sharing"));
  config.set("caf.scheduler.max-threads", num_threads);
  config.set("caf.scheduler.max-throughput", kMessagesPerTurn);
#else
  config.set("scheduler.policy", stealing ? caf::atom("stealing") : caf::atom("sharing"));
  config.set("scheduler.max-threads", num_threads);
  config.set("scheduler.max-throughput", kMessagesPerTurn);
#endif
}

template <class Self, class Message>
void send(Self* self, const caf::actor& to, Message message) {
#if STREAM_CAF_HAS_TYPE_IDS
  self->mail(std::move(message)).send(to);
#else
  self->send(to, std::move(message));
#endif
}

template <class Self, class Message>
void send_later(Self* self, const caf::actor& to, std::chrono::milliseconds delay,
                Message message) {
#if STREAM_CAF_HAS_TYPE_IDS
  self->mail(std::move(message)).delay(delay).send(to);
#else
  self->delayed_send(to, delay, std::move(message));
#endif
}

/// Calls `work`, which may block, on a thread of its own. With an argument that nobody reads: CAF
/// 0.17 dereferences a null pointer for an actor that is spawned without any.
template <class Work>
void run_detached(caf::actor_system& system, Work work) {
  system.spawn<caf::detached>([work = std::move(work)](bool) mutable { work(); }, true);
}

/// Its end comes as a caf::down_msg.
template <class Self>
void monitor(Self* self, const caf::actor& whom) {
#if STREAM_CAF_HAS_TYPE_IDS
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  self->monitor(whom);
#pragma GCC diagnostic pop
#else
  self->monitor(whom);
#endif
}

/// What an event-based actor does with the ends of those it monitors.
template <class Self, class Handler>
void on_down(Self* self, Handler handler) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  self->set_down_handler(std::move(handler));
#pragma GCC diagnostic pop
}

/// From outside of any actor.
template <class... Values>
void send_from_outside(const caf::actor& to, Values... values) {
#if STREAM_CAF_HAS_TYPE_IDS
  caf::anon_mail(std::move(values)...).send(to);
#else
  caf::anon_send(to, std::move(values)...);
#endif
}

/// To be followed by .receive(…), of a blocking actor.
template <class... Values>
auto request(caf::scoped_actor& self, const caf::actor& to, std::chrono::seconds timeout,
             Values... values) {
#if STREAM_CAF_HAS_TYPE_IDS
  return self->mail(std::move(values)...).request(to, timeout);
#else
  return self->request(to, timeout, std::move(values)...);
#endif
}

/// The name of the broker that connections of nodes belong to.
#if STREAM_CAF_HAS_TYPE_IDS
inline constexpr const char* kBroker = "BASP";
#else
inline constexpr caf::atom_value kBroker = caf::atom("BASP");
#endif

}  // namespace stream::caf_compat
