#include <libstream/connectors/files/byte_codecs.hpp>
#include <libstream/formats/text_encoding.hpp>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace stream {
namespace {

constexpr std::size_t kChunkBytes = 64u << 10;

class PlainInput final : public ByteInput {
 public:
  PlainInput(std::unique_ptr<RandomAccessFile> file, std::uint64_t from, std::uint64_t limit)
      : file_(std::move(file)), at_(from), limit_(limit) {}

  Result<std::size_t> read(char* into, std::size_t size) override {
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(size, limit_ > at_ ? limit_ - at_ : 0));
    std::size_t got = 0;
    while (got < wanted) {
      STREAM_TRY(const std::size_t part, file_->read_at(at_, into + got, wanted - got));
      if (part == 0)
        return fatal(fmt::format("it ended at byte {}, before the {} it had when it was planned",
                                 at_, limit_));
      got += part;
      at_ += part;
    }
    return got;
  }

 private:
  std::unique_ptr<RandomAccessFile> file_;
  std::uint64_t at_;
  std::uint64_t limit_;
};

/// Inputs that make pieces of text of another input's chunks.
class ConvertedInput : public ByteInput {
 public:
  explicit ConvertedInput(std::unique_ptr<ByteInput> from) : from_(std::move(from)) {}

  Result<std::size_t> read(char* into, std::size_t size) final {
    std::size_t got = 0;
    while (got < size) {
      if (used_ == ready_.size()) {
        if (is_at_end_) break;
        ready_.clear();
        used_ = 0;
        char chunk[kChunkBytes];
        STREAM_TRY(const std::size_t count, from_->read(chunk, sizeof chunk));
        is_at_end_ = count < sizeof chunk;
        STREAM_TRY(convert({chunk, count}, is_at_end_, ready_));
        continue;
      }
      const std::size_t part = std::min(size - got, ready_.size() - used_);
      std::memcpy(into + got, ready_.data() + used_, part);
      used_ += part;
      got += part;
    }
    return got;
  }

 protected:
  virtual Result<void> convert(std::string_view bytes, bool is_last, std::string& out) = 0;

 private:
  std::unique_ptr<ByteInput> from_;
  std::string ready_;
  std::size_t used_ = 0;
  bool is_at_end_ = false;
};

class GzipInput final : public ConvertedInput {
 public:
  explicit GzipInput(std::unique_ptr<ByteInput> from) : ConvertedInput(std::move(from)) {
    is_open_ = inflateInit2(&stream_, 15 + 16) == Z_OK;
  }
  ~GzipInput() override { inflateEnd(&stream_); }

 protected:
  Result<void> convert(std::string_view bytes, bool is_last, std::string& out) override {
    if (!is_open_) return fatal("zlib cannot start");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    char buffer[kChunkBytes];
    while (stream_.avail_in > 0) {
      // Members may stand one behind the other.
      if (is_member_done_ && inflateReset(&stream_) != Z_OK) return fatal("zlib cannot go on");
      is_member_done_ = false;
      stream_.next_out = reinterpret_cast<Bytef*>(buffer);
      stream_.avail_out = sizeof buffer;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      out.append(buffer, sizeof buffer - stream_.avail_out);
      if (status == Z_STREAM_END) {
        is_member_done_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return bad_data("it is not a whole gzip file");
      }
    }
    if (is_last && !is_member_done_) return bad_data("the gzip file is cut off");
    return {};
  }

 private:
  z_stream stream_{};
  bool is_open_ = false;
  bool is_member_done_ = false;
};

class ZstdInput final : public ConvertedInput {
 public:
  explicit ZstdInput(std::unique_ptr<ByteInput> from)
      : ConvertedInput(std::move(from)), stream_(ZSTD_createDStream(), ZSTD_freeDStream) {}

 protected:
  Result<void> convert(std::string_view bytes, bool is_last, std::string& out) override {
    std::vector<char> buffer(ZSTD_DStreamOutSize());
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    bool is_full = true;
    while (input.pos < input.size || is_full) {
      ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
      const std::size_t left = ZSTD_decompressStream(stream_.get(), &output, &input);
      if (ZSTD_isError(left) != 0)
        return bad_data(fmt::format("it is not a whole zstd file: {}", ZSTD_getErrorName(left)));
      out.append(buffer.data(), output.pos);
      is_full = output.pos == output.size;
      is_frame_done_ = left == 0;
      if (output.pos == 0 && input.pos == input.size) break;
    }
    if (is_last && !is_frame_done_) return bad_data("the zstd file is cut off");
    return {};
  }

 private:
  std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream_;
  bool is_frame_done_ = true;
};

