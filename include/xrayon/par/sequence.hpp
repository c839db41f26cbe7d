// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SEQUENCE_HPP
#define XRAYON_PAR_SEQUENCE_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/sink/collect.hpp>
#include <xrayon/par/sink/compare.hpp>
#include <xrayon/par/sink/extreme.hpp>
#include <xrayon/par/sink/find.hpp>
#include <xrayon/par/sink/for_each.hpp>
#include <xrayon/par/sink/partition.hpp>
#include <xrayon/par/sink/reduce.hpp>
#include <xrayon/par/sink/sum.hpp>
#include <xrayon/par/source/iota.hpp>
#include <xrayon/par/source/range.hpp>
#include <xrayon/par/source/zip.hpp>
#include <xrayon/par/stage/chain.hpp>
#include <xrayon/par/stage/chunks.hpp>
#include <xrayon/par/stage/enumerate.hpp>
#include <xrayon/par/stage/filter.hpp>
#include <xrayon/par/stage/flat_map.hpp>
#include <xrayon/par/stage/fold.hpp>
#include <xrayon/par/stage/intersperse.hpp>
#include <xrayon/par/stage/map.hpp>
#include <xrayon/par/stage/map_init.hpp>
#include <xrayon/par/stage/select.hpp>

// Rayon's parallel iterators over the guarded core (par/index.hpp). What all sinks promise:
//
// Same at every thread count: the result, bit for bit, and the exception: that of the lowest failing item, unchanged, as a plain loop over
//   the source would have thrown it. So floating-point sums and folds too: they go along the canonical tree over leaves whose size depends
//   on the number of items alone. options.run.report counts items of the source.
// Errors: what functions throw; `cancelled` if the stop token, the deadline or an outer call ends it; std::bad_alloc.
// Cost: one pass; nothing is stored between stages, and no memory is allocated but for results and where work is shared.

namespace xrayon {

template <class Source, class Stage>
class sequence;

namespace detail {

/// What can stand beside a sequence, as in zip and chain: a range, or a sequence that gives one item for each of its source.
template <class T>
concept sequence_operand = indexed_range<std::remove_cvref_t<T>> || requires(T&& t) { std::forward<T>(t).take_source(); };

} // namespace detail

/// @brief Items that are going to be worked on in parallel: a source, and what is to be done with each item. `par(...)` makes one.
///
/// Nothing happens until a sink is called (`for_each`, `collect`, `sum` ...); then all of it happens in one pass. What is called on a
/// sequence uses it up. Functions are called as const, from several threads at once; where items are tuples (of zip) or pairs (of
/// enumerate) they may take their elements instead: `zip(a, b).map([](double x, double y) { return x * y; })`.
///
/// A sequence is *indexed* until a stage leaves open how many items come out (filter, filter_map, flat_map): what needs to know the
/// position of an item (zip, enumerate, rev, chunks ...) stands before those.
template <class Source, class Stage = detail::no_stage>
class [[nodiscard("a sequence does nothing until a sink such as .collect(), .sum() or .for_each(f) is called")]] sequence {
    using flow = detail::flow<Source, Stage>;

public:
    using item_type = typename flow::item;
    static constexpr bool indexed = flow::indexed;

    explicit sequence(Source source, Stage stage = {}, std::shared_ptr<const loop_options> options = nullptr)
        : flow_{std::move(source), std::move(stage), std::move(options)} {}

    /// How the sink runs: grain, stop token, deadline, progress, report. Changes no result.
    auto with(loop_options options) && {
        return sequence(std::move(flow_.source), std::move(flow_.stage), std::make_shared<const loop_options>(std::move(options)));
    }

    /// Items of an indexed sequence.
    [[nodiscard]] std::size_t size() const
        requires indexed
    {
        return flow_.source.size();
    }

    // --- stages: one item for each ------------------------------------------------------------------------------------------------

    /// `function(item)` for each item.
    template <class F>
    auto map(F function) && {
        check_function<F>();
        if constexpr (indexed) {
            return around(detail::map_source<Source, F>(std::move(flow_.source), std::move(function)));
        } else {
            return behind(detail::map_stage<Stage, F>(std::move(flow_.stage), std::move(function)));
        }
    }

    /// `function(scratch, item)` for each item. A scratch object is made by `init()`, lent to one thread for a run of items, and lent again:
    /// no more are made than are in use at once, and a call within an item never meets the same one. What an earlier item left in it is
    /// what the next one finds, so a result must not depend on that.
    template <class Init, class F>
    auto map_init(Init init, F function) &&
        requires indexed
    {
        return around(detail::map_init_source<Source, Init, F>(std::move(flow_.source), std::move(init), std::move(function)));
    }

