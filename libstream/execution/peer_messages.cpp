#include <libstream/execution/peer_messages.hpp>
#include <libstream/execution/record_fields.hpp>

#include <fmt/format.h>

namespace stream {

std::optional<FrameKind> kind_of_frame(std::string_view frame) {
  if (frame.empty() || frame.size() > kMaxFrameBytes) return std::nullopt;
  const auto kind = static_cast<std::uint8_t>(frame.front());
  if (kind > static_cast<std::uint8_t>(FrameKind::task)) return std::nullopt;
  return static_cast<FrameKind>(kind);
}

template <class Message>
std::string encode_frame(const Message& message) {
  std::string frame(1, static_cast<char>(Message::kKind));
  PackArchive archive(frame);
  archive(message);
  return frame;
}

template <class Message>
Result<Message> decode_frame(std::string_view frame) {
  if (kind_of_frame(frame) != Message::kKind) return fatal("frame of another kind, or too long");
  UnpackArchive archive(frame.substr(1));
  Message message;
  archive(message);
  STREAM_TRY(archive.reader().finish());
  return message;
}

template std::string encode_frame(const Heartbeat&);
template std::string encode_frame(const JoinRequest&);
template std::string encode_frame(const ViewMessage&);
template std::string encode_frame(const ReportMessage&);
template std::string encode_frame(const ClientRequest&);
template std::string encode_frame(const ForwardedRequest&);
template std::string encode_frame(const ClientReply&);
template std::string encode_frame(const OpenTasks&);
template std::string encode_frame(const TasksOpened&);
template std::string encode_frame(const CloseTasks&);
template std::string encode_frame(const CheckTasks&);
template std::string encode_frame(const TasksClosed&);
template std::string encode_frame(const HostReport&);
template std::string encode_frame(const WorkerSetup&);
template std::string encode_frame(const WorkerReport&);
template std::string encode_frame(const RunWorker&);

template Result<Heartbeat> decode_frame(std::string_view);
template Result<JoinRequest> decode_frame(std::string_view);
template Result<ViewMessage> decode_frame(std::string_view);
template Result<ReportMessage> decode_frame(std::string_view);
template Result<ClientRequest> decode_frame(std::string_view);
template Result<ForwardedRequest> decode_frame(std::string_view);
template Result<ClientReply> decode_frame(std::string_view);
template Result<OpenTasks> decode_frame(std::string_view);
template Result<TasksOpened> decode_frame(std::string_view);
template Result<CloseTasks> decode_frame(std::string_view);
template Result<CheckTasks> decode_frame(std::string_view);
template Result<TasksClosed> decode_frame(std::string_view);
template Result<HostReport> decode_frame(std::string_view);
template Result<WorkerSetup> decode_frame(std::string_view);
template Result<WorkerReport> decode_frame(std::string_view);
template Result<RunWorker> decode_frame(std::string_view);

}  // namespace stream
