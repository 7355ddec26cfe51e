#include <libstream/data/packed_record.hpp>

#include <fmt/format.h>
#include <msgpack.hpp>

#include <algorithm>

namespace stream {
namespace {

/// What msgpack's packer writes to.
class StringStream {
 public:
  explicit StringStream(std::string& out) : out_(out) {}
  void write(const char* data, std::size_t size) { out_.append(data, size); }

 private:
  std::string& out_;
};

template <class Value>
void pack(std::string& out, const Value& value) {
  StringStream stream(out);
  msgpack::packer<StringStream>(stream).pack(value);
}

bool refers(msgpack::type::object_type, std::size_t, void*) { return true; }

}  // namespace

void PackedWriter::put_signed(std::int64_t value) { pack(out_, value); }
void PackedWriter::put_unsigned(std::uint64_t value) { pack(out_, value); }
void PackedWriter::put_flag(bool value) { pack(out_, value); }
void PackedWriter::put_text(std::string_view value) {
  StringStream stream(out_);
  msgpack::packer<StringStream> packer(stream);
  packer.pack_bin(static_cast<std::uint32_t>(value.size()));
  packer.pack_bin_body(value.data(), static_cast<std::uint32_t>(value.size()));
}

template <class Take>
void PackedReader::take(Take take_value) {
  if (has_failed()) return;
  try {
    // No arrays, maps or extensions: nothing nests, and nothing is allocated but the text.
    const msgpack::unpack_limit limits(0, 0, 0, max_text_bytes_, 0, 1);
    std::size_t offset = 0;
    const msgpack::object_handle value =
        msgpack::unpack(bytes_.data(), bytes_.size(), offset, refers, nullptr, limits);
    take_value(value.get());
    bytes_.remove_prefix(offset);
  } catch (const std::exception& error) {
    refuse(error.what());
  }
}

std::int64_t PackedReader::take_signed() {
  std::int64_t value = 0;
  take([&](const msgpack::object& object) { value = object.as<std::int64_t>(); });
  return value;
}

std::uint64_t PackedReader::take_unsigned() {
  std::uint64_t value = 0;
  take([&](const msgpack::object& object) { value = object.as<std::uint64_t>(); });
  return value;
}

bool PackedReader::take_flag() {
  bool value = false;
  take([&](const msgpack::object& object) { value = object.as<bool>(); });
  return value;
}

std::string PackedReader::take_text() {
  std::string value;
  take([&](const msgpack::object& object) {
    if (object.type != msgpack::type::BIN) throw msgpack::type_error();
    value.assign(object.via.bin.ptr, object.via.bin.size);
  });
  return value;
}

std::size_t PackedReader::take_count(std::size_t most) {
  const std::uint64_t count = take_unsigned();
  if (count > std::min(most, bytes_.size())) {
    refuse(fmt::format("{} items, more than there can be", count));
    return 0;
  }
  return static_cast<std::size_t>(count);
}

void PackedReader::refuse(std::string_view why) {
  if (!has_failed()) problem_ = fmt::format("record damaged: {}", why);
}

Result<void> PackedReader::finish() const {
  if (has_failed()) return fatal(problem_);
  if (!bytes_.empty())
    return fatal(fmt::format("record damaged: {} bytes behind its end", bytes_.size()));
  return {};
}

}  // namespace stream
