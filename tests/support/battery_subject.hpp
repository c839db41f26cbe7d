// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_BATTERY_SUBJECT_HPP
#define XRAYON_TESTS_SUPPORT_BATTERY_SUBJECT_HPP

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <xrayon/exec/run_options.hpp>

namespace xrayon::test {

/// The user's function as the battery gives it: may throw, is called from several threads.
using item_function = std::function<double(double)>;

struct subject {
    std::string name;  ///< As its messages begin.
    /// Runs the algorithm with `f` on every element of `input` and returns what came out, as numbers.
    std::function<std::vector<double>(const std::vector<double>& input, const item_function& f, std::optional<std::size_t> grain,
                                      const run_options& run)>
        run;
    /// The same by a plain loop, worked out without the library.
    std::function<std::vector<double>(const std::vector<double>& input, const item_function& f)> plain;
};

/// The plain loop of an algorithm that gives one result per item.
inline std::vector<double> mapped(const std::vector<double>& input, const item_function& f) {
    std::vector<double> out;
    for (const double x : input) {
        out.push_back(f(x));
    }
    return out;
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_BATTERY_SUBJECT_HPP
