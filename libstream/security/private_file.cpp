#include <libstream/base/file_system.hpp>
#include <libstream/security/private_file.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace stream {
namespace {

Error failed(std::string_view action, const std::string& path) {
  return fatal(
      fmt::format("cannot {} {}: {}", action, path, std::generic_category().message(errno)));
}

Result<void> write_all(int fd, const std::string& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return failed("write", path);
  return {};
}

}  // namespace

Result<void> write_new_file(const std::string& path, std::string_view content, FileReaders readers,
                            bool is_replacing) {
  const std::string unfinished = fmt::format("{}.{}.new", path, ::getpid());
  const mode_t mode = readers == FileReaders::owner ? 0600 : 0644;
  ::unlink(unfinished.c_str());
  const int fd =
      ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return failed("write", unfinished);
  Result<void> written = write_all(fd, unfinished, content);
  ::close(fd);
  if (written) {
    // A link, unlike a renaming, does not replace.
    const int moved = is_replacing ? ::rename(unfinished.c_str(), path.c_str())
                                   : ::link(unfinished.c_str(), path.c_str());
    if (moved != 0) written = failed("make", path);
  }
  ::unlink(unfinished.c_str());
  STREAM_TRY(std::move(written));
  return local_file_system().sync_directory(parent_path(path));
}

Result<void> check_private(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return failed("read", path);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return fatal(fmt::format("others than its owner may read the key {}; chmod 600 {}", path, path));
}

}  // namespace stream
