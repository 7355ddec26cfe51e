// The format json. See file_format.hpp.
#pragma once

#include <libstream/formats/file_format.hpp>

namespace stream {

Result<std::shared_ptr<const FileFormat>> make_json_format(OptionMap& options,
                                                           const SqlSettings& settings);

}  // namespace stream
