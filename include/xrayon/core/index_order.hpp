// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_INDEX_ORDER_HPP
#define XRAYON_CORE_INDEX_ORDER_HPP

#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/core/check.hpp>

namespace xrayon {

/// 0, 1, ..., n - 1.
[[nodiscard]] inline std::vector<std::size_t> input_order(std::size_t n) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
}

/// Throws argument_error `<function>: order must hold each of 0 ... n - 1 once, got <the first that it should not>` unless `order` is a
/// permutation of 0 ... n - 1, n being its length.
inline void check_order(std::span<const std::size_t> order, std::string_view function) {
    std::vector<unsigned char> seen(order.size(), 0);
    for (const std::size_t i : order) {
        if (i >= order.size() || seen[i] != 0) [[unlikely]] {
            check(false, std::string(function) + ": order must hold each of 0 ... " + to_text(order.size() - 1) + " once", i);
        }
        seen[i] = 1;
    }
}

} // namespace xrayon

#endif // XRAYON_CORE_INDEX_ORDER_HPP
