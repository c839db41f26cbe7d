// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/optimizer/adam.hpp>
#include <xrayon/ml/optimizer/sgd.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

using namespace xrayon;

namespace {

double number(std::uint64_t i) { return std::ldexp(static_cast<double>(test::mix(i) >> 11), -53) - 0.5; }

/// Steps of one number, in long double, as PyTorch's documentation of SGD and Adam writes them down.
struct plain_sgd {
    ml::sgd_options options;
    long double v = 0;
    bool first = true;

    long double step(long double p, long double g) {
        g += options.weight_decay * p;
        if (options.momentum != 0) {
            v = first ? g : options.momentum * v + g;
            first = false;
            g = options.nesterov ? g + options.momentum * v : v;
        }
        return p - options.learning_rate * g;
    }
};
struct plain_adam {
    ml::adam_options options;
    long double m = 0;
    long double v = 0;
    int t = 0;

    long double step(long double p, long double g) {
        ++t;
        if (options.decoupled) {
            p -= static_cast<long double>(options.learning_rate) * options.weight_decay * p;
        } else {
            g += options.weight_decay * p;
        }
        m = options.beta1 * m + (1 - static_cast<long double>(options.beta1)) * g;
        v = options.beta2 * v + (1 - static_cast<long double>(options.beta2)) * g * g;
        const long double m_hat = options.bias_correction ? m / (1 - std::pow(static_cast<long double>(options.beta1), t)) : m;
        const long double v_hat = options.bias_correction ? v / (1 - std::pow(static_cast<long double>(options.beta2), t)) : v;
        return p - options.learning_rate * m_hat / (std::sqrt(v_hat) + options.epsilon);
    }
};

/// 50 steps of a vector; the plain ones step each element by itself.
template <class Optimizer, class Plain, class Options>
void same_as_plain(const Options& options) {
    const std::size_t n = 11;
    std::vector<double> p(n);
    std::vector<long double> expected(n);
    std::vector<Plain> plain(n, Plain{options});
    for (std::size_t k = 0; k < n; ++k) {
        expected[k] = p[k] = number(k);
    }
    Optimizer optimizer(options);
    for (std::size_t t = 0; t < 50; ++t) {
        std::vector<double> g(n);
        for (std::size_t k = 0; k < n; ++k) {
            g[k] = number(1000 + t * n + k);
            expected[k] = plain[k].step(expected[k], g[k]);
        }
        optimizer.step(p, g);
        for (std::size_t k = 0; k < n; ++k) {
            INFO("step " << t << ", element " << k);
            REQUIRE(std::abs(p[k] - static_cast<double>(expected[k])) < 1e-13);
        }
    }
    REQUIRE(optimizer.steps() == 50);
}

/// A quadratic bowl: both must get to its bottom.
template <class Optimizer>
double distance_after(Optimizer& optimizer, int steps) {
    std::vector<double> p{5, -3};
    for (int t = 0; t < steps; ++t) {
        optimizer.step(p, std::vector<double>{p[0] - 1, 10 * (p[1] - 2)});
    }
    return std::hypot(p[0] - 1, p[1] - 2);
}

} // namespace

TEST_CASE("sgd: steps as its formulas say", "[ml][optimizer][sgd]") {
    same_as_plain<ml::sgd, plain_sgd>(ml::sgd_options{.learning_rate = 0.1});
    same_as_plain<ml::sgd, plain_sgd>(ml::sgd_options{.learning_rate = 0.1, .weight_decay = 0.01});
    same_as_plain<ml::sgd, plain_sgd>(ml::sgd_options{.learning_rate = 0.05, .momentum = 0.9});
    same_as_plain<ml::sgd, plain_sgd>(ml::sgd_options{.learning_rate = 0.05, .momentum = 0.9, .nesterov = true, .weight_decay = 0.02});
    // By hand: v = 2, then 0.5 x 2 + 2 = 3.
    ml::sgd optimizer({.learning_rate = 0.25, .momentum = 0.5});
    double p = 1;
    optimizer.step(p, 2.0);
    REQUIRE(p == 0.5);
    optimizer.step(p, 2.0);
    REQUIRE(p == -0.25);
    REQUIRE(optimizer.velocity()[0] == 3);
    optimizer.set_learning_rate(0);
    optimizer.step(p, 2.0);
    REQUIRE(p == -0.25);
}

