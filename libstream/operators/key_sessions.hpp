// The session windows of all keys: which there are, in the order of time within each key. Those of
// one key are apart. Used by session aggregation, which keeps their states under their numbers. One
// thread.
#pragma once

#include <libstream/base/large_array.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace stream {

class KeySessions {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  /// Two lie in a line of the cache.
  struct Session {
    std::int64_t start = 0;
    std::int64_t end = 0;
    std::uint32_t key = 0;
    std::uint32_t before = kNone;  ///< the key's session before this one
    std::uint32_t after = kNone;
    bool is_used : 1 = false;
    bool is_dirty : 1 = false;
    bool is_changed : 1 = false;  ///< in the running epoch
    bool is_watched : 1 = false;  ///< its end will be seen
    bool is_leaving : 1 = false;
    bool is_sealed : 1 = false;
  };
  static_assert(sizeof(Session) == 32);

  Session& operator[](std::uint32_t number) { return sessions_[number]; }
  const Session& operator[](std::uint32_t number) const { return sessions_[number]; }
  /// The start under which a checkpoint has a session that is_sealed.
  std::int64_t sealed_start(std::uint32_t number) const { return sealed_starts_[number]; }
  void set_sealed(std::uint32_t number, std::int64_t start) {
    sessions_[number].is_sealed = true;
    if (sealed_starts_.size() < sessions_.size()) sealed_starts_.resize(sessions_.size());
    sealed_starts_[number] = start;
  }
  /// One more than the highest number.
  std::uint32_t num_numbers() const { return static_cast<std::uint32_t>(sessions_.size()); }
  std::size_t size() const { return sessions_.size() - free_.size(); }
  std::size_t bytes() const {
    return sessions_.capacity() * sizeof(Session) + at_.capacity() * sizeof(std::uint32_t) +
           sealed_starts_.capacity() * sizeof(std::int64_t);
  }

  /// Keys 0 … num_keys − 1 may be named from now on.
  void make_room(std::size_t num_keys) {
    while (at_.size() < num_keys) at_.push_back(kNone);
  }
  bool has_sessions(std::uint32_t key) const { return at_[key] != kNone; }
  /// One of the key's sessions, the last that was sought or made; kNone: it has none.
  std::uint32_t last_seen(std::uint32_t key) const { return at_[key]; }
  void prefetch(std::uint32_t number) const { __builtin_prefetch(&sessions_[number]); }
  void prefetch_key(std::uint32_t key) const { __builtin_prefetch(&at_[key]); }
  /// Requires that the key has been fetched.
  void prefetch_session(std::uint32_t key) const {
    if (at_[key] != kNone) __builtin_prefetch(&sessions_[at_[key]]);
  }

  /// The key's last session that starts at or before `start`, kNone: there is none. Quick where it
  /// is near the one that was sought before.
  std::uint32_t seek(std::uint32_t key, std::int64_t start) {
    std::uint32_t at = at_[key];
    if (at == kNone) return kNone;
    while (sessions_[at].start <= start && sessions_[at].after != kNone) at = sessions_[at].after;
    while (at != kNone && sessions_[at].start > start) {
      at_[key] = at;
      at = sessions_[at].before;
    }
    if (at != kNone) at_[key] = at;
    return at;
  }
  /// The key's first session.
  std::uint32_t first(std::uint32_t key) const {
    std::uint32_t at = at_[key];
    while (at != kNone && sessions_[at].before != kNone) at = sessions_[at].before;
    return at;
  }

  /// A new session of the key, behind the session `before`; kNone: before all of the key.
  std::uint32_t insert(std::uint32_t key, std::uint32_t before, std::int64_t start,
                       std::int64_t end) {
    const std::uint32_t after = before == kNone ? first(key) : sessions_[before].after;
    const std::uint32_t number = free_.empty() ? num_numbers() : free_.back();
    if (free_.empty()) {
      sessions_.push_back({});
    } else {
      free_.pop_back();
      if (free_.size() >= kFreeAhead) prefetch(free_[free_.size() - kFreeAhead]);
    }
    Session& session = sessions_[number];
    session = Session{};
    session.start = start;
    session.end = end;
    session.key = key;
    session.before = before;
    session.after = after;
    session.is_used = true;
    if (before != kNone) sessions_[before].after = number;
    if (after != kNone) sessions_[after].before = number;
    at_[key] = number;
    return number;
  }

  void erase(std::uint32_t number) {
    const Session session = std::exchange(sessions_[number], Session{});
    if (session.before != kNone) sessions_[session.before].after = session.after;
    if (session.after != kNone) sessions_[session.after].before = session.before;
    if (at_[session.key] == number)
      at_[session.key] = session.before != kNone ? session.before : session.after;
    free_.push_back(number);
  }

  void clear() {
    sessions_.clear();
    sealed_starts_.clear();
    at_.clear();
    free_.clear();
  }

 private:
  static constexpr std::size_t kFreeAhead = 4;  ///< free sessions that are fetched early

  LargeArray<Session> sessions_;             ///< by number
  std::vector<std::int64_t> sealed_starts_;  ///< by number
  LargeArray<std::uint32_t> at_;  ///< by key: one of its sessions, the last that was looked at
  std::vector<std::uint32_t> free_;
};

}  // namespace stream
