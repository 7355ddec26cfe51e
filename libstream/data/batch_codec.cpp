#include <libstream/base/hash.hpp>
#include <libstream/data/batch_codec.hpp>
#include <libstream/data/column_builder.hpp>
#include <libstream/data/narrow_integers.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace stream {
namespace {

// "SBAT", version, payload bytes; then the payload; then, where it is sealed, XXH3 of both.
constexpr std::uint32_t kMagic = 0x54414253;
constexpr std::uint32_t kVersion = 3;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxFields = 4096;
constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::uint64_t kMaxRows = 1u << 30;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_type(const DataType& type, std::string& out);

void put_field(const Field& field, std::string& out) {
  put(out, static_cast<std::uint16_t>(field.name.size()));
  out += field.name;
  put(out, static_cast<std::uint8_t>(field.is_nullable));
  put_type(field.type, out);
}

void put_type(const DataType& type, std::string& out) {
  put(out, static_cast<std::uint8_t>(type.kind));
  put(out, type.precision);
  put(out, type.scale);
  put(out, type.max_characters);
  put(out, static_cast<std::uint8_t>(type.is_padded));
  put(out, static_cast<std::uint16_t>(type.children.size()));
  for (const Field& child : type.children) put_field(child, out);
}

bool is_integers(TypeKind kind) {
  switch (kind) {
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
    case TypeKind::year_month_interval:
      return true;
    default:
      return is_integral(kind);
  }
}

/// The width of a distance; the least value where that is not the width of the values; distances.
void put_integers(const char* values, std::size_t width, std::size_t count, std::string& out) {
  const NarrowIntegers narrow = NarrowIntegers::of(values, width, count);
  put(out, static_cast<std::uint8_t>(narrow.width));
  if (narrow.width != width) put(out, narrow.least);
  if (count > 0) narrow.write(values, width, count, out);
}

/// Calls `use` with a zero of the unsigned type in which lengths of `width` bytes are kept.
template <class Use>
auto with_size_type(std::size_t width, Use use) {
  if (width == 1) return use(std::uint8_t{});
  return width == 2 ? use(std::uint16_t{}) : use(std::uint32_t{});
}

/// The width of a length, lengths, then all bytes: views are made anew at the reader.
void put_strings(const Column& column, std::string& out) {
  const StringView* views = column.data<StringView>();
  std::uint64_t total = 0;
  std::uint32_t longest = 0;
  for (std::size_t row = 0; row < column.num_rows; ++row) {
    total += views[row].size;
    longest = std::max(longest, views[row].size);
  }
  const std::size_t width = narrowest_width(longest);
  put(out, static_cast<std::uint8_t>(width));
  const std::size_t begin = out.size();
  const std::size_t end = begin + column.num_rows * width + sizeof total + total;
  out.resize(end + sizeof(StringView::inlined));  // short strings are copied at their longest
  char* sizes = out.data() + begin;
  char* bytes = sizes + column.num_rows * width + sizeof total;
  std::memcpy(bytes - sizeof total, &total, sizeof total);
  with_size_type(width, [&](auto zero) {
    for (std::size_t row = 0; row < column.num_rows; ++row) {
      const StringView& view = views[row];
      const auto size = static_cast<decltype(zero)>(view.size);
      std::memcpy(sizes + row * sizeof size, &size, sizeof size);
      if (view.is_inline()) {
        std::memcpy(bytes, view.inlined, sizeof view.inlined);
      } else {
        std::memcpy(bytes, column.blocks[view.outside.block].data() + view.outside.offset,
                    view.size);
      }
      bytes += view.size;
    }
  });
  out.resize(end);
}

void put_column(const Column& column, std::string& out) {
  put(out, static_cast<std::uint64_t>(column.num_rows));
  put(out, static_cast<std::uint8_t>(column.validity ? 1 : 0));
  if (column.validity) out.append(column.validity.data(), (column.num_rows + 7) / 8);
  const TypeKind kind = column.type.kind;
  if (is_text(kind)) {
    put_strings(column, out);
  } else if (is_list(kind)) {
    put_integers(column.values.data(), sizeof(std::int64_t), column.num_rows + 1, out);
  } else if (is_integers(kind)) {
    put_integers(column.values.data(), value_width(kind), column.num_rows, out);
  } else if (column.num_rows > 0) {
    const std::size_t bytes = column.num_rows * value_width(kind);
    if (bytes > 0) out.append(column.values.data(), bytes);
  }
  for (const Column& child : column.children) put_column(child, out);
}

class Reader {
 public:
  Reader(std::string_view bytes, BlockPool& pool) : bytes_(bytes), pool_(pool) {}

