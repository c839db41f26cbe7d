// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SEQUENCE_SINKS_HPP
#define XRAYON_PAR_SEQUENCE_SINKS_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/stored.hpp>
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
#include <xrayon/par/sink/try.hpp>
#include <xrayon/par/source/range.hpp>
#include <xrayon/par/source/zip.hpp>
#include <xrayon/par/stage/select.hpp>
#include <xrayon/par/try_result.hpp>

namespace xrayon {

namespace detail {

/// What can stand beside a sequence, as in zip and chain: a range, or a sequence that gives one item for each of its source.
template <class T>
concept sequence_operand = indexed_range<std::remove_cvref_t<T>> || requires(T&& t) { std::forward<T>(t).take_source(); };

// Classes, because a class is instantiated where it is named: what is wrong is said before anything else goes wrong.

template <class F, class Item>
struct check_function {
    constexpr check_function() noexcept {}
    static_assert(takes_item<F, Item>,
                  "xrayon: the function must take an item and be callable as const (not `mutable`): several threads call it at once");
};
template <class F, class Item>
struct check_predicate {
    constexpr check_predicate() noexcept {}
    static_assert(tests_item<F, Item>,
                  "xrayon: the predicate must take a const item, give a bool and be callable as const (not `mutable`): several threads call it at once");
};
template <class F, class... Arguments>
struct check_call {
    constexpr check_call() noexcept {}
    static_assert(std::invocable<const F&, Arguments...>,
                  "xrayon: the function does not take what it is called with, or is not callable as const (a lambda that is `mutable`): several threads call it at once");
};
/// What begins a fold, a reduction or a scratch object: `init()`.
template <class Init>
struct check_init {
    constexpr check_init() noexcept {}
    static_assert(std::invocable<const Init&>,
                  "xrayon: what makes the first value must be callable without arguments and as const (not `mutable`): several threads call it at once");
};

/// @throws argument_error  "<before><wanted><behind>, got <got>" if they differ
inline void check_size(std::string_view before, std::size_t wanted, std::string_view behind, std::size_t got) {
    if (got != wanted) [[unlikely]] {
        check(false, std::string(before) + to_text(wanted) + std::string(behind), got);
    }
}

} // namespace detail

/// What ends a sequence (par/sequence.hpp, which says what all of these promise): each member uses the sequence up and evaluates it.
template <class Source, class Stage>
class sequence_sinks {
protected:
    using flow = detail::flow<Source, Stage>;

public:
    using item_type = typename flow::item;
    static constexpr bool indexed = flow::indexed;

    /// Items of an indexed sequence.
    [[nodiscard]] std::size_t size() const
        requires indexed
    {
        return flow_.source.size();
    }
    /// How many items come out, if that is known before they are evaluated.
    [[nodiscard]] std::optional<std::size_t> opt_len() const {
        return indexed ? std::optional(flow_.source.size()) : std::nullopt;
    }

    /// Calls `function(item)` for each item.
    template <class F>
    void for_each(const F& function) && {
        detail::check_function<F, item_type>();
        detail::for_each(flow_, function, "for_each");
    }
    /// Calls `function(item)`, which gives a result (par/try_result.hpp), for each item: the first failed one, or a successful one. Items
    /// behind a failure are cancelled.
    template <class F>
    [[nodiscard]] auto try_for_each(const F& function) && {
        detail::check_function<F, item_type>();
        return detail::try_for_each(flow_, function, "try_for_each");
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
        detail::check_size("collect_into: the output must have ", size(), " elements", out.size());
        using pairs = detail::zip_source<Source, detail::source_of_t<std::span<T>&>>;
        const detail::flow<pairs, detail::no_stage> both{pairs(std::move(flow_.source), detail::source_of(out)), {}, flow_.options};
        detail::for_each(both, [](auto&& pair) { std::get<1>(pair) = std::get<0>(std::forward<decltype(pair)>(pair)); }, "collect_into");
    }
    template <class Range>
        requires indexed && requires(Range& out) { std::span(out); }
    void collect_into(Range& out) && {
        std::move(*this).collect_into(std::span<typename decltype(std::span(out))::element_type>(out));
    }

    /// Puts the items into `out` instead of what it holds, which stays if one throws.
    template <class T>
    void collect_into_vec(std::vector<T>& out) && {
        out = std::move(*this).to_vector();
    }
    /// The items in order, as vectors that follow each other: what blocks of the source give, unmoved.
    [[nodiscard]] auto collect_vec_list() && {
        using list = std::vector<stored_t<item_type>>;
        const auto put = [](list& kept, auto&& x) { kept.emplace_back(std::forward<decltype(x)>(x)); };
        return detail::keep_blocks<list>(flow_, put, "collect_vec_list");
    }
    /// Of results (par/try_result.hpp): the same kind of result with all that they hold, as `collect` gives it; or the first failed one's
    /// reason. Items behind a failure are cancelled.
    [[nodiscard]] auto try_collect() && { return detail::try_collect(flow_, "try_collect"); }

