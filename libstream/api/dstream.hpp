// DStream<T>: Spark's discretized stream, typed. map, flat_map and filter compose at compile time
// (Chain); every other operation, and storing the stream as DStream<T>, ends the chain in a node of
// the plan. Streams are cheap to copy. Programs call this from one thread, before start().
#pragma once

#include <libstream/api/chain_operators.hpp>
#include <libstream/api/epoch_operators.hpp>
#include <libstream/api/inverse_window_operator.hpp>
#include <libstream/api/remembered.hpp>
#include <libstream/api/state_operators.hpp>
#include <libstream/api/stream_graph.hpp>
#include <libstream/api/stream_outputs.hpp>
#include <libstream/operators/window.hpp>

#include <source_location>

namespace stream {

using Where = std::source_location;

template <class T>
class DStream;

namespace detail {
template <class T>
struct PairTypes {
  static constexpr bool kIsPair = false;
  using Key = void;
  using Value = void;
};
template <class K, class V>
struct PairTypes<std::pair<K, V>> {
  static constexpr bool kIsPair = true;
  using Key = K;
  using Value = V;
};

template <class T>
struct UnwrapOptional {
  using type = T;
};
template <class T>
struct UnwrapOptional<std::optional<T>> {
  using type = T;
};
template <class R>
struct RddElementOf;
template <class T>
struct RddElementOf<Rdd<T>> {
  using type = T;
};

struct KeepAll {
  template <class X>
  bool operator()(const X&) const {
    return true;
  }
};
}  // namespace detail

/// A stream of rows In behind a composed Step; its elements are what the step emits.
template <class In, class Step>
class Chain {
  using Raw = typename Step::template Emits<ViewOf<In>>;

 public:
  using Element = OwnedOf<Raw>;
  using Key = typename detail::PairTypes<Element>::Key;
  using Value = typename detail::PairTypes<Element>::Value;
  static constexpr bool kIsPair = detail::PairTypes<Element>::kIsPair;

  Chain(std::shared_ptr<StreamGraph> graph, NodeId input, Step step, std::string name)
      : graph_(std::move(graph)), input_(input), step_(std::move(step)), name_(std::move(name)) {}

  // ---- element by element ----

  /// One element for each: f(element). f may take views (std::string_view) or owning values.
  template <class F>
  auto map(F function, Where where = Where::current()) const {
    return then(MapStep<F>{std::move(function), step_name("map", where)}, "map", where);
  }
  /// The elements of the range f(element); or f is a tokeniser (split.hpp) that emits views.
  template <class F>
  auto flat_map(F function, Where where = Where::current()) const {
    return then(FlatMapStep<F>{std::move(function), step_name("flat_map", where)}, "flat_map",
                where);
  }
  /// The elements for which f(element) is true.
  template <class F>
  auto filter(F function, Where where = Where::current()) const {
    return then(FilterStep<F>{std::move(function), step_name("filter", where)}, "filter", where);
  }
  /// Pairs: (key, f(value)).
  template <class F>
  requires kIsPair auto map_values(F function, Where where = Where::current()) const {
    const std::string name = step_name("map_values", where);
    return then(
        MapStep{[function = std::move(function), name](auto&& pair) mutable {
                  using K = std::remove_cvref_t<decltype(pair.first)>;
                  using V = std::remove_cvref_t<detail::UserResult<F, decltype(pair.second)>>;
                  return std::pair<K, V>(pair.first, call_user(name, function, pair.second));
                },
                name},
        "map_values", where);
  }
  /// Pairs: (key, v) for each v of the range f(value).
  template <class F>
  requires kIsPair auto flat_map_values(F function, Where where = Where::current()) const {
    const std::string name = step_name("flat_map_values", where);
    return then(FlatMapStep{[function = std::move(function), name](auto&& pair) mutable {
                              using K = std::remove_cvref_t<decltype(pair.first)>;
                              auto&& range = call_user(name, function, pair.second);
                              using V = std::remove_cvref_t<decltype(*std::begin(range))>;
                              std::vector<std::pair<K, OwnedOf<V>>> pairs;
                              for (auto&& value : range)
                                pairs.emplace_back(pair.first, OwnedOf<V>(value));
                              return pairs;
                            },
                            name},
                "flat_map_values", where);
  }

  // ---- an interval as a whole ----

