// From a C++ function over plain values to a SQL function. Its parameter types say what arguments
// are cast to. Used by Session::udf.
#pragma once

#include <libstream/expressions/function.hpp>
#include <libstream/expressions/row_kernel.hpp>

#include <tuple>

namespace stream {
namespace detail {

template <class T>
struct SqlTypeOf;
template <>
struct SqlTypeOf<bool> {
  static DataType type() { return primitive(TypeKind::boolean); }
};
template <>
struct SqlTypeOf<std::int32_t> {
  static DataType type() { return primitive(TypeKind::int32); }
};
template <>
struct SqlTypeOf<std::int64_t> {
  static DataType type() { return primitive(TypeKind::int64); }
};
template <>
struct SqlTypeOf<float> {
  static DataType type() { return primitive(TypeKind::float32); }
};
template <>
struct SqlTypeOf<double> {
  static DataType type() { return primitive(TypeKind::float64); }
};
template <>
struct SqlTypeOf<std::string_view> {
  static DataType type() { return primitive(TypeKind::string); }
};
template <>
struct SqlTypeOf<std::string> : SqlTypeOf<std::string_view> {};
template <class T>
struct SqlTypeOf<std::optional<T>> : SqlTypeOf<T> {};

template <class Function>
struct UserSignature : UserSignature<decltype(&Function::operator())> {};
template <class Class, class Return, class... Parameters>
struct UserSignature<Return (Class::*)(Parameters...) const> {
  using Result = Return;
  using Types = std::tuple<std::decay_t<Parameters>...>;
  static std::vector<DataType> types() { return {SqlTypeOf<std::decay_t<Parameters>>::type()...}; }

  /// The function with what it throws as an error that names it.
  template <class Function>
  static auto guarded(std::string name, Function function) {
    return [name = std::move(name), function = std::move(function)](
               std::conditional_t<std::is_same_v<std::decay_t<Parameters>, std::string>,
                                  std::string_view, std::decay_t<Parameters>>... arguments)
               -> stream::Result<Return> {
      try {
        return function(std::decay_t<Parameters>(arguments)...);
      } catch (const std::exception& failure) {
        return user_code(name + ": " + failure.what());
      }
    };
  }
};

}  // namespace detail

/// `function` is a lambda or function object with one call operator, callable from several tasks.
template <class Function>
ScalarFunction user_function(std::string name, Function function) {
  using Signature = detail::UserSignature<Function>;
  ScalarFunction made;
  made.name = name;
  made.family = "user";
  made.usage = name + "(…) - a function of the program";
  const std::vector<DataType> types = Signature::types();
  made.min_arguments = made.max_arguments = types.size();
  const Kernel kernel = row_kernel(Signature::guarded(name, std::move(function)));
  const DataType result = detail::SqlTypeOf<typename Signature::Result>::type();
  made.resolve = [types, kernel, result](Arguments,
                                         const SqlSettings&) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    resolved.parameter_types = types;
    resolved.type = result;
    resolved.kernel = kernel;
    return resolved;
  };
  return made;
}

}  // namespace stream
