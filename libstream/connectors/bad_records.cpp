#include <libstream/connectors/bad_records.hpp>
#include <libstream/data/column_builder.hpp>

namespace stream {

std::shared_ptr<const Schema> bad_record_schema() {
  static const auto schema =
      std::make_shared<const Schema>(Schema{{{"bytes", primitive(TypeKind::binary), false},
                                             {"place", primitive(TypeKind::string), false},
                                             {"reason", primitive(TypeKind::string), false},
                                             {"source", primitive(TypeKind::string), false}}});
  return schema;
}

Batch BadRecordRows::batch_of(const std::vector<Reject>& rejects, BlockPool& pool) const {
  std::vector<ColumnBuilder> builders;
  for (const Field& field : bad_record_schema()->fields) builders.emplace_back(field.type, pool);
  for (const Reject& reject : rejects) {
    builders[0].append_string(reject.bytes);
    builders[1].append_string(reject.place);
    builders[2].append_string(reject.reason);
    builders[3].append_string(source_);
  }
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return Batch(bad_record_schema(), std::move(columns), rejects.size());
}

}  // namespace stream
