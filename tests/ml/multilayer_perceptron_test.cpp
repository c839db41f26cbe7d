// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/models/multilayer_perceptron.hpp>

#include "../support/catch.hpp"
#include "golden/network.hpp"
#include "network_support.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/random/bernoulli.hpp>

using namespace xrayon;
using ml::multilayer_perceptron;
using network = multilayer_perceptron<double>;
using matrix = network::matrix;

namespace {

// Outside of REQUIRE, which xtensor's operators would take apart.
bool same(const matrix& a, const matrix& b) { return a == b; }
bool same(const network::parameters_type& a, const network::parameters_type& b) { return a == b; }

matrix as_matrix(const std::vector<double>& values, std::size_t columns) {
    matrix out = matrix::from_shape({values.size() / columns, columns});
    std::copy(values.begin(), values.end(), out.begin());
    return out;
}

network known_network(const golden::network_case& known, ml::activation_function activation, ml::loss_function loss) {
    network net({.layers = known.layers, .activation = activation, .loss = loss});
    network::parameters_type parameters = net.parameters();
    REQUIRE(parameters.size() == known.parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        REQUIRE(parameters[i].size() == known.parameters[i].size());
        std::copy(known.parameters[i].begin(), known.parameters[i].end(), parameters[i].begin());
    }
    net.set_parameters(parameters);
    return net;
}

void require_near(const double* got, const std::vector<double>& expected) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
        INFO("element " << i);
        REQUIRE(std::abs(got[i] - expected[i]) <= 1e-14 * std::max(1.0, std::abs(expected[i])));
    }
}

template <class Y>
void agrees(const golden::network_case& known, const network& net, const Y& y) {
    const matrix x = as_matrix(known.x, known.layers.front());
    require_near(net.forward(x).data(), known.outputs);
    REQUIRE(net.loss(x, y) == test::approx(known.loss).epsilon(1e-14));
    const auto gradient = net.gradient(x, y);
    REQUIRE(gradient.size() == known.gradient.size());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        INFO("parameter " << i);
        REQUIRE(gradient[i].shape() == net.parameters()[i].shape());
        require_near(gradient[i].data(), known.gradient[i]);
    }
    network::parameters_type into;
    REQUIRE(net.gradient_into(x, y, into) == net.loss(x, y));
    REQUIRE(same(into, gradient));
}

using ml::activation_function;
using ml::loss_function;

} // namespace

TEST_CASE("multilayer_perceptron: scikit-learn's outputs, loss and gradient", "[ml][network]") {
    for (const bool relu : {true, false}) {
        const activation_function activation = relu ? activation_function::relu : activation_function::tanh;
        const golden::network_case& softmax = relu ? golden::relu_softmax : golden::tanh_softmax;
        const golden::network_case& squared = relu ? golden::relu_squared : golden::tanh_squared;
        agrees(softmax, known_network(softmax, activation, loss_function::softmax_cross_entropy),
               std::vector<long>(softmax.y.begin(), softmax.y.end()));
        agrees(squared, known_network(squared, activation, loss_function::squared), as_matrix(squared.y, squared.layers.back()));
    }
}

TEST_CASE("multilayer_perceptron: predict gives the first of the largest outputs", "[ml][network]") {
    const network net({.layers = {6, 8, 4}, .seed = 3});
    const matrix x = test::normal_matrix<double>(150, 6, 1);
    const matrix outputs = net.forward(x);
    const auto labels = net.predict(x);
    REQUIRE(labels.shape(0) == 150);
    for (std::size_t i = 0; i < 150; ++i) {
        const double* const row = outputs.data() + i * 4;
        REQUIRE(labels(i) == std::max_element(row, row + 4) - row);
    }
    network flat({.layers = {6, 4}});
    flat.set_parameters({xt::zeros<double>({6, 4}), matrix{{1, 2, 2, 0}}});
    REQUIRE(flat.predict(x)(149) == 1);
}

