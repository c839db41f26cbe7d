// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_TAKE_HPP
#define XRAYON_PAR_SINK_TAKE_HPP

#include <cstddef>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/detail/guarded_call.hpp>
#include <xrayon/par/detail/tree_fold.hpp>
#include <xrayon/par/no_value.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/sink/collect.hpp>

namespace xrayon::detail {

/// The items before the first one for which `keeps(item)` does not hold. Those behind it are cancelled.
template <class Flow, class Predicate>
auto collect_while(const Flow& flow, const Predicate& keeps, std::string_view name) {
    using value = stored_t<typename Flow::item>;
    const auto put = [&keeps](std::vector<value>& list, auto&& x, const auto& stop) {
        if (!static_cast<bool>(give(keeps, std::as_const(x)))) {
            stop(no_value{});
        }
        list.emplace_back(std::forward<decltype(x)>(x));
    };
    std::optional<no_value> ended;
    auto kept = keep_blocks_until<std::vector<value>>(flow, put, ended, name);
    return join_blocks<value>(kept, std::identity{}, name);
}

/// What the items, which are optionals, hold, up to the first one that holds nothing.
template <class Flow>
auto collect_some(const Flow& flow, std::string_view name) {
    using value = stored_t<decltype(*std::declval<typename Flow::item>())>;
    const auto put = [](std::vector<value>& list, auto&& x, const auto& stop) {
        if (!x) {
            stop(no_value{});
        }
        list.emplace_back(*std::forward<decltype(x)>(x));
    };
    std::optional<no_value> ended;
    auto kept = keep_blocks_until<std::vector<value>>(flow, put, ended, name);
    return join_blocks<value>(kept, std::identity{}, name);
}

/// How many items the blocks without a gap before them have kept, while blocks are finished in any order.
class prefix_count {
public:
    explicit prefix_count(std::size_t blocks) : counts_(blocks, unknown) {}

    /// Block `number` has kept `count`. Calls `reached(block, before)` under a lock if the blocks without a gap now have `want` together: which
    /// one had the last of them, and how many those before it have.
    template <class Reached>
    void finish(std::size_t number, std::size_t count, std::size_t want, const Reached& reached) {
        const std::lock_guard lock(mutex_);
        counts_[number] = count;
        for (; next_ < counts_.size() && counts_[next_] != unknown; ++next_) {
            if (want - total_ <= counts_[next_]) {
                reached(next_, total_);
                return;
            }
            total_ += counts_[next_];
        }
    }

private:
    static constexpr std::size_t unknown = std::numeric_limits<std::size_t>::max();

    std::mutex mutex_;
    std::vector<std::size_t> counts_;
    std::size_t next_ = 0;   // the first block that is not finished
    std::size_t total_ = 0;  // of those before it
};

/// The first `want` items that come out. Work ends soon after so many are known to be there; what items behind the last of them throw is
/// not thrown.
template <class Flow>
auto collect_first(const Flow& flow, std::size_t want, std::string_view name) {
    using value = stored_t<typename Flow::item>;
    struct block_list {
        std::vector<value> values;
        std::vector<std::size_t> items;  // of the source, that they come from
    };
    const std::size_t n = want == 0 ? 0 : flow.source.size();
    const std::size_t block = block_length(n);
    std::vector<block_list> kept(n / block + (n % block != 0));
    prefix_count counts(kept.size());
    const loop_options options = flow.run_options();
    guarded_call call(n, options, name);
    check_foldable(call, n);
    const auto end_at = [&](std::size_t number, std::size_t before) { call.outcome().hit(kept[number].items[want - before - 1], [] {}); };
    const auto leaf = [&](std::size_t begin, std::size_t end, const leaf_cursor& cursor) {
        block_list& mine = kept[begin / block];
        std::size_t at = begin;
        auto read = flow.source.open();
        auto take = flow.stage.open([&](no_fold, auto&& x) {
            mine.values.emplace_back(std::forward<decltype(x)>(x));
            mine.items.push_back(at);
            if (mine.items.size() >= want) {  // no block needs more, and one of them may have trillions of items
                call.outcome().hit(at, [] {});
                throw guarded_call::stop_claim{};
            }
            return no_fold{};
        });
        cursor.each(begin, end, [&](std::size_t i) {
            at = i;
            take(no_fold{}, read(i));
        });
        counts.finish(begin / block, mine.items.size(), want, end_at);
        return no_fold{};
    };
    const auto nothing = [](no_fold, no_fold) { return no_fold{}; };
    tree_fold<no_fold, decltype(leaf), decltype(nothing)> work(n, block, leaf, nothing);
    call.run(work);
    std::size_t before = 0;
    for (std::size_t b = 0; b < kept.size(); ++b) {
        if (want - before <= kept[b].items.size()) {
            end_at(b, before);  // also in a block that failed behind the last one wanted
            kept[b].values.erase(kept[b].values.begin() + static_cast<std::ptrdiff_t>(want - before), kept[b].values.end());
            kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(b) + 1, kept.end());
            break;
        }
        before += kept[b].items.size();
    }
    call.outcome().forget_above_hit();
    call.outcome().report();
    if (!call.outcome().searched()) {
        call.outcome().raise();
    }
    return join_blocks<value>(kept, [](block_list& each) -> auto& { return each.values; }, name);
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_TAKE_HPP
