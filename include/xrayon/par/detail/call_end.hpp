// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_CALL_END_HPP
#define XRAYON_PAR_DETAIL_CALL_END_HPP

#include <optional>
#include <utility>

#include <xrayon/exec/call_context.hpp>
#include <xrayon/par/detail/call_outcome.hpp>
#include <xrayon/par/detail/guarded_call.hpp>

namespace xrayon::detail {

/// Ends a call at the item, or the merge, that is being evaluated: what comes behind it is cancelled, what comes before runs to its end,
/// because it may end the call too, or throw. The lowest wins.
template <class Found>
class call_end {
public:
    call_end(call_outcome& outcome, std::optional<Found>& found) : outcome_(outcome), found_(found) {}

    [[noreturn]] void operator()(Found what) const {
        outcome_.hit(current_call()->index, [&] { found_.emplace(std::move(what)); });
        throw guarded_call::stop_claim{};
    }

private:
    call_outcome& outcome_;
    std::optional<Found>& found_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_CALL_END_HPP
