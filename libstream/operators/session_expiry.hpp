// Which session windows have ended when the watermark has passed. Used by session aggregation. One
// thread.
#pragma once

#include <libstream/operators/expiry_index.hpp>
#include <libstream/operators/key_sessions.hpp>

namespace stream {

class SessionExpiry {
 public:
  explicit SessionExpiry(KeySessions& sessions) : sessions_(&sessions) {}

  /// All sessions, and no others, are watched from now on.
  void watch_all() {
    by_end_.clear();
    young_.clear();
    for (std::uint32_t number = 0; number < sessions_->num_numbers(); ++number) {
      if ((*sessions_)[number].is_used) file(number);
    }
  }

  /// At an epoch's end, while its sessions are still marked as changed: appends those that were
  /// watched before and have ended to `old`, as leaving.
  void take_old(EpochMillis watermark, std::vector<std::uint32_t>& old) {
    watched_.clear();
    by_end_.take_through(watermark, watched_);
    // Most sessions of the epoch before have ended where epochs are long, and have grown where they
    // are short: only the others are filed.
    watched_.insert(watched_.end(), young_.begin(), young_.end());
    young_.clear();
    for (std::size_t i = 0; i < watched_.size(); ++i) {
      if (i + kAhead < watched_.size()) sessions_->prefetch(watched_[i + kAhead]);
      const std::uint32_t number = watched_[i];
      const KeySessions::Session& session = (*sessions_)[number];
      // Its number may have become another's.
      if (!session.is_used || session.is_leaving) continue;
      // One that has grown longer is found under the end it had.
      if (session.end <= watermark_micros(watermark))
        leave(number, old);
      else if (session.is_changed)
        watch(number);
      else
        file(number);
    }
  }

  /// The same for a session that the epoch has made or changed; it is watched where it has not
  /// ended.
  void add(std::uint32_t number, EpochMillis watermark, std::vector<std::uint32_t>& old) {
    const KeySessions::Session& session = (*sessions_)[number];
    if (session.is_watched) return;
    if (session.end <= watermark_micros(watermark))
      leave(number, old);
    else
      watch(number);
  }

 private:
  static constexpr std::size_t kAhead = 32;  ///< sessions that are fetched early

  void leave(std::uint32_t number, std::vector<std::uint32_t>& old) {
    (*sessions_)[number].is_leaving = true;
    old.push_back(number);
  }
  void watch(std::uint32_t number) {
    (*sessions_)[number].is_watched = true;
    young_.push_back(number);
  }
  void file(std::uint32_t number) {
    (*sessions_)[number].is_watched = true;
    by_end_.add((*sessions_)[number].end, number);
  }

  KeySessions* sessions_;
  ExpiryIndex by_end_;                ///< under their ends, or earlier ones
  std::vector<std::uint32_t> young_;  ///< changed in the epoch before, and not in by_end_
  std::vector<std::uint32_t> watched_;
};

}  // namespace stream
