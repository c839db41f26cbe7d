// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_SEQUENCES_HPP
#define XRAYON_TESTS_SUPPORT_SEQUENCES_HPP

#include <cstddef>
#include <optional>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/loop_options.hpp>

#include "catch.hpp"
#include "delays.hpp"
#include "thread_counts.hpp"

namespace xrayon::test {

/// n numbers from 0 to 999, some of them equal.
inline std::vector<int> numbers(std::size_t n) {
    std::vector<int> out(n);
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = static_cast<int>(mix(i + 1) % 1000);
    }
    return out;
}

/// `make()` gives the same at every thread count and grain, with items delayed: `expected`.
template <class Expected, class Make>
void require_everywhere(const Expected& expected, const Make& make) {
    for (const std::size_t threads : thread_counts) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{7}}) {
            const random_delays delays(threads * 100 + grain.value_or(0), 64);
            INFO("threads " << threads << ", grain " << grain.value_or(0));
            REQUIRE(workers.install([&] { return make(loop_options{.grain = grain}); }) == expected);
        }
    }
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_SEQUENCES_HPP