TEST_CASE("multilayer_perceptron: initial weights have the variance of He or Glorot and come from the seed", "[ml][network]") {
    const auto mean_and_variance = [](const matrix& w) {
        double mean = 0;
        double square = 0;
        for (const double each : w) {
            mean += each / static_cast<double>(w.size());
            square += each * each / static_cast<double>(w.size());
        }
        return std::pair(mean, square - mean * mean);
    };
    const network relu({.layers = {200, 300, 100}, .seed = 1});
    const auto [mean, variance] = mean_and_variance(relu.parameters()[0]);  // 60,000 numbers: 4 deviations of the variance are 0.023 of it
    REQUIRE(std::abs(mean) < 4 * std::sqrt(2.0 / 200 / 60000));
    REQUIRE(variance == test::approx(2.0 / 200).epsilon(0.023));
    const network tanh({.layers = {200, 300, 100}, .activation = activation_function::tanh, .seed = 1});
    const auto [mean_2, variance_2] = mean_and_variance(tanh.parameters()[2]);
    REQUIRE(std::abs(mean_2) < 4 * std::sqrt(2.0 / 400 / 30000));
    REQUIRE(variance_2 == test::approx(2.0 / 400).epsilon(0.021));  // 4 deviations, of a uniform one
    for (const matrix* bias : {&relu.parameters()[1], &tanh.parameters()[3]}) {
        REQUIRE(std::all_of(bias->begin(), bias->end(), [](double b) { return b == 0; }));
    }
    REQUIRE(same(network({.layers = {200, 300, 100}, .seed = 1}).parameters(), relu.parameters()));
    REQUIRE(!same(network({.layers = {200, 300, 100}, .seed = 2}).parameters(), relu.parameters()));
}

TEST_CASE("multilayer_perceptron: dropout keeps what fill_bernoulli keeps, and scales it", "[ml][network][dropout]") {
    // One hidden layer of the inputs themselves (positive, weights 1, bias 0), read off by weights 1 again: outputs are the masked inputs.
    const std::size_t width = 16;
    const std::size_t rows = 150;
    network net({.layers = {width, width, width}, .dropout = {0.25}, .loss = loss_function::squared});
    const matrix one = xt::eye<double>(width);
    net.set_parameters({one, xt::zeros<double>({1, 16}), one, xt::zeros<double>({1, 16})});
    const matrix x = xt::abs(test::normal_matrix<double>(rows, width, 5));
    const stream source = stream(9) / 4;
    std::vector<std::uint8_t> keep(rows * width);
    fill_bernoulli(source / 0, keep, 0.75);
    const matrix y = net.predict_with_dropout(x, source);
    for (std::size_t i = 0; i < keep.size(); ++i) {
        REQUIRE(y.data()[i] == (keep[i] != 0 ? x.data()[i] * (1 / 0.75) : 0.0));
    }
    REQUIRE(same(net.predict_with_dropout(x, source), y));  // the stream has not moved
    REQUIRE(same(net(x, source), y));
    REQUIRE(!same(net.predict_with_dropout(x, stream(9) / 5), y));
    REQUIRE(same(net.forward(x), x));
}

TEST_CASE("multilayer_perceptron: prepared batches give the bits of the whole way", "[ml][network][dropout]") {
    const matrix x = test::normal_matrix<double>(200, 5, 2);
    for (const auto& options :
         {ml::multilayer_perceptron_options{.layers = {5, 12, 9, 3}, .dropout = {0.5}},
          ml::multilayer_perceptron_options{.layers = {5, 12, 9, 3}, .activation = activation_function::tanh, .dropout = {0.0, 0.3}},
          ml::multilayer_perceptron_options{.layers = {5, 12, 9, 3}}, ml::multilayer_perceptron_options{.layers = {5, 3}, .dropout = {0.5}},
          ml::multilayer_perceptron_options{.layers = {5, 3}, .loss = loss_function::squared}}) {
        const network net(options);
        const auto prepared = net.prepare(x);
        REQUIRE(prepared.rows() == 200);
        for (const int sample : {0, 1}) {
            const matrix whole = net.predict_with_dropout(x, stream(1) / sample);
            REQUIRE(same(net(prepared, stream(1) / sample), whole));
            matrix out = matrix::from_shape({200, 3});
            net.predict_with_dropout_into(prepared, stream(1) / sample, out);
            REQUIRE(same(out, whole));
            net.predict_with_dropout_into(x, stream(1) / sample, view_of(out));
            REQUIRE(same(out, whole));
            REQUIRE((whole == net.forward(x)) == (options.dropout.empty() || options.layers.size() == 2));
        }
    }
}

