// What the functions of arrays, maps and structs share: typing against element types, kernels that
// build one list a row, sets of elements. Included by those families only.
#pragma once

#include <libstream/data/compare.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/row_kernel.hpp>

#include <vector>

namespace stream {

/// Lists longer than this are refused.
inline constexpr std::int64_t kMaxListSize = 2147483632;

/// Row `row` of an operand that is an array or a map and not null there.
inline ListRow list_at(const Operand& operand, std::size_t row) {
  return detail::ArgumentReader<ListRow>::read(operand, row);
}

/// The builder may point at the texts of the column, nested ones too.
void adopt_texts(ColumnBuilder& builder, const Column& column);

/// The elements [begin, end) of `from`, appended to `into`.
void append_range(ColumnBuilder& into, const Column& from, std::size_t begin, std::size_t end);

/// A kernel that calls make_row(input, builder, row) for each active row; it appends one value and
/// returns Result<void> or nothing.
template <class MakeRow>
Kernel builder_kernel(MakeRow make_row) {
  return [make_row = std::move(make_row)](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    for (const Operand& argument : input.arguments) adopt_texts(builder, argument.column);
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      if constexpr (std::is_void_v<decltype(make_row(input, builder, row))>) {
        make_row(input, builder, row);
      } else {
        STREAM_TRY(make_row(input, builder, row));
      }
    }
    return builder.finish();
  };
}

/// A value of argument `index`, null or not, appended to `into`.
inline void append_argument(ColumnBuilder& into, const KernelInput& input, std::size_t index,
                            std::size_t row) {
  const Operand& operand = input.arguments[index];
  append_from(into, operand.column, operand.index(row));
}

/// Elements of columns of one type, each once; NULL counts as an element. Small sets are searched,
/// larger ones hashed.
class ElementSet {
 public:
  void clear();
  /// True: it was not there.
  bool insert(const Column& column, std::size_t row);
  bool contains(const Column& column, std::size_t row) const;

 private:
  struct Element {
    const Column* column;
    std::size_t row;
    std::uint64_t hash;
  };
  static constexpr std::size_t kSmall = 8;
  static constexpr std::uint32_t kFree = 0xffffffffu;

  bool is_at(const Element& element, const Column& column, std::size_t row) const;
  std::size_t place_of(std::uint64_t hash, const Column& column, std::size_t row) const;
  void grow();

  std::vector<Element> elements_;
  std::vector<std::uint32_t> table_;  // numbers of elements; empty while small
};

/// A hash of one row by equal_rows.
std::uint64_t hash_row(const Column& column, std::size_t row);

/// The type of an array's elements and of a value that is compared with them or put among them.
/// Texts and other types do not meet. nullopt: none.
std::optional<DataType> element_type(const DataType& element, const DataType& value, bool is_ansi);

/// Error of the array functions when argument 0 is no array of such elements.
Error different_types(std::string_view function, Arguments arguments);
/// [DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES]: two arrays of one element type are wanted.
Error different_arrays(std::string_view function, Arguments arguments);
/// Both arguments are arrays, or that error.
Result<void> check_two_arrays(std::string_view function, Arguments arguments);

/// Argument `index` as an array: its own type, or for NULL an array of VOID. Error
/// [DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE].
Result<DataType> array_argument(std::string_view function, Arguments arguments, std::size_t index);
/// The same for a map.
Result<DataType> map_argument(std::string_view function, Arguments arguments, std::size_t index);

inline const DataType& element_of(const DataType& array) { return array.children[0].type; }
inline bool has_null_elements(const DataType& array) { return array.children[0].is_nullable; }

/// The table row of a function of such a family.
ScalarFunction collection_function(
    std::string name, std::string family, std::string usage, std::size_t min_arguments,
    std::size_t max_arguments,
    std::function<Result<ResolvedFunction>(Arguments, const SqlSettings&)> resolve);

/// concat and reverse of arrays; the functions of those names dispatch on the type.
Result<ResolvedFunction> resolve_array_concat(Arguments arguments, const SqlSettings& settings);
Result<ResolvedFunction> resolve_array_reverse(Arguments arguments);

}  // namespace stream