  /// One vector for each partition.
  DStream<std::vector<Element>> glom(Where where = Where::current()) const {
    return over_partitions<std::vector<Element>>(
        [](const Rdd<Element>& rdd, EpochTime) {
          return Rdd<std::vector<Element>>::of({rdd.collect()});
        },
        Exchange::forward, step_name("glom", where));
  }
  /// The elements of the range f(std::vector<T>), called once for each partition of an interval.
  template <class F>
  auto map_partitions(F function, Where where = Where::current()) const {
    using Range = std::invoke_result_t<F&, std::vector<Element>>;
    using Out = OwnedOf<decltype(*std::begin(std::declval<Range&>()))>;
    return over_partitions<Out>(
        [function = std::move(function)](const Rdd<Element>& rdd, EpochTime) mutable {
          std::vector<Out> made;
          for (auto&& element : function(rdd.collect())) made.push_back(Out(element));
          return Rdd<Out>::of(std::move(made));
        },
        Exchange::forward, step_name("map_partitions", where));
  }
  /// f(Rdd<T>) or f(Rdd<T>, EpochTime) once an interval; returns an Rdd.
  template <class F>
  auto transform(F function, Where where = Where::current()) const {
    using Rows = Rdd<Element>;
    if constexpr (std::is_invocable_v<F&, const Rows&, EpochTime>) {
      using Out = RddElement<std::invoke_result_t<F&, const Rows&, EpochTime>>;
      return over_partitions<Out>(std::move(function), Exchange::single,
                                  step_name("transform", where));
    } else {
      using Out = RddElement<std::invoke_result_t<F&, const Rows&>>;
      return over_partitions<Out>([function = std::move(function)](
                                      const Rows& rdd, EpochTime) mutable { return function(rdd); },
                                  Exchange::single, step_name("transform", where));
    }
  }
  /// f(Rdd<T>, Rdd<U>) or with an EpochTime, once an interval.
  template <class OtherIn, class OtherStep, class F>
  auto transform_with(const Chain<OtherIn, OtherStep>& other, F function,
                      Where where = Where::current()) const {
    using U = typename Chain<OtherIn, OtherStep>::Element;
    const std::string name = step_name("transform_with", where);
    auto timed = [function = std::move(function)](const Rdd<Element>& left, const Rdd<U>& right,
                                                  EpochTime time) mutable {
      if constexpr (std::is_invocable_v<F&, const Rdd<Element>&, const Rdd<U>&, EpochTime>)
        return function(left, right, time);
      else
        return function(left, right);
    };
    using Timed = decltype(timed);
    using Out =
        RddElement<std::invoke_result_t<Timed&, const Rdd<Element>&, const Rdd<U>&, EpochTime>>;
    return two_inputs<Out>(other, Exchange::single, name, [timed, name] {
      return std::make_unique<TwoRddOperator<Element, U, Out, Timed>>(timed, name);
    });
  }
  /// The elements of both; the streams must slide alike.
  template <class OtherIn, class OtherStep>
  DStream<Element> union_with(const Chain<OtherIn, OtherStep>& other,
                              Where where = Where::current()) const;

  /// The number of elements in each interval, 0 for an empty one.
  DStream<std::int64_t> count(Where where = Where::current()) const;
  /// f over all elements of an interval, nothing for an empty one.
  template <class F>
  auto reduce(F function, Where where = Where::current()) const {
    return keyed_alike()
        .reduce_by_key_to(std::move(function), Exchange::single, step_name("reduce", where))
        .map([](auto&& pair) { return pair.second; }, where);
  }
  /// (element, how often) in each interval.
  auto count_by_value(Where where = Where::current()) const {
    return map(
               [](auto&& element) {
                 return std::pair<std::remove_cvref_t<decltype(element)>, std::int64_t>(element, 1);
               },
               where)
        .reduce_by_key(std::plus<>{}, where);
  }
  /// Spreads the elements over n tasks.
  DStream<Element> repartition(std::uint32_t n, Where where = Where::current()) const;
  /// Marks the point where a stream that is used several times is computed once. A hint.
  DStream<Element> cache() const;

  // ---- pairs ----

