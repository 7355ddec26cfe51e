// The bodies of DStream's operations that end a chain in a node. Included by dstream.hpp only.
#pragma once

#include <libstream/api/dstream.hpp>

namespace stream {

template <class In, class Step>
template <class Out>
DStream<Out> Chain<In, Step>::aggregate(OperatorFactory whole, OperatorFactory partial,
                                        OperatorFactory merge, Exchange exchange,
                                        const std::string& name) const {
  return {graph_, graph_->add({name_.empty() ? name : name_ + ", " + name,
                               {input_},
                               graph_->slide(input_),
                               AggregateNode{std::move(whole), std::move(partial), std::move(merge),
                                             exchange, name}})};
}

template <class In, class Step>
template <class C, class Create, class Merge, class MergeCombiners>
auto Chain<In, Step>::combine(Create create, Merge merge, MergeCombiners merge_combiners,
                              Exchange exchange, const std::string& name) const {
  const auto first = [=, step = step_](bool is_partial) {
    return std::make_unique<CombineOperator<In, Step, Key, C, Create, Merge>>(step, create, merge,
                                                                              name, is_partial);
  };
  const auto keep = [](auto&& combined) { return C(OwnedOf<decltype(combined)>(combined)); };
  using Keep = decltype(keep);
  // In the second phase the combinations themselves are the values.
  const auto merge_owned = [merge_combiners](C& combined, auto&& more) mutable {
    if constexpr (std::is_same_v<std::invoke_result_t<MergeCombiners&, C&, C&&>, void>)
      merge_combiners(combined, C(OwnedOf<decltype(more)>(std::forward<decltype(more)>(more))));
    else
      combined = static_cast<C>(merge_combiners(
          std::as_const(combined), C(OwnedOf<decltype(more)>(std::forward<decltype(more)>(more)))));
  };
  using Second = CombineOperator<std::pair<Key, C>, IdentityStep, Key, C, std::remove_const_t<Keep>,
                                 std::remove_const_t<decltype(merge_owned)>>;
  return aggregate<std::pair<Key, C>>(
      [first] { return first(false); }, [first] { return first(true); },
      [keep, merge_owned, name] {
        return std::make_unique<Second>(IdentityStep{}, keep, merge_owned, name, false);
      },
      exchange, name);
}

template <class In, class Step>
template <class Out, class F>
DStream<Out> Chain<In, Step>::over_partitions(F function, Exchange exchange,
                                              const std::string& name) const {
  const NodeId input = node();
  return {graph_, add_operator_on(input, name, exchange, [function = std::move(function), name] {
            return std::make_unique<RddOperator<Element, Out, F>>(function, name);
          })};
}

template <class In, class Step>
template <class Out, class OtherIn, class OtherStep>
DStream<Out> Chain<In, Step>::two_inputs(const Chain<OtherIn, OtherStep>& other, Exchange exchange,
                                         const std::string& name, OperatorFactory make) const {
  const NodeId left = node();
  const NodeId right = other.node();
  const std::int64_t slide = graph_->common_slide(left, right, name);
  return {graph_,
          graph_->add({name, {left, right}, slide, OperatorNode{std::move(make), exchange, 0}})};
}

template <class In, class Step>
template <class Out>
DStream<Out> Chain<In, Step>::keyed_operator(const std::string& name, OperatorFactory make,
                                             std::int64_t slide) const {
  return {graph_, add_operator_on(node(), name, Exchange::hash, std::move(make), slide)};
}

template <class In, class Step>
template <class Out, class W, class OtherIn, class OtherStep, class EmitKey>
DStream<Out> Chain<In, Step>::cogroup_to(const Chain<OtherIn, OtherStep>& other,
                                         const std::string& name, EmitKey emit_key) const {
  return two_inputs<Out>(other, Exchange::hash, name, [emit_key] {
    return std::make_unique<CogroupOperator<Key, Value, W, Out, EmitKey>>(emit_key);
  });
}

template <class In, class Step>
template <bool keeps_right, bool keeps_left, class OtherIn, class OtherStep>
auto Chain<In, Step>::join_to(const Chain<OtherIn, OtherStep>& other,
                              const std::string& name) const {
  using W = typename Chain<OtherIn, OtherStep>::Value;
  using Left = std::conditional_t<keeps_right, std::optional<Value>, Value>;
  using Right = std::conditional_t<keeps_left, std::optional<W>, W>;
  using Out = std::pair<Key, std::pair<Left, Right>>;
  return cogroup_to<Out, W>(other, name, [](const auto& key, auto& left, auto& right, auto append) {
    for (const Value& v : left) {
      for (const W& w : right) append(Out(Key(key), {v, w}));
      if constexpr (keeps_left) {
        if (right.empty()) append(Out(Key(key), {v, std::nullopt}));
      }
    }
    if constexpr (keeps_right) {
      if (left.empty()) {
        for (const W& w : right) append(Out(Key(key), {std::nullopt, w}));
      }
    }
  });
}

template <class In, class Step>
template <class OtherIn, class OtherStep>
DStream<typename Chain<In, Step>::Element> Chain<In, Step>::union_with(
    const Chain<OtherIn, OtherStep>& other, Where where) const {
  static_assert(std::is_same_v<Element, typename Chain<OtherIn, OtherStep>::Element>,
                "union_with needs streams of the same type");
  const std::string name = step_name("union", where);
  const NodeId left = node();
  const NodeId right = other.node();
  return {graph_,
          graph_->add({name, {left, right}, graph_->common_slide(left, right, name), UnionNode{}})};
}

template <class In, class Step>
DStream<typename Chain<In, Step>::Element> Chain<In, Step>::repartition(std::uint32_t n,
                                                                        Where where) const {
  return {graph_, add_operator_on(
                      node(), step_name("repartition", where), Exchange::round_robin,
                      [] {
                        return std::make_unique<ChainOperator<Element, IdentityStep, Element>>(
                            IdentityStep{});
                      },
                      0, n)};
}

template <class In, class Step>
DStream<typename Chain<In, Step>::Element> Chain<In, Step>::cache() const {
  return DStream<Element>(*this);
}

template <class In, class Step>
DStream<std::int64_t> Chain<In, Step>::count(Where where) const {
  using Sum = CountOperator<std::int64_t, IdentityStep, true>;
  const auto first = [step = step_] {
    return std::make_unique<CountOperator<In, Step, false>>(step);
  };
  return aggregate<std::int64_t>(
      first, first, [] { return std::make_unique<Sum>(IdentityStep{}); }, Exchange::single,
      step_name("count", where));
}

template <class In, class Step>
DStream<typename Chain<In, Step>::Element> Chain<In, Step>::window(Duration length, Duration slide,
                                                                   Where where) const {
  const NodeId input = node();
  const std::int64_t length_intervals = graph_->intervals(length, input, "window");
  const std::int64_t slide_intervals = graph_->intervals(slide, input, "slide");
  return {graph_, add_operator_on(input, step_name("window", where), Exchange::forward,
                                  make_window(length_intervals, slide_intervals), slide_intervals)};
}

template <class In, class Step>
void Chain<In, Step>::write(std::shared_ptr<const Sink> sink, Where where) const {
  const NodeId input = node();
  value_or_throw(sink->check(*row_schema<Element>()));
  graph_->add({step_name("write", where),
               {input},
               graph_->slide(input),
               SinkNode{std::move(sink), Exchange::forward}});
}

template <class In, class Step>
void Chain<In, Step>::print(std::size_t n, Where where) const {
  const NodeId input = node();
  graph_->add({step_name("print", where),
               {input},
               graph_->slide(input),
               SinkNode{make_print_sink(n), Exchange::single}});
}

template <class In, class Step>
void Chain<In, Step>::save_as_text_files(std::string prefix, std::string suffix,
                                         Where where) const {
  write(make_text_directory_sink(std::move(prefix), std::move(suffix)), where);
}

template <class In, class Step>
void Chain<In, Step>::write_text(std::string directory, Where where) const {
  write(make_text_sink(std::move(directory)), where);
}

template <class In, class Step>
template <class F>
void Chain<In, Step>::for_each_batch(F function, Where where) const {
  const std::string name = step_name("for_each_batch", where);
  auto erased = [function = std::move(function), name](std::int64_t epoch, EpochMillis time,
                                                       std::vector<Batch> batches) mutable {
    return guard([&]() -> Result<void> {
      std::vector<Element> rows;
      for (const Batch& batch : batches) {
        for (std::size_t row = 0; row < batch.num_rows(); ++row)
          rows.push_back(ValueTraits<Element>::own(read_row<Element>(batch, row)));
      }
      call_user(name, function, Rdd<Element>::of(std::move(rows)), EpochTime{time, epoch});
      return {};
    });
  };
  const NodeId input = node();
  graph_->add({name,
               {input},
               graph_->slide(input),
               SinkNode{make_batch_function_sink(name, std::move(erased)), Exchange::single}});
}

template <class In, class Step>
DStream<typename Chain<In, Step>::Element> Chain<In, Step>::remember(Duration duration) const {
  DStream<Element> stream(*this);
  auto store = std::make_shared<Remembered<Element>>(duration);
  graph_->remembered[stream.node()] = store;
  stream.for_each_batch(
      [store](const Rdd<Element>& rdd, EpochTime time) { store->add(time.batch_time, rdd); });
  return stream;
}

template <class In, class Step>
std::vector<Rdd<typename Chain<In, Step>::Element>> Chain<In, Step>::slice(EpochMillis from,
                                                                           EpochMillis to) const {
  const auto found = graph_->remembered.find(node());
  if (found == graph_->remembered.end())
    throw bad_plan(
        "slice: this stream keeps no past intervals; call remember() on it before start()");
  return static_cast<const Remembered<Element>*>(found->second.get())->between(from, to);
}

}  // namespace stream
