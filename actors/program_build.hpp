// Which executable a worker runs: found by its name in a node's folders, told from other builds by
// its bytes. Any thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/control/cluster_view.hpp>

#include <string>
#include <vector>

namespace stream {

/// A number for the bytes of an executable: the same where they are the same.
Result<std::string> build_of_file(const std::string& path);

/// The file of `binary` in one of the folders. Error bad_option: none has a file of that name, or
/// it is of another build.
Result<std::string> find_program(const std::vector<std::string>& folders,
                                 const ProgramBinary& binary);

}  // namespace stream
