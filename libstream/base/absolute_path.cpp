#include <libstream/base/absolute_path.hpp>

#include <filesystem>
#include <system_error>

namespace stream {

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path made = std::filesystem::absolute(path, failed);
  return failed ? path : made.lexically_normal().string();
}

}  // namespace stream
