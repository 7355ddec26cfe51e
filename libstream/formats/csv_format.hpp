// The format csv. See file_format.hpp.
#pragma once

#include <libstream/formats/file_format.hpp>

namespace stream {

Result<std::shared_ptr<const FileFormat>> make_csv_format(OptionMap& options,
                                                          const SqlSettings& settings);

}  // namespace stream