TEST_CASE("multilayer_perceptron: copies are networks of their own, and moved ones go on", "[ml][network]") {
    const matrix x = test::normal_matrix<double>(10, 4, 2);
    network a({.layers = {4, 6, 3}, .seed = 1});
    const matrix y = a.forward(x);
    network b = a;
    a.set_parameters(network({.layers = {4, 6, 3}, .seed = 2}).parameters());
    REQUIRE(same(b.forward(x), y));
    REQUIRE(!same(a.forward(x), y));
    network c = std::move(b);
    REQUIRE(same(c.forward(x), y));
    b = network({.layers = {4, 3}});
    REQUIRE(b.forward(x).shape(1) == 3);
    a = c;
    REQUIRE(same(a.forward(x), y));
    std::vector<network> several(3, c);  // an ensemble
    REQUIRE(same(several[2].forward(x), y));
}

TEST_CASE("multilayer_perceptron: no rows give no outputs", "[ml][network]") {
    const network net({.layers = {4, 6, 3}});
    const matrix none = matrix::from_shape({0, 4});
    REQUIRE(net.forward(none).shape() == std::array<std::size_t, 2>{0, 3});
    REQUIRE(net.predict(none).size() == 0);
    REQUIRE(net(net.prepare(none), stream(1)).shape(0) == 0);
}

TEST_CASE("multilayer_perceptron: what is not finite stays in its row", "[ml][network]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    for (const activation_function activation : {activation_function::relu, activation_function::tanh}) {
        const network net({.layers = {4, 6, 3}, .activation = activation});
        matrix x = test::normal_matrix<double>(5, 4, 2);
        const matrix y = net.forward(x);
        x(1, 2) = nan;
        x(3, 0) = infinity;
        x(3, 1) = -infinity;
        const matrix got = net.forward(x);
        for (const std::size_t row : {0u, 2u, 4u}) {
            REQUIRE(test::differing(got.data() + row * 3, y.data() + row * 3, 3) == 0);
        }
        REQUIRE(std::isnan(got(1, 0)));
        REQUIRE(std::isnan(got(1, 2)));
        REQUIRE(net.predict(x)(1) == 0);
    }
    // Far apart, softmax is exact; nothing overflows.
    network net({.layers = {1, 3}});
    net.set_parameters({matrix{{1e300, -1e300, 0}}, xt::zeros<double>({1, 3})});
    REQUIRE(same(net.forward(matrix{{1e8}, {-1e8}}), matrix{{1, 0, 0}, {0, 1, 0}}));
    REQUIRE(net.loss(matrix{{1}}, std::vector{0}) == 0);
    REQUIRE(net.loss(matrix{{1}}, std::vector{2}) == 1e300);
}

