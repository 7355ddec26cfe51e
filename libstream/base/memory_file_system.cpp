#include <libstream/base/memory_file_system.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace stream {
namespace {

Error missing(const std::string& path) {
  return fatal(fmt::format("no such file or directory: {}", path));
}

// One spelling a path: no doubled, trailing or "." parts.
std::string normalise(const std::string& path) {
  std::string result = path.starts_with('/') ? "/" : "";
  std::size_t begin = 0;
  while (begin < path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (!part.empty() && part != ".") {
      if (!result.empty() && result.back() != '/') result += '/';
      result += part;
    }
    begin = end + 1;
  }
  return result.empty() ? "." : result;
}

bool is_root(const std::string& path) { return path == "/" || path == "."; }

// What the children's paths begin with.
std::string prefix_of(const std::string& directory) {
  if (directory == ".") return "";
  return directory == "/" ? "/" : directory + "/";
}

// Calls visit(path) for everything below `directory`, however deep; false ends it.
template <class Tree, class Visit>
void visit_below(const Tree& tree, const std::string& directory, Visit visit) {
  const std::string prefix = prefix_of(directory);
  for (auto it = tree.lower_bound(prefix); it != tree.end() && it->first.starts_with(prefix); ++it)
    if (!visit(it->first)) return;
}

bool is_direct_child(const std::string& path, const std::string& directory) {
  const std::string prefix = prefix_of(directory);
  return path.starts_with(prefix) && path.find('/', prefix.size()) == std::string::npos;
}

}  // namespace

class MemoryFileSystem::Reader final : public RandomAccessFile {
 public:
  Reader(MemoryFileSystem& files, NodeRef node) : files_(files), node_(std::move(node)) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    const std::lock_guard guard(files_.mutex_);
    if (offset >= node_->content.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(size, node_->content.size() - offset);
    std::memcpy(into, node_->content.data() + offset, count);
    return count;
  }

 private:
  MemoryFileSystem& files_;
  NodeRef node_;
};

class MemoryFileSystem::Writer final : public WritableFile {
 public:
  Writer(MemoryFileSystem& files, NodeRef node, std::string path)
      : files_(files), node_(std::move(node)), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    const std::lock_guard guard(files_.mutex_);
    STREAM_TRY(require_open());
    node_->content += bytes;
    node_->modified_millis = files_.clock_.wall_millis();
    return {};
  }
  Result<void> sync() override {
    const std::lock_guard guard(files_.mutex_);
    STREAM_TRY(require_open());
    node_->durable_content = node_->content;
    return {};
  }
  Result<void> close() override {
    is_open_ = false;
    return {};
  }

 private:
  Result<void> require_open() const {
    if (is_open_) return {};
    return fatal(fmt::format("{}: the file is closed", path_));
  }

  MemoryFileSystem& files_;
  NodeRef node_;
  std::string path_;
  bool is_open_ = true;
};

class MemoryFileSystem::Lock final : public FileLock {
 public:
  Lock(MemoryFileSystem& files, std::string path, std::uint64_t generation)
      : files_(files), path_(std::move(path)), generation_(generation) {}
  ~Lock() override {
    const std::lock_guard guard(files_.mutex_);
    if (generation_ == files_.lock_generation_) files_.locked_.erase(path_);
  }

 private:
  MemoryFileSystem& files_;
  std::string path_;
  std::uint64_t generation_;
};

MemoryFileSystem::NodeRef MemoryFileSystem::find(const std::string& path) const {
  const auto found = tree_.find(path);
  return found == tree_.end() ? nullptr : found->second;
}

Result<void> MemoryFileSystem::require_parent(const std::string& path) const {
  const std::string parent = parent_path(path);
  if (is_root(parent)) return {};
  const NodeRef node = find(parent);
  if (!node) return missing(parent);
  if (!node->is_directory) return fatal(fmt::format("{}: not a directory", parent));
  return {};
}

MemoryFileSystem::NodeRef MemoryFileSystem::make_node(bool is_directory) {
  auto node = std::make_shared<Node>();
  node->is_directory = is_directory;
  node->modified_millis = clock_.wall_millis();
  node->inode = next_inode_++;
  return node;
}

