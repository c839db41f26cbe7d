// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_FIRST_HIT_HPP
#define XRAYON_PAR_DETAIL_FIRST_HIT_HPP

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <xrayon/par/detail/call_end.hpp>
#include <xrayon/par/detail/each_item.hpp>
#include <xrayon/par/detail/guarded_call.hpp>
#include <xrayon/par/loop_options.hpp>

namespace xrayon::detail {

/// What the lowest item ended the search with: `make_item(end)` gives the function of a run of items, which calls `end(value)`, a call_end.
/// Items above it are cancelled, those below run to their end: one of them may end it too, or throw; the lowest of all that wins, as in a
/// plain loop.
template <class Value, class MakeItem>
[[nodiscard]] std::optional<Value> first_end(std::size_t n, const MakeItem& make_item, const loop_options& options, std::string_view name) {
    guarded_call call(n, options, name);
    std::optional<Value> found;
    struct item {
        const MakeItem& make_item;
        const call_end<Value> end;
        auto open() const { return make_item(end); }
    };
    const item each{make_item, call_end<Value>(call.outcome(), found)};
    each_item work(each);
    call.run(work);
    call.outcome().forget_above_hit();
    call.outcome().report();
    if (!call.outcome().searched()) {
        call.outcome().raise();
    }
    return found;
}

/// What the lowest item gave for which `probe(i)`, a std::optional<Value>, holds something; `make_probe()` gives the probe of a run of items.
template <class Value, class MakeProbe>
[[nodiscard]] std::optional<Value> first_hit(std::size_t n, const MakeProbe& make_probe, const loop_options& options, std::string_view name) {
    const auto make_item = [&make_probe](const call_end<Value>& end) {
        return [probe = make_probe(), &end](std::size_t i) mutable {
            if (std::optional<Value> result = probe(i)) {
                end(*std::move(result));
            }
        };
    };
    return first_end<Value>(n, make_item, options, name);
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_FIRST_HIT_HPP