TEST_CASE("multilayer_perceptron: says which argument is wrong", "[ml][network][errors]") {
    const auto make = [](ml::multilayer_perceptron_options options) { return network(options); };
    REQUIRE_THROWS_WITH(make({}), "multilayer_perceptron: options.layers must name inputs and outputs at least, got 0");
    REQUIRE_THROWS_WITH(make({.layers = {4}}), "multilayer_perceptron: options.layers must name inputs and outputs at least, got 1");
    REQUIRE_THROWS_WITH(make({.layers = {4, 0, 2}}), "multilayer_perceptron: options.layers must be >= 1; layer 1, got 0");
    REQUIRE_THROWS_WITH(make({.layers = {4, 3, 2}, .dropout = {1.0}}),
                        "multilayer_perceptron: options.dropout must be in [0, 1); hidden layer 0, got 1");
    REQUIRE_THROWS_WITH(make({.layers = {4, 3, 3, 2}, .dropout = {0.5, -0.5}}),
                        "multilayer_perceptron: options.dropout must be in [0, 1); hidden layer 1, got -0.5");
    REQUIRE_THROWS_WITH(make({.layers = {4, 3, 2}, .dropout = {std::nan("")}}),
                        "multilayer_perceptron: options.dropout must be in [0, 1); hidden layer 0, got nan");
    REQUIRE_THROWS_WITH(make({.layers = {4, 3, 3, 3, 2}, .dropout = {0.1, 0.2}}),
                        "multilayer_perceptron: options.dropout must have no, one or 3 numbers (one per hidden layer), got 2");
    REQUIRE_THROWS_WITH(make({.layers = {4, std::size_t{1} << 40, std::size_t{1} << 40}}),
                        "multilayer_perceptron: options.layers must make no more weights than memory can hold; layer 2, got 1099511627776");
    REQUIRE_THROWS_AS(make({.layers = {4}}), argument_error);

    const network net({.layers = {4, 6, 3}});
    const matrix x = test::normal_matrix<double>(5, 4, 1);
    const matrix narrow = test::normal_matrix<double>(5, 3, 1);
    const std::vector<int> y{0, 1, 2, 0, 1};
    matrix out = matrix::from_shape({5, 3});
    REQUIRE_THROWS_AS(net.forward(narrow), shape_error);
    REQUIRE_THROWS_WITH(net.forward(narrow), "multilayer_perceptron.forward: X has shape (5, 3), the first layer has (4, 6)");
    REQUIRE_THROWS_WITH(net(narrow), "multilayer_perceptron: X has shape (5, 3), the first layer has (4, 6)");
    REQUIRE_THROWS_WITH(net.forward_into(narrow, out),
                        "multilayer_perceptron.forward_into: X has shape (5, 3), the first layer has (4, 6)");
    REQUIRE_THROWS_WITH(net.predict(narrow), "multilayer_perceptron.predict: X has shape (5, 3), the first layer has (4, 6)");
    REQUIRE_THROWS_WITH(net.prepare(narrow), "multilayer_perceptron.prepare: X has shape (5, 3), the first layer has (4, 6)");
    REQUIRE_THROWS_WITH(net.predict_with_dropout(narrow, stream(1)),
                        "multilayer_perceptron.predict_with_dropout: X has shape (5, 3), the first layer has (4, 6)");
    REQUIRE_THROWS_WITH(net.gradient(narrow, y), "multilayer_perceptron.gradient: X has shape (5, 3), the first layer has (4, 6)");

    matrix other = matrix::from_shape({5, 2});
    REQUIRE_THROWS_WITH(net.forward_into(x, other), "multilayer_perceptron.forward_into: out has shape (5, 2), the result has (5, 3)");
    matrix both = test::normal_matrix<double>(5, 7, 1);
    const auto left = view_of(both).slice<1>(0, 4);
    net.forward_into(left, view_of(both).slice<1>(4, 7));  // side by side
    REQUIRE_THROWS_WITH(net.forward_into(left, view_of(both).slice<1>(3, 6)), "multilayer_perceptron.forward_into: out must not overlap X");
    REQUIRE_THROWS_WITH(net.forward_into(x, array_view<double, 2>(out.data(), {5, 3}, {0, 1})),
                        "multilayer_perceptron.forward_into: every index of out must be an element of its own");

    REQUIRE_THROWS_WITH(net.gradient(x, std::vector{0, 1, 2}), "multilayer_perceptron.gradient: X has shape (5, 4), y has (3,)");
    REQUIRE_THROWS_AS(net.gradient(x, std::vector{0, 1, 2}), shape_error);
    REQUIRE_THROWS_WITH(net.gradient(x, std::vector{0, 1, 2, 3, 9}),
                        "multilayer_perceptron.gradient: labels must be in [0, 3); row 3, got 3");
    REQUIRE_THROWS_WITH(net.loss(x, std::vector{0, 1, -1, 3, 9}), "multilayer_perceptron.loss: labels must be in [0, 3); row 2, got -1");
    REQUIRE_THROWS_WITH(net.gradient(matrix::from_shape({0, 4}), std::vector<int>{}),
                        "multilayer_perceptron.gradient: X must have at least 1 row, got 0");
    REQUIRE_THROWS_WITH(net.gradient(x, out), test::contains("multilayer_perceptron.gradient: softmax_cross_entropy needs labels"));
    const network squared({.layers = {4, 6, 3}, .loss = loss_function::squared});
    REQUIRE_THROWS_WITH(squared.gradient(x, y), test::contains("multilayer_perceptron.gradient: whole numbers are labels"));
    REQUIRE_THROWS_WITH(squared.gradient(x, other), "multilayer_perceptron.gradient: y has shape (5, 2), the outputs has (5, 3)");
    REQUIRE_THROWS_WITH(squared.gradient(x, std::vector<double>(5)),
                        "multilayer_perceptron.gradient: y has shape (5, 1), the outputs has (5, 3)");
    REQUIRE_THROWS_WITH(squared.gradient(x, test::normal_matrix<double>(4, 3, 1)),
                        "multilayer_perceptron.gradient: X has shape (5, 4), y has (4, 3)");

    network::parameters_type kept{matrix{{42}}};
    REQUIRE_THROWS(net.gradient_into(x, std::vector{0, 1, 2, 3, 9}, kept));
    REQUIRE(same(kept, network::parameters_type{matrix{{42}}}));

    network changed = net;
    auto parameters = net.parameters();
    parameters[2] = matrix::from_shape({3, 6});
    REQUIRE_THROWS_WITH(changed.set_parameters(parameters),
                        "multilayer_perceptron.set_parameters: parameter 2 has shape (3, 6), the network's has (6, 3)");
    REQUIRE_THROWS_AS(changed.set_parameters(parameters), shape_error);
    parameters.resize(3);
    REQUIRE_THROWS_WITH(changed.set_parameters(parameters), "multilayer_perceptron.set_parameters: there must be 4 parameters, got 3");
    REQUIRE(same(changed.parameters(), net.parameters()));
}