class EncodedInput final : public ConvertedInput {
 public:
  EncodedInput(std::unique_ptr<ByteInput> from, std::unique_ptr<EncodingConverter> converter)
      : ConvertedInput(std::move(from)), converter_(std::move(converter)) {}

 protected:
  Result<void> convert(std::string_view bytes, bool is_last, std::string& out) override {
    converter_->convert(bytes, is_last, out);
    return {};
  }

 private:
  std::unique_ptr<EncodingConverter> converter_;
};

class PlainOutput final : public ByteOutput {
 public:
  Result<void> write(std::string_view bytes, bool /*is_last*/, std::string& out) override {
    out += bytes;
    return {};
  }
};

class EncodedOutput final : public ByteOutput {
 public:
  EncodedOutput(std::unique_ptr<EncodingConverter> converter, std::unique_ptr<ByteOutput> next)
      : converter_(std::move(converter)), next_(std::move(next)) {}
  Result<void> write(std::string_view bytes, bool is_last, std::string& out) override {
    std::string converted;
    converter_->convert(bytes, is_last, converted);
    return next_->write(converted, is_last, out);
  }

 private:
  std::unique_ptr<EncodingConverter> converter_;
  std::unique_ptr<ByteOutput> next_;
};

class GzipOutput final : public ByteOutput {
 public:
  GzipOutput() {
    is_open_ = deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
                            Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipOutput() override { deflateEnd(&stream_); }

  Result<void> write(std::string_view bytes, bool is_last, std::string& out) override {
    if (!is_open_) return fatal("zlib cannot start");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    char buffer[kChunkBytes];
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer);
      stream_.avail_out = sizeof buffer;
      if (deflate(&stream_, is_last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
        return fatal("zlib refuses its input");
      out.append(buffer, sizeof buffer - stream_.avail_out);
    } while (stream_.avail_out == 0);
    return {};
  }

 private:
  z_stream stream_{};
  bool is_open_ = false;
};

class ZstdOutput final : public ByteOutput {
 public:
  ZstdOutput() : stream_(ZSTD_createCStream(), ZSTD_freeCStream) {}
  Result<void> write(std::string_view bytes, bool is_last, std::string& out) override {
    std::vector<char> buffer(ZSTD_CStreamOutSize());
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    bool is_done = false;
    while (!is_done) {
      ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
      const std::size_t left = ZSTD_compressStream2(stream_.get(), &output, &input,
                                                    is_last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) return fatal(ZSTD_getErrorName(left));
      out.append(buffer.data(), output.pos);
      is_done = is_last ? left == 0 : input.pos == input.size;
    }
    return {};
  }

 private:
  std::unique_ptr<ZSTD_CStream, std::size_t (*)(ZSTD_CStream*)> stream_;
};

}  // namespace

bool is_compressed_name(std::string_view path) {
  return path.ends_with(".gz") || path.ends_with(".zst") || path.ends_with(".zstd");
}

Result<std::unique_ptr<ByteInput>> open_input(FileSystem& files, const std::string& path,
                                              std::uint64_t from, std::uint64_t limit,
                                              const std::string& encoding) {
  STREAM_TRY(auto file, files.open_reading(path));
  std::unique_ptr<ByteInput> input = std::make_unique<PlainInput>(std::move(file), from, limit);
  if (path.ends_with(".gz")) {
    input = std::make_unique<GzipInput>(std::move(input));
  } else if (is_compressed_name(path)) {
    input = std::make_unique<ZstdInput>(std::move(input));
  }
  if (!is_utf8(encoding)) {
    STREAM_TRY(auto converter, EncodingConverter::make(encoding, "UTF-8"));
    input = std::make_unique<EncodedInput>(std::move(input), std::move(converter));
  }
  return input;
}

Result<std::unique_ptr<ByteOutput>> make_output(const std::string& compression,
                                                const std::string& encoding) {
  std::unique_ptr<ByteOutput> output;
  if (compression == "gzip") {
    output = std::make_unique<GzipOutput>();
  } else if (compression == "zstd") {
    output = std::make_unique<ZstdOutput>();
  } else {
    output = std::make_unique<PlainOutput>();
  }
  if (!is_utf8(encoding)) {
    STREAM_TRY(auto converter, EncodingConverter::make("UTF-8", encoding));
    output = std::make_unique<EncodedOutput>(std::move(converter), std::move(output));
  }
  return output;
}

std::string_view compression_ending(std::string_view compression) {
  return compression == "gzip" ? ".gz" : compression == "zstd" ? ".zst" : "";
}

}  // namespace stream
