// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_FOR_EACH_HPP
#define XRAYON_PAR_SINK_FOR_EACH_HPP

#include <cstddef>
#include <string_view>
#include <utility>

#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/detail/run_each.hpp>

namespace xrayon::detail {

template <class Flow, class Function>
void for_each(const Flow& flow, const Function& function, std::string_view name) {
    struct item {
        const Flow& flow;
        const Function& function;
        auto open() const {
            return [read = flow.source.open(), take = flow.stage.open([&function = function](no_fold, auto&& x) {
                        static_cast<void>(give(function, std::forward<decltype(x)>(x)));
                        return no_fold{};
                    })](std::size_t i) mutable { take(no_fold{}, read(i)); };
        }
    };
    run_each(flow.source.size(), item{flow, function}, flow.run_options(), name);
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_FOR_EACH_HPP