TEST_CASE("adam: steps as its formulas say", "[ml][optimizer][adam]") {
    same_as_plain<ml::adam, plain_adam>(ml::adam_options{});
    same_as_plain<ml::adam, plain_adam>(ml::adam_options{.learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3});
    same_as_plain<ml::adam, plain_adam>(ml::adam_options{.learning_rate = 0.1, .weight_decay = 0.1});
    same_as_plain<ml::adam, plain_adam>(ml::adam_options{.learning_rate = 0.1, .weight_decay = 0.1, .decoupled = true});
    same_as_plain<ml::adam, plain_adam>(ml::adam_options{.learning_rate = 0.01, .bias_correction = false});
    // The first step is the learning rate, whatever the gradient's size (Kingma and Ba, section 2.1).
    for (const double g : {1e-3, 1.0, 1e6}) {
        ml::adam optimizer({.learning_rate = 0.5});
        double p = 0;
        optimizer.step(p, g);
        REQUIRE(p == test::approx(-0.5).epsilon(1e-4));
    }
}

TEST_CASE("optimizers reach the bottom of a bowl", "[ml][optimizer]") {
    ml::sgd plain({.learning_rate = 0.1});
    ml::sgd nesterov({.learning_rate = 0.05, .momentum = 0.8, .nesterov = true});
    ml::adam adam({.learning_rate = 0.05});
    REQUIRE(distance_after(plain, 300) < 1e-10);
    REQUIRE(distance_after(nesterov, 300) < 1e-10);
    REQUIRE(distance_after(adam, 2000) < 1e-6);
}

TEST_CASE("optimizers: nested parameters, floats and large arrays, the same bits at every thread count", "[ml][optimizer]") {
    using network = std::tuple<std::vector<xt::xarray<double>>, xt::xtensor<float, 2>, double>;
    const auto filled = [](std::uint64_t seed) {
        network p{{xt::xarray<double>::from_shape({700, 30}), xt::xarray<double>::from_shape({0}), xt::xarray<double>::from_shape({})},
                  xt::xtensor<float, 2>::from_shape({90, 70}), number(seed)};
        for (xt::xarray<double>& part : std::get<0>(p)) {
            for (double& x : part) {
                x = number(++seed);
            }
        }
        for (float& x : std::get<1>(p)) {
            x = static_cast<float>(number(++seed));
        }
        return p;
    };
    const network start = filled(1);
    // Element by element, each alone: what an element becomes does not depend on where passes are cut.
    plain_adam alone{{.learning_rate = 0.1}};
    network expected_sgd;
    network expected_adam;
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        workers.install([&] {
            network with_sgd = start;
            network with_adam = start;
            ml::sgd sgd({.learning_rate = 0.1, .momentum = 0.9});
            ml::adam adam({.learning_rate = 0.1});
            for (std::uint64_t t = 0; t < 3; ++t) {
                const network g = filled(100 + t);
                sgd.step(with_sgd, g);
                adam.step(with_adam, g);
            }
            REQUIRE(sgd.velocity().size() == 700 * 30 + 1 + 90 * 70 + 1);
            if (threads == 1) {
                expected_sgd = with_sgd;
                expected_adam = with_adam;
            }
            REQUIRE(with_sgd == expected_sgd);
            REQUIRE(with_adam == expected_adam);
        });
    }
    long double p = std::get<2>(start);
    for (std::uint64_t t = 0; t < 3; ++t) {
        p = alone.step(p, number(100 + t));
    }
    REQUIRE(std::get<2>(expected_adam) == test::approx(static_cast<double>(p)).epsilon(1e-13));
    // Parameters in float, gradients in double.
    std::vector<float> floats{1, 2};
    ml::sgd optimizer({.learning_rate = 0.5});
    optimizer.step(floats, std::vector<double>{1, -2});
    REQUIRE(floats == std::vector<float>{0.5f, 3});
}

