// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_LEAF_CURSOR_HPP
#define XRAYON_PAR_DETAIL_LEAF_CURSOR_HPP

#include <cstddef>

#include <xrayon/exec/call_context.hpp>
#include <xrayon/par/detail/guarded_call.hpp>

namespace xrayon::detail {

/// Where the evaluation of a leaf is, and whether it is to go on.
class leaf_cursor {
public:
    leaf_cursor(const guarded_call& call, call_frame& frame, bool one_by_one) noexcept : call_(call), frame_(frame), one_by_one_(one_by_one) {}

    /// The most items that in_parts runs at once.
    static constexpr std::size_t part = 128;

    [[nodiscard]] call_frame& frame() const noexcept { return frame_; }

    /// Calls `run(b, e)` for [begin, end) in parts that are short enough to be stopped between them. The function says at(i) before each item.
    template <class Run>
    void in_parts(std::size_t begin, std::size_t end, const Run& run) const {
        const std::size_t length = one_by_one_ ? 1 : part;
        for (std::size_t first = begin; first < end;) {
            if (first != begin) {
                reach(first);
            }
            const std::size_t last = end - first < length ? end : first + length;
            run(first, last);
            first = last;
        }
    }

    /// Calls `item(i)` for every i in [begin, end).
    template <class Item>
    void each(std::size_t begin, std::size_t end, Item&& item) const {
        in_parts(begin, end, [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) {
                at(i);
                item(i);
            }
        });
    }

    /// Item `index` is evaluated now: what it throws, and where calls inside it are, is known by it. A store that costs nothing where the
    /// item is inlined (item_index says why).
    void at(std::size_t index) const noexcept { frame_.index = index; }

    /// Item `index` comes next. Throws stop_claim if it need not run any more.
    void reach(std::size_t index) const {
        frame_.index = index;
        call_.watch(frame_);
    }

private:
    const guarded_call& call_;
    call_frame& frame_;
    bool one_by_one_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_LEAF_CURSOR_HPP