Result<FileStatus> MemoryFileSystem::status(const std::string& path) {
  const std::lock_guard guard(mutex_);
  const std::string key = normalise(path);
  if (is_root(key)) return FileStatus{path, 0, 0, true, 0};
  const NodeRef node = find(key);
  if (!node) return missing(path);
  return FileStatus{path, node->content.size(), node->modified_millis, node->is_directory,
                    node->inode};
}

Result<bool> MemoryFileSystem::exists(const std::string& path) {
  const std::lock_guard guard(mutex_);
  const std::string key = normalise(path);
  return is_root(key) || find(key) != nullptr;
}

Result<std::vector<FileStatus>> MemoryFileSystem::list(const std::string& directory,
                                                       std::size_t limit) {
  const std::lock_guard guard(mutex_);
  const std::string key = normalise(directory);
  if (!is_root(key)) {
    const NodeRef node = find(key);
    if (!node) return missing(directory);
    if (!node->is_directory) return fatal(fmt::format("{}: not a directory", directory));
  }
  std::vector<FileStatus> found;
  bool is_over = false;
  visit_below(tree_, key, [&](const std::string& path) {
    if (!is_direct_child(path, key)) return true;
    is_over = found.size() == limit;
    if (is_over) return false;
    const Node& node = *tree_.at(path);
    found.push_back({join_path(directory, file_name(path)), node.content.size(),
                     node.modified_millis, node.is_directory, node.inode});
    return true;
  });
  if (is_over)
    return fatal(
        fmt::format("{}: has more than {} entries; use a narrower directory", directory, limit));
  return found;
}

Result<std::unique_ptr<RandomAccessFile>> MemoryFileSystem::open_reading(const std::string& path) {
  const std::lock_guard guard(mutex_);
  const NodeRef node = find(normalise(path));
  if (!node) return missing(path);
  if (node->is_directory) return fatal(fmt::format("{}: is a directory, not a file", path));
  return std::unique_ptr<RandomAccessFile>(std::make_unique<Reader>(*this, node));
}

Result<std::unique_ptr<WritableFile>> MemoryFileSystem::open_writing(const std::string& path) {
  const std::lock_guard guard(mutex_);
  const std::string key = normalise(path);
  STREAM_TRY(require_parent(key));
  NodeRef node = find(key);
  if (is_root(key) || (node && node->is_directory))
    return fatal(fmt::format("{}: is a directory, not a file", path));
  if (!node) tree_[key] = node = make_node(false);
  node->content.clear();
  node->modified_millis = clock_.wall_millis();
  return std::unique_ptr<WritableFile>(std::make_unique<Writer>(*this, node, path));
}

Result<void> MemoryFileSystem::create_directories(const std::string& path) {
  const std::lock_guard guard(mutex_);
  std::vector<std::string> to_make;
  for (std::string key = normalise(path); !is_root(key); key = parent_path(key)) {
    const NodeRef node = find(key);
    if (node && !node->is_directory)
      return fatal(fmt::format("cannot create directory {}: {} is a file", path, key));
    if (node) break;
    to_make.push_back(key);
  }
  // Durable at once, like the local ones, which sync the parent.
  for (auto key = to_make.rbegin(); key != to_make.rend(); ++key)
    tree_[*key] = durable_tree_[*key] = make_node(true);
  return {};
}

Result<void> MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  const std::lock_guard guard(mutex_);
  const std::string source = normalise(from), target = normalise(to);
  const NodeRef node = find(source);
  if (!node) return missing(from);
  STREAM_TRY(require_parent(target));
  if (source == target) return {};
  const NodeRef old = find(target);
  const auto refuse = [&](std::string_view why) {
    return fatal(fmt::format("cannot rename {} to {}: {}", from, to, why));
  };
  if (target.starts_with(prefix_of(source))) return refuse("it would lie within itself");
  if (old && old->is_directory != node->is_directory)
    return refuse(old->is_directory ? "the target is a directory" : "the target is a file");
  if (old == node) return {};  // two names of one file: both stay, as POSIX has it
  std::vector<std::string> below;
  visit_below(tree_, target,
              [&](const std::string& path) { return (below.push_back(path), false); });
  if (!below.empty()) return refuse("the target directory is not empty");
  visit_below(tree_, source,
              [&](const std::string& path) { return (below.push_back(path), true); });
  for (const std::string& path : below) {
    auto moved = tree_.extract(path);
    moved.key() = target + path.substr(source.size());
    tree_.insert(std::move(moved));
  }
  tree_.erase(source);
  tree_[target] = node;
  return {};
}

