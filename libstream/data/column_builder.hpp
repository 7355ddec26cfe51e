// Builds one column row by row. Strings are copied into blocks of the pool, or, where they point
// into a block that was named with `adopt`, only pointed at. One thread; used by typed chains,
// take_rows and the codec.
#pragma once

#include <libstream/base/check.hpp>
#include <libstream/data/batch.hpp>

#include <string_view>

namespace stream {

class ColumnBuilder {
 public:
  ColumnBuilder(DataType type, BlockPool& pool);

  std::size_t num_rows() const { return num_rows_; }
  const DataType& type() const { return type_; }

  /// Strings that lie inside these blocks are not copied until the next finish().
  void adopt(const std::vector<BlockRef>& blocks);

  /// Appends a value of a fixed-width type; T has the type's width.
  template <class T>
  void append(T value) {
    if ((num_rows_ + 1) * sizeof(T) > values_.capacity()) grow_values((num_rows_ + 1) * sizeof(T));
    reinterpret_cast<T*>(values_.data())[num_rows_] = value;
    ++num_rows_;
  }
  /// `count` values of a fixed-width type, which the caller writes at once: the place is good until
  /// the next append.
  template <class T>
  T* extend(std::size_t count) {
    const std::size_t bytes = (num_rows_ + count) * sizeof(T);
    if (bytes > values_.capacity()) grow_values(bytes);
    T* const first = reinterpret_cast<T*>(values_.data()) + num_rows_;
    num_rows_ += count;
    return first;
  }
  /// A row that is there becomes null. Not for structs.
  void set_null(std::size_t row);
  /// The number of a block in string views that are appended as values (extend<StringView>).
  std::uint32_t point_into(const BlockRef& block);
  void append_string(std::string_view text);
  /// Appends a null of any type (children of structs get nulls too).
  void append_null();

  /// Structs: call after one append on every child.
  void append_struct() { ++num_rows_; }
  /// Arrays and maps: call after appending the elements to every child.
  void append_array();
  ColumnBuilder& child(std::size_t index) { return children_[index]; }

  /// The column so far; the builder is empty afterwards.
  Column finish();

 private:
  void grow_values(std::size_t bytes);
  std::uint32_t foreign_block(std::string_view text, const char*& base);

  struct Adopted {
    BlockRef block;
    std::uint32_t number;  // place in blocks_, or kUnused
  };
  static constexpr std::uint32_t kUnused = 0xffffffffu;

  DataType type_;
  BlockPool* pool_;
  std::size_t num_rows_ = 0;
  std::size_t expected_bytes_ = 0;  // of values: what the last column had
  BlockRef values_;
  BlockRef validity_;
  std::vector<BlockRef> blocks_;
  std::vector<Adopted> adopted_;
  BlockRef own_;  // block that copied strings go to
  std::uint32_t own_number_ = kUnused;
  std::size_t own_used_ = 0;
  std::vector<ColumnBuilder> children_;
};

/// Appends row `row` of `column` (of the builder's type), deeply.
void append_from(ColumnBuilder& builder, const Column& column, std::size_t row);

}  // namespace stream