  /// (key, f over its values) in each interval; f is associative and commutative.
  template <class F>
  requires kIsPair auto reduce_by_key(F function, Where where = Where::current()) const {
    return reduce_by_key_to(std::move(function), Exchange::hash, step_name("reduce_by_key", where));
  }
  /// (key, all its values) in each interval.
  auto group_by_key(Where where = Where::current()) const requires kIsPair {
    using List = std::vector<Value>;
    return combine<List>(
        [](auto&& value) { return List{Value(OwnedOf<decltype(value)>(value))}; },
        [](List& list, auto&& value) { list.push_back(Value(OwnedOf<decltype(value)>(value))); },
        [](List& list, List&& more) {
          list.insert(list.end(), std::make_move_iterator(more.begin()),
                      std::make_move_iterator(more.end()));
        },
        Exchange::hash, step_name("group_by_key", where));
  }
  /// (key, C): create(value) of the first value, merge_value(C, value) of the others,
  /// merge_combiners(C, C) across partitions.
  template <class Create, class MergeValue, class MergeCombiners>
  requires kIsPair auto combine_by_key(Create create, MergeValue merge_value,
                                       MergeCombiners merge_combiners,
                                       Where where = Where::current()) const {
    using C = std::remove_cvref_t<detail::UserResult<Create, Value>>;
    return combine<C>(std::move(create), std::move(merge_value), std::move(merge_combiners),
                      Exchange::hash, step_name("combine_by_key", where));
  }
  /// (key, (values here, values there)) for the keys of either stream.
  template <class OtherIn, class OtherStep>
  requires kIsPair auto cogroup(const Chain<OtherIn, OtherStep>& other,
                                Where where = Where::current()) const {
    using W = typename Chain<OtherIn, OtherStep>::Value;
    using Out = std::pair<Key, std::pair<std::vector<Value>, std::vector<W>>>;
    return cogroup_to<Out, W>(
        other, step_name("cogroup", where),
        [](const auto& key, auto& left, auto& right, auto append) {
          append(std::pair<const Key, std::pair<std::vector<Value>, std::vector<W>>>(
              Key(key), {left, right}));
        });
  }
  /// (key, (value here, value there)) for all pairs of equal keys of an interval.
  template <class OtherIn, class OtherStep>
  requires kIsPair auto join(const Chain<OtherIn, OtherStep>& other,
                             Where where = Where::current()) const {
    return join_to<false, false>(other, step_name("join", where));
  }
  /// As join; a key missing there has std::nullopt on the right.
  template <class OtherIn, class OtherStep>
  requires kIsPair auto left_outer_join(const Chain<OtherIn, OtherStep>& other,
                                        Where where = Where::current()) const {
    return join_to<false, true>(other, step_name("left_outer_join", where));
  }
  template <class OtherIn, class OtherStep>
  requires kIsPair auto right_outer_join(const Chain<OtherIn, OtherStep>& other,
                                         Where where = Where::current()) const {
    return join_to<true, false>(other, step_name("right_outer_join", where));
  }
  template <class OtherIn, class OtherStep>
  requires kIsPair auto full_outer_join(const Chain<OtherIn, OtherStep>& other,
                                        Where where = Where::current()) const {
    return join_to<true, true>(other, step_name("full_outer_join", where));
  }

  // ---- state ----

  /// (key, state) of every known key in every interval: state = f(values, old state); an empty
  /// optional removes the key. f(const std::vector<V>&, const std::optional<S>&).
  template <class S, class F>
  requires kIsPair auto update_state_by_key(F function, std::vector<std::pair<Key, S>> initial = {},
                                            Where where = Where::current()) const {
    const std::string name = step_name("update_state_by_key", where);
    return keyed_operator<std::pair<Key, S>>(name, [=] {
      return std::make_unique<UpdateStateOperator<Key, Value, S, F>>(function, initial, name);
    });
  }
  /// f(key, std::optional<V>, State<S>&) for each pair; emits what f returns (an empty optional:
  /// nothing). With a time-out f is also called, without a value, for keys idle that long.
  template <class S, class F>
  requires kIsPair auto map_with_state(F function, std::vector<std::pair<Key, S>> initial = {},
                                       Duration timeout = Duration{0},
                                       Where where = Where::current()) const {
    using Result = std::invoke_result_t<F&, Key, std::optional<Value>, State<S>&>;
    using Out = typename detail::UnwrapOptional<OwnedOf<Result>>::type;
    const std::string name = step_name("map_with_state", where);
    return keyed_operator<Out>(name, [=] {
      return std::make_unique<MapWithStateOperator<Key, Value, S, Out, F>>(function, initial,
                                                                           timeout, name);
    });
  }

