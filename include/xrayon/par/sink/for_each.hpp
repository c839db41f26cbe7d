// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_FOR_EACH_HPP
#define XRAYON_PAR_SINK_FOR_EACH_HPP

#include <cstddef>
#include <utility>

#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/detail/run_each.hpp>

namespace xrayon::detail {

struct nothing {};

template <class Flow, class Function>
void for_each(const Flow& flow, const Function& function) {
    struct item {
        const Flow& flow;
        const Function& function;
        auto open() const {
            return [read = flow.source.open(), take = flow.stage.open([&function = function](nothing, auto&& x) {
                        static_cast<void>(give(function, std::forward<decltype(x)>(x)));
                        return nothing{};
                    })](std::size_t i) mutable { take(nothing{}, read(i)); };
        }
    };
    run_each(flow.source.size(), item{flow, function}, flow.options_of("for_each"), "for_each");
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_FOR_EACH_HPP
