// What names mean to the analyser: tables, views and streams, and functions. A session is one.
#pragma once

#include <libstream/expressions/function.hpp>
#include <libstream/plans/relation.hpp>

namespace stream {

class Catalog {
 public:
  virtual ~Catalog() = default;
  /// The relation of a table, view or stream; nullptr: there is none. `name` as written.
  virtual RelationRef find_relation(const std::vector<std::string>& name) const = 0;
  /// Built-in functions and the session's own.
  virtual const FunctionRegistry& functions() const = 0;
  virtual const SqlSettings& settings() const = 0;
  /// Names of relations, for suggestions.
  virtual std::vector<std::string> relation_names() const = 0;
};

}  // namespace stream
