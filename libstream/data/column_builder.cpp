#include <libstream/data/column_builder.hpp>

#include <algorithm>

namespace stream {

namespace {
constexpr std::size_t kStringBlockBytes = 64u << 10;
constexpr std::size_t kSmallestBytes = 4096;
}  // namespace

ColumnBuilder::ColumnBuilder(DataType type, BlockPool& pool)
    : type_(std::move(type)), pool_(&pool) {
  for (const Field& field : type_.children) children_.emplace_back(field.type, pool);
}

void ColumnBuilder::adopt(const std::vector<BlockRef>& blocks) {
  for (const BlockRef& block : blocks) {
    const bool is_known = std::any_of(adopted_.begin(), adopted_.end(),
                                      [&](const Adopted& a) { return a.block == block; });
    if (!is_known) adopted_.push_back({block, kUnused});
  }
  for (ColumnBuilder& child : children_) child.adopt(blocks);
}

void ColumnBuilder::grow_values(std::size_t bytes) {
  BlockRef larger =
      pool_->allocate(std::max({bytes, 2 * values_.capacity(), expected_bytes_, kSmallestBytes}));
  const std::size_t used = num_rows_ * value_width(type_.kind);
  if (used > 0) std::memcpy(larger.data(), values_.data(), used);
  values_ = std::move(larger);
}

std::uint32_t ColumnBuilder::foreign_block(std::string_view text, const char*& base) {
  for (Adopted& adopted : adopted_) {
    base = adopted.block.data();
    if (text.data() < base || text.data() + text.size() > base + adopted.block.capacity()) continue;
    if (adopted.number == kUnused) {
      adopted.number = static_cast<std::uint32_t>(blocks_.size());
      blocks_.push_back(adopted.block);
    }
    return adopted.number;
  }
  return kUnused;
}

void ColumnBuilder::append_string(std::string_view text) {
  STREAM_CHECK(text.size() <= 0x7fffffffu, "a string of over 2 GiB");
  StringView view{};
  view.size = static_cast<std::uint32_t>(text.size());
  if (text.size() <= sizeof view.inlined) {
    if (!text.empty()) std::memcpy(view.inlined, text.data(), text.size());
  } else {
    std::memcpy(view.outside.prefix, text.data(), 4);
    const char* base = nullptr;
    view.outside.block = foreign_block(text, base);
    if (view.outside.block != kUnused) {
      view.outside.offset = static_cast<std::uint32_t>(text.data() - base);
    } else {
      if (!own_ || own_used_ + text.size() > own_.capacity() || own_number_ == kUnused) {
        if (!own_ || own_used_ + text.size() > own_.capacity()) {
          own_ = pool_->allocate(std::max(kStringBlockBytes, text.size()));
          own_used_ = 0;
        }
        own_number_ = static_cast<std::uint32_t>(blocks_.size());
        blocks_.push_back(own_);
      }
      std::memcpy(own_.data() + own_used_, text.data(), text.size());
      view.outside.block = own_number_;
      view.outside.offset = static_cast<std::uint32_t>(own_used_);
      own_used_ += text.size();
    }
  }
  append(view);
}

void ColumnBuilder::set_null(std::size_t row) {
  const std::size_t bytes = row / 8 + 1;
  if (bytes > validity_.capacity()) {
    BlockRef larger = pool_->allocate(std::max<std::size_t>(2 * bytes, 512));
    std::memset(larger.data(), 0xff, larger.capacity());
    if (validity_) std::memcpy(larger.data(), validity_.data(), validity_.capacity());
    validity_ = std::move(larger);
  }
  validity_.data()[row / 8] &= static_cast<char>(~(1u << (row % 8)));
}

std::uint32_t ColumnBuilder::point_into(const BlockRef& block) {
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    if (blocks_[i] == block) return static_cast<std::uint32_t>(i);
  }
  blocks_.push_back(block);
  return static_cast<std::uint32_t>(blocks_.size() - 1);
}

