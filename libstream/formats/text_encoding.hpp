// Character encodings other than UTF-8: conversion of whole texts and block by block. Used by file
// connectors around formats, which see UTF-8 only. A converter belongs to one thread.
#pragma once

#include <libstream/base/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace stream {

/// U+FEFF in UTF-8, which files may begin with; no part of their text.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Refuses names that the system does not know: [INVALID_PARAMETER_VALUE.CHARSET].
Result<void> check_encoding(const std::string& name);
bool is_utf8(std::string_view encoding);

/// Bytes of one encoding to another, block after block; characters may be cut between blocks.
/// What cannot be read becomes U+FFFD; what cannot be written becomes '?'.
class EncodingConverter {
 public:
  static Result<std::unique_ptr<EncodingConverter>> make(const std::string& from,
                                                         const std::string& to);
  ~EncodingConverter();
  EncodingConverter(const EncodingConverter&) = delete;
  EncodingConverter& operator=(const EncodingConverter&) = delete;

  /// Appends the converted form of `bytes`; is_last: an unfinished character is replaced.
  void convert(std::string_view bytes, bool is_last, std::string& out);

 private:
  EncodingConverter(void* handle, bool to_utf8) : handle_(handle), is_to_utf8_(to_utf8) {}
  void* handle_;
  bool is_to_utf8_;
  std::string rest_;  // bytes of a character that is not whole yet
};

/// "none", "uncompressed", "" and the codecs' names ("gzip", "zstd", also in short) to "", "gzip"
/// or "zstd"; others: error.
Result<std::string> option_compression(const std::string& value);
/// A share: a number over 0 and at most 1.
Result<double> option_ratio(const std::string& value);

}  // namespace stream
