#include <libstream/connectors/files/follow_offset.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace stream {

Result<std::string> format_follow_offset(const FollowOffset& offset) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [inode, file] : offset) {
    nlohmann::json& entry = json[file.path];
    entry = {{"inode", inode}, {"position", file.position}};
    if (file.num_truncations > 0) entry["truncations"] = file.num_truncations;
  }
  try {
    return json.dump();
  } catch (const nlohmann::json::exception& error) {
    return fatal(fmt::format("cannot follow a file whose name is not UTF-8: {}", error.what()));
  }
}

Result<FollowOffset> parse_follow_offset(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  FollowOffset offset;
  try {
    if (!json.is_object())
      return fatal(fmt::format("not an offset of a follow source: '{}'", text));
    for (const auto& [path, entry] : json.items()) {
      offset[entry.at("inode").get<std::uint64_t>()] = {
          path, entry.at("position").get<std::uint64_t>(),
          entry.value("truncations", std::uint64_t{0})};
    }
  } catch (const nlohmann::json::exception& error) {
    return fatal(fmt::format("not an offset of a follow source: '{}': {}", text, error.what()));
  }
  return offset;
}

}  // namespace stream
