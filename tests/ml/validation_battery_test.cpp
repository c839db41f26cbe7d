// SPDX-License-Identifier: Apache-2.0
// The operator battery for cross_validate and grid_search.
#include <xrayon/ml/search/grid_search.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../support/battery.hpp"
#include "../support/catch.hpp"

using namespace xrayon;
using namespace xrayon::ml;
using rows_view = array_view<const double, 2>;
using targets_view = std::span<const double>;

namespace {

/// A row for each value, and a last one to learn from; each value is a fold.
struct one_row_folds {
    std::vector<double> rows;
    std::vector<fold> folds;

    explicit one_row_folds(const std::vector<double>& input) : rows(input) {
        rows.push_back(0);
        for (std::size_t i = 0; i < input.size(); ++i) {
            folds.push_back({{input.size()}, {i}});
        }
    }
    [[nodiscard]] rows_view x() const { return {rows.data(), {rows.size(), 1}}; }
};

/// Neither has a grain: a task is a fit. What the battery says of one is said for them.
void check_grain(const std::string& name, std::optional<std::size_t> grain) {
    if (grain) {
        check(*grain >= 1, name + ": options.grain must be >= 1", *grain);
    }
}

struct value_of {
    double value = 0;
};

} // namespace

TEST_CASE("battery: cross_validate", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"cross_validate",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           check_grain("cross_validate", grain);
                           if (input.empty()) {
                               return std::vector<double>();
                           }
                           const one_row_folds data(input);
                           return cross_validate(data.x(), data.rows, data.folds,
                                                 [&](const rows_view&, const targets_view&, const rows_view& x, const targets_view&) {
                                                     return f(x(0, 0));
                                                 },
                                                 {.run = run})
                               .scores();
                       },
                       test::mapped});
}

TEST_CASE("battery: grid_search", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"grid_search",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           check_grain("grid_search", grain);
                           std::vector<double> out;
                           if (input.empty()) {
                               return out;
                           }
                           const one_row_folds data({1});
                           const auto found =
                               grid_search(grid(value_of{}, axis("value", &value_of::value, input)), data.x(), data.rows, data.folds,
                                           [&](const value_of& v, const rows_view&, const targets_view&, const rows_view&,
                                               const targets_view&) { return f(v.value); },
                                           {.run = run});
                           if (!found.complete) {  // a deadline gives what is there, and says so
                               throw cancelled_call("grid_search", cancel_reason::deadline, found.finished, input.size());
                           }
                           for (const auto& row : found.test_scores[0]) {
                               out.push_back(row[0]);
                           }
                           return out;
                       },
                       test::mapped});
}