  // ---- windows over batch time ----

  /// At each multiple of `slide` the elements of the last `length`.
  DStream<Element> window(Duration length, Duration slide, Where where = Where::current()) const;
  DStream<Element> window(Duration length, Where where = Where::current()) const {
    return window(length, graph_->interval() * graph_->slide(input_), where);
  }
  template <class F>
  auto reduce_by_window(F function, Duration length, Duration slide,
                        Where where = Where::current()) const {
    return reduce(function, where).window(length, slide, where).reduce(function, where);
  }
  /// With the inverse of f only what came and what left is computed.
  template <class F, class Inverse>
  auto reduce_by_window(F function, Inverse inverse, Duration length, Duration slide,
                        Where where = Where::current()) const {
    return keyed_alike()
        .reduce_by_key_and_window(std::move(function), std::move(inverse), length, slide,
                                  detail::KeepAll{}, where)
        .map([](auto&& pair) { return pair.second; }, where);
  }
  auto count_by_window(Duration length, Duration slide, Where where = Where::current()) const {
    return map([](auto&&) { return std::int64_t{1}; }, where)
        .reduce_by_window(std::plus<>{}, std::minus<>{}, length, slide, where);
  }
  auto count_by_value_and_window(Duration length, Duration slide,
                                 Where where = Where::current()) const {
    return map(
               [](auto&& element) {
                 return std::pair<std::remove_cvref_t<decltype(element)>, std::int64_t>(element, 1);
               },
               where)
        .reduce_by_key_and_window(
            std::plus<>{}, std::minus<>{}, length, slide,
            [](const auto& pair) { return pair.second != 0; }, where);
  }
  template <class F>
  requires kIsPair auto reduce_by_key_and_window(F function, Duration length, Duration slide,
                                                 Where where = Where::current()) const {
    return reduce_by_key(function, where)
        .window(length, slide, where)
        .reduce_by_key(function, where);
  }
  /// With the inverse of f; keys stay, also at zero, unless keep(pair) is false.
  template <class F, class Inverse, class Keep = detail::KeepAll>
  requires kIsPair && std::is_invocable_v<Inverse&, Value, Value>
  auto reduce_by_key_and_window(F function, Inverse inverse, Duration length, Duration slide,
                                Keep keep = {}, Where where = Where::current()) const {
    return reduce_by_key(function, where)
        .inverse_window(std::move(function), std::move(inverse), std::move(keep), length, slide,
                        where);
  }
  auto group_by_key_and_window(Duration length, Duration slide,
                               Where where = Where::current()) const requires kIsPair {
    return window(length, slide, where).group_by_key(where);
  }

  // ---- outputs; without any, start() fails ----

  /// Prints the first n elements of each interval.
  void print(std::size_t n = 10, Where where = Where::current()) const;
  /// A directory `prefix-TIME.suffix` of text files for each interval.
  void save_as_text_files(std::string prefix, std::string suffix = "",
                          Where where = Where::current()) const;
  /// Lines of tab-separated columns in `directory`, exactly once.
  void write_text(std::string directory, Where where = Where::current()) const;
  /// Calls f(Rdd<T>, EpochTime) for each interval before it commits; at least once.
  template <class F>
  void for_each_batch(F function, Where where = Where::current()) const;
  /// Any sink.
  void write(std::shared_ptr<const Sink> sink, Where where = Where::current()) const;

  // ---- past intervals ----

  /// Keeps the values of the last `duration` for slice().
  DStream<Element> remember(Duration duration) const;
  /// The values between two batch times, both included. Throws unless remember() was called before
  /// start. Thread-safe while the context runs.
  std::vector<Rdd<Element>> slice(EpochMillis from, EpochMillis to) const;

  // ---- for the library ----

  const std::shared_ptr<StreamGraph>& graph() const { return graph_; }
  /// The node of the plan that holds these elements; made when the chain is not one yet.
  NodeId node() const {
    if constexpr (std::is_same_v<Step, IdentityStep>)
      return input_;
    else
      return add_operator(name_, Exchange::forward, [step = step_] {
        return std::make_unique<ChainOperator<In, Step, Element>>(step);
      });
  }

