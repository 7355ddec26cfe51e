// Which files a file source reads when: all of a listing for bounded reads, new ones each epoch for
// streams. Beside the coordinator, on its thread.
#pragma once

#include <libstream/connectors/files/file_listing.hpp>
#include <libstream/connectors/source.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stream {

struct FilePlan {
  std::vector<std::string> paths;
  FileSourceOptions options;
  bool is_streaming = false;
  bool can_split = false;          ///< large files are read in parts
  std::vector<ListedFile> listed;  ///< when the source was made; what bounded reads read
};

std::unique_ptr<SourcePlanner> make_file_planner(std::shared_ptr<const FilePlan> plan);

}  // namespace stream
