// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_FLOW_HPP
#define XRAYON_PAR_DETAIL_FLOW_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/leaf_cursor.hpp>
#include <xrayon/par/loop_options.hpp>

// What a sequence (par/sequence.hpp) is made of. A *source* has a size and is read by index: `source.open()` gives the reader of one run of
// items on one thread, `reader(i)` gives item i. Everything that gives one item for each item (map, zip, rev, chunks ...) is a source
// around a source. A *stage* stands behind the source where the number of items is no longer known (filter, flat_map ...): it turns the
// function that takes what comes out, `acc = step(acc, item)`, into the one that takes what goes in. The accumulator goes by value from
// step to step, which compilers turn into the loop that one would write by hand; nested views and push-style sinks stay slower.

namespace xrayon::detail {

template <class Source>
using reader_t = decltype(std::declval<const Source&>().open());

/// What is read from when the source is known.
template <class Source>
concept indexed_source = std::move_constructible<Source> && requires(const Source& source, reader_t<Source>& read) {
    { source.size() } -> std::same_as<std::size_t>;
    read(std::size_t{0});
};

template <indexed_source Source>
using source_item_t = decltype(std::declval<reader_t<Source>&>()(std::size_t{0}));

/// True of a source that calls no function of the user's: an item may be read twice.
template <class Source>
inline constexpr bool is_plain_source = false;

/// No stage: items are what the source gives.
struct no_stage {
    template <class In>
    using item = In;

    template <class Step>
    Step open(Step step) const {
        return step;
    }
};

/// A sequence taken apart, for sinks.
template <indexed_source Source, class Stage>
struct flow {
    using item = typename Stage::template item<source_item_t<Source>>;
    static constexpr bool indexed = std::same_as<Stage, no_stage>;

    Source source;
    Stage stage;
    std::shared_ptr<const loop_options> options;  // null: the defaults

    [[nodiscard]] loop_options run_options() const { return options == nullptr ? loop_options{} : *options; }
};

/// Items per leaf of a general fold over n items, left to right within: a function of n alone. Few items may be dear, so that they get leaves
/// of their own and up to 256 threads; many share leaves of 1,024.
constexpr std::size_t fold_leaf(std::size_t n) noexcept { return std::clamp<std::size_t>(n / 256, 1, 1024); }

/// The fold of a flow along the canonical tree: `start()` begins each leaf, `step(acc, item)` takes each item, `combine(left, right)` joins two.
template <class Flow, class Start, class Step, class Combine>
auto fold_flow(const Flow& flow, std::size_t leaf, const Start& start, const Step& step, const Combine& combine, std::string_view name) {
    using value = stored_t<std::invoke_result_t<const Start&>>;
    const auto begin_leaf = [&start]() -> value { return std::invoke(start); };
    const auto leaf_of = [&](std::size_t begin, std::size_t end, const leaf_cursor& cursor) {
        value acc = begin_leaf();
        auto read = flow.source.open();
        auto take = flow.stage.open(step);
        cursor.in_parts(begin, end, [&](std::size_t first, std::size_t last) {
            value now(std::move(acc));  // nobody else knows where it is, so that it stays in registers
            for (std::size_t i = first; i < last; ++i) {
                cursor.at(i);
                now = take(std::move(now), read(i));
            }
            acc = std::move(now);
        });
        return acc;
    };
    return fold_leaves<value>(flow.source.size(), leaf, leaf_of, begin_leaf, combine, flow.run_options(), name);
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_FLOW_HPP
