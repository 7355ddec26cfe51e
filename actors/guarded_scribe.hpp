// A connection between nodes as CAF's broker reads and writes it: bytes go through TLS where there
// is a session, and come through a FrameGuard. Made on any thread, used on CAF's network thread.
#pragma once

#include <actors/caf_compat.hpp>
#include <actors/node_connection.hpp>
#include <actors/refusals.hpp>
#include <libstream/base/clock.hpp>

#include <caf/io/scribe.hpp>

#include <memory>

namespace stream {

/// The connection ends when nothing passes it for `dead_after`.
caf::io::scribe_ptr make_guarded_scribe(caf::actor_system& system, NodeConnection connection,
                                        Duration dead_after, std::shared_ptr<Refusals> refusals);

}  // namespace stream
