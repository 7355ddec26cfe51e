// Paths that mean the same wherever they are read. Used where a path is written down for later: the
// log of a file sink. Any thread.
#pragma once

#include <string>

namespace stream {

/// `path`, if it is relative behind the working directory; without "." and "..".
std::string absolute_path(const std::string& path);

}  // namespace stream