    /// `pair(those for which matches(item) holds, the others)`, both in order.
    template <class F>
    [[nodiscard]] auto partition(const F& matches) && {
        detail::check_predicate<F, item_type>();
        return detail::partition(flow_, matches);
    }

    /// Of pairs: `pair(first elements, second elements)`, both in order.
    [[nodiscard]] auto unzip() && { return detail::unzip(flow_); }

    /// unzip into two vectors, instead of what they hold, which stays if an item throws.
    template <class A, class B>
    void unzip_into_vecs(std::vector<A>& first, std::vector<B>& second) && {
        auto [a, b] = std::move(*this).unzip();
        std::vector<A> new_first = std::move(a).to_vector();
        second = std::move(b).to_vector();
        first = std::move(new_first);
    }
    /// `function(item)` gives a std::variant of two: `pair(what it holds as the first, what it holds as the second)`, both in order.
    template <class F>
    [[nodiscard]] auto partition_map(const F& function) && {
        detail::check_function<F, item_type>();
        return detail::partition_map(flow_, function);
    }

    /// The sum. Of numbers: along the canonical tree over leaves of sum_leaf items in sum_lanes lanes (par/sink/sum.hpp), in the type of
    /// `x + x`; 0 if there are none. Of anything else: `a + b` in the order of `reduce_with`, T{} if there are none.
    [[nodiscard]] auto sum() && { return joined(std::plus<>{}, 0, "sum"); }

    /// The product, likewise; 1 if there are no numbers.
    [[nodiscard]] auto product() && { return joined(std::multiplies<>{}, 1, "product"); }

    /// How many items come out. The functions of stages are called, for one of them may throw.
    [[nodiscard]] std::size_t count() && { return detail::count(flow_); }

    /// Items joined by `join(a, b)`: left to right from `identity()` within leaves (see `fold`), leaves along the canonical tree.
    template <class Identity, class F>
    [[nodiscard]] auto reduce(const Identity& identity, const F& join) && {
        detail::check_init<Identity>();
        detail::check_call<F, stored_t<std::invoke_result_t<const Identity&>>, item_type>();
        return detail::reduce(flow_, identity, join);
    }

    /// The same without identity: a std::optional, empty if there are no items.
    template <class F>
    [[nodiscard]] auto reduce_with(const F& join) && {
        detail::check_call<F, stored_t<item_type>, item_type>();
        return detail::reduce_with(flow_, join, "reduce_with");
    }

    /// reduce of results (par/try_result.hpp): `join(a, b)` of what two of them hold gives one too. The first failed one, or what the whole is.
    template <class Identity, class F>
    [[nodiscard]] auto try_reduce(const Identity& identity, const F& join) && {
        detail::check_init<Identity>();
        detail::check_call<F, try_output_t<item_type>, try_output_t<item_type>>();
        const auto begin = [&identity] { return std::optional<try_output_t<item_type>>(std::invoke(identity)); };
        return *detail::try_reduce(flow_, begin, join, "try_reduce");
    }
    /// The same without identity: a std::optional of the result, empty if there are no items.
    template <class F>
    [[nodiscard]] auto try_reduce_with(const F& join) && {
        detail::check_call<F, try_output_t<item_type>, try_output_t<item_type>>();
        return detail::try_reduce(flow_, [] { return std::optional<try_output_t<item_type>>(); }, join, "try_reduce_with");
    }

    /// The first of the smallest items by natural_less (NaN behind everything); nothing if there are none.
    [[nodiscard]] auto min() && { return detail::extreme_number<false>(flow_, "min"); }
    /// The last of the greatest items by natural_less: NaN if there is one.
    [[nodiscard]] auto max() && { return detail::extreme_number<true>(flow_, "max"); }
    /// The first of the smallest by `less(a, b)`.
    template <class Less>
    [[nodiscard]] auto min_by(const Less& less) && {
        detail::check_call<Less, const std::remove_reference_t<item_type>&, const std::remove_reference_t<item_type>&>();
        return detail::min_item(flow_, less, "min_by");
    }
    /// The last of the greatest by `less(a, b)`.
    template <class Less>
    [[nodiscard]] auto max_by(const Less& less) && {
        detail::check_call<Less, const std::remove_reference_t<item_type>&, const std::remove_reference_t<item_type>&>();
        return detail::max_item(flow_, less, "max_by");
    }
    /// The first of those whose key(item) is smallest. The key function is called once for each item.
    template <class Key>
    [[nodiscard]] auto min_by_key(const Key& key) && {
        detail::check_function<Key, const std::remove_reference_t<item_type>&>();
        return detail::extreme_by_key<false>(std::move(flow_), key, "min_by_key");
    }
    /// The last of those whose key(item) is greatest. The key function is called once for each item.
    template <class Key>
    [[nodiscard]] auto max_by_key(const Key& key) && {
        detail::check_function<Key, const std::remove_reference_t<item_type>&>();
        return detail::extreme_by_key<true>(std::move(flow_), key, "max_by_key");
    }

