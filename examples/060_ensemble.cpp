// SPDX-License-Identifier: Apache-2.0
// Several models, one answer: three kinds of classifiers learn handwritten digits, and vote on those that none of them has seen.
#include <cmath>
#include <cstddef>
#include <iostream>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/ml/ensemble/any_model.hpp>
#include <xrayon/ml/ensemble/ensemble_predict.hpp>
#include <xrayon/ml/ensemble/row_wise.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#include <xrayon/xrayon.hpp>

namespace ml = xrayon::ml;
namespace ensemble = xrayon::ml::ensemble;
using matrix = xt::xtensor<double, 2>;
using labels = xt::xtensor<int, 1>;
using rows_view = xrayon::array_view<const double, 2>;

/// Probabilities by distance to each class's mean: as many as there are digits, the nearer the likelier.
class nearest_mean {
public:
    nearest_mean(const matrix& x, const labels& y, double scale) : means_(xt::zeros<double>({std::size_t{10}, x.shape(1)})), scale_(scale) {
        std::vector<double> count(10, 0.0);
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            const auto digit = static_cast<std::size_t>(y(i));
            count[digit] += 1;
            for (std::size_t j = 0; j < x.shape(1); ++j) {
                means_(digit, j) += (x(i, j) - means_(digit, j)) / count[digit];
            }
        }
    }

    static constexpr bool row_wise = true;  // a row's answer depends on that row alone
    matrix operator()(const rows_view& x) const {
        matrix p = matrix::from_shape({x.shape(0), 10});
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            double sum = 0;
            for (std::size_t digit = 0; digit < 10; ++digit) {
                double squares = 0;
                for (std::size_t j = 0; j < x.shape(1); ++j) {
                    const double d = x(i, j) - means_(digit, j);
                    squares += d * d;
                }
                p(i, digit) = std::exp(-squares / scale_);
                sum += p(i, digit);
            }
            for (std::size_t digit = 0; digit < 10; ++digit) {
                p(i, digit) /= sum;
            }
        }
        return p;
    }

private:
    matrix means_;
    double scale_;
};

int main() {
    const xrayon::csv_table table = xrayon::read_csv("examples/data/digits.csv");
    const matrix pixels = xt::view(table.values, xt::all(), xt::range(0, 64));
    const labels digits = xt::adapt(table.integers("label"));
    const auto [train, test] = ml::train_test_split(digits.size(), {.test_size = 0.5, .seed = 7});
    const matrix train_x = xt::view(pixels, xt::keep(train), xt::all());
    const labels train_y = xt::view(digits, xt::keep(train));
    const matrix test_x = xt::view(pixels, xt::keep(test), xt::all());
    const labels test_y = xt::view(digits, xt::keep(test));

    // Labels: a vote. A std::tuple holds models of several types; the neighbours are the dearest, so they begin first.
    ml::k_nearest_neighbors near({.k = 1});
    ml::k_nearest_neighbors wide({.k = 25});
    near.fit(train_x, train_y);
    wide.fit(train_x, train_y);
    const nearest_mean mean(train_x, train_y, 100);
    const auto voters = std::tuple([&](const matrix& x) { return near.predict(x); }, [&](const matrix& x) { return wide.predict(x); },
                                   [&](const matrix& x) { return ml::ensemble_predict(x, std::vector{mean}, ensemble::soft_vote{}); });
    const auto say = [&](const std::string& who, const auto& predicted) { std::cout << who << ml::accuracy(test_y, predicted) << "\n"; };
    say("nearest neighbour    ", near.predict(test_x));
    say("25 neighbours        ", wide.predict(test_x));
    say("nearest mean         ", std::get<2>(voters)(test_x));
    const auto vote = [&] { return ml::ensemble_predict(test_x, voters, ensemble::vote{}, {.costs = {5, 5, 1}}); };
    say("their vote           ", vote());
    std::cout << "on 1 and on 8 threads: " << (xrayon::pool(1).install(vote) == xrayon::pool(8).install(vote) ? "the same" : "not the same")
              << "\n\n";

    // Probabilities: models of many types in one vector, weighted. All say that they are row-wise, so tiles of rows go through all of them.
    const std::vector<ml::any_model<>> models{nearest_mean(train_x, train_y, 30), nearest_mean(train_x, train_y, 300),
                                              ml::row_wise([](const rows_view& x) {
                                                  return matrix(xt::ones<double>({x.shape(0), std::size_t{10}}) / 10);
                                              })};
    const auto sure = ml::ensemble_predict(test_x, models, ensemble::mean_probability{.weights = {5, 4, 1}});
    say("weighted soft vote   ", ml::ensemble_predict(test_x, models, ensemble::soft_vote{.weights = {5, 4, 1}}));
    std::cout << "probabilities of row 0 sum to " << xt::sum(xt::view(sure, 0, xt::all()))() << "\n";

    try {
        (void)ml::ensemble_predict(test_x, models, ensemble::weighted_mean{{0.5, 0.5}});
    } catch (const xrayon::argument_error& error) {
        std::cout << error.what() << "\n";
    }
}

// Output:
// nearest neighbour    0.987764
// 25 neighbours        0.951057
// nearest mean         0.894327
// their vote           0.954394
// on 1 and on 8 threads: the same
//
// weighted soft vote   0.894327
// probabilities of row 0 sum to 1
// ensemble_predict: 2 weights for 3 models
