#include <libstream/api/pinned_parallelism.hpp>
#include <libstream/base/log.hpp>
#include <libstream/state/checkpoint_text.hpp>

namespace stream {

Result<void> pin_parallelism(QueryOptions& options) {
  const std::string& directory = options.checkpoint_directory;
  if (directory.empty()) return {};
  STREAM_TRY(const bool is_there, options.files->exists(directory + "/offsets"));
  if (!is_there) return {};
  STREAM_TRY(const auto offsets, numbered_files(*options.files, directory + "/offsets"));
  STREAM_TRY(const auto commits, numbered_files(*options.files, directory + "/commits"));
  if (offsets.empty() || (!commits.empty() && commits.back() >= offsets.back())) return {};
  const std::string path = directory + "/offsets/" + std::to_string(offsets.back());
  STREAM_TRY(const std::string text, read_checked(*options.files, path));
  auto epoch = parse_epoch_offsets(text);
  if (!epoch) return std::move(epoch).error().with_context(path);
  if (epoch->parallelism == options.parallelism) return {};
  STREAM_LOG(info,
             "query '{}' begins with parallelism {} and changes to {} then: {} was begun so and is "
             "finished so",
             options.name, epoch->parallelism, options.parallelism, path);
  options.rescale_to = options.parallelism;
  options.parallelism = epoch->parallelism;
  return {};
}

}  // namespace stream
