// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_RUN_EACH_HPP
#define XRAYON_PAR_DETAIL_RUN_EACH_HPP

#include <cstddef>
#include <string_view>

#include <xrayon/par/detail/each_item.hpp>
#include <xrayon/par/detail/guarded_call.hpp>
#include <xrayon/par/loop_options.hpp>

namespace xrayon::detail {

/// `item(i)` for every i in [0, n), or `item.open()(i)` (detail/each_item.hpp).
template <class Item>
void run_each(std::size_t n, const Item& item, const loop_options& options, std::string_view name) {
    guarded_call call(n, options, name);
    each_item work(item);
    call.run(work);
    call.outcome().report();
    if (!call.outcome().succeeded()) {
        call.outcome().raise();
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_RUN_EACH_HPP
