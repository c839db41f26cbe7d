// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_EACH_ITEM_HPP
#define XRAYON_PAR_DETAIL_EACH_ITEM_HPP

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

/// A function of an index that has `open()` is asked for the one to call by each run of items on one thread, which keeps it to itself:
/// state of a run, such as borrowed scratch, lives in there.
template <class Item>
decltype(auto) opened(const Item& item) {
    if constexpr (requires { item.open(); }) {
        return item.open();
    } else {
        return (item);
    }
}

/// Work of a guarded call: `item(i)` for every i, independent of each other.
template <class Item>
class each_item final : public call_work {
    static inline constinit call_history history_here = {};

public:
    explicit each_item(const Item& item) : call_work(history_here), item_(item) {}

    /// Runs items [begin, end); by exception out of the middle, with frame.index where it stopped. Items that are dear, or
    /// hooked, are watched one by one; cheap ones in runs of up to 512, which the compiler may vectorise (at 64 the ends of the
    /// runs cost a tenth of a nanosecond an item). What was cheap so far may become dear: a run that takes long is the last.
    /// `watch` is null when nobody looks on; to have that in code of its own keeps items free of what only watching needs.
    /// Returns how many of them finished in vain: none.
    std::size_t run(guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end, bool one_by_one, const item_watch* watch) override {
        frame.index = begin;
        auto&& item = opened(item_);
        if (watch != nullptr) {
            run_watched(item, call, frame, begin, end, one_by_one, *watch);
            return 0;
        }
        if (!one_by_one) {
            begin = run_in_runs(item, call, frame, begin, end, [](std::size_t) {});
        }
        const std::size_t first = begin;
        for (std::size_t i = begin; i < end; ++i) {
            frame.index = i;
            if (i != first) {
                call.watch(frame);
            }
            item(i);
        }
        return 0;
    }

private:
    static constexpr tick_clock::ticks long_run = 100;  // microseconds
    static constexpr std::size_t lanes = 8;  // a known number of neighbours, which g++ -O2 can turn into vector instructions

    /// Runs items until all are done, or until they turn out to be dear; returns how far it came. `reached(i)` is called between runs.
    template <class Open, class Reached>
    static std::size_t run_in_runs(Open& item, const guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end,
                                   const Reached& reached) {
        tick_clock::ticks last = 0;
        for (std::size_t length = 64; begin < end; length = 512) {
            const std::size_t stop = end - begin < length ? end : begin + length;
            std::size_t i = begin;
            for (; stop - i >= lanes; i += lanes) {
                for (std::size_t lane = 0; lane < lanes; ++lane) {
                    frame.index = i + lane;
                    item(i + lane);
                }
            }
            for (; i < stop; ++i) {
                frame.index = i;
                item(i);
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

    template <class Open>
    XRAYON_NOINLINE static void run_watched(Open& item, const guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end,
                                            bool one_by_one, const item_watch& watch) {
        if (!one_by_one && !watch.hooked()) {
            begin = run_in_runs(item, call, frame, begin, end, [&](std::size_t index) { watch.reach(index); });
        }
        const std::size_t first = begin;
        for (std::size_t i = begin; i < end; ++i) {
            frame.index = i;
            if (i != first) {
                call.watch(frame);
            }
            const watched_item around(watch, frame);
            item(i);
        }
    }

    const Item& item_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_EACH_ITEM_HPP