    /// The first item for which `matches(item)` holds. Those behind it are cancelled; what they throw is not thrown.
    template <class F>
    [[nodiscard]] auto find_first(const F& matches) && {
        detail::check_predicate<F, item_type>();
        return detail::find_first(flow_, matches, "find_first");
    }
    /// The same as find_first: with "any" the answer would depend on threads.
    template <class F>
    [[nodiscard]] auto find_any(const F& matches) && {
        detail::check_predicate<F, item_type>();
        return detail::find_first(flow_, matches, "find_any");
    }
    /// The last item for which `matches(item)` holds. The search runs from the back: items in front of it are cancelled.
    template <class F>
    [[nodiscard]] auto find_last(const F& matches) && {
        detail::check_predicate<F, item_type>();
        return detail::find_last(flow_, matches, "find_last");
    }
    /// The first thing that `function(item)`, a std::optional, holds.
    template <class F>
    [[nodiscard]] auto find_map_first(const F& function) && {
        detail::check_function<F, item_type>();
        return detail::find_map(flow_, function, "find_map_first");
    }
    /// The same as find_map_first.
    template <class F>
    [[nodiscard]] auto find_map_any(const F& function) && {
        detail::check_function<F, item_type>();
        return detail::find_map(flow_, function, "find_map_any");
    }
    /// The last thing that `function(item)`, a std::optional, holds; from the back, as find_last.
    template <class F>
    [[nodiscard]] auto find_map_last(const F& function) && {
        detail::check_function<F, item_type>();
        return detail::find_map_last(flow_, function, "find_map_last");
    }
    /// True when `matches(item)` holds for some item.
    template <class F>
    [[nodiscard]] bool any(const F& matches) && {
        detail::check_predicate<F, item_type>();
        return detail::some(flow_, matches, true, "any");
    }
    /// True when `matches(item)` holds for every item.
    template <class F>
    [[nodiscard]] bool all(const F& matches) && {
        detail::check_predicate<F, item_type>();
        return !detail::some(flow_, matches, false, "all");
    }
    /// The index of the first item for which `matches(item)` holds.
    template <class F>
    [[nodiscard]] std::optional<std::size_t> position_first(const F& matches) &&
        requires indexed
    {
        detail::check_predicate<F, item_type>();
        return detail::position_first(flow_, matches, "position_first");
    }
    /// The same as position_first.
    template <class F>
    [[nodiscard]] std::optional<std::size_t> position_any(const F& matches) &&
        requires indexed
    {
        detail::check_predicate<F, item_type>();
        return detail::position_first(flow_, matches, "position_any");
    }
    /// The index of the last such item. Items before it are cancelled; order runs from the back here.
    template <class F>
    [[nodiscard]] std::optional<std::size_t> position_last(const F& matches) &&
        requires indexed
    {
        detail::check_predicate<F, item_type>();
        const std::size_t n = size();
        using reversed = detail::select_source<Source>;
        const detail::flow<reversed, detail::no_stage> backwards{
            reversed(std::move(flow_.source), 0, n, 1, true), {}, std::make_shared<const loop_options>(detail::from_the_back(flow_.run_options(), n))};
        const auto found = detail::position_first(backwards, matches, "position_last");
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

protected:
    explicit sequence_sinks(flow items) : flow_(std::move(items)) {}

    flow flow_;

private:
    template <class Join>
    auto joined(const Join& join, int none, std::string_view name) {
        using number = std::remove_cvref_t<item_type>;
        if constexpr (std::is_arithmetic_v<number>) {
            using total = decltype(join(number{}, number{}));
            return detail::join_numbers<total>(flow_, static_cast<total>(none), join, name);
        } else {
            return detail::reduce_with(flow_, join, name).value_or(stored_t<item_type>{});
        }
    }
};

} // namespace xrayon

#endif // XRAYON_PAR_SEQUENCE_SINKS_HPP