  template <class T>
  Result<T> get() {
    if (bytes_.size() < sizeof(T)) return cut_short();
    T value;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }

  Result<std::string_view> take(std::uint64_t size) {
    if (bytes_.size() < size) return cut_short();
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  Result<Field> field(std::size_t depth) {
    STREAM_TRY(const auto size, get<std::uint16_t>());
    if (size > kMaxNameBytes) return damaged("a field name is too long");
    STREAM_TRY(const auto name, take(size));
    STREAM_TRY(const auto nullable, get<std::uint8_t>());
    STREAM_TRY(auto type, data_type(depth));
    return Field{std::string(name), std::move(type), nullable != 0};
  }

  Result<DataType> data_type(std::size_t depth) {
    if (depth > kMaxDepth) return damaged("types nest too deep");
    STREAM_TRY(const auto kind, get<std::uint8_t>());
    if (kind > static_cast<std::uint8_t>(TypeKind::variant)) return damaged("unknown type");
    DataType type = primitive(static_cast<TypeKind>(kind));
    STREAM_TRY(type.precision, get<std::uint8_t>());
    STREAM_TRY(type.scale, get<std::uint8_t>());
    STREAM_TRY(type.max_characters, get<std::uint32_t>());
    STREAM_TRY(const auto is_padded, get<std::uint8_t>());
    type.is_padded = is_padded != 0;
    STREAM_TRY(check_parameters(type));
    STREAM_TRY(const auto num_children, get<std::uint16_t>());
    if (num_children > kMaxFields) return damaged("too many fields");
    const std::size_t expected = type.kind == TypeKind::array ? 1
                                 : type.kind == TypeKind::map ? 2
                                                              : 0;
    if (type.kind != TypeKind::structure && num_children != expected)
      return damaged("a type has a wrong number of children");
    for (std::size_t i = 0; i < num_children; ++i) {
      STREAM_TRY(auto child, field(depth + 1));
      type.children.push_back(std::move(child));
    }
    return type;
  }

  Result<Column> column(const DataType& type) {
    Column column;
    column.type = type;
    STREAM_TRY(const auto num_rows, get<std::uint64_t>());
    if (num_rows > kMaxRows) return damaged("too many rows");
    column.num_rows = num_rows;
    STREAM_TRY(const auto has_validity, get<std::uint8_t>());
    if (has_validity != 0) {
      STREAM_TRY(column.validity, block((num_rows + 7) / 8));
    }
    if (is_text(type.kind)) {
      STREAM_TRY(read_strings(column));
    } else if (is_list(type.kind)) {
      STREAM_TRY(column.values, integers(sizeof(std::int64_t), num_rows + 1));
    } else if (is_integers(type.kind)) {
      STREAM_TRY(column.values, integers(value_width(type.kind), num_rows));
    } else {
      STREAM_TRY(column.values, block(num_rows * value_width(type.kind)));
    }
    for (const Field& child_field : type.children) {
      STREAM_TRY(auto child, this->column(child_field.type));
      column.children.push_back(std::move(child));
    }
    STREAM_TRY(check_children(column));
    return column;
  }

  bool is_at_end() const { return bytes_.empty(); }
  static Error damaged(std::string_view what) {
    return fatal(fmt::format("batch damaged: {}", what));
  }

 private:
  static Error cut_short() { return fatal("batch damaged: cut short"); }

  Result<BlockRef> block(std::uint64_t size) {
    STREAM_TRY(const auto bytes, take(size));
    if (size == 0) return BlockRef();
    BlockRef block = pool_.allocate(size);
    std::memcpy(block.data(), bytes.data(), size);
    return block;
  }

  /// Memory is taken when the bytes for it are there: eight for each of them at most.
  Result<BlockRef> integers(std::size_t value_width, std::uint64_t count) {
    NarrowIntegers narrow;
    STREAM_TRY(narrow.width, get<std::uint8_t>());
    if (!std::has_single_bit(narrow.width) || narrow.width > value_width)
      return damaged("integers of a strange width");
    if (narrow.width != value_width) {
      STREAM_TRY(narrow.least, get<std::uint64_t>());
    }
    STREAM_TRY(const auto bytes, take(count * narrow.width));
    if (count == 0) return BlockRef();
    BlockRef block = pool_.allocate(count * value_width);
    narrow.read(bytes.data(), value_width, count, block.data());
    return block;
  }

  static Result<void> check_parameters(const DataType& type) {
    const auto last_field = static_cast<std::uint8_t>(IntervalField::second);
    switch (type.kind) {
      case TypeKind::decimal:
        if (type.precision < 1 || type.precision > kMaxDecimalPrecision ||
            type.scale > type.precision)
          return damaged("a decimal of impossible precision");
        return {};
      case TypeKind::day_time_interval:
      case TypeKind::year_month_interval:
        if (type.precision > type.scale || type.scale > last_field)
          return damaged("an interval of unknown fields");
        return {};
      default:
        return {};
    }
  }

  Result<void> read_strings(Column& column) {
    STREAM_TRY(const std::size_t width, get<std::uint8_t>());
    if (width != 1 && width != 2 && width != 4) return damaged("lengths of a strange width");
    STREAM_TRY(const auto sizes, take(column.num_rows * width));
    STREAM_TRY(const auto total, get<std::uint64_t>());
    if (total > 0xffffffffu) return damaged("strings of over 4 GiB");
    STREAM_TRY(BlockRef data, block(total));
    column.values = pool_.allocate(column.num_rows * sizeof(StringView));
    const bool are_within = with_size_type(
        width, [&](auto zero) { return make_views(sizes.data(), zero, data, total, column); });
    if (!are_within) return damaged("string lengths exceed their bytes");
    if (data) column.blocks.push_back(std::move(data));
    return {};
  }

  template <class Size>
  static bool make_views(const char* sizes, Size size, const BlockRef& data, std::uint64_t total,
                         Column& column) {
    auto* views = reinterpret_cast<StringView*>(column.values.data());
    std::uint64_t offset = 0;
    for (std::size_t row = 0; row < column.num_rows; ++row) {
      std::memcpy(&size, sizes + row * sizeof size, sizeof size);
      if (offset + size > total) return false;
      StringView view{};
      view.size = size;
      if (view.is_inline()) {
        // Blocks have readable slack: twelve bytes are copied, those that are not its own cleared.
        if (data) std::memcpy(view.inlined, data.data() + offset, sizeof view.inlined);
        clear_tail(view);
      } else {
        std::memcpy(view.outside.prefix, data.data() + offset, 4);
        view.outside.block = 0;
        view.outside.offset = static_cast<std::uint32_t>(offset);
      }
      views[row] = view;
      offset += size;
    }
    return true;
  }

  static void clear_tail(StringView& view) {
    std::uint64_t low;
    std::uint32_t high;
    std::memcpy(&low, view.inlined, sizeof low);
    std::memcpy(&high, view.inlined + sizeof low, sizeof high);
    if (view.size < 8) low &= (std::uint64_t{1} << (8 * view.size)) - 1;
    const std::uint32_t in_high = view.size < 8 ? 0 : view.size - 8;
    if (in_high < 4) high &= (std::uint32_t{1} << (8 * in_high)) - 1;
    std::memcpy(view.inlined, &low, sizeof low);
    std::memcpy(view.inlined + sizeof low, &high, sizeof high);
  }

  static Result<void> check_children(const Column& column) {
    if (is_list(column.type.kind)) {
      const std::int64_t* offsets = column.data<std::int64_t>();
      if (offsets[0] != 0) return damaged("array offsets do not begin at 0");
      for (std::size_t row = 0; row < column.num_rows; ++row) {
        if (offsets[row + 1] < offsets[row]) return damaged("array offsets decrease");
      }
      for (const Column& child : column.children) {
        if (static_cast<std::size_t>(offsets[column.num_rows]) != child.num_rows)
          return damaged("array offsets exceed the elements");
      }
    } else {
      for (const Column& child : column.children) {
        if (child.num_rows != column.num_rows) return damaged("columns differ in length");
      }
    }
    return {};
  }

  std::string_view bytes_;
  BlockPool& pool_;
};

/// `bytes` begin with a batch of `size` bytes behind its header and, maybe, a checksum: how many
/// more that makes.
Result<std::size_t> check_seal(std::string_view bytes, std::uint64_t size, BatchSeal seal) {
  std::uint64_t checksum = 0;
  const std::size_t seal_bytes = seal == BatchSeal::checksum ? sizeof checksum : 0;
  if (size > bytes.size() || bytes.size() - size < kHeaderBytes + seal_bytes)
    return Reader::damaged("cut short");
  if (seal_bytes == 0) return seal_bytes;
  std::memcpy(&checksum, bytes.data() + kHeaderBytes + size, sizeof checksum);
  if (hash_bytes(bytes.data(), kHeaderBytes + size) != checksum)
    return Reader::damaged("checksum differs");
  return seal_bytes;
}

}  // namespace

void encode_batch(const Batch& batch, std::string& out, BatchSeal seal) {
  const std::size_t begin = out.size();
  put(out, kMagic);
  put(out, kVersion);
  put(out, std::uint64_t{0});
  put(out, static_cast<std::uint16_t>(batch.schema().num_fields()));
  for (const Field& field : batch.schema().fields) put_field(field, out);
  put(out, static_cast<std::uint64_t>(batch.num_rows()));
  for (const Column& column : batch.columns()) put_column(column, out);
  const std::uint64_t size = out.size() - begin - kHeaderBytes;
  std::memcpy(out.data() + begin + 8, &size, sizeof size);
  if (seal == BatchSeal::checksum) put(out, hash_bytes(out.data() + begin, out.size() - begin));
}

Result<Batch> decode_batch(std::string_view& bytes, BlockPool& pool, BatchSeal seal) {
  Reader header(bytes, pool);
  STREAM_TRY(const auto magic, header.get<std::uint32_t>());
  STREAM_TRY(const auto version, header.get<std::uint32_t>());
  STREAM_TRY(const auto size, header.get<std::uint64_t>());
  if (magic != kMagic) return Reader::damaged("no batch begins here");
  if (version != kVersion)
    return fatal(fmt::format("batch of format version {}; this build reads {}", version, kVersion));
  STREAM_TRY(const std::size_t seal_bytes, check_seal(bytes, size, seal));

  Reader reader(bytes.substr(kHeaderBytes, size), pool);
  STREAM_TRY(const auto num_fields, reader.get<std::uint16_t>());
  if (num_fields > kMaxFields) return Reader::damaged("too many columns");
  auto schema = std::make_shared<Schema>();
  for (std::size_t i = 0; i < num_fields; ++i) {
    STREAM_TRY(auto field, reader.field(0));
    schema->fields.push_back(std::move(field));
  }
  STREAM_TRY(const auto num_rows, reader.get<std::uint64_t>());
  std::vector<Column> columns;
  for (const Field& field : schema->fields) {
    STREAM_TRY(auto column, reader.column(field.type));
    if (column.num_rows != num_rows) return Reader::damaged("columns differ in length");
    columns.push_back(std::move(column));
  }
  if (!reader.is_at_end()) return Reader::damaged("bytes after the last column");
  bytes.remove_prefix(kHeaderBytes + size + seal_bytes);
  return Batch(std::move(schema), std::move(columns), num_rows);
}

}  // namespace stream