Result<bool> MemoryFileSystem::link_exclusive(const std::string& from, const std::string& to) {
  const std::lock_guard guard(mutex_);
  const NodeRef node = find(normalise(from));
  const std::string target = normalise(to);
  if (!node) return missing(from);
  STREAM_TRY(require_parent(target));
  if (node->is_directory)
    return fatal(fmt::format("cannot link {} to {}: it is a directory", from, to));
  return tree_.emplace(target, node).second;
}

Result<void> MemoryFileSystem::remove(const std::string& path) {
  const std::lock_guard guard(mutex_);
  const std::string key = normalise(path);
  bool is_empty = true;
  visit_below(tree_, key, [&](const std::string&) { return is_empty = false; });
  if (!is_empty) return fatal(fmt::format("cannot remove {}: the directory is not empty", path));
  tree_.erase(key);
  return {};
}

Result<void> MemoryFileSystem::remove_all(const std::string& path) {
  const std::lock_guard guard(mutex_);
  const std::string key = normalise(path);
  std::vector<std::string> below{key};
  visit_below(tree_, key, [&](const std::string& child) { return (below.push_back(child), true); });
  for (const std::string& each : below) tree_.erase(each);
  return {};
}

Result<void> MemoryFileSystem::sync_directory(const std::string& path) {
  const std::lock_guard guard(mutex_);
  const std::string key = normalise(path);
  const NodeRef node = find(key);
  if (!is_root(key) && !node) return missing(path);
  if (node && !node->is_directory) return fatal(fmt::format("{}: not a directory", path));
  std::erase_if(durable_tree_, [&](const auto& entry) {
    return is_direct_child(entry.first, key) && !tree_.contains(entry.first);
  });
  visit_below(tree_, key, [&](const std::string& child) {
    if (is_direct_child(child, key)) durable_tree_[child] = tree_.at(child);
    return true;
  });
  return {};
}

Result<std::unique_ptr<FileLock>> MemoryFileSystem::lock(const std::string& path) {
  const std::lock_guard guard(mutex_);
  const std::string key = normalise(path);
  STREAM_TRY(require_parent(key));
  if (locked_.contains(key))
    return fatal(fmt::format("{}: locked by another process; stop that one first", path));
  if (!find(key)) tree_[key] = make_node(false);
  locked_.insert(key);
  return std::unique_ptr<FileLock>(std::make_unique<Lock>(*this, key, lock_generation_));
}

void MemoryFileSystem::crash(CrashMode mode) {
  const std::lock_guard guard(mutex_);
  locked_.clear();
  ++lock_generation_;
  Tree& survivors = mode == CrashMode::drop_all ? durable_tree_ : tree_;
  std::map<const Node*, NodeRef> copies;  // names of one file stay names of one file
  Tree after;
  for (const auto& [path, node] : survivors) {
    // An entry whose directory is gone cannot be reached.
    if (!is_root(parent_path(path)) && !after.contains(parent_path(path))) continue;
    NodeRef& copy = copies[node.get()];
    if (!copy) {
      copy = std::make_shared<Node>(*node);
      copy->content = node->durable_content;
      if (mode == CrashMode::torn_data && node->content.starts_with(node->durable_content)) {
        const std::size_t lost = node->content.size() - node->durable_content.size();
        copy->content = node->content.substr(0, node->durable_content.size() + lost / 2);
      }
      copy->durable_content = copy->content;
    }
    after[path] = copy;
  }
  tree_ = after;
  durable_tree_ = std::move(after);
}

}  // namespace stream
