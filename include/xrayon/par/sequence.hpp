// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SEQUENCE_HPP
#define XRAYON_PAR_SEQUENCE_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/no_value.hpp>
#include <xrayon/par/sequence_sinks.hpp>
#include <xrayon/par/sink/take.hpp>
#include <xrayon/par/source/iota.hpp>
#include <xrayon/par/source/range.hpp>
#include <xrayon/par/source/repeat.hpp>
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

/// @brief Items that are going to be worked on in parallel: a source, and what is to be done with each item. `par(...)` makes one.
///
/// Nothing happens until a sink is called (`for_each`, `collect`, `sum` ...); then all of it happens in one pass. What is called on a
/// sequence uses it up. Functions are called as const, from several threads at once; where items are tuples (of zip) or pairs (of
/// enumerate) they may take their elements instead: `zip(a, b).map([](double x, double y) { return x * y; })`.
///
/// A sequence is *indexed* until a stage leaves open how many items come out (filter, filter_map, flat_map): what needs to know the
/// position of an item (zip, enumerate, rev, chunks ...) stands before those.
template <class Source, class Stage = detail::no_stage>
class [[nodiscard("a sequence does nothing until a sink such as .collect(), .sum() or .for_each(f) is called")]] sequence
    : public sequence_sinks<Source, Stage> {
    using base = sequence_sinks<Source, Stage>;
    using base::flow_;
    using typename base::flow;

public:
    using base::indexed;
    using base::size;
    using typename base::item_type;

    explicit sequence(Source source, Stage stage = {}, std::shared_ptr<const loop_options> options = nullptr)
        : base(flow{std::move(source), std::move(stage), std::move(options)}) {}

    /// How the sink runs: grain, stop token, deadline, progress, report. Changes no result. Stages that evaluate at once, such as take_any_while,
    /// run as `with` before them says; rev and searches from the back report indices as they go, from the back.
    auto with(loop_options options) && {
        return sequence(std::move(flow_.source), std::move(flow_.stage), std::make_shared<const loop_options>(std::move(options)));
    }

    /// A thread claims n items at once, or as many as the grain if that is more. @throws argument_error if n is 0
    auto with_min_len(std::size_t n) && {
        check(n >= 1, "with_min_len: length must be >= 1", n);
        return with_grain([n](std::optional<std::size_t> grain) { return std::max(grain.value_or(n), n); });
    }
    /// A thread claims n items at once, or as many as the grain if that is less. @throws argument_error if n is 0
    auto with_max_len(std::size_t n) && {
        check(n >= 1, "with_max_len: length must be >= 1", n);
        return with_grain([n](std::optional<std::size_t> grain) { return std::min(grain.value_or(n), n); });
    }

    // --- stages: one item for each ------------------------------------------------------------------------------------------------

    /// `function(item)` for each item. Lazy results are evaluated at once; an lvalue that it gives is passed on as a reference.
    template <class F>
    auto map(F function) && {
        detail::check_function<F, item_type>();
        static_assert(!detail::outlives_item<detail::given_t<F, item_type>, item_type>,
                      "xrayon: map: the function gives a reference to its item, which is made for this call and gone after it: give a value");
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
    auto map_init(Init init, F function) && {
        detail::check_init<Init>();
        detail::check_call<F, std::remove_cvref_t<std::invoke_result_t<const Init&>>&, item_type>();
        if constexpr (indexed) {
            return around(detail::map_init_source<Source, Init, F>(std::move(flow_.source), std::move(init), std::move(function)));
        } else {
            return behind(detail::map_init_stage<Stage, Init, F>(std::move(flow_.stage), std::move(init), std::move(function)));
        }
    }

    /// map_init with copies of `value`.
    template <class T, class F>
    auto map_with(T value, F function) && {
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
        detail::check_size("zip_eq: the other sequence must have ", size(), " items", source.size());
        return around(detail::zip_source<Source, decltype(source)>(std::move(flow_.source), std::move(source)));
    }

    /// These items, then the other's. @throws argument_error if there are 2^64 or more
    template <detail::sequence_operand Other>
    auto chain(Other&& other) &&
        requires indexed
    {
        return around(detail::chain_source<Source, detail::source_of_t<Other>>(std::move(flow_.source), detail::source_of(std::forward<Other>(other))));
    }

    /// The same where how many items come out is open on either side.
    template <class OtherSource, class OtherStage>
    auto chain(sequence<OtherSource, OtherStage>&& other) &&
        requires(!indexed || !sequence<OtherSource, OtherStage>::indexed)
    {
        const std::size_t count = flow_.source.size() + other.flow_.source.size();  // chain_stage refuses what wraps around
        auto options = flow_.options;
        using stage = detail::chain_stage<flow, detail::flow<OtherSource, OtherStage>>;
        using counter = detail::source_of_t<decltype(iota(count))>;
        return sequence<counter, stage>(detail::source_of(iota(count)), stage(std::move(flow_), std::move(other.flow_)), std::move(options));
    }
    template <class Other>
        requires indexed_range<std::remove_cvref_t<Other>>
    auto chain(Other&& other) &&
        requires(!indexed)
    {
        auto source = detail::source_of(std::forward<Other>(other));
        return std::move(*this).chain(sequence<decltype(source)>(std::move(source)));
    }

    /// An item from here, one from there, and so on; when one side has none left, the rest of the other.
    /// @throws argument_error if there are 2^64 or more
    template <detail::sequence_operand Other>
    auto interleave(Other&& other) &&
        requires indexed
    {
        return around(detail::interleave_source<Source, detail::source_of_t<Other>>(std::move(flow_.source), detail::source_of(std::forward<Other>(other)), false));
    }

    /// interleave that ends where one side has none left. @throws argument_error if there are 2^64 or more
    template <detail::sequence_operand Other>
    auto interleave_shortest(Other&& other) &&
        requires indexed
    {
        return around(detail::interleave_source<Source, detail::source_of_t<Other>>(std::move(flow_.source), detail::source_of(std::forward<Other>(other)), true));
    }

    /// The items with a copy of `between` between each two of them. Where how many come out is open, they are evaluated at once, by this call.
    template <class T>
    auto intersperse(T between) && {
        if constexpr (indexed) {
            return around(detail::intersperse_source<Source>(std::move(flow_.source), std::move(between)));
        } else {
            return stored(detail::collect(flow_, "intersperse")).intersperse(std::move(between));
        }
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
        detail::check_predicate<F, item_type>();
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
        return folded<detail::fold_source>(n, std::move(init), std::move(step));
    }

    /// fold_chunks with max(1, min(1,024, size / 256)) items each: a function of the size alone, so that what comes out does not depend on threads.
    template <class Init, class F>
    auto fold(Init init, F step) && {
        const std::size_t n = detail::fold_leaf(flow_.source.size());
        return folded<detail::fold_source>(n, std::move(init), std::move(step));
    }

    /// fold that begins with copies of `value`.
    template <class T, class F>
    auto fold_with(T value, F step) && {
        return std::move(*this).fold([value = std::move(value)] { return value; }, std::move(step));
    }
    /// fold_chunks that begins with copies of `value`. @throws argument_error if n is 0
    template <class T, class F>
    auto fold_chunks_with(std::size_t n, T value, F step) && {
        check(n >= 1, "fold_chunks_with: length must be >= 1", n);
        return folded<detail::fold_source>(n, [value = std::move(value)] { return value; }, std::move(step));
    }
    /// fold whose step gives a result (par/try_result.hpp) and takes what the one before holds: an accumulator that failed stays as it is.
    template <class Init, class F>
    auto try_fold(Init init, F step) && {
        return folded<detail::try_fold_source>(detail::fold_leaf(flow_.source.size()), std::move(init), std::move(step));
    }
    /// try_fold that begins with copies of `value`.
    template <class T, class F>
    auto try_fold_with(T value, F step) && {
        return std::move(*this).try_fold([value = std::move(value)] { return value; }, std::move(step));
    }

    // --- stages: some items, or several for each ------------------------------------------------------------------------------------

    /// The items for which `keeps(item)` holds.
    template <class F>
    auto filter(F keeps) && {
        detail::check_predicate<F, item_type>();
        return behind(detail::filter_stage<Stage, F>(std::move(flow_.stage), std::move(keeps)));
    }

    /// What `function(item)`, a std::optional, holds, where it holds something.
    template <class F>
    auto filter_map(F function) && {
        detail::check_function<F, item_type>();
        return behind(detail::filter_map_stage<Stage, F>(std::move(flow_.stage), std::move(function)));
    }

    /// The elements of each range that `function(item)` gives, in order. One thread takes all of an item's; where `function(item)` is a
    /// sequence, that is evaluated in parallel first.
    template <class F>
    auto flat_map(F function) && {
        detail::check_function<F, item_type>();
        return behind(detail::flat_map_stage<Stage, F>(std::move(flow_.stage), std::move(function)));
    }
    /// The same as flat_map.
    template <class F>
    auto flat_map_iter(F function) && {
        return std::move(*this).flat_map(std::move(function));
    }

    /// The elements of each item, which is a range.
    auto flatten() && {
        return std::move(*this).flat_map([](item_type x) -> item_type { return std::forward<item_type>(x); });
    }
    /// The same as flatten.
    auto flatten_iter() && { return std::move(*this).flatten(); }

    // --- stages that end or begin where items say ---------------------------------------------------------------------------------------
    // Where that is decides what comes next: unless it is known, these evaluate what stands before them at once, run as `with` has said by
    // then, and keep the items. Rayon's take whichever items come first in time; these are the first ones in order, as a plain loop's would be.

    /// The first n items that come out.
    auto take_any(std::size_t n) && {
        if constexpr (indexed) {
            return std::move(*this).take(n);
        } else {
            return stored(detail::collect_first(flow_, n, "take_any"));
        }
    }
    /// All but the first n items that come out.
    auto skip_any(std::size_t n) && {
        if constexpr (indexed) {
            return std::move(*this).skip(n);
        } else {
            return stored(detail::collect(flow_, "skip_any")).skip(n);
        }
    }
    /// The items before the first one for which `keeps(item)` does not hold. Those behind it are cancelled.
    template <class F>
    auto take_any_while(const F& keeps) && {
        detail::check_predicate<F, item_type>();
        if constexpr (indexed && detail::is_plain_source<Source>) {
            const std::size_t end = first_not(keeps, "take_any_while");
            return std::move(*this).take(end);
        } else {
            return stored(detail::collect_while(flow_, keeps, "take_any_while"));
        }
    }
    /// The first item for which `drops(item)` does not hold, and all behind it.
    template <class F>
    auto skip_any_while(const F& drops) && {
        detail::check_predicate<F, item_type>();
        if constexpr (indexed && detail::is_plain_source<Source>) {
            const std::size_t begin = first_not(drops, "skip_any_while");
            return std::move(*this).skip(begin);
        } else {
            auto items = stored(detail::collect(flow_, "skip_any_while"));
            const std::size_t begin = items.first_not([&drops](const auto& x) { return static_cast<bool>(detail::give(drops, x)); }, "skip_any_while");
            return std::move(items).skip(begin);
        }
    }
    /// What the items, which are optionals, hold, up to the first one that holds nothing. Those behind it are cancelled.
    auto while_some() && {
        static_assert(requires(item_type x) { static_cast<bool>(x); *x; }, "xrayon: while_some: items must be std::optional");
        return stored(detail::collect_some(flow_, "while_some"));
    }

    // --- sinks with scratch (the others are members of sequence_sinks) ------------------------------------------------------------------

    /// Calls `function(scratch, item)` for each item, with scratch as map_init's.
    template <class Init, class F>
    void for_each_init(Init init, const F& function) && {
        std::move(*this).map_init(std::move(init), without_result(function)).for_each([](no_value) {});
    }
    /// for_each_init with copies of `value`.
    template <class T, class F>
    void for_each_with(T value, const F& function) && {
        std::move(*this).map_with(std::move(value), without_result(function)).for_each([](no_value) {});
    }
    /// try_for_each with scratch as map_init's.
    template <class Init, class F>
    [[nodiscard]] auto try_for_each_init(Init init, const F& function) && {
        return std::move(*this).map_init(std::move(init), by_reference(function)).try_for_each([](auto result) { return result; });
    }
    /// try_for_each_init with copies of `value`.
    template <class T, class F>
    [[nodiscard]] auto try_for_each_with(T value, const F& function) && {
        return std::move(*this).map_with(std::move(value), by_reference(function)).try_for_each([](auto result) { return result; });
    }

    /// What the sequence draws from, for sequences around this one.
    [[nodiscard]] Source take_source() &&
        requires indexed
    {
        if (flow_.options != nullptr) [[unlikely]] {
            throw argument_error("with: options stand on the sequence whose sink is called, not on one beside it (in zip, chain, cmp ...): they would be lost", "");
        }
        return std::move(flow_.source);
    }

private:
    template <class, class>
    friend class sequence;

    template <class F>
    static auto by_reference(const F& function) {
        return [&function](auto& scratch, item_type x) { return std::invoke(function, scratch, std::forward<item_type>(x)); };
    }
    template <class F>
    static auto without_result(const F& function) {
        return [&function](auto& scratch, item_type x) {
            std::invoke(function, scratch, std::forward<item_type>(x));
            return no_value{};
        };
    }
    /// The index of the first item for which `holds(item)` does not hold, or size().
    template <class F>
    std::size_t first_not(const F& holds, std::string_view name) const {
        const auto fails = [&holds](const auto& x) { return !static_cast<bool>(detail::give(holds, x)); };
        return detail::position_first(flow_, fails, name).value_or(size());
    }
    template <class Change>
    auto with_grain(const Change& change) {
        loop_options options = flow_.run_options();
        options.grain = change(options.grain);
        return std::move(*this).with(std::move(options));
    }
    /// A sequence of items that have been evaluated.
    template <class Results>
    auto stored(Results items) {
        using source = detail::owned_range<Results>;
        return sequence<source, detail::no_stage>(source(std::move(items)), {}, std::move(flow_.options));
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
    template <template <class, class, class> class Fold, class Init, class F>
    auto folded(std::size_t n, Init init, F step) {
        detail::check_init<Init>();
        detail::check_call<F, stored_t<std::invoke_result_t<const Init&>>, item_type>();
        auto options = flow_.options;
        using source = Fold<flow, Init, F>;
        return sequence<source, detail::no_stage>(source(std::move(flow_), n, std::move(init), std::move(step)), {}, std::move(options));
    }
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
    static_assert(!std::same_as<std::ranges::range_reference_t<Range>, std::vector<bool>::reference>,
                  "xrayon: par_mut: elements of a std::vector<bool> share bytes, and threads that write to neighbours lose results: use a vector of char");
    return sequence(detail::borrowed_range<Range>(range));
}

/// One item.
template <class T>
auto once(T value) {
    return sequence(detail::repeat_source<T>(std::move(value), 1));
}
/// The value n times; items refer to one.
template <class T>
auto repeat_n(T value, std::size_t n) {
    return sequence(detail::repeat_source<T>(std::move(value), n));
}
/// The value as often as anything asks for: 2^62 times. For zip, and for what ends early.
template <class T>
auto repeat(T value) {
    return sequence(detail::repeat_source<T>(std::move(value), std::size_t{1} << 62));
}
/// No item.
template <class T>
auto empty() {
    return sequence(detail::empty_source<T>());
}

/// What cannot be a source is refused with the reason.
template <class Range>
    requires(!indexed_range<std::remove_cvref_t<Range>>)
auto par(Range&&) {
    static_assert(!disable_indexed_range<std::remove_cvref_t<Range>>,
                  "xrayon: par: this is lazy, or an array of several axes: evaluate an expression first, and say rows(X), elements(X) or view_of(view)");
    static_assert(disable_indexed_range<std::remove_cvref_t<Range>>,
                  "xrayon: par: a source knows its size and reaches any element at once; par_bridge(range) takes what is read one by one");
    return empty<int>();
}

/// Tuples of the elements of several ranges or sequences, as many as the shortest has.
template <detail::sequence_operand... Ranges>
    requires(sizeof...(Ranges) >= 1)
auto zip(Ranges&&... ranges) {
    return sequence(detail::zip_source<detail::source_of_t<Ranges>...>(detail::source_of(std::forward<Ranges>(ranges))...));
}

} // namespace xrayon

#endif // XRAYON_PAR_SEQUENCE_HPP