  template <class F>
  auto reduce_by_key_to(F function, Exchange exchange, const std::string& name) const {
    return combine<Value>([](auto&& value) { return Value(OwnedOf<decltype(value)>(value)); },
                          function, function, exchange, name);
  }
  template <class F, class Inverse, class Keep>
  auto inverse_window(F function, Inverse inverse, Keep keep, Duration length, Duration slide,
                      Where where) const {
    const std::int64_t length_intervals = graph_->intervals(length, input_, "window");
    const std::int64_t slide_intervals = graph_->intervals(slide, input_, "slide");
    const std::string name = step_name("reduce_by_key_and_window", where);
    using Window = InverseWindowOperator<Key, Value, F, Inverse, Keep>;
    return keyed_operator<Element>(
        name,
        [=] {
          return std::make_unique<Window>(function, inverse, keep, length_intervals,
                                          slide_intervals, name);
        },
        slide_intervals);
  }

 private:
  template <class R>
  using RddElement = typename detail::RddElementOf<std::remove_cvref_t<R>>::type;

  template <class Next>
  auto then(Next next, const char* operation, Where where) const {
    const std::string name = step_name(operation, where);
    using Joined = Composed<Step, Next>;
    return Chain<In, Joined>(graph_, input_, Joined{step_, std::move(next)},
                             name_.empty() ? name : name_ + ", " + name);
  }

  NodeId add_operator(const std::string& name, Exchange exchange, OperatorFactory make,
                      std::int64_t slide = 0) const {
    return add_operator_on(input_, name, exchange, std::move(make), slide);
  }
  NodeId add_operator_on(NodeId input, const std::string& name, Exchange exchange,
                         OperatorFactory make, std::int64_t slide = 0,
                         std::uint32_t parallelism = 0) const {
    return graph_->add({name,
                        {input},
                        slide == 0 ? graph_->slide(input) : slide,
                        OperatorNode{std::move(make), exchange, parallelism}});
  }

  /// The same elements as the only key's values: for aggregations over everything.
  auto keyed_alike() const {
    return then(MapStep{[](auto&& element) {
                          return std::pair<std::int8_t, std::remove_cvref_t<decltype(element)>>(
                              0, element);
                        },
                        std::string("key")},
                "all", Where::current());
  }

  template <class Out>
  DStream<Out> aggregate(OperatorFactory whole, OperatorFactory partial, OperatorFactory merge,
                         Exchange exchange, const std::string& name) const;
  template <class C, class Create, class Merge, class MergeCombiners>
  auto combine(Create create, Merge merge, MergeCombiners merge_combiners, Exchange exchange,
               const std::string& name) const;
  template <class Out, class F>
  DStream<Out> over_partitions(F function, Exchange exchange, const std::string& name) const;
  template <class Out, class OtherIn, class OtherStep>
  DStream<Out> two_inputs(const Chain<OtherIn, OtherStep>& other, Exchange exchange,
                          const std::string& name, OperatorFactory make) const;
  template <class Out>
  DStream<Out> keyed_operator(const std::string& name, OperatorFactory make,
                              std::int64_t slide = 0) const;
  template <class Out, class W, class OtherIn, class OtherStep, class EmitKey>
  DStream<Out> cogroup_to(const Chain<OtherIn, OtherStep>& other, const std::string& name,
                          EmitKey emit_key) const;
  template <bool keeps_right, bool keeps_left, class OtherIn, class OtherStep>
  auto join_to(const Chain<OtherIn, OtherStep>& other, const std::string& name) const;

 protected:
  std::shared_ptr<StreamGraph> graph_;
  NodeId input_;
  Step step_;
  std::string name_;
};

/// A stream of T. Assigning a chain to it makes the chain a node of the plan.
template <class T>
class DStream : public Chain<T, IdentityStep> {
 public:
  DStream(std::shared_ptr<StreamGraph> graph, NodeId node)
      : Chain<T, IdentityStep>(std::move(graph), node, {}, "") {}
  template <class In, class Step>
  requires std::is_same_v<typename Chain<In, Step>::Element, T> DStream(
      const Chain<In, Step>& chain)
      : DStream(chain.graph(), chain.node()) {}
};

}  // namespace stream

#include <libstream/api/dstream_operations.hpp>
