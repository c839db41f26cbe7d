// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_EACH_ITEM_HPP
#define XRAYON_PAR_DETAIL_EACH_ITEM_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/call_progress.hpp>
#include <xrayon/exec/tick_clock.hpp>
#include <xrayon/par/detail/call_history.hpp>
#include <xrayon/par/detail/guarded_call.hpp>

namespace xrayon::detail {

/// Does what is to be done around one item, also when the item throws.
class watched_item {
public:
    watched_item(const item_watch& watch, const call_frame& frame) noexcept : watch_(watch), frame_(frame) { watch_.before(frame_); }
    ~watched_item() { watch_.after(frame_); }
    watched_item(const watched_item&) = delete;
    watched_item& operator=(const watched_item&) = delete;

private:
    const item_watch& watch_;
    const call_frame& frame_;
};

/// Work of a guarded call: `item(i)` for every i, independent of each other.
template <class Item>
class each_item {
public:
    static inline constinit call_history history = {};

    explicit each_item(const Item& item) : item_(item) {}

    /// Takes the next `want` items. Alone, a plain store is enough; a claim costs an atomic add only once work is shared.
    template <bool Alone>
    index_block claim(std::atomic<std::size_t>& next, std::size_t unclaimed, std::size_t want, std::size_t count) const noexcept {
        want = std::min({want, count, std::size_t{1} << 48});  // so that all threads together cannot count past the end of the type
        if constexpr (Alone) {
            const std::size_t end = count - unclaimed < want ? count : unclaimed + want;
            next.store(end, std::memory_order_relaxed);
            return {unclaimed, end};
        } else {
            const std::size_t begin = next.fetch_add(want, std::memory_order_relaxed);
            return {begin, begin >= count || count - begin < want ? count : begin + want};
        }
    }

    /// Runs items [begin, end); by exception out of the middle, with frame.index where it stopped. Items that are dear, or
    /// hooked, are watched one by one; cheap ones in runs of up to 512, which the compiler may vectorise (at 64 the ends of the
    /// runs cost a tenth of a nanosecond an item). What was cheap so far may become dear: a run that takes long is the last.
    /// `watch` is null when nobody looks on; to have that in code of its own keeps items free of what only watching needs.
    /// Returns how many of them finished in vain: none.
    std::size_t run(const guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end, bool one_by_one,
                    const item_watch* watch) const {
        if (watch != nullptr) {
            run_watched(call, frame, begin, end, one_by_one, *watch);
            return 0;
        }
        if (!one_by_one) {
            begin = run_in_runs(call, frame, begin, end, [](std::size_t) {});
        }
        const std::size_t first = begin;
        for (std::size_t i = begin; i < end; ++i) {
            frame.index = i;
            if (i != first) {
                call.watch(frame);
            }
            item_(i);
        }
        return 0;
    }

private:
    static constexpr tick_clock::ticks long_run = 100;  // microseconds

    /// Runs items until all are done, or until they turn out to be dear; returns how far it came. `reached(i)` is called between runs.
    template <class Reached>
    std::size_t run_in_runs(const guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end, const Reached& reached) const {
        tick_clock::ticks last = 0;
        for (std::size_t length = 64; begin < end; length = 512) {
            const std::size_t stop = end - begin < length ? end : begin + length;
            for (std::size_t i = begin; i < stop; ++i) {
                frame.index = i;
                item_(i);
            }
            begin = stop;
            reached(begin);
            if (begin < end) {
                frame.index = begin;
                call.watch(frame);
                const auto now = tick_clock::now();
                if (last != 0 && now - last > long_run * tick_clock::per_microsecond()) {
                    return begin;
                }
                last = now;
            }
        }
        return end;
    }

    XRAYON_NOINLINE void run_watched(const guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end, bool one_by_one,
                                     const item_watch& watch) const {
        if (!one_by_one && !watch.hooked()) {
            begin = run_in_runs(call, frame, begin, end, [&](std::size_t index) { watch.reach(index); });
        }
        const std::size_t first = begin;
        for (std::size_t i = begin; i < end; ++i) {
            frame.index = i;
            if (i != first) {
                call.watch(frame);
            }
            const watched_item around(watch, frame);
            item_(i);
        }
    }

    const Item& item_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_EACH_ITEM_HPP
