#include <actors/program_follower.hpp>

namespace stream {
namespace {

constexpr std::int64_t kAskAgain = 3000;
constexpr std::int64_t kStopAgain = 1000;
constexpr std::int64_t kGiveUp = 10'000;

}  // namespace

ProgramFollower::ProgramFollower(QueryProgram program, const SubmissionEvents& events)
    : program_(std::move(program)), events_(events) {}

ProgramFollower::ProgramFollower(std::uint64_t submission, const SubmissionEvents& events)
    : events_(events), submission_(submission), is_submitted_(true) {}

std::optional<ClientRequest> ProgramFollower::next_request(std::int64_t now) {
  ClientRequest request;
  if (!is_accepted()) {
    if (std::exchange(is_submitted_, true)) return std::nullopt;
    unanswered_since_ = now;
    request.what = ClientRequest::What::submit;
    request.program = program_;
    return request;
  }
  request.submission = submission_;
  const bool is_stop_due = !stop_asked_at_ || now >= *stop_asked_at_ + kStopAgain;
  if (is_stop_due && events_.is_stopped && events_.is_stopped()) {
    stop_asked_at_ = now;
    request.what = ClientRequest::What::stop;
    return request;
  }
  if (asked_at_ && now < *asked_at_ + kAskAgain) return std::nullopt;
  asked_at_ = now;
  if (!unanswered_since_) unanswered_since_ = now;
  request.what = ClientRequest::What::follow;
  request.cursor = cursor_;
  return request;
}

std::optional<Result<void>> ProgramFollower::take(const ClientReply& reply, std::int64_t) {
  unanswered_since_.reset();
  switch (reply.what) {
    case ClientReply::What::accepted:
      submission_ = reply.submission;
      if (events_.accepted) events_.accepted(submission_);
      return std::nullopt;
    case ClientReply::What::page:
      return take_page(reply);
    case ClientReply::What::refused:
      return Result<void>(reply.error.value_or(fatal("the node refuses")));
    case ClientReply::What::event:
    case ClientReply::What::view:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Result<void>> ProgramFollower::take_page(const ClientReply& reply) {
  // An answer that was asked for twice comes twice.
  if (!reply.page || reply.page->from != cursor_) return std::nullopt;
  asked_at_.reset();
  nodes_ = reply.nodes;
  cursor_ = reply.page->next;
  for (const ProgramEvent& event : reply.page->events) tell(event);
  if (!reply.page->is_all) return std::nullopt;
  if (reply.state == SubmissionState::ended) return Result<void>();
  if (reply.state == SubmissionState::failed)
    return Result<void>(reply.error.value_or(fatal("the program failed")));
  if (reply.state != SubmissionState::waiting || told_waiting_ == cursor_.attempt)
    return std::nullopt;
  told_waiting_ = cursor_.attempt;
  if (events_.waiting) events_.waiting(reply.error.value_or(fatal("the program failed")));
  return std::nullopt;
}

void ProgramFollower::tell(const ProgramEvent& event) const {
  switch (event.what) {
    case ProgramEvent::What::started:
      if (events_.started) events_.started(event.text);
      return;
    case ProgramEvent::What::progress:
      if (events_.progress) events_.progress(event.text);
      return;
    case ProgramEvent::What::printed:
      if (events_.printed) events_.printed(event.text, event.is_error);
      return;
    case ProgramEvent::What::dropped:
      if (events_.dropped) events_.dropped(event.lines);
      return;
  }
}

bool ProgramFollower::has_left() const {
  return is_accepted() && events_.is_left && events_.is_left();
}

bool ProgramFollower::is_unanswered(std::int64_t now) const {
  return unanswered_since_ && now >= *unanswered_since_ + kGiveUp;
}

void ProgramFollower::ask_anew() {
  asked_at_.reset();
  unanswered_since_.reset();
}

}  // namespace stream