TEST_CASE("multilayer_perceptron: one output takes a vector of targets", "[ml][network]") {
    const network net({.layers = {4, 6, 1}, .loss = loss_function::squared});
    const matrix x = test::normal_matrix<double>(5, 4, 1);
    const matrix y = test::normal_matrix<double>(5, 1, 2);
    REQUIRE(same(net.gradient(x, std::vector<double>(y.begin(), y.end())), net.gradient(x, y)));
    REQUIRE(net.loss(x, std::vector<double>(y.begin(), y.end())) == net.loss(x, y));
}

template <class Y>
concept trains_with = requires(const network& net, const matrix& x, const Y& y) {
    net.gradient(x, y);
};
static_assert(
    trains_with<std::vector<int>> && trains_with<std::vector<std::size_t>> && trains_with<matrix> && trains_with<std::vector<double>>);
static_assert(!trains_with<std::vector<
                  char>> && !trains_with<std::vector<bool>> && !trains_with<std::vector<float>> && !trains_with<std::vector<std::string>>);
static_assert(!trains_with<xt::xtensor<float, 2>>);

TEST_CASE("network: a batch that another network prepared is refused where it does not fit", "[ml][network][dropout][errors]") {
    const network wide({.layers = {4, 100, 3}, .dropout = {0.5}});
    const network narrow({.layers = {4, 3}});
    const network deep({.layers = {4, 200, 3}, .dropout = {0.5}});
    const matrix x = matrix::from_shape({5, 4});
    matrix out = matrix::from_shape({5, 3});
    REQUIRE_THROWS_WITH(narrow(wide.prepare(x), stream(1)),
                        "multilayer_perceptron: the prepared batch has shape (5, 100), the first layer has (4, 3)");
    REQUIRE_THROWS_AS(deep(wide.prepare(x), stream(1)), shape_error);
    REQUIRE_THROWS_AS(wide(deep.prepare(x), stream(1)), shape_error);
    REQUIRE_THROWS_AS(narrow.predict_with_dropout_into(wide.prepare(x), stream(1), out), shape_error);
    REQUIRE(wide(wide.prepare(x), stream(1)).shape(1) == 3);
}
