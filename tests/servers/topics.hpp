// Topics as a test sees them, through a bare client of its own: an independent judge of what the
// program under test has written. Every call waits for its answer; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stream::testing {

struct TopicRecord {
  std::optional<std::string> key, value;
  std::int64_t millis = 0;  ///< time; 0 when it is written: now
};

enum class Isolation { read_committed, read_uncommitted };

/// Throws with the client's reason when it fails, here and below.
void create_topic(const std::string& brokers, const std::string& name, int partitions,
                  int copies = 1);

/// All records from the beginning to the end of each partition. With read_committed an open
/// transaction ends its partition.
std::vector<TopicRecord> read_topic(const std::string& brokers, const std::string& name,
                                    Isolation isolation = Isolation::read_committed);

/// Writes to partition 0 and waits until all is delivered.
void write_topic(const std::string& brokers, const std::string& name,
                 const std::vector<TopicRecord>& records);
/// The same in a transaction that is aborted.
void abort_in_topic(const std::string& brokers, const std::string& name,
                    const std::vector<TopicRecord>& records);

/// What a group has committed for partition 0 of the topic, -1: nothing.
std::int64_t committed_offset(const std::string& brokers, const std::string& group,
                              const std::string& topic);

}  // namespace stream::testing
