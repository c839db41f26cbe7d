// SPDX-License-Identifier: Apache-2.0
// Zero bits of difference: a row's outputs by batch size, place in the batch, strides, threads and vector width.
#include <xrayon/ml/models/multilayer_perceptron.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"
#include "network_support.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

using namespace xrayon;
using ml::activation_function;
using ml::loss_function;

namespace {

/// The widths are no multiple of any vector's.
ml::multilayer_perceptron_options options_of(bool relu) {
    return {.layers = {37, 53, 29, 11},
            .activation = relu ? activation_function::relu : activation_function::tanh,
            .dropout = {0.3},
            .loss = relu ? loss_function::softmax_cross_entropy : loss_function::squared,
            .seed = 5};
}

/// Rows [first, first + size) alone give the bits that they give among all.
template <class Real>
std::size_t differing_alone(const ml::multilayer_perceptron<Real>& net, const xt::xtensor<Real, 2>& x, const xt::xtensor<Real, 2>& y,
                            std::size_t first, std::size_t size) {
    const auto alone = net.forward(view_of(x).slice(first, first + size));
    return test::differing(alone.data(), y.data() + first * y.shape(1), alone.size());
}

} // namespace

TEMPLATE_TEST_CASE("network: a row's outputs do not depend on the batch it stands in", "[ml][network][invariance]", float, double) {
    const std::size_t rows = 200;
    const auto x = test::normal_matrix<TestType>(rows, 37, 1);
    for (const bool relu : {true, false}) {
        const ml::multilayer_perceptron<TestType> net(options_of(relu));
        const auto y = net.forward(x);
        for (const std::size_t size : {1u, 2u, 3u, 7u, 64u, 65u, 129u}) {
            std::size_t bits = 0;
            for (std::size_t first = 0; first + size <= rows; ++first) {
                bits += differing_alone(net, x, y, first, size);
            }
            INFO("batches of " << size);
            REQUIRE(bits == 0);
        }
    }
}

TEMPLATE_TEST_CASE("network: a row's outputs in batches of 1 to 257 rows at every offset", "[.soak][ml][network][invariance]", float,
                   double) {
    const std::size_t rows = 300;
    const auto x = test::normal_matrix<TestType>(rows, 37, 1);
    for (const bool relu : {true, false}) {
        const ml::multilayer_perceptron<TestType> net(options_of(relu));
        const auto y = net.forward(x);
        std::size_t bits = 0;
        for (std::size_t size = 1; size <= 257; ++size) {
            for (std::size_t first = 0; first + size <= rows; ++first) {
                bits += differing_alone(net, x, y, first, size);
            }
        }
        REQUIRE(bits == 0);
    }
}

TEMPLATE_TEST_CASE("network: the same bits from any strides into any strides", "[ml][network][invariance]", float, double) {
    const std::size_t rows = 70;
    const auto x = test::normal_matrix<TestType>(rows, 37, 1);
    const xt::xtensor<TestType, 2, xt::layout_type::column_major> columns = x;
    std::vector<TestType> wide(rows * 80);
    const array_view<TestType, 2> every_second(wide.data() + 78, {rows, 37}, {80, -2});
    every_second.assign_from(view_of(x));
    for (const bool relu : {true, false}) {
        const ml::multilayer_perceptron<TestType> net(options_of(relu));
        const auto y = net.forward(x);
        REQUIRE(test::differing(net.forward(columns).data(), y.data(), y.size()) == 0);
        REQUIRE(test::differing(net.forward(every_second).data(), y.data(), y.size()) == 0);
        std::vector<TestType> memory(11 * rows);
        const array_view<TestType, 2> turned(memory.data(), {rows, 11}, {1, static_cast<std::ptrdiff_t>(rows)});
        net.forward_into(columns, turned);
        std::size_t different = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            for (std::size_t j = 0; j < 11; ++j) {
                different += turned(i, j) != y(i, j);
            }
        }
        REQUIRE(different == 0);
    }
}

