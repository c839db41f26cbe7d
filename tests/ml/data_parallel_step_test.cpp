// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/gradient/data_parallel_step.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/gradient/check_gradient.hpp>
#include <xrayon/ml/gradient/zip_batches.hpp>
#include <xrayon/ml/optimizer/adam.hpp>
#include <xrayon/ml/optimizer/sgd.hpp>

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;
using rows_of = array_view<const double, 2>;
using labels_of = array_view<const double, 1>;

double number(std::uint64_t i) { return std::ldexp(static_cast<double>(test::mix(i) >> 11), -53) - 0.5; }

/// Logistic regression: weights and a bias.
using line = std::tuple<vector, double>;
line at_zero() { return {xt::zeros<double>({4}), 0.0}; }

struct problem {
    matrix x = matrix::from_shape({150, 4});
    vector y = vector::from_shape({150});

    problem() {
        for (std::size_t i = 0; i < 150; ++i) {
            for (std::size_t j = 0; j < 4; ++j) {
                x(i, j) = number(4 * i + j);
            }
            y(i) = x(i, 0) - 2 * x(i, 1) + 0.5 * x(i, 3) + 0.1 > 0 ? 1 : 0;
        }
    }
    [[nodiscard]] auto batched() const { return ml::zip_batches(batches(x, 16), batches(y, 16)); }
};

/// Adds the gradient of the mean log loss of a batch; gives the loss.
double add_gradient(const line& p, const rows_of& x, const labels_of& y, line& into) {
    const auto n = static_cast<double>(x.shape(0));
    double loss = 0;
    for (std::size_t i = 0; i < x.shape(0); ++i) {
        double z = std::get<1>(p);
        for (std::size_t j = 0; j < 4; ++j) {
            z += std::get<0>(p)(j) * x(i, j);
        }
        loss += (std::log1p(std::exp(-std::abs(z))) + (z > 0 ? z : 0) - y[i] * z) / n;
        const double error = (1 / (1 + std::exp(-z)) - y[i]) / n;
        for (std::size_t j = 0; j < 4; ++j) {
            std::get<0>(into)(j) += error * x(i, j);
        }
        std::get<1>(into) += error;
    }
    return loss;
}
ml::loss_and_gradient<line> give_gradient(const line& p, const rows_of& x, const labels_of& y) {
    ml::loss_and_gradient<line> both{0, at_zero()};
    both.loss = add_gradient(p, x, y, both.gradient);
    return both;
}

std::uint64_t hash_of(const line& p) {
    std::uint64_t hash = std::bit_cast<std::uint64_t>(std::get<1>(p));
    for (const double x : std::get<0>(p)) {
        hash = test::mix(hash ^ std::bit_cast<std::uint64_t>(x));
    }
    return hash;
}

} // namespace

TEST_CASE("data_parallel_step: training gives the same losses and weights, bit for bit, at every thread count", "[ml][gradient][data_parallel_step]") {
    const problem data;
    const auto batched = data.batched();
    // The plain loop: gradients one after the other, their mean along the tree, one step.
    line expected = at_zero();
    std::vector<double> expected_losses;
    {
        ml::adam optimizer({.learning_rate = 0.2});
        for (int step = 0; step < 30; ++step) {
            const auto mean = canonical_fold(
                0, batched.size(), [&](std::size_t i) { return give_gradient(expected, std::get<0>(batched[i]), std::get<1>(batched[i])); },
                [](ml::loss_and_gradient<line> a, const ml::loss_and_gradient<line>& b) {
                    a.loss += b.loss;
                    std::get<0>(a.gradient) += std::get<0>(b.gradient);
                    std::get<1>(a.gradient) += std::get<1>(b.gradient);
                    return a;
                });
            line g{std::get<0>(mean.gradient) / 10.0, std::get<1>(mean.gradient) / 10.0};
            expected_losses.push_back(mean.loss / 10);
            optimizer.step(expected, g);
        }
    }
    REQUIRE(expected_losses.front() == test::approx(std::log(2.0)));
    REQUIRE(expected_losses.back() < 0.4 * expected_losses.front());
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{4}}) {
            const test::random_delays delays(threads);
            line given = at_zero();
            line added = at_zero();
            ml::adam first({.learning_rate = 0.2});
            ml::adam second({.learning_rate = 0.2});
            workers.install([&] {
                for (int step = 0; step < 30; ++step) {
                    const ml::training_step a = ml::data_parallel_step(batched, give_gradient, given, first, {.grain = grain});
                    const ml::training_step b = ml::data_parallel_step(batched, add_gradient, added, second, {.grain = grain});
                    REQUIRE(a.loss == expected_losses[static_cast<std::size_t>(step)]);
                    REQUIRE(b.loss == a.loss);
                    REQUIRE(std::isnan(a.norm));
                }
            });
            REQUIRE(hash_of(given) == hash_of(expected));
            REQUIRE(hash_of(added) == hash_of(expected));
        }
    }
}

