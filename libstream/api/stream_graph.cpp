#include <libstream/api/stream_graph.hpp>
#include <libstream/base/duration.hpp>

#include <fmt/format.h>

namespace stream {

NodeId StreamGraph::add(LogicalNode node) {
  if (is_started_)
    throw bad_plan(fmt::format(
        "{}: Adding new inputs, transformations, and output operations after starting a context is "
        "not supported; build all streams before start()",
        node.name));
  plan_.nodes.push_back(std::move(node));
  return static_cast<NodeId>(plan_.nodes.size() - 1);
}

std::int64_t StreamGraph::common_slide(NodeId left, NodeId right,
                                       const std::string& operation) const {
  if (slide(left) != slide(right))
    throw bad_plan(fmt::format(
        "{}: Some of the DStreams have different slide durations ({} and {}); window both alike",
        operation, format_duration(interval_ * slide(left)),
        format_duration(interval_ * slide(right))));
  return slide(left);
}

std::int64_t StreamGraph::intervals(Duration duration, NodeId parent, const char* what) const {
  const Duration parent_slide = interval_ * slide(parent);
  if (duration.count() <= 0 || duration.count() % parent_slide.count() != 0)
    throw bad_plan(
        fmt::format("The {} duration of windowed DStream ({}) must be a multiple of the "
                    "slide duration of parent DStream ({})",
                    what, format_duration(duration), format_duration(parent_slide)));
  return duration / interval_;
}

}  // namespace stream
