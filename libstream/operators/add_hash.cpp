#include <libstream/operators/add_hash.hpp>

namespace stream {
namespace {

class AddHashOperator final : public Operator {
 public:
  explicit AddHashOperator(const AddHashSpec& spec) : spec_(spec) {}

  Result<void> open(const OperatorContext& context) override {
    pool_ = &context.pool;
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    const std::size_t num_rows = batch.num_rows();
    if (!schema_ || input_schema_ != batch.shared_schema()) {
      input_schema_ = batch.shared_schema();
      schema_ = schema_with_hash(*input_schema_);
    }
    Column hash;
    hash.type = primitive(TypeKind::int64);
    hash.num_rows = num_rows;
    hash.values = pool_->allocate(num_rows * sizeof(std::uint64_t) + 1);
    hash_rows(batch, spec_.key_columns,
              {reinterpret_cast<std::uint64_t*>(hash.values.data()), num_rows});
    std::vector<Column> columns;
    columns.reserve(batch.num_columns() + 1);
    columns.push_back(std::move(hash));
    columns.insert(columns.end(), batch.columns().begin(), batch.columns().end());
    return output.push(Batch(schema_, std::move(columns), num_rows));
  }

 private:
  AddHashSpec spec_;
  BlockPool* pool_ = nullptr;
  std::shared_ptr<const Schema> input_schema_;
  std::shared_ptr<const Schema> schema_;
};

}  // namespace

std::shared_ptr<const Schema> schema_with_hash(const Schema& input) {
  auto schema = std::make_shared<Schema>();
  schema->fields.push_back({"hash", primitive(TypeKind::int64), false});
  schema->fields.insert(schema->fields.end(), input.fields.begin(), input.fields.end());
  return schema;
}

OperatorFactory make_add_hash(AddHashSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<AddHashOperator>(spec); };
}

}  // namespace stream