TEMPLATE_TEST_CASE("network: the same bits at every thread count, grain and delay, alone and in batches", "[ml][network][invariance]",
                   float, double) {
    using matrix = xt::xtensor<TestType, 2>;
    const std::size_t rows = 333;
    const auto x = test::normal_matrix<TestType>(rows, 37, 1);
    const auto y = test::cyclic_labels(rows, 11);
    const ml::multilayer_perceptron<TestType> net(options_of(true));
    const stream source(8);
    const matrix outputs = net.forward(x);
    const matrix sample = net.predict_with_dropout(x, source);
    const double loss = net.loss(x, y);
    const auto hash = test::hash_of(net.gradient(x, y, source));
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t grain : {1u, 3u, 100u}) {
            const test::random_delays delays(threads + grain, 4);
            workers.install([&] {
                REQUIRE(test::differing(net.forward(x).data(), outputs.data(), outputs.size()) == 0);
                REQUIRE(test::differing(net.predict_with_dropout(x, source).data(), sample.data(), sample.size()) == 0);
                REQUIRE(test::differing(net(net.prepare(x), source).data(), sample.data(), sample.size()) == 0);
                REQUIRE(net.loss(x, y) == loss);
                REQUIRE(test::hash_of(net.gradient(x, y, source)) == hash);
                matrix out = matrix::from_shape({rows, 11});
                ml::batch_inference_into(batches(x, 100), net, batches(out, 100), {.grain = grain});  // tiles inside of items
                REQUIRE(test::differing(out.data(), outputs.data(), outputs.size()) == 0);
                const auto parts = ml::batch_inference(batches(x, 17), net, {.grain = grain});
                std::size_t row = 0;
                std::size_t different = 0;
                for (const matrix& part : parts) {
                    different += test::differing(part.data(), outputs.data() + row * 11, part.size());
                    row += part.shape(0);
                }
                REQUIRE(row == rows);
                REQUIRE(different == 0);
            });
        }
    }
}

TEST_CASE("network: uncertainty by the two steps is the moments of the samples", "[ml][network][dropout][invariance]") {
    using matrix = xt::xtensor<double, 2>;
    const ml::multilayer_perceptron<double> net(options_of(true));
    static_assert(ml::preparing_predictor<ml::multilayer_perceptron<double>, array_view<const double, 2>>);
    static_assert(ml::sampling_writer<ml::multilayer_perceptron<double>, ml::multilayer_perceptron<double>::prepared, double>);
    const matrix x = test::normal_matrix<double>(150, 37, 1);
    const auto two_steps = ml::batch_inference_with_uncertainty(batches(x, 100), net, {.samples = 20, .seed = 6});
    const auto one_step = ml::batch_inference_with_uncertainty(
        batches(x, 100), [&](const auto& batch, stream& source) { return net.predict_with_dropout(batch, source); },
        {.samples = 20, .seed = 6});
    for (std::size_t b = 0; b < 2; ++b) {
        REQUIRE(test::differing(two_steps[b].mean.data(), one_step[b].mean.data(), one_step[b].mean.size()) == 0);
        REQUIRE(test::differing(two_steps[b].stddev.data(), one_step[b].stddev.data(), one_step[b].stddev.size()) == 0);
    }
    double sum = 0;
    for (std::size_t s = 0; s < 20; ++s) {
        sum += net.predict_with_dropout(view_of(x).slice(100, 150), stream(6) / 1 / s)(49, 10);
    }
    REQUIRE(two_steps[1].mean(49, 10) == test::approx(sum / 20).epsilon(1e-13));
}

TEST_CASE("network: a gradient is one chain of sums over the rows, however its blocks are cut", "[ml][network][invariance]") {
    // 300 rows are three blocks. With a first layer of one unit that passes everything on, dW = sum of x_i e_i in order: written out here.
    using matrix = xt::xtensor<double, 2>;
    ml::multilayer_perceptron<double> net({.layers = {1, 1}, .loss = loss_function::squared});
    net.set_parameters({matrix{{0}}, matrix{{0}}});
    const matrix x = test::normal_matrix<double>(300, 1, 1);
    const matrix y = test::normal_matrix<double>(300, 1, 2);
    double weight = 0;
    double bias = 0;
    double loss = 0;
    for (std::size_t i = 0; i < 300; ++i) {
        const double error = (0 - y(i, 0)) * (1.0 / 300);
        weight = std::fma(x(i, 0), error, weight);
        bias += error;
        loss += y(i, 0) * y(i, 0) * 0.5;
    }
    const auto gradient = net.gradient(x, y);
    REQUIRE(gradient[0](0, 0) == weight);
    REQUIRE(gradient[1](0, 0) == bias);
    REQUIRE(net.loss(x, y) == loss / 300);
}

