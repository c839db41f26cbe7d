// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_FIRST_HIT_HPP
#define XRAYON_PAR_DETAIL_FIRST_HIT_HPP

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <xrayon/par/detail/each_item.hpp>
#include <xrayon/par/detail/guarded_call.hpp>
#include <xrayon/par/loop_options.hpp>

namespace xrayon::detail {

/// What the lowest item gave for which `probe(i)`, a std::optional<Value>, holds something. Items above it are cancelled, those below
/// run to their end: one of them may give something too, or throw; the lowest of all that wins, as in a plain loop.
template <class Value, class MakeProbe>
[[nodiscard]] std::optional<Value> first_hit(std::size_t n, const MakeProbe& make_probe, const loop_options& options, std::string_view name) {
    guarded_call call(n, options, name);
    std::optional<Value> found;
    struct item {
        const MakeProbe& make_probe;
        guarded_call& call;
        std::optional<Value>& found;
        auto open() const {
            return [probe = make_probe(), &call = call, &found = found](std::size_t i) mutable {
                if (std::optional<Value> result = probe(i)) {
                    call.outcome().hit(i, [&] { found.emplace(*std::move(result)); });
                    throw guarded_call::stop_claim{};
                }
            };
        }
    };
    const item each{make_probe, call, found};
    each_item work(each);
    call.run(work);
    call.outcome().forget_above_hit();
    call.outcome().report();
    if (!call.outcome().searched()) {
        call.outcome().raise();
    }
    return found;
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_FIRST_HIT_HPP
