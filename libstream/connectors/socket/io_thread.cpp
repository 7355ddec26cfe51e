#include <libstream/connectors/socket/io_thread.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <thread>
#include <utility>

namespace stream {

struct IoThread::State {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      context.get_executor()};
  std::thread thread;
};

IoThread& IoThread::instance() {
  static IoThread thread;
  return thread;
}

IoThread::IoThread() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([this] { state_->context.run(); });
}

IoThread::~IoThread() {
  state_->context.stop();
  state_->thread.join();
}

boost::asio::io_context& IoThread::context() { return state_->context; }

}  // namespace stream