namespace {

template <class Kernel, class Real, class... Arguments>
void same_at_every_width(std::vector<Real> values, Arguments... arguments) {
    std::vector<Real> expected = values;
    run_at<Kernel>(instruction_set::portable, expected.data(), expected.size(), arguments...);
    for (const instruction_set set : {instruction_set::avx2, instruction_set::avx512}) {
        if (!runs(set)) {
            continue;
        }
        for (std::size_t first = 0; first < 17; ++first) {  // other remainders, other alignment
            std::vector<Real> got = values;
            run_at<Kernel>(set, got.data() + first, got.size() - first, arguments...);
            REQUIRE(test::differing(got.data() + first, expected.data() + first, got.size() - first) == 0);
        }
    }
}

/// |got - expected| in units in the last place of expected.
template <class Real>
double units(Real got, long double expected) {
    int exponent = 0;
    (void)std::frexp(static_cast<Real>(expected), &exponent);
    const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<Real>::digits);
    return static_cast<double>(std::fabs(static_cast<long double>(got) - expected) / unit);
}

} // namespace

TEMPLATE_TEST_CASE("network: exp and tanh have the same bits at every vector width", "[ml][network][invariance]", float, double) {
    std::vector<TestType> values(1000);
    fill_normal(stream(3), values, 0, 5);
    same_at_every_width<ml::detail::tanh_kernel<TestType>>(values);
    for (TestType& each : values) {
        each = -std::fabs(each) * 20;
    }
    same_at_every_width<ml::detail::exp_below_kernel<TestType>>(values);
}

TEMPLATE_TEST_CASE("network: exp and tanh are the C library's long ones to 1.1 and 3 units in the last place", "[ml][network]", float,
                   double) {
    const TestType lowest = ml::detail::exp_numbers<TestType>::lowest;
    double worst_exp = 0;
    double worst_tanh = 0;
    for (int i = 0; i <= 20000; ++i) {
        const TestType x = lowest * static_cast<TestType>(i) / 20000 * (i % 2 == 0 ? TestType(1) : TestType(0.01));
        worst_exp = std::max(worst_exp, units(ml::detail::exp_below(x), std::exp(static_cast<long double>(x))));
        const TestType t = static_cast<TestType>(i - 10000) / 10000
                           * (i % 3 == 0   ? TestType(20)
                              : i % 3 == 1 ? TestType(1)
                                           : TestType(1e-4));
        if (t != 0) {
            worst_tanh = std::max(worst_tanh, units(ml::detail::tanh_of(t), std::tanh(static_cast<long double>(t))));
        }
    }
    REQUIRE(worst_exp < 1.1);
    REQUIRE(worst_tanh < 3);

    const TestType infinity = std::numeric_limits<TestType>::infinity();
    const TestType nan = std::numeric_limits<TestType>::quiet_NaN();
    REQUIRE(ml::detail::exp_below(TestType(0)) == 1);
    REQUIRE(ml::detail::exp_below(-infinity) == 0);
    REQUIRE(ml::detail::exp_below(2 * lowest) == 0);
    REQUIRE(std::isnan(ml::detail::exp_below(nan)));
    REQUIRE(ml::detail::tanh_of(infinity) == 1);
    REQUIRE(ml::detail::tanh_of(-infinity) == -1);
    REQUIRE(ml::detail::tanh_of(TestType(0)) == 0);
    REQUIRE(std::signbit(ml::detail::tanh_of(-TestType(0))));
    REQUIRE(std::isnan(ml::detail::tanh_of(nan)));
}

TEST_CASE("network: the logarithm of a sum to 2 units in the last place", "[ml][network]") {
    double worst = 0;
    for (int i = 1; i <= 20000; ++i) {
        const double y = i % 2 == 0 ? 1 + i * 1e-3 : std::ldexp(1 + i / 20001.0, i % 1000);
        worst = std::max(worst, units(ml::detail::log_above(y), std::log(static_cast<long double>(y))));
    }
    REQUIRE(worst < 2);
    REQUIRE(ml::detail::log_above(1) == 0);
    REQUIRE(std::isinf(ml::detail::log_above(std::numeric_limits<double>::infinity())));
    REQUIRE(std::isnan(ml::detail::log_above(std::numeric_limits<double>::quiet_NaN())));
}
