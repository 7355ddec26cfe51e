// Typed chains: map, flat_map and filter composed at compile time into one loop, with no virtual
// call, allocation or materialised row between the user's functions. Used by dstream.hpp.
#pragma once

#include <libstream/api/value_traits.hpp>

#include <exception>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace stream {

/// "map at word_count.cpp:12": how a step shows up in plans and errors.
std::string step_name(std::string_view operation, const std::source_location& where);

/// A user's function threw: thrown through the chain to the loop, which knows the row.
class StepFailure : public std::exception {
 public:
  StepFailure(const std::string& step, const std::string& message)
      : text_(step + " failed: " + message) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

namespace detail {

/// What a function is given that does not take a view: an owning copy; other values as they are.
template <class X>
using OwnedArgument =
    std::conditional_t<std::is_same_v<OwnedOf<X>, std::remove_cvref_t<X>>, X&&, OwnedOf<X>>;

template <class F, class... X>
auto user_result() {
  if constexpr (std::is_invocable_v<F&, X...>) {
    return std::type_identity<std::invoke_result_t<F&, X...>>{};
  } else {
    return std::type_identity<std::invoke_result_t<F&, OwnedArgument<X>...>>{};
  }
}
/// The result of call_user with arguments of types X.
template <class F, class... X>
using UserResult = typename decltype(user_result<F, X...>())::type;

}  // namespace detail

/// Calls `function` with views where it takes them, else with owning copies; an exception becomes
/// a StepFailure that names `step`. Costs nothing while nothing is thrown.
template <class F, class... X>
decltype(auto) call_user(const std::string& step, F& function, X&&... values) {
  try {
    if constexpr (std::is_invocable_v<F&, X&&...>) {
      return std::invoke(function, std::forward<X>(values)...);
    } else {
      static_assert(std::is_invocable_v<F&, detail::OwnedArgument<X>...>,
                    "the function does not take elements of this stream");
      return std::invoke(function, detail::OwnedArgument<X>(std::forward<X>(values))...);
    }
  } catch (const StepFailure&) {
    throw;
  } catch (const std::exception& exception) {
    throw StepFailure(step, exception.what());
  } catch (...) {
    throw StepFailure(step, "an exception that is no std::exception");
  }
}

/// The step that passes every element on.
struct IdentityStep {
  template <class X>
  using Emits = std::remove_cvref_t<X>;
  template <class X, class Emit>
  void operator()(X&& value, Emit&& emit) {
    emit(std::forward<X>(value));
  }
};

template <class F>
struct MapStep {
  template <class X>
  using Emits = std::remove_cvref_t<detail::UserResult<F, X>>;
  template <class X, class Emit>
  void operator()(X&& value, Emit&& emit) {
    emit(call_user(name, function, std::forward<X>(value)));
  }
  F function;
  std::string name;
};

template <class F>
struct FilterStep {
  template <class X>
  using Emits = std::remove_cvref_t<X>;
  template <class X, class Emit>
  void operator()(X&& value, Emit&& emit) {
    if (call_user(name, function, std::as_const(value))) emit(std::forward<X>(value));
  }
  F function;
  std::string name;
};

/// A flat_map function that is handed an emitter names what it emits: `using Emits = …`.
template <class F>
concept EmittingFunction = requires {
  typename F::Emits;
};

template <class F>
struct FlatMapStep {
  template <class X>
  static auto emitted() {
    if constexpr (EmittingFunction<F>) {
      return std::type_identity<typename F::Emits>{};
    } else {
      using Range = detail::UserResult<F, X>;
      return std::type_identity<
          std::remove_cvref_t<decltype(*std::begin(std::declval<Range&>()))>>{};
    }
  }
  template <class X>
  using Emits = typename decltype(emitted<X>())::type;

  template <class X, class Emit>
  void operator()(X&& value, Emit&& emit) {
    if constexpr (EmittingFunction<F>) {
      function(value, emit);
    } else {
      auto&& range = call_user(name, function, std::forward<X>(value));
      for (auto&& element : range) emit(std::move(element));
    }
  }
  F function;
  std::string name;
};

/// First, then Second on everything that First emits.
template <class First, class Second>
struct Composed {
  template <class X>
  using Emits = typename Second::template Emits<typename First::template Emits<X>>;
  template <class X, class Emit>
  void operator()(X&& value, Emit&& emit) {
    first(std::forward<X>(value),
          [&](auto&& element) { second(std::forward<decltype(element)>(element), emit); });
  }
  First first;
  Second second;
};

}  // namespace stream
