// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_LEAF_CURSOR_HPP
#define XRAYON_PAR_DETAIL_LEAF_CURSOR_HPP

#include <cstddef>

#include <xrayon/exec/call_context.hpp>
#include <xrayon/par/detail/guarded_call.hpp>

namespace xrayon::detail {

/// Where the evaluation of a leaf is: what it throws belongs to the item it came to, and between items it asks whether to go on.
class leaf_cursor {
public:
    leaf_cursor(const guarded_call& call, call_frame& frame, bool one_by_one) noexcept : call_(call), frame_(frame), one_by_one_(one_by_one) {}

    [[nodiscard]] call_frame& frame() const noexcept { return frame_; }

    /// Calls `run(b, e, at)` for [begin, end) in parts that are short enough to be stopped between them. `at` is a number that the function
    /// keeps at the item it is evaluating, so that what it throws is known to be that one's.
    template <class Run>
    void in_parts(std::size_t begin, std::size_t end, const Run& run) const {
        std::size_t at = begin;
        try {
            const std::size_t length = one_by_one_ ? 1 : part;
            while (begin < end) {
                const std::size_t stop = end - begin < length ? end : begin + length;
                run(begin, stop, at);
                begin = stop;
                if (begin < end) {
                    at = begin;
                    reach(begin);
                }
            }
        } catch (const guarded_call::stop_claim&) {
            throw;
        } catch (...) {
            frame_.index = at;
            throw;
        }
    }

    /// Item `index` comes next. Throws stop_claim if it need not run any more.
    void reach(std::size_t index) const {
        frame_.index = index;
        call_.watch(frame_);
    }

private:
    static constexpr std::size_t part = 128;

    const guarded_call& call_;
    call_frame& frame_;
    bool one_by_one_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_LEAF_CURSOR_HPP
