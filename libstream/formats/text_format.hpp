// The format text: a line a row, or a file a row. See file_format.hpp.
#pragma once

#include <libstream/formats/file_format.hpp>

namespace stream {

struct TextOptions {
  std::optional<std::string> line_separator;  ///< unset: any of \n, \r, \r\n
  bool is_whole_text = false;
  std::string encoding = "UTF-8";
  std::string compression;
};

const OptionTable<TextOptions>& text_option_table();

Result<std::shared_ptr<const FileFormat>> make_text_format(OptionMap& options);

}  // namespace stream
