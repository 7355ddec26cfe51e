// Calls of functions and casts over boxed values, as the analyser would make them: typed, cast to
// the parameters, evaluated over a batch of columns. Used by the tests of this folder.
#pragma once

#include <libstream/data/value.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/cast.hpp>

#include <string>
#include <vector>

namespace stream::testing {

inline const DataType kInt = primitive(TypeKind::int32);
inline const DataType kLong = primitive(TypeKind::int64);
inline const DataType kDouble = primitive(TypeKind::float64);
inline const DataType kString = primitive(TypeKind::string);

struct TypedColumn {
  DataType type;
  std::vector<Value> values;
};

inline TypedExpr input_column(std::size_t index, const DataType& type) {
  return make_typed(type, true, InputColumn{index});
}

inline Batch batch_of_columns(const std::vector<TypedColumn>& columns, BlockPool& pool) {
  auto schema = std::make_shared<Schema>();
  std::vector<std::vector<Value>> rows(columns.at(0).values.size());
  for (const TypedColumn& column : columns) {
    schema->fields.push_back({"c", column.type, true});
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].push_back(column.values[i]);
  }
  return batch_of(schema, rows, pool);
}

/// name(columns…), row by row.
inline Result<TypedColumn> call_function(const std::string& name,
                                         const std::vector<TypedColumn>& columns,
                                         const SqlSettings& settings = {}) {
  BlockPool pool;
  EvaluationContext context{pool, settings};
  std::vector<Argument> arguments;
  for (const TypedColumn& column : columns)
    arguments.push_back({column.type, true, {}, false, "a"});
  STREAM_TRY(ResolvedFunction resolved,
             builtin_functions().scalar(name)->resolve(arguments, settings));
  FunctionCall call;
  call.name = name;
  call.kernel = resolved.kernel;
  call.nulls = resolved.nulls;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    STREAM_TRY(TypedExpr argument,
               cast_expression(input_column(i, columns[i].type), resolved.parameter_types[i],
                               settings.is_ansi ? CastMode::ansi : CastMode::legacy));
    call.arguments.push_back(std::move(argument));
  }
  const TypedExpr expression = make_typed(resolved.type, true, std::move(call));
  STREAM_TRY(const Column result, evaluate(*expression, batch_of_columns(columns, pool), context));
  TypedColumn answer{resolved.type, {}};
  for (std::size_t i = 0; i < result.num_rows; ++i) answer.values.push_back(value_at(result, i));
  return answer;
}

/// The column cast to `to`.
inline Result<std::vector<Value>> cast_column(const TypedColumn& column, const DataType& to,
                                              CastMode mode, const SqlSettings& settings = {}) {
  BlockPool pool;
  EvaluationContext context{pool, settings};
  STREAM_TRY(const TypedExpr expression, cast_expression(input_column(0, column.type), to, mode));
  STREAM_TRY(const Column result, evaluate(*expression, batch_of_columns({column}, pool), context));
  std::vector<Value> values;
  for (std::size_t i = 0; i < result.num_rows; ++i) values.push_back(value_at(result, i));
  return values;
}

template <class T>
std::vector<Value> values_of(std::initializer_list<T> values) {
  std::vector<Value> boxed;
  for (const T& value : values) boxed.push_back({value});
  return boxed;
}

}  // namespace stream::testing
