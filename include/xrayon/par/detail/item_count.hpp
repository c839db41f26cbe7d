// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_ITEM_COUNT_HPP
#define XRAYON_PAR_DETAIL_ITEM_COUNT_HPP

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>

namespace xrayon::detail {

/// Refuses a sequence of a + b items where a std::size_t does not hold them: as 2^64 of them it would be empty.
/// @throws argument_error  "<name>: there must be fewer than 2^64 items, got <a> + <b>"
inline void check_item_count(std::size_t a, std::size_t b, std::string_view name) {
    if (b > std::numeric_limits<std::size_t>::max() - a) [[unlikely]] {
        const std::string got = to_text(a) + " + " + to_text(b);
        throw argument_error(std::string(name) + ": there must be fewer than 2^64 items, got " + got, got);
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_ITEM_COUNT_HPP
