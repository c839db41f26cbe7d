// SPDX-License-Identifier: Apache-2.0
// Gradients against central differences: every parameter, both activations, both losses, with and without dropout.
#include <xrayon/ml/models/multilayer_perceptron.hpp>

#include "../support/catch.hpp"
#include "network_support.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

using namespace xrayon;
using ml::activation_function;
using ml::loss_function;

namespace {

using network = ml::multilayer_perceptron<double>;
using matrix = network::matrix;

/// The largest difference between a derivative and (loss(p + h) - loss(p - h)) / 2h, over 1 + its size. With h = 1e-5 the formula is off by
/// about h^2 and by 1e-16 / h: 1e-10 of numbers around 1. ReLU has corners; rows near one are what the seeds avoid.
template <class Y, class Loss>
double worst_difference(network net, const network::parameters_type& gradient, const Y&, const Loss& loss) {
    const double h = 1e-5;
    double worst = 0;
    const network::parameters_type parameters = net.parameters();
    for (std::size_t p = 0; p < parameters.size(); ++p) {
        for (std::size_t i = 0; i < parameters[p].size(); ++i) {
            network::parameters_type moved = parameters;
            moved[p].data()[i] = parameters[p].data()[i] + h;
            net.set_parameters(moved);
            const double above = loss(net);
            moved[p].data()[i] = parameters[p].data()[i] - h;
            net.set_parameters(moved);
            const double slope = (above - loss(net)) / (2 * h);
            worst = std::max(worst, std::abs(slope - gradient[p].data()[i]) / (1 + std::abs(slope)));
        }
    }
    return worst;
}

template <class Y>
void check_slopes(const network& net, const matrix& x, const Y& y) {
    const stream source = stream(4) / "sample";
    REQUIRE(worst_difference(net, net.gradient(x, y), y, [&](const network& at) { return at.loss(x, y); }) < 1e-8);
    const auto dropped = net.gradient(x, y, source);
    REQUIRE(worst_difference(net, dropped, y,
                             [&](const network& at) {
                                 network::parameters_type unused;
                                 return at.gradient_into(x, y, source, unused);
                             })
            < 1e-8);
    // And dropout is in there.
    const bool differ = !(dropped == net.gradient(x, y));
    REQUIRE(differ);
}

} // namespace

TEST_CASE("network gradient: central differences of every parameter", "[ml][network][gradient]") {
    const std::size_t rows = 9;
    const matrix x = test::normal_matrix<double>(rows, 4, 11);
    for (const activation_function activation : {activation_function::relu, activation_function::tanh}) {
        for (const std::vector<double>& dropout : {std::vector<double>{0.3}, std::vector<double>{0, 0.5}}) {
            const network softmax({.layers = {4, 7, 5, 3}, .activation = activation, .dropout = dropout, .seed = 2});
            check_slopes(softmax, x, test::cyclic_labels(rows, 3));
            const network squared(
                {.layers = {4, 7, 5, 2}, .activation = activation, .dropout = dropout, .loss = loss_function::squared, .seed = 2});
            check_slopes(squared, x, test::normal_matrix<double>(rows, 2, 12));
        }
    }
}

TEST_CASE("network gradient: the loss that comes with it is the loss of the sample", "[ml][network][gradient]") {
    // Of dropout's sample the loss can be had from its probabilities.
    const network net({.layers = {4, 40, 3}, .dropout = {0.5}, .seed = 2});
    const matrix x = test::normal_matrix<double>(200, 4, 11);
    const auto y = test::cyclic_labels(200, 3);
    const matrix p = net.predict_with_dropout(x, stream(1));
    double sum = 0;
    for (std::size_t i = 0; i < 200; ++i) {
        sum -= std::log(p(i, static_cast<std::size_t>(y[i])));
    }
    network::parameters_type gradient;
    REQUIRE(net.gradient_into(x, y, stream(1), gradient) == test::approx(sum / 200).epsilon(1e-13));
}

TEST_CASE("network gradient: float is double to float's accuracy", "[ml][network][gradient]") {
    const std::size_t rows = 150;
    const matrix x = test::normal_matrix<double>(rows, 4, 11);
    const auto y = test::cyclic_labels(rows, 3);
    for (const activation_function activation : {activation_function::relu, activation_function::tanh}) {
        const ml::multilayer_perceptron_options options{.layers = {4, 7, 5, 3}, .activation = activation, .dropout = {0.3}, .seed = 2};
        const ml::multilayer_perceptron<float> small(options);
        network large(options);
        network::parameters_type parameters;
        for (const auto& each : small.parameters()) {
            parameters.emplace_back(each);
        }
        large.set_parameters(parameters);
        const xt::xtensor<float, 2> x_small = x;
        const matrix x_large = x_small;
        const auto got = small.gradient(x_small, y, stream(1));
        const auto expected = large.gradient(x_large, y, stream(1));
        for (std::size_t p = 0; p < expected.size(); ++p) {
            for (std::size_t i = 0; i < expected[p].size(); ++i) {
                REQUIRE(std::abs(static_cast<double>(got[p].data()[i]) - expected[p].data()[i]) < 2e-6);
            }
        }
    }
}

TEST_CASE("network gradient: an array that is there is written, whatever it holds", "[ml][network][gradient]") {
    const network net({.layers = {4, 7, 3}});
    const matrix x = test::normal_matrix<double>(300, 4, 11);
    const auto y = test::cyclic_labels(300, 3);
    const auto expected = net.gradient(x, y);
    network::parameters_type gradient = expected;
    for (matrix& each : gradient) {
        each.fill(std::nan(""));
    }
    const double* const where = gradient[0].data();
    (void)net.gradient_into(x, y, gradient);
    const bool equal = gradient == expected;
    REQUIRE(equal);
    REQUIRE(gradient[0].data() == where);
    (void)net.add_gradient(x, y, gradient);  // on top: twice as much
    for (std::size_t p = 0; p < gradient.size(); ++p) {
        for (std::size_t i = 0; i < gradient[p].size(); ++i) {
            REQUIRE(gradient[p].data()[i] == test::approx(2 * expected[p].data()[i]).margin(1e-15));
        }
    }
    gradient = {matrix{{1, 2}}, matrix{{3}}, matrix::from_shape({0, 2}), matrix{{1}}, matrix{{1}}};
    (void)net.gradient_into(x, y, gradient);
    const bool shaped = gradient == expected;
    REQUIRE(shaped);

    for (matrix& each : gradient) {
        each.fill(0);
    }
    REQUIRE(net.add_gradient(x, y, gradient) == net.loss(x, y));
    const bool from_zero = gradient == expected;
    REQUIRE(from_zero);
    gradient[3] = matrix{{1}};
    REQUIRE_THROWS_WITH(net.add_gradient(x, y, gradient),
                        "multilayer_perceptron.add_gradient: parameter 3 has shape (1, 1), the network's has (1, 3)");
    gradient.pop_back();
    REQUIRE_THROWS_WITH(net.add_gradient(x, y, gradient), "multilayer_perceptron.add_gradient: there must be 4 parameters, got 3");
}