TEST_CASE("optimizers: other shapes are told before anything changes", "[ml][optimizer][errors]") {
    std::vector<std::vector<double>> p{{1, 2}, {3}};
    ml::sgd sgd({.learning_rate = 0.5, .momentum = 0.5});
    REQUIRE_THROWS_AS(sgd.step(p, std::vector<std::vector<double>>{{1, 2}, {3, 4}}), shape_error);
    REQUIRE_THROWS_WITH(sgd.step(p, std::vector<std::vector<double>>{{1, 2}, {3, 4}}),
                        "sgd: gradient parameter 1 has shape (2,), model has (1,)");
    REQUIRE_THROWS_WITH(sgd.step(p, std::vector<std::vector<double>>{{1, 2}}), "sgd: gradient has 1 parameter, model has 2");
    REQUIRE(sgd.steps() == 0);
    sgd.step(p, p);
    std::vector<std::vector<double>> other{{1, 2, 3}, {3}};
    REQUIRE_THROWS_WITH(sgd.step(other, other), "sgd: model parameter 0 has shape (3,), first step has (2,)");
    REQUIRE(other == std::vector<std::vector<double>>{{1, 2, 3}, {3}});
    ml::adam adam;
    xt::xarray<double> x = xt::zeros<double>({3, 1});
    REQUIRE_THROWS_WITH(adam.step(x, xt::xarray<double>(xt::zeros<double>({3}))), "adam: gradient parameter 0 has shape (3,), model has (3, 1)");
}

TEST_CASE("optimizers: options are checked", "[ml][optimizer][errors]") {
    const double not_a_number = std::numeric_limits<double>::quiet_NaN();
    REQUIRE_THROWS_AS(ml::sgd({.learning_rate = -1}), argument_error);
    REQUIRE_THROWS_WITH(ml::sgd({.learning_rate = -1}), "sgd: options.learning_rate must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(ml::sgd({.momentum = 1}), "sgd: options.momentum must be >= 0 and < 1, got 1");
    REQUIRE_THROWS_WITH(ml::sgd({.nesterov = true}), "sgd: options.momentum must be > 0 with nesterov, got 0");
    REQUIRE_THROWS_WITH(ml::sgd({.weight_decay = not_a_number}), "sgd: options.weight_decay must be finite and >= 0, got nan");
    REQUIRE_THROWS_WITH(ml::adam({.beta1 = 1}), "adam: options.beta1 must be >= 0 and < 1, got 1");
    REQUIRE_THROWS_WITH(ml::adam({.beta2 = -0.5}), "adam: options.beta2 must be >= 0 and < 1, got -0.5");
    REQUIRE_THROWS_WITH(ml::adam({.epsilon = 0}), "adam: options.epsilon must be finite and > 0, got 0");
    ml::adam adam;
    REQUIRE_THROWS_WITH(adam.set_learning_rate(std::numeric_limits<double>::infinity()), "adam: learning_rate must be finite and >= 0, got inf");
    REQUIRE(adam.options().learning_rate == 1e-3);
}

TEST_CASE("optimizers: a step is done whole or not at all, also within a call that is stopped", "[ml][optimizer][errors]") {
    // Several pieces of 4,096 elements each; the call around the step is stopped before it.
    for (const std::size_t threads : test::thread_counts) {
        std::vector<double> p(20'000, 1.0);
        const std::vector<double> g(20'000, 0.5);
        ml::adam adam({.learning_rate = 0.1});
        ml::sgd sgd({.learning_rate = 0.1, .momentum = 0.9});
        std::stop_source stop;
        REQUIRE_THROWS_AS(pool(threads).install([&] {
            for_each_index(
                2,
                [&](std::size_t i) {
                    if (i == 0) {
                        stop.request_stop();
                        adam.step(p, g);
                        sgd.step(p, g);
                    }
                },
                {.grain = 1, .run = {.stop = stop.get_token()}});
        }),
                          cancelled);
        REQUIRE(adam.steps() == 1);
        REQUIRE(sgd.steps() == 1);
        REQUIRE(p == std::vector<double>(20'000, p.front()));
        REQUIRE(p.front() < 1);
    }
}

TEST_CASE("adam: a gradient that is refused does not count as a step", "[ml][optimizer][adam][errors]") {
    std::vector<double> p{1, 2};
    const std::vector<double> memory{0.5, 9, 0.25};
    const array_view<const double, 1> gaps(memory.data(), {2}, {2});
    ml::adam adam({.learning_rate = 0.1});
    ml::adam untouched({.learning_rate = 0.1});
    REQUIRE_THROWS_AS(adam.step(p, gaps), argument_error);
    REQUIRE(adam.steps() == 0);
    std::vector<double> q = p;
    const std::vector<double> g{0.5, 0.25};
    adam.step(p, g);
    untouched.step(q, g);
    REQUIRE(p == q);
}
