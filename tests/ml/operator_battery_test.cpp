// SPDX-License-Identifier: Apache-2.0
// The operator battery for preprocess, compute_gradients and ensemble_predict.
#include <xrayon/ml/ensemble/ensemble_predict.hpp>
#include <xrayon/ml/gradient/compute_gradients.hpp>
#include <xrayon/ml/preprocess/preprocess.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../support/battery.hpp"
#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;
namespace ensemble = ml::ensemble;

namespace {

using matrix = xt::xtensor<double, 2>;
using rows_view = array_view<const double, 2>;

/// f of each value, a value a row.
template <class F>
auto each_row(const F& f) {
    return [&f](const rows_view& x) {
        matrix y = matrix::from_shape({x.shape(0), 1});
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            y(i, 0) = f(x(i, 0));
        }
        return y;
    };
}

} // namespace

TEST_CASE("battery: preprocess", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"preprocess",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           auto out = ml::preprocess(input, [&](double x) { return f(x); }, {.grain = grain, .run = run});
                           return std::vector<double>(out.begin(), out.end());
                       },
                       test::mapped});
}

TEST_CASE("battery: preprocess_in_place", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"preprocess_in_place",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           std::vector<double> chunks(input.begin(), input.end());
                           ml::preprocess_in_place(chunks, [&](double& x) { x = f(x); }, {.grain = grain, .run = run});
                           return chunks;
                       },
                       test::mapped});
}

TEST_CASE("battery: preprocess_in_place, all or nothing", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"preprocess_in_place",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           std::vector<double> chunks(input.begin(), input.end());
                           ml::preprocess_in_place(chunks, [&](double& x) { x = f(x); }, {.grain = grain, .run = run, .transactional = true});
                           return chunks;
                       },
                       test::mapped});
}

TEST_CASE("battery: compute_gradients", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"compute_gradients",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           const auto all = ml::compute_gradients(input, [&](double x) { return f(x); }, {.grain = grain, .run = run});
                           return std::vector<double>(all.begin(), all.end());
                       },
                       test::mapped});
}

// With one row a tile, a row is an item; one model alone gives its own predictions.
TEST_CASE("battery: ensemble_predict, in tiles", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"ensemble_predict",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           const rows_view x(input.data(), {input.size(), 1});
                           const matrix y = ml::ensemble_predict(x, std::vector{each_row(f)}, ensemble::mean{},
                                                                 {.tile_rows = 1, .grain = grain, .run = run});
                           return std::vector<double>(y.begin(), y.end());
                       },
                       test::mapped});
}

TEST_CASE("ensemble_predict: on_error::collect runs every model and keeps every error, in their order", "[ml][ensemble][errors]") {
    const matrix x = xt::ones<double>({3, 2});
    for (const std::size_t threads : test::thread_counts) {
        std::vector<std::function<double(const matrix&)>> models;
        std::atomic<int> calls{0};
        for (int k = 0; k < 10; ++k) {
            models.push_back([k, &calls](const matrix&) {
                ++calls;
                return k % 4 == 2 ? throw std::domain_error("model " + std::to_string(k)) : double(k);
            });
        }
        run_report report;
        std::vector<std::size_t> failed;
        try {
            (void)pool(threads).install([&] {
                return ml::ensemble_predict(x, models, ensemble::mean{}, {.costs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                                                                          .run = {.error = on_error::collect, .report = &report}});
            });
        } catch (const task_errors& errors) {
            for (const auto& one : errors.errors()) {
                failed.push_back(one.index);
            }
            REQUIRE(errors.index() == 2);
        }
        REQUIRE(failed == std::vector<std::size_t>{2, 6});
        REQUIRE(calls == 10);
        REQUIRE(report.failed == 2);
    }
}
