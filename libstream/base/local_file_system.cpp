#include <libstream/base/local_file_system.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace stream {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;

std::string describe(int number) { return std::generic_category().message(number); }

Error failed(std::string_view action, const std::string& path, int number) {
  if (number == ENOENT) return fatal(fmt::format("no such file or directory: {}", path));
  const std::string text = fmt::format("{} {}: {}", action, path, describe(number));
  if (number == ENOSPC || number == EDQUOT)
    return fatal(text + "; free some space and start again");
  if (number == EMFILE || number == ENFILE)
    return transient(text + "; raise the limit of open files (ulimit -n)");
  return fatal(text);
}

template <class Call>
auto retry_interrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() { static_cast<void>(close()); }
  int get() const { return fd_; }
  int close() { return fd_ < 0 ? 0 : ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

Result<Descriptor> open_path(const std::string& path, int flags) {
  const int fd =
      retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode); });
  if (fd < 0) return failed("cannot open", path, errno);
  return Descriptor(fd);
}

class LocalReader final : public RandomAccessFile {
 public:
  LocalReader(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t count = retry_interrupted([&] {
        return ::pread(descriptor_.get(), into + done, size - done,
                       static_cast<off_t>(offset + done));
      });
      if (count < 0) return failed("cannot read", path_, errno);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

class LocalWriter final : public WritableFile {
 public:
  LocalWriter(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    STREAM_TRY(require_sound());
    while (!bytes.empty()) {
      const ssize_t count =
          retry_interrupted([&] { return ::write(descriptor_.get(), bytes.data(), bytes.size()); });
      if (count < 0) {
        is_sound_ = false;
        return failed("cannot write", path_, errno);
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<void> sync() override {
    STREAM_TRY(require_sound());
    if (retry_interrupted([&] { return ::fsync(descriptor_.get()); }) == 0) return {};
    // The kernel may have dropped the dirty pages: a second fsync would lie.
    is_sound_ = false;
    return failed("cannot sync", path_, errno);
  }

  Result<void> close() override {
    if (descriptor_.close() != 0 && errno != EINTR) return failed("cannot close", path_, errno);
    return {};
  }

 private:
  Result<void> require_sound() const {
    if (is_sound_) return {};
    return fatal(fmt::format("{}: an earlier write or sync failed, the file is given up", path_));
  }

  Descriptor descriptor_;
  std::string path_;
  bool is_sound_ = true;
};

class LocalLock final : public FileLock {
 public:
  explicit LocalLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;  // closing it frees the lock
};

FileStatus to_status(const std::string& path, const struct stat& raw) {
  FileStatus status;
  status.path = path;
  status.is_directory = S_ISDIR(raw.st_mode);
  status.size_bytes = status.is_directory ? 0 : static_cast<std::uint64_t>(raw.st_size);
  status.modified_millis =
      static_cast<EpochMillis>(raw.st_mtim.tv_sec) * 1000 + raw.st_mtim.tv_nsec / 1'000'000;
  status.inode = raw.st_ino;
  return status;
}

}  // namespace

FileSystem& local_file_system() {
  static LocalFileSystem files;
  return files;
}

Result<FileStatus> LocalFileSystem::status(const std::string& path) {
  struct stat raw {};
  if (::stat(path.c_str(), &raw) != 0) return failed("cannot look at", path, errno);
  return to_status(path, raw);
}

Result<bool> LocalFileSystem::exists(const std::string& path) {
  struct stat raw {};
  if (::stat(path.c_str(), &raw) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return failed("cannot look at", path, errno);
}

Result<std::vector<FileStatus>> LocalFileSystem::list(const std::string& directory,
                                                      std::size_t limit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(directory.c_str()), &::closedir);
  if (!handle) return failed("cannot list", directory, errno);
  std::vector<FileStatus> found;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(handle.get());
    if (entry == nullptr && errno != 0) return failed("cannot list", directory, errno);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (found.size() == limit)
      return fatal(
          fmt::format("{}: has more than {} entries; use a narrower directory", directory, limit));
    const std::string path = join_path(directory, name);
    struct stat raw {};
    // A file may vanish between readdir and stat: then it is not listed.
    if (::stat(path.c_str(), &raw) == 0)
      found.push_back(to_status(path, raw));
    else if (errno != ENOENT)
      return failed("cannot look at", path, errno);
  }
  std::sort(found.begin(), found.end(),
            [](const FileStatus& a, const FileStatus& b) { return a.path < b.path; });
  return found;
}

Result<std::unique_ptr<RandomAccessFile>> LocalFileSystem::open_reading(const std::string& path) {
  STREAM_TRY(Descriptor descriptor, open_path(path, O_RDONLY));
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<LocalReader>(std::move(descriptor), path));
}

Result<std::unique_ptr<WritableFile>> LocalFileSystem::open_writing(const std::string& path) {
  STREAM_TRY(Descriptor descriptor, open_path(path, O_WRONLY | O_CREAT | O_TRUNC));
  return std::unique_ptr<WritableFile>(std::make_unique<LocalWriter>(std::move(descriptor), path));
}

Result<void> LocalFileSystem::create_directories(const std::string& path) {
  int made = ::mkdir(path.c_str(), kDirectoryMode);
  if (made != 0 && errno == ENOENT && !path.empty() && parent_path(path) != path) {
    STREAM_TRY(create_directories(parent_path(path)));
    made = ::mkdir(path.c_str(), kDirectoryMode);
  }
  // Without the sync a crash could lose the whole new directory.
  if (made == 0) return sync_directory(parent_path(path));
  const int number = errno;
  struct stat raw {};
  if (::stat(path.c_str(), &raw) == 0 && S_ISDIR(raw.st_mode)) return {};
  return failed("cannot create directory", path, number);
}

Result<void> LocalFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return failed(fmt::format("cannot rename {} to", from), to, errno);
}

Result<bool> LocalFileSystem::link_exclusive(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  return failed(fmt::format("cannot link {} to", from), to, errno);
}

Result<void> LocalFileSystem::remove(const std::string& path) {
  if (::remove(path.c_str()) == 0 || errno == ENOENT) return {};
  return failed("cannot remove", path, errno);
}

Result<void> LocalFileSystem::remove_all(const std::string& path) {
  struct stat raw {};
  if (::lstat(path.c_str(), &raw) != 0) {
    if (errno == ENOENT) return {};
    return failed("cannot look at", path, errno);
  }
  if (S_ISDIR(raw.st_mode)) {
    STREAM_TRY(const auto children, list(path, 10'000'000));
    for (const FileStatus& child : children) STREAM_TRY(remove_all(child.path));
  }
  return remove(path);
}

Result<void> LocalFileSystem::sync_directory(const std::string& path) {
  STREAM_TRY(Descriptor descriptor, open_path(path, O_RDONLY | O_DIRECTORY));
  if (retry_interrupted([&] { return ::fsync(descriptor.get()); }) == 0) return {};
  return failed("cannot sync directory", path, errno);
}

Result<std::unique_ptr<FileLock>> LocalFileSystem::lock(const std::string& path) {
  STREAM_TRY(Descriptor descriptor, open_path(path, O_RDWR | O_CREAT));
  if (retry_interrupted([&] { return ::flock(descriptor.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno == EWOULDBLOCK)
      return fatal(fmt::format("{}: locked by another process; stop that one first", path));
    return failed("cannot lock", path, errno);
  }
  return std::unique_ptr<FileLock>(std::make_unique<LocalLock>(std::move(descriptor)));
}

}  // namespace stream