    /// map_init with copies of `value`.
    template <class T, class F>
    auto map_with(T value, F function) &&
        requires indexed
    {
        return std::move(*this).map_init([value = std::move(value)] { return value; }, std::move(function));
    }

    /// Calls `look(item)` with each item on its way.
    template <class F>
    auto inspect(F look) && {
        return std::move(*this).map([look = std::move(look)](item_type x) -> item_type {
            detail::give(look, std::as_const(x));
            return std::forward<item_type>(x);
        });
    }

    /// Calls `change(item)`, which may write to it, with each item on its way.
    template <class F>
    auto update(F change) && {
        return std::move(*this).map([change = std::move(change)](item_type x) -> item_type {
            detail::give(change, x);
            return std::forward<item_type>(x);
        });
    }

    /// `pair(index, item)`.
    auto enumerate() &&
        requires indexed
    {
        return around(detail::enumerate_source<Source>(std::move(flow_.source)));
    }

    /// `tuple(item, other's item ...)`, as many as the shortest has.
    template <detail::sequence_operand... Others>
    auto zip(Others&&... others) &&
        requires indexed
    {
        return around(detail::zip_source<Source, detail::source_of_t<Others>...>(std::move(flow_.source), detail::source_of(std::forward<Others>(others))...));
    }

    /// zip with something of the same length. @throws argument_error if it has another
    template <detail::sequence_operand Other>
    auto zip_eq(Other&& other) &&
        requires indexed
    {
        auto source = detail::source_of(std::forward<Other>(other));
        check_rule(source.size() == size(), "zip_eq: the other sequence must have ", size(), " items", source.size());
        return around(detail::zip_source<Source, decltype(source)>(std::move(flow_.source), std::move(source)));
    }

    /// These items, then the other's.
    template <detail::sequence_operand Other>
    auto chain(Other&& other) &&
        requires indexed
    {
        return around(detail::chain_source<Source, detail::source_of_t<Other>>(std::move(flow_.source), detail::source_of(std::forward<Other>(other))));
    }

    /// An item from here, one from there, and so on; when one side has none left, the rest of the other.
    template <detail::sequence_operand Other>
    auto interleave(Other&& other) &&
        requires indexed
    {
        return around(detail::interleave_source<Source, detail::source_of_t<Other>>(std::move(flow_.source), detail::source_of(std::forward<Other>(other)), false));
    }

    /// interleave that ends where one side has none left.
    template <detail::sequence_operand Other>
    auto interleave_shortest(Other&& other) &&
        requires indexed
    {
        return around(detail::interleave_source<Source, detail::source_of_t<Other>>(std::move(flow_.source), detail::source_of(std::forward<Other>(other)), true));
    }

    /// The items with a copy of `between` between each two of them.
    template <class T>
    auto intersperse(T between) &&
        requires indexed
    {
        return around(detail::intersperse_source<Source>(std::move(flow_.source), std::move(between)));
    }

    /// Backwards.
    auto rev() &&
        requires indexed
    {
        return select(0, size(), 1, true);
    }

    /// The first n items, or all if there are fewer.
    auto take(std::size_t n) &&
        requires indexed
    {
        return select(0, std::min(n, size()), 1, false);
    }

    /// All but the first n items.
    auto skip(std::size_t n) &&
        requires indexed
    {
        return select(std::min(n, size()), size() - std::min(n, size()), 1, false);
    }

    /// Items 0, step, 2 step ... @throws argument_error if step is 0
    auto step_by(std::size_t step) &&
        requires indexed
    {
        check(step >= 1, "step_by: step must be >= 1", step);
        return select(0, size() / step + (size() % step != 0), step, false);
    }

    /// The indices of the items for which `matches(item)` holds.
    template <class F>
    auto positions(F matches) &&
        requires indexed
    {
        check_predicate<F>();
        return std::move(*this).enumerate().filter_map([matches = std::move(matches)](const std::pair<std::size_t, item_type>& each) {
            return static_cast<bool>(detail::give(matches, std::as_const(each.second))) ? std::optional(each.first) : std::nullopt;
        });
    }

    /// Vectors of n items; the last one may have fewer. @throws argument_error if n is 0
    auto chunks(std::size_t n) &&
        requires indexed
    {
        check(n >= 1, "chunks: length must be >= 1", n);
        return around(detail::chunk_source<Source>(std::move(flow_.source), n));
    }

