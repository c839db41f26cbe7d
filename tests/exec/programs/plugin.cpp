// SPDX-License-Identifier: Apache-2.0
// A shared object that uses the library, loaded twice as two files: one compiled with -fvisibility=hidden, one without.
#include "plugin.hpp"

#include <cstddef>
#include <string>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

namespace {

std::size_t sum_below(std::size_t n) {
    return xrayon::fold_index(
        n, 10,
        [](std::size_t begin, std::size_t end) {
            std::size_t sum = 0;
            for (; begin < end; ++begin) {
                sum += begin;
            }
            return sum;
        },
        [](std::size_t a, std::size_t b) { return a + b; }, {.grain = 1});
}

} // namespace

extern "C" [[gnu::visibility("default")]] const plugin_functions plugin_table;
const plugin_functions plugin_table{
    .state = []() -> const void* { return &xrayon::detail::process(); },
    .make_pool = [](int threads) -> void* { return new xrayon::pool(threads); },
    .destroy_pool = [](void* pool) { delete static_cast<xrayon::pool*>(pool); },
    .sum =
        [](const void* pool, std::size_t n) {
            return pool == nullptr ? sum_below(n) : static_cast<const xrayon::pool*>(pool)->install([&] { return sum_below(n); });
        },
    .throw_argument_error = [] { xrayon::check(false, "plugin: x must be 1", 42); },
    .catches =
        [](void (*throws)()) {
            try {
                throws();
            } catch (const xrayon::argument_error& error) {
                return error.value() == "42";
            } catch (...) {
            }
            return false;
        },
    .blas_users = []() -> std::size_t { return xrayon::detail::process().blas_users.load(); },
    .hold_blas = []() -> void* { return new xrayon::blas_guard; },
    .release_blas = [](void* guard) { delete static_cast<xrayon::blas_guard*>(guard); },
    .generation = []() -> std::size_t { return xrayon::detail::fork_generation(); },
};
