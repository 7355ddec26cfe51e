// The settings that expressions and analysis look at, Spark's keys. One a session, copied into a
// query when it starts.
#pragma once

#include <libstream/base/result.hpp>

#include <map>
#include <string>

namespace stream {

struct SqlSettings {
  bool is_ansi = true;            ///< spark.sql.ansi.enabled
  std::string time_zone = "UTC";  ///< spark.sql.session.timeZone
  bool is_case_sensitive = false;
  /// All keys that were set, as text; unknown ones are kept and do nothing.
  std::map<std::string, std::string> values;

  /// Sets `key`; the fields above follow. Error bad_option: a known key with a wrong value.
  Result<void> set(const std::string& key, const std::string& value);
  /// The value of `key`, else `otherwise`.
  std::string get(const std::string& key, const std::string& otherwise) const;
  bool get_flag(const std::string& key, bool otherwise) const;
};

}  // namespace stream
