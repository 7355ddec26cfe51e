#include <libstream/operators/row_builder.hpp>
#include <libstream/operators/set_operation.hpp>
#include <libstream/state/row_keys.hpp>

#include <algorithm>
#include <array>

namespace stream {
namespace {

class SetOperationOperator final : public Operator {
 public:
  explicit SetOperationOperator(const SetOperationSpec& spec)
      : spec_(spec), rows_(types_of(*spec.schema)) {}

  Result<void> open(const OperatorContext& context) override {
    batch_rows_ = static_cast<std::int64_t>(context.batch_rows);
    builder_.emplace(spec_.schema, context.pool);
    return {};
  }

  Result<void> begin(const EpochStart&) override {
    table_.clear();
    counts_.clear();
    next_ = 0;
    return {};
  }

  Result<void> push(InputPlace place, Batch batch, Output&) override {
    std::vector<Column> columns;
    for (const std::size_t index : place.ordinal == 0 ? spec_.left : spec_.right)
      columns.push_back(batch.column(index));
    groups_.resize(batch.num_rows());
    table_.find_or_insert(rows_.encode(columns, batch.num_rows()), groups_);
    counts_.resize(table_.num_groups());
    for (const std::uint32_t group : groups_) ++counts_[group][place.ordinal];
    return {};
  }

  Result<bool> end(const EpochStart&, Output& output) override {
    const std::span<ColumnBuilder> columns = builder_->columns(0, rows_.num_columns());
    std::int64_t num_rows = 0;
    for (; next_ < counts_.size() && num_rows < batch_rows_; ++next_) {
      const std::int64_t copies = num_copies(counts_[next_][0], counts_[next_][1]);
      const std::int64_t count = std::min(copies - given_, batch_rows_ - num_rows);
      for (std::int64_t i = 0; i < count; ++i)
        rows_.decode(table_.key(static_cast<std::uint32_t>(next_)), columns);
      num_rows += count;
      given_ += count;
      if (given_ < copies) break;
      given_ = 0;
    }
    if (num_rows > 0) STREAM_TRY(output.push(builder_->finish(static_cast<std::size_t>(num_rows))));
    return next_ == counts_.size();
  }

 private:
  static std::vector<DataType> types_of(const Schema& schema) {
    std::vector<DataType> types;
    for (const Field& field : schema.fields) types.push_back(field.type);
    return types;
  }

  std::int64_t num_copies(std::int64_t left, std::int64_t right) const {
    switch (spec_.kind) {
      case SetOperationSpec::Kind::intersect:
        return left > 0 && right > 0 ? 1 : 0;
      case SetOperationSpec::Kind::intersect_all:
        return std::min(left, right);
      case SetOperationSpec::Kind::except:
        return left > 0 && right == 0 ? 1 : 0;
      case SetOperationSpec::Kind::except_all:
        return std::max<std::int64_t>(left - right, 0);
    }
    STREAM_UNREACHABLE("kind of set operation");
  }

  SetOperationSpec spec_;
  RowKeys rows_;
  std::int64_t batch_rows_ = 4096;
  std::optional<RowBuilder> builder_;
  GroupTable table_;
  std::vector<std::array<std::int64_t, 2>> counts_;  ///< by group: left, right
  std::vector<std::uint32_t> groups_;
  std::size_t next_ = 0;
  std::int64_t given_ = 0;  ///< copies of the row at next_ handed on
};

}  // namespace

OperatorFactory make_set_operation(SetOperationSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<SetOperationOperator>(spec); };
}

}  // namespace stream