    /// One accumulator for each n items of the source: `step(... step(init(), first) ..., last)`. @throws argument_error if n is 0
    template <class Init, class F>
    auto fold_chunks(std::size_t n, Init init, F step) && {
        check(n >= 1, "fold_chunks: length must be >= 1", n);
        return folded(n, std::move(init), std::move(step));
    }

    /// fold_chunks with max(1, min(1,024, size / 256)) items each: a function of the size alone, so that what comes out does not depend on threads.
    template <class Init, class F>
    auto fold(Init init, F step) && {
        const std::size_t n = detail::fold_leaf(flow_.source.size());
        return folded(n, std::move(init), std::move(step));
    }

    // --- stages: some items, or several for each ------------------------------------------------------------------------------------

    /// The items for which `keeps(item)` holds.
    template <class F>
    auto filter(F keeps) && {
        check_predicate<F>();
        return behind(detail::filter_stage<Stage, F>(std::move(flow_.stage), std::move(keeps)));
    }

    /// What `function(item)`, a std::optional, holds, where it holds something.
    template <class F>
    auto filter_map(F function) && {
        check_function<F>();
        return behind(detail::filter_map_stage<Stage, F>(std::move(flow_.stage), std::move(function)));
    }

    /// The elements of each range that `function(item)` gives, in order. One thread takes all of an item's.
    template <class F>
    auto flat_map(F function) && {
        check_function<F>();
        return behind(detail::flat_map_stage<Stage, F>(std::move(flow_.stage), std::move(function)));
    }

    /// The elements of each item, which is a range.
    auto flatten() && {
        return std::move(*this).flat_map([](item_type x) -> item_type { return std::forward<item_type>(x); });
    }

    // --- sinks ---------------------------------------------------------------------------------------------------------------------

    /// Calls `function(item)` for each item.
    template <class F>
    void for_each(const F& function) && {
        check_function<F>();
        detail::for_each(flow_, function, "for_each");
    }

    /// The items in order, lazy ones evaluated (core/stored.hpp). If an item throws, nothing is kept.
    [[nodiscard]] auto collect() && {
        static_assert(storable<item_type>, "xrayon: collect: items must be values that can be kept");
        return detail::collect(flow_, "collect");
    }

    /// The same as a std::vector: one more move of each item.
    [[nodiscard]] auto to_vector() && { return std::move(*this).collect().to_vector(); }

    /// Assigns item i to `out[i]`. If an item throws, those before it have been written, and some behind it may have.
    /// @throws argument_error if out has another length
    template <class T>
    void collect_into(std::span<T> out) &&
        requires indexed
    {
        check_rule(out.size() == size(), "collect_into: the output must have ", size(), " elements", out.size());
        const auto both = std::move(*this).zip(out);
        detail::for_each(both.flow_, [](auto&& pair) { std::get<1>(pair) = std::get<0>(std::forward<decltype(pair)>(pair)); }, "collect_into");
    }
    template <class Range>
        requires indexed && requires(Range& out) { std::span(out); }
    void collect_into(Range& out) && {
        std::move(*this).collect_into(std::span(out));
    }

    /// `pair(those for which matches(item) holds, the others)`, both in order.
    template <class F>
    [[nodiscard]] auto partition(const F& matches) && {
        check_predicate<F>();
        return detail::partition(flow_, matches);
    }

    /// Of pairs: `pair(first elements, second elements)`, both in order.
    [[nodiscard]] auto unzip() && { return detail::unzip(flow_); }

    /// The sum. Of numbers: along the canonical tree over leaves of sum_leaf items in sum_lanes lanes (par/sink/sum.hpp), in the type of
    /// `x + x`; 0 if there are none. Of anything else: `a + b` in the order of `reduce_with`, T{} if there are none.
    [[nodiscard]] auto sum() && { return std::move(*this).joined(std::plus<>{}, 0, "sum"); }

    /// The product, likewise; 1 if there are no numbers.
    [[nodiscard]] auto product() && { return std::move(*this).joined(std::multiplies<>{}, 1, "product"); }

    /// How many items come out. The functions of stages are called, for one of them may throw.
    [[nodiscard]] std::size_t count() && { return detail::count(flow_); }

    /// Items joined by `join(a, b)`: left to right from `identity()` within leaves (see `fold`), leaves along the canonical tree.
    template <class Identity, class F>
    [[nodiscard]] auto reduce(const Identity& identity, const F& join) && {
        return detail::reduce(flow_, identity, join);
    }

    /// The same without identity: a std::optional, empty if there are no items.
    template <class F>
    [[nodiscard]] auto reduce_with(const F& join) && {
        return detail::reduce_with(flow_, join, "reduce_with");
    }

