#include <actors/program_build.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/base/hash.hpp>

#include <fmt/format.h>
#include <unistd.h>

namespace stream {

Result<std::string> build_of_file(const std::string& path) {
  STREAM_TRY(const auto file, local_file_system().open_reading(path));
  // Piece by piece: with debugging information a program has hundreds of megabytes.
  std::string piece(std::size_t{1} << 20, '\0');
  std::uint64_t hash = 0;
  for (std::uint64_t offset = 0;;) {
    STREAM_TRY(const std::size_t count, file->read_at(offset, piece.data(), piece.size()));
    hash = hash_combine(hash, hash_bytes(piece.data(), count));
    offset += count;
    if (count < piece.size()) return fmt::format("{:016x}", hash);
  }
}

Result<std::string> find_program(const std::vector<std::string>& folders,
                                 const ProgramBinary& binary) {
  const std::string& name = binary.name;
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    return bad_option(
        fmt::format("'{}' is no name of a program: give the file's name alone", name));
  bool is_there = false;
  for (const std::string& folder : folders) {
    const std::string path = fmt::format("{}/{}", folder, name);
    if (::access(path.c_str(), X_OK) != 0) continue;
    is_there = true;
    STREAM_TRY(const std::string build, build_of_file(path));
    if (build == binary.build) return path;
  }
  const std::string where = fmt::format("{}", fmt::join(folders, ", "));
  if (is_there)
    return bad_option(fmt::format(
        "{} in {} is of another build than the one that was submitted: install the same "
        "file on every node",
        name, where));
  return bad_option(fmt::format(
      "there is no program {} in {}: install it there, or start the node with --programs FOLDER",
      name, where));
}

}  // namespace stream
