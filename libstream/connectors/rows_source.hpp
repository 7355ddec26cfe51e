// A bounded relation held in memory: VALUES, create_data_frame, static tables. Read whole in every
// epoch. Immutable, any thread.
#pragma once

#include <libstream/connectors/source.hpp>
#include <libstream/data/value.hpp>

namespace stream {

class RowsSource final : public Source {
 public:
  RowsSource(std::shared_ptr<const Schema> schema, std::vector<std::vector<Value>> rows);

  std::string description() const override { return "LocalTableScan"; }
  Schema schema() const override { return *schema_; }
  bool is_static() const override { return true; }
  std::unique_ptr<SourcePlanner> make_planner() const override;
  std::unique_ptr<SourceReader> make_reader() const override;

 private:
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<const std::vector<std::vector<Value>>> rows_;
};

}  // namespace stream