    /// The first of the smallest items by natural_less (NaN behind everything); nothing if there are none.
    [[nodiscard]] auto min() && { return detail::min_item(flow_, natural_less{}, "min"); }
    /// The last of the greatest items by natural_less: NaN if there is one.
    [[nodiscard]] auto max() && { return detail::max_item(flow_, natural_less{}, "max"); }
    /// The first of the smallest by `less(a, b)`.
    template <class Less>
    [[nodiscard]] auto min_by(const Less& less) && {
        return detail::min_item(flow_, less, "min_by");
    }
    /// The last of the greatest by `less(a, b)`.
    template <class Less>
    [[nodiscard]] auto max_by(const Less& less) && {
        return detail::max_item(flow_, less, "max_by");
    }
    /// The first of those whose key(item) is smallest.
    template <class Key>
    [[nodiscard]] auto min_by_key(const Key& key) && {
        return detail::min_item(flow_, by_key(key), "min_by_key");
    }
    /// The last of those whose key(item) is greatest.
    template <class Key>
    [[nodiscard]] auto max_by_key(const Key& key) && {
        return detail::max_item(flow_, by_key(key), "max_by_key");
    }

    /// The first item for which `matches(item)` holds. Those behind it are cancelled; what they throw is not thrown.
    template <class F>
    [[nodiscard]] auto find_first(const F& matches) && {
        check_predicate<F>();
        return detail::find_first(flow_, matches, "find_first");
    }
    /// The same as find_first: with "any" the answer would depend on threads.
    template <class F>
    [[nodiscard]] auto find_any(const F& matches) && {
        check_predicate<F>();
        return detail::find_first(flow_, matches, "find_any");
    }
    /// The first thing that `function(item)`, a std::optional, holds.
    template <class F>
    [[nodiscard]] auto find_map_first(const F& function) && {
        check_function<F>();
        return detail::find_map(flow_, function, "find_map_first");
    }
    /// The same as find_map_first.
    template <class F>
    [[nodiscard]] auto find_map_any(const F& function) && {
        check_function<F>();
        return detail::find_map(flow_, function, "find_map_any");
    }
    /// True when `matches(item)` holds for some item.
    template <class F>
    [[nodiscard]] bool any(const F& matches) && {
        check_predicate<F>();
        return detail::some(flow_, matches, true, "any");
    }
    /// True when `matches(item)` holds for every item.
    template <class F>
    [[nodiscard]] bool all(const F& matches) && {
        check_predicate<F>();
        return !detail::some(flow_, matches, false, "all");
    }
    /// The index of the first item for which `matches(item)` holds.
    template <class F>
    [[nodiscard]] std::optional<std::size_t> position_first(const F& matches) &&
        requires indexed
    {
        check_predicate<F>();
        return detail::position_first(flow_, matches, "position_first");
    }
    /// The same as position_first.
    template <class F>
    [[nodiscard]] std::optional<std::size_t> position_any(const F& matches) &&
        requires indexed
    {
        check_predicate<F>();
        return detail::position_first(flow_, matches, "position_any");
    }
    /// The index of the last such item. Items before it are cancelled; order runs from the back here.
    template <class F>
    [[nodiscard]] std::optional<std::size_t> position_last(const F& matches) &&
        requires indexed
    {
        check_predicate<F>();
        const std::size_t n = size();
        const auto backwards = select(0, n, 1, true);
        const auto found = detail::position_first(backwards.flow_, matches, "position_last");
        return found ? std::optional(n - 1 - *found) : std::nullopt;
    }