TEST_CASE("data_parallel_step: with rows as weights the batches' sizes do not matter", "[ml][gradient][data_parallel_step]") {
    const problem data;
    const auto slope_after = [&](std::size_t rows, bool weighted) {
        const auto batched = ml::zip_batches(batches(data.x, rows), batches(data.y, rows));
        line p = at_zero();
        ml::sgd optimizer({.learning_rate = 1});
        (void)ml::data_parallel_step(batched, give_gradient, p, optimizer,
                                     {.weights = weighted ? ml::batch_rows(batched) : std::vector<double>()});
        return std::get<1>(p);
    };
    REQUIRE(slope_after(149, true) == test::approx(slope_after(150, true)).epsilon(1e-12));
    REQUIRE(slope_after(149, false) != test::approx(slope_after(150, true)).epsilon(1e-3));
}

TEST_CASE("data_parallel_step: clips the mean gradient, once, before the step", "[ml][gradient][data_parallel_step]") {
    const std::vector<double> targets{4, 8};
    const auto gradient = [](const double& p, double target) { return p - target; };
    double p = 0;
    ml::sgd optimizer({.learning_rate = 1});
    const ml::training_step step = ml::data_parallel_step(targets, gradient, p, optimizer, {.max_norm = 2.0});
    REQUIRE(step.norm == 6);
    REQUIRE(p == 2);
    REQUIRE(std::isnan(step.loss));
    ml::gradient_report report;
    (void)ml::data_parallel_step(targets, gradient, p, optimizer, {.weights = {1, 3}, .report = &report});
    REQUIRE(p == 7);
    REQUIRE(report.weight == 4);
}

TEST_CASE("data_parallel_step: whatever throws, parameters and optimizer stay as they were", "[ml][gradient][data_parallel_step][errors]") {
    const std::vector<int> batches{0, 1, 2, 3, 4, 5};
    const double not_a_number = std::numeric_limits<double>::quiet_NaN();
    std::atomic<int> calls{0};
    std::vector<double> p{1, 2};
    ml::sgd optimizer({.learning_rate = 1, .momentum = 0.5});
    const auto gradient = [&](const std::vector<double>& at, int batch) {
        ++calls;
        if (batch == 2) {
            throw std::domain_error("batch 2");
        }
        return at;
    };
    for (const std::size_t threads : test::thread_counts) {
        REQUIRE_THROWS_WITH(pool(threads).install([&] { return ml::data_parallel_step(batches, gradient, p, optimizer); }), "batch 2");
    }
    calls = 0;
    REQUIRE_THROWS_WITH(ml::data_parallel_step(batches, gradient, p, optimizer, {.max_norm = 0.0}),
                        "data_parallel_step: options.max_norm must be > 0, got 0");
    REQUIRE_THROWS_WITH(ml::data_parallel_step(std::vector<int>(), gradient, p, optimizer), "data_parallel_step: 0 batches");
    REQUIRE(calls == 0);
    const auto spoilt = [&](const std::vector<double>& at, int batch) { return batch == 3 ? std::vector<double>{0, not_a_number} : at; };
    REQUIRE_THROWS_WITH(ml::data_parallel_step(batches, spoilt, p, optimizer, {.max_norm = 1.0}),
                        "clip_by_norm: parameter 0 element 1 must be finite, got nan");
    REQUIRE_THROWS_WITH(ml::data_parallel_step(batches, spoilt, p, optimizer, {.nan = ml::nan_gradient::raise}),
                        "data_parallel_step: batch 3 parameter 0 element 1 is NaN");
    const auto short_one = [](const std::vector<double>&, int) { return std::vector<double>{1}; };
    REQUIRE_THROWS_WITH(ml::data_parallel_step(batches, short_one, p, optimizer), "sgd: gradient parameter 0 has shape (1,), model has (2,)");
    const problem data;
    line q = at_zero();
    REQUIRE_THROWS_WITH(ml::data_parallel_step(ml::zip_batches(xrayon::batches(data.x, 149), xrayon::batches(view_of(data.y).slice(0, 149), 75)), give_gradient, q, optimizer),
                        "data_parallel_step: batch 0: X has 149 rows, y has 75");
    REQUIRE(p == std::vector<double>{1, 2});
    REQUIRE(optimizer.steps() == 0);
}

