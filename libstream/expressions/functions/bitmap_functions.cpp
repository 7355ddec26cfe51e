// Aggregates of bitmaps of 32768 bits in 4096 bytes: bitmap_construct_agg, bitmap_or_agg,
// bitmap_and_agg.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>
#include <libstream/expressions/functions/signature.hpp>

namespace stream {
namespace {

constexpr std::size_t kBitmapBytes = 4096;
constexpr std::int64_t kBitmapBits = 8 * static_cast<std::int64_t>(kBitmapBytes);

struct Bitmap {
  std::vector<std::uint8_t> bytes;  ///< empty: nothing came yet
  std::size_t heap_bytes() const { return bytes.capacity(); }
};

enum class BitmapMerge { set_bit, unite, intersect };

class BitmapAccumulator final : public GroupedAccumulator<Bitmap> {
 public:
  explicit BitmapAccumulator(BitmapMerge merge) : merge_(merge) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    if (merge_ != BitmapMerge::set_bit) {
      for_each_value<std::string>(
          arguments[0], groups,
          [this](std::uint32_t group, std::string_view bytes) { take(group, bytes); });
      return {};
    }
    bool is_outside = false;
    for_each_value<std::int64_t>(arguments[0], groups,
                                 [&](std::uint32_t group, std::int64_t position) {
                                   if (position < 0 || position >= kBitmapBits) {
                                     is_outside = true;
                                     return;
                                   }
                                   std::vector<std::uint8_t>& bytes = bytes_of(group);
                                   bytes[static_cast<std::size_t>(position / 8)] |=
                                       static_cast<std::uint8_t>(1u << (position % 8));
                                 });
    if (is_outside)
      return runtime_error("INVALID_BITMAP_POSITION",
                           "bitmap_construct_agg: a bit position is not in [0, 32768)");
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    for_each_value<std::string>(
        state[0], false, groups,
        [this](std::uint32_t group, std::string_view bytes) { take(group, bytes); });
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      if (states_[group].bytes.empty()) {
        builders[0].append_null();
      } else {
        append_bytes(states_[group].bytes, builders[0]);
      }
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    const std::uint8_t filler = merge_ == BitmapMerge::intersect ? 0xff : 0;
    for (const std::uint32_t group : groups) {
      if (states_[group].bytes.empty()) {
        append_bytes(std::vector<std::uint8_t>(kBitmapBytes, filler), builder);
      } else {
        append_bytes(states_[group].bytes, builder);
      }
    }
    return {};
  }

 private:
  static void append_bytes(const std::vector<std::uint8_t>& bytes, ColumnBuilder& builder) {
    builder.append_string({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  std::vector<std::uint8_t>& bytes_of(std::uint32_t group) {
    std::vector<std::uint8_t>& bytes = states_[group].bytes;
    if (bytes.empty()) {
      bytes.resize(kBitmapBytes, merge_ == BitmapMerge::intersect ? 0xff : 0);
      heap_bytes_ += bytes.capacity();
    }
    return bytes;
  }
  /// Missing bytes at the end are zero.
  void take(std::uint32_t group, std::string_view other) {
    std::vector<std::uint8_t>& bytes = bytes_of(group);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto byte = static_cast<std::uint8_t>(i < other.size() ? other[i] : 0);
      bytes[i] = merge_ == BitmapMerge::intersect ? static_cast<std::uint8_t>(bytes[i] & byte)
                                                  : static_cast<std::uint8_t>(bytes[i] | byte);
    }
  }

  BitmapMerge merge_;
};

void add_bitmap_aggregate(FunctionRegistry& registry, std::string name, std::string usage,
                          TypeKind parameter, BitmapMerge merge) {
  registry.add(AggregateFunction{
      name,
      std::move(usage),
      1,
      1,
      [name, parameter, merge](Arguments arguments, const AggregateModifiers&,
                               const SqlSettings& settings) -> Result<ResolvedAggregate> {
        ResolvedAggregate bitmap;
        if (parameter == TypeKind::binary && arguments[0].type.kind != TypeKind::binary)
          return wrong_argument(name, arguments, 0, "the \"BINARY\" type");
        STREAM_TRY(const DataType type,
                   implicit_type(name, arguments, 0, primitive(parameter), settings));
        bitmap.parameter_types = {type};
        bitmap.type = primitive(TypeKind::binary);
        bitmap.is_nullable = false;
        bitmap.state = {{"bitmap", bitmap.type, true}};
        bitmap.make = maker<BitmapAccumulator>(merge);
        return bitmap;
      },
      {}});
}

}  // namespace

void add_bitmap_functions(FunctionRegistry& registry) {
  add_bitmap_aggregate(registry, "bitmap_construct_agg",
                       "bitmap_construct_agg(position) - a bitmap with these bits set",
                       TypeKind::int64, BitmapMerge::set_bit);
  add_bitmap_aggregate(registry, "bitmap_or_agg", "bitmap_or_agg(bitmap) - the bits set in any",
                       TypeKind::binary, BitmapMerge::unite);
  add_bitmap_aggregate(registry, "bitmap_and_agg", "bitmap_and_agg(bitmap) - the bits set in all",
                       TypeKind::binary, BitmapMerge::intersect);
}

}  // namespace stream