    /// Lexicographic order of these items and the other's: the first two that differ decide, else the lengths. What lies behind is cancelled.
    template <detail::sequence_operand Other>
    [[nodiscard]] auto cmp(Other&& other) &&
        requires indexed
    {
        return detail::compare(flow_, detail::source_of(std::forward<Other>(other)), "cmp");
    }
    /// cmp; unordered where the first two items that are not equal are.
    template <detail::sequence_operand Other>
    [[nodiscard]] auto partial_cmp(Other&& other) &&
        requires indexed
    {
        return detail::compare(flow_, detail::source_of(std::forward<Other>(other)), "partial_cmp");
    }
    /// True when both have the same length and equal items.
    template <detail::sequence_operand Other>
    [[nodiscard]] bool eq(Other&& other) &&
        requires indexed
    {
        return detail::equal(flow_, detail::source_of(std::forward<Other>(other)), "eq");
    }
    template <detail::sequence_operand Other>
    [[nodiscard]] bool ne(Other&& other) &&
        requires indexed
    {
        return !detail::equal(flow_, detail::source_of(std::forward<Other>(other)), "ne");
    }
    template <detail::sequence_operand Other>
    [[nodiscard]] bool lt(Other&& other) &&
        requires indexed
    {
        return detail::compare(flow_, detail::source_of(std::forward<Other>(other)), "lt") < 0;
    }
    template <detail::sequence_operand Other>
    [[nodiscard]] bool le(Other&& other) &&
        requires indexed
    {
        return detail::compare(flow_, detail::source_of(std::forward<Other>(other)), "le") <= 0;
    }
    template <detail::sequence_operand Other>
    [[nodiscard]] bool gt(Other&& other) &&
        requires indexed
    {
        return detail::compare(flow_, detail::source_of(std::forward<Other>(other)), "gt") > 0;
    }
    template <detail::sequence_operand Other>
    [[nodiscard]] bool ge(Other&& other) &&
        requires indexed
    {
        return detail::compare(flow_, detail::source_of(std::forward<Other>(other)), "ge") >= 0;
    }

    /// What the sequence draws from, for sequences around this one.
    [[nodiscard]] Source take_source() &&
        requires indexed
    {
        return std::move(flow_.source);
    }

private:
    template <class, class>
    friend class sequence;

    template <class F>
    static constexpr void check_function() {
        static_assert(detail::takes_item<F, item_type>,
                      "xrayon: the function must take an item and be callable as const (not `mutable`): several threads call it at once");
    }
    template <class F>
    static constexpr void check_predicate() {
        static_assert(detail::tests_item<F, item_type>,
                      "xrayon: the predicate must take a const item, give a bool and be callable as const (not `mutable`): several threads call it at once");
    }

    static void check_rule(bool holds, std::string_view before, std::size_t wanted, std::string_view behind, std::size_t got) {
        if (!holds) [[unlikely]] {
            check(false, std::string(before) + to_text(wanted) + std::string(behind), got);
        }
    }

    template <class Key>
    static auto by_key(const Key& key) {
        return [&key](const auto& a, const auto& b) { return natural_less{}(detail::give(key, a), detail::give(key, b)); };
    }

    template <class NewSource>
    auto around(NewSource source) {
        return sequence<NewSource, detail::no_stage>(std::move(source), {}, std::move(flow_.options));
    }
    template <class NewStage>
    auto behind(NewStage stage) {
        return sequence<Source, NewStage>(std::move(flow_.source), std::move(stage), std::move(flow_.options));
    }
    auto select(std::size_t first, std::size_t count, std::size_t step, bool backwards) {
        return around(detail::select_source<Source>(std::move(flow_.source), first, count, step, backwards));
    }
    template <class Init, class F>
    auto folded(std::size_t n, Init init, F step) {
        auto options = flow_.options;
        using source = detail::fold_source<flow, Init, F>;
        return sequence<source, detail::no_stage>(source(std::move(flow_), n, std::move(init), std::move(step)), {}, std::move(options));
    }
    template <class Join>
    auto joined(const Join& join, int none, std::string_view name) && {
        using number = std::remove_cvref_t<item_type>;
        if constexpr (std::is_arithmetic_v<number>) {
            using total = decltype(join(number{}, number{}));
            return detail::join_numbers<total>(flow_, static_cast<total>(none), join, name);
        } else {
            return detail::reduce_with(flow_, join, name).value_or(stored_t<item_type>{});
        }
    }

    flow flow_;
};

/// The elements of a range: borrowed if it is an lvalue, which must then outlive the sequence; taken over, and moved out of it one by one,
/// if it is an rvalue.
template <class Range>
    requires indexed_range<std::remove_cvref_t<Range>>
auto par(Range&& range) {
    return sequence(detail::source_of(std::forward<Range>(range)));
}

/// A sequence is one already.
template <class Source, class Stage>
auto par(sequence<Source, Stage>&& items) {
    return std::move(items);
}

/// The elements of a range as references that may be written to.
template <mutable_indexed_range Range>
auto par_mut(Range& range) {
    return sequence(detail::borrowed_range<Range>(range));
}

/// Tuples of the elements of several ranges or sequences, as many as the shortest has.
template <detail::sequence_operand... Ranges>
    requires(sizeof...(Ranges) >= 1)
auto zip(Ranges&&... ranges) {
    return sequence(detail::zip_source<detail::source_of_t<Ranges>...>(detail::source_of(std::forward<Ranges>(ranges))...));
}

} // namespace xrayon

#endif // XRAYON_PAR_SEQUENCE_HPP
