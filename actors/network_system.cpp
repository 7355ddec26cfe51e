#include <actors/network_system.hpp>
#include <actors/query_handle.hpp>

#include <caf/io/all.hpp>

#include <algorithm>
#include <mutex>
#include <thread>

namespace stream {
namespace {

void init_network_messages() {
#if STREAM_CAF_HAS_TYPE_IDS
  static std::once_flag once;
  std::call_once(once, [] { caf::io::middleman::init_global_meta_objects(); });
#endif
}

std::size_t threads_or_cores(std::size_t wanted) {
  return wanted > 0 ? wanted : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

}  // namespace

void load_network(caf::actor_system_config& config) {
  init_messages();
  init_network_messages();
  config.load<caf::io::middleman>();
}

NetworkSystem::NetworkSystem(std::size_t num_threads)
    : system_(configure(config_, threads_or_cores(num_threads))) {}

caf::actor_system_config& NetworkSystem::configure(caf::actor_system_config& config,
                                                   std::size_t num_threads) {
  load_network(config);
  caf_compat::set_scheduler(config, false, num_threads);
  return config;
}

}  // namespace stream
