// A network between processes on this machine that can be cut and slowed: each node is reached
// through a port of the proxy, which knows by the sending socket whose connection it carries. A cut
// link loses nothing, as TCP does not: bytes wait until it is healed. One thread of its own.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace stream::testing {

class LinkProxy {
 public:
  /// Milliseconds that a piece of bytes is late; called for each one.
  using Delay = std::function<int()>;

  LinkProxy();
  ~LinkProxy();

  /// A port in front of `address` of node `to`; gives the address of that port.
  std::string add(std::size_t to, const std::string& address);
  /// Whose process node `node` is by now.
  void set_process(std::size_t node, pid_t process);
  /// Nothing passes between the node and the others from now on; clients pass.
  void cut_off(std::size_t node);
  void heal();
  void delay_by(Delay delay);
  /// Pieces of bytes that were held back by a cut.
  std::size_t num_held() const;
  /// Pieces that passed late.
  std::size_t num_delayed() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace stream::testing