void ColumnBuilder::append_null() {
  set_null(num_rows_);
  switch (value_width(type_.kind)) {
    case 1:
      append<std::uint8_t>(0);
      return;
    case 2:
      append<std::uint16_t>(0);
      return;
    case 4:
      append<std::uint32_t>(0);
      return;
    case 16:
      append(StringView{});
      return;
    case 8:
      if (is_list(type_.kind)) {
        append_array();
      } else {
        append<std::uint64_t>(0);
      }
      return;
    default:
      for (ColumnBuilder& child : children_) child.append_null();
      ++num_rows_;
  }
}

void ColumnBuilder::append_array() {
  const std::size_t bytes = (num_rows_ + 2) * sizeof(std::int64_t);
  if (bytes > values_.capacity()) {
    BlockRef larger = pool_->allocate(std::max<std::size_t>({bytes, 2 * values_.capacity(), 4096}));
    if (values_) {
      std::memcpy(larger.data(), values_.data(), (num_rows_ + 1) * sizeof(std::int64_t));
    } else {
      std::memset(larger.data(), 0, sizeof(std::int64_t));
    }
    values_ = std::move(larger);
  }
  if (num_rows_ == 0) reinterpret_cast<std::int64_t*>(values_.data())[0] = 0;
  ++num_rows_;
  reinterpret_cast<std::int64_t*>(values_.data())[num_rows_] =
      static_cast<std::int64_t>(children_[0].num_rows());
}

Column ColumnBuilder::finish() {
  Column column;
  column.type = type_;
  column.num_rows = num_rows_;
  // A validity block made early covers fewer rows than the column may have by now.
  if (validity_ && validity_.capacity() * 8 < num_rows_) {
    BlockRef larger = pool_->allocate(num_rows_ / 8 + 1);
    std::memset(larger.data(), 0xff, larger.capacity());
    std::memcpy(larger.data(), validity_.data(), validity_.capacity());
    validity_ = std::move(larger);
  }
  if (is_list(type_.kind) && num_rows_ == 0) {
    values_ = pool_->allocate(sizeof(std::int64_t));
    std::memset(values_.data(), 0, sizeof(std::int64_t));
  }
  expected_bytes_ = num_rows_ * value_width(type_.kind);
  column.validity = std::move(validity_);
  column.values = std::move(values_);
  column.blocks = std::move(blocks_);
  for (ColumnBuilder& child : children_) column.children.push_back(child.finish());
  num_rows_ = 0;
  validity_ = {};
  values_ = {};
  blocks_.clear();
  adopted_.clear();
  own_number_ = kUnused;  // its free rest is used on by the next column
  return column;
}

void append_from(ColumnBuilder& builder, const Column& column, std::size_t row) {
  if (column.is_null(row)) {
    builder.append_null();
    return;
  }
  switch (column.type.kind) {
    case TypeKind::null:
      builder.append_null();
      return;
    case TypeKind::boolean:
    case TypeKind::int8:
      builder.append(column.data<std::uint8_t>()[row]);
      return;
    case TypeKind::int16:
      builder.append(column.data<std::uint16_t>()[row]);
      return;
    case TypeKind::int32:
    case TypeKind::float32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      builder.append(column.data<std::uint32_t>()[row]);
      return;
    case TypeKind::int64:
    case TypeKind::float64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      builder.append(column.data<std::uint64_t>()[row]);
      return;
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      builder.append_string(column.string_at(row));
      return;
    case TypeKind::decimal:
    case TypeKind::calendar_interval:
      builder.append(column.data<Int128>()[row]);
      return;
    case TypeKind::array:
    case TypeKind::map: {
      const std::int64_t* offsets = column.data<std::int64_t>();
      for (std::size_t c = 0; c < column.children.size(); ++c) {
        for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i)
          append_from(builder.child(c), column.children[c], static_cast<std::size_t>(i));
      }
      builder.append_array();
      return;
    }
    case TypeKind::structure:
      for (std::size_t i = 0; i < column.children.size(); ++i)
        append_from(builder.child(i), column.children[i], row);
      builder.append_struct();
      return;
  }
}

}  // namespace stream
