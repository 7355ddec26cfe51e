// The project's own inputs for measuring: text of any size, the same bytes for the same seed. Used
// by the workloads; one thread.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <string>

namespace stream::perf {

/// A fresh directory below the system's place for temporary files, removed with all in it when
/// this object goes.
class TemporaryDirectory {
 public:
  static Result<TemporaryDirectory> make();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct WordText {
  std::uint64_t size_bytes = 0;  ///< about: the last line is whole
  std::uint64_t seed = 1;
  std::uint32_t num_distinct = 100'000;
};

/// Writes lines of 8 to 12 words of 2 to 12 letters, drawn by Zipf's law.
Result<void> write_words(const std::string& path, const WordText& text);

/// Copies the whole lines that lie in the first `size_bytes` of a file.
Result<void> copy_head(const std::string& from, const std::string& to, std::uint64_t size_bytes);

/// Reads the file once, so that the page cache holds it. Returns its lines.
Result<std::int64_t> count_lines(const std::string& path);

}  // namespace stream::perf
