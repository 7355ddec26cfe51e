#include <libstream/base/ascii.hpp>
#include <libstream/base/check.hpp>
#include <libstream/expressions/aggregate_function.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/window_function.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stream {

struct FunctionRegistry::Tables {
  template <class Function>
  class Table {
   public:
    void add(Function function) {
      const std::string name = function.name;
      STREAM_CHECK(functions_.emplace(name, std::move(function)).second, name);
    }
    void replace(Function function) {
      const std::string name = ascii_lower(function.name);
      functions_.insert_or_assign(name, std::move(function));
    }
    void add_alias(const std::string& alias, std::string_view name) {
      const auto found = functions_.find(name);
      if (found == functions_.end()) return;
      Function copy = found->second;
      copy.name = alias;
      add(std::move(copy));
    }
    const Function* find(std::string_view name) const {
      const auto found = functions_.find(ascii_lower(name));
      return found == functions_.end() ? nullptr : &found->second;
    }
    void collect_names(std::set<std::string>& names) const {
      for (const auto& [name, function] : functions_) names.insert(name);
    }

   private:
    std::map<std::string, Function, std::less<>> functions_;
  };

  Table<ScalarFunction> scalars;
  Table<GeneratorFunction> generators;
  Table<AggregateFunction> aggregates;
  Table<WindowFunction> windows;
};

FunctionRegistry::FunctionRegistry(const FunctionRegistry* parent)
    : tables_(std::make_unique<Tables>()), parent_(parent) {}
FunctionRegistry::FunctionRegistry(FunctionRegistry&&) noexcept = default;
FunctionRegistry::~FunctionRegistry() = default;

void FunctionRegistry::add(ScalarFunction function) { tables_->scalars.add(std::move(function)); }
void FunctionRegistry::add(GeneratorFunction function) {
  tables_->generators.add(std::move(function));
}
void FunctionRegistry::add(AggregateFunction function) {
  tables_->aggregates.add(std::move(function));
}
void FunctionRegistry::add(WindowFunction function) { tables_->windows.add(std::move(function)); }

void FunctionRegistry::replace(ScalarFunction function) {
  tables_->scalars.replace(std::move(function));
}

void FunctionRegistry::add_alias(std::string alias, std::string_view name) {
  tables_->scalars.add_alias(alias, name);
  tables_->generators.add_alias(alias, name);
  tables_->aggregates.add_alias(alias, name);
  tables_->windows.add_alias(alias, name);
}

const ScalarFunction* FunctionRegistry::scalar(std::string_view name) const {
  const ScalarFunction* found = tables_->scalars.find(name);
  return found || !parent_ ? found : parent_->scalar(name);
}
const GeneratorFunction* FunctionRegistry::generator(std::string_view name) const {
  const GeneratorFunction* found = tables_->generators.find(name);
  return found || !parent_ ? found : parent_->generator(name);
}
const AggregateFunction* FunctionRegistry::aggregate(std::string_view name) const {
  const AggregateFunction* found = tables_->aggregates.find(name);
  return found || !parent_ ? found : parent_->aggregate(name);
}
const WindowFunction* FunctionRegistry::window(std::string_view name) const {
  const WindowFunction* found = tables_->windows.find(name);
  return found || !parent_ ? found : parent_->window(name);
}

std::vector<std::string> FunctionRegistry::names() const {
  std::set<std::string> names;
  if (parent_) {
    for (std::string& name : parent_->names()) names.insert(std::move(name));
  }
  tables_->scalars.collect_names(names);
  tables_->generators.collect_names(names);
  tables_->aggregates.collect_names(names);
  tables_->windows.collect_names(names);
  return {names.begin(), names.end()};
}

Error analysis_error(std::string_view condition, std::string_view message) {
  return bad_plan(fmt::format("[{}] {}", condition, message));
}
Error runtime_error(std::string_view condition, std::string_view message) {
  return bad_data(fmt::format("[{}] {}", condition, message));
}

Error wrong_argument(std::string_view function, Arguments arguments, std::size_t index,
                     std::string_view required) {
  constexpr std::string_view kOrdinals[] = {"first", "second", "third", "fourth", "fifth", "sixth"};
  const std::string ordinal =
      index < std::size(kOrdinals) ? std::string(kOrdinals[index]) : fmt::format("{}th", index + 1);
  return analysis_error(
      "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
      fmt::format("{}: the {} parameter requires {}, but {} has the type {}", function, ordinal,
                  required, arguments[index].text.empty() ? "it" : arguments[index].text,
                  arguments[index].type.to_string()));
}

}  // namespace stream