TEST_CASE("check_gradient: central differences agree with a right gradient and find a wrong one", "[ml][gradient][check_gradient]") {
    const problem data;
    const rows_of x = view_of(data.x);
    const labels_of y = view_of(data.y);
    const line p{vector{0.3, -0.2, 0.9, 0.01}, -0.4};
    const auto loss = [&](const line& at) {
        line unused = at_zero();
        return add_gradient(at, x, y, unused);
    };
    line g = give_gradient(p, x, y).gradient;
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        REQUIRE(workers.install([&] { return ml::check_gradient(loss, p, g); }).max_relative_error < 1e-7);
        line wrong = g;
        std::get<0>(wrong)(2) += 0.1;
        std::get<1>(wrong) += 0.01;
        const ml::gradient_check found = workers.install([&] { return ml::check_gradient(loss, p, wrong); });
        REQUIRE(found.parameter == 0);
        REQUIRE(found.element == 2);
        REQUIRE(found.given == std::get<0>(wrong)(2));
        REQUIRE(found.numeric == test::approx(std::get<0>(g)(2)).epsilon(1e-6));
        REQUIRE(found.max_relative_error == test::approx(0.1 / std::max(std::abs(found.given), std::abs(found.numeric))).epsilon(1e-5));
    }
    // x^3 at 2: the derivative is 12, and a NaN is as wrong as can be.
    const auto cube = [](float at) { return static_cast<double>(at) * static_cast<double>(at) * static_cast<double>(at); };
    REQUIRE(ml::check_gradient(cube, 2.0f, 12.0).max_relative_error < 1e-4);
    REQUIRE(ml::check_gradient(cube, 2.0f, std::numeric_limits<double>::quiet_NaN()).max_relative_error == std::numeric_limits<double>::infinity());
    REQUIRE(ml::check_gradient([](const std::vector<double>&) { return 0.0; }, std::vector<double>(), std::vector<double>()).max_relative_error == 0);
    REQUIRE_THROWS_WITH(ml::check_gradient(loss, p, line{vector{1, 2}, 0.0}),
                        "check_gradient: gradient parameter 0 has shape (2,), model has (4,)");
    REQUIRE_THROWS_WITH(ml::check_gradient(loss, p, p, {.step = 0.0}), "check_gradient: options.step must be > 0, got 0");
    REQUIRE_THROWS_WITH(ml::check_gradient(loss, p, p, {.scale = -1}), "check_gradient: options.scale must be > 0, got -1");
    const auto no_loss = [](double at) { return at > 1 ? throw std::domain_error("no loss") : at; };
    REQUIRE_THROWS_AS(ml::check_gradient(no_loss, 1.0, 1.0), std::domain_error);
}
