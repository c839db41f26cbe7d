// SPDX-License-Identifier: Apache-2.0
// Rows E1-E20 of the fault table (docs/design/ensembles.md).
#include <xrayon/ml/ensemble/any_model.hpp>
#include <xrayon/ml/ensemble/ensemble_predict.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using ml::ensemble_predict;
namespace ensemble = ml::ensemble;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();

std::atomic<int> calls{0};

/// Gives the same whatever it is asked.
template <class Array>
struct constant {
    Array y;
    const Array& operator()(int) const {
        ++calls;
        return y;
    }
};
/// A model that predicts a vector of these numbers.
constant<vector> says(std::initializer_list<double> values) { return {vector(values)}; }
/// Models that predict one number each.
std::vector<constant<double>> say(std::initializer_list<double> values) {
    std::vector<constant<double>> models;
    for (const double value : values) {
        models.push_back({value});
    }
    return models;
}

template <class Error, class Call>
void fails_before_any_model(const Call& call, const std::string& text) {
    calls = 0;
    REQUIRE_THROWS_AS(call(), Error);
    REQUIRE_THROWS_WITH(call(), text);
    REQUIRE(calls == 0);
}

matrix ones(std::size_t rows, std::size_t columns) { return matrix(std::array<std::size_t, 2>{rows, columns}, 1.0); }

using real_model = std::function<matrix(const array_view<const double, 2>&)>;

/// Gives so many columns.
real_model wide(std::size_t columns) {
    return [columns](const array_view<const double, 2>& x) { return ones(x.shape(0), columns); };
}

} // namespace

TEST_CASE("ensemble: no models", "[ml][ensemble_predict][errors][E1]") {
    fails_before_any_model<argument_error>([] { (void)ensemble_predict(1, std::vector<constant<double>>{}); },
                                           "ensemble_predict: 0 models");
}

TEST_CASE("ensemble: predictions of unlike shapes", "[ml][ensemble_predict][errors][E2][E3]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const matrix x = ones(10, 2);
    const std::vector<real_model> models{wide(4), wide(4), wide(3), wide(2)};
    REQUIRE_THROWS_AS(workers.install([&] { return ensemble_predict(x, models); }), shape_error);
    REQUIRE_THROWS_WITH(workers.install([&] { return ensemble_predict(x, models); }),
                        "ensemble_predict: model 2 gave (10, 3), model 0 gave (10, 4)");
    REQUIRE_THROWS_WITH(workers.install([&] { return ensemble_predict(x, models, ensemble::mean{}, {.tile_rows = 4}); }),
                        "ensemble_predict: model 2 gave (4, 3) for rows 0 to 4, model 0 gave (4, 4)");
    try {
        (void)ensemble_predict(x, models);
    } catch (const shape_error& error) {
        REQUIRE(error.lhs() == shape_error::shape{10, 3});
        REQUIRE(error.rhs() == shape_error::shape{10, 4});
    }
    // (n, 1) against (n,): nothing is broadcast.
    const auto column = [](const matrix& of) { return matrix(xt::view(of, xt::all(), xt::range(0, 1))); };
    const auto flat = [](const matrix& of) { return vector(xt::view(of, xt::all(), 0)); };
    REQUIRE_THROWS_AS(ensemble_predict(x, std::tuple(column, flat)), shape_error);
    REQUIRE_THROWS_WITH(ensemble_predict(x, std::tuple(column, flat)), "ensemble_predict: model 1 gave (10,), model 0 gave (10, 1)");
    REQUIRE_THROWS_WITH(ensemble_predict(x, std::tuple(flat, column)), "ensemble_predict: model 1 gave (10, 1), model 0 gave (10,)");
    // Rows that change from tile to tile, or are not one for one.
    const auto first_row = [&](const array_view<const double, 2>& of) { return static_cast<std::size_t>(of.data() - x.data()) / 2; };
    const std::vector<real_model> changing{
        [&](const array_view<const double, 2>& of) { return ones(of.shape(0), first_row(of) < 4 ? 3 : 2); }};
    REQUIRE_THROWS_WITH(workers.install([&] { return ensemble_predict(x, changing, ensemble::mean{}, {.tile_rows = 2, .grain = 1}); }),
                        "ensemble_predict: models gave rows of shape (2,) for tile 2, (3,) for tile 0");
    const std::vector<real_model> halving{[](const array_view<const double, 2>& of) { return ones(of.shape(0) / 2, 1); }};
    REQUIRE_THROWS_WITH(ensemble_predict(x, halving, ensemble::mean{}, {.tile_rows = 4}),
                        "ensemble_predict: models that see tiles must give a row for each of theirs, model 0 gave (2, 1) for rows 0 to 4");
}

TEST_CASE("ensemble: weights that do not fit", "[ml][ensemble_predict][errors][E4][E5][E6]") {
    const auto models = say({1, 2, 3});
    const auto with = [&](std::vector<double> weights, bool negative = false) {
        return [&models, weights, negative] { (void)ensemble_predict(1, models, ensemble::weighted_mean{weights, negative}); };
    };
    fails_before_any_model<argument_error>(with({1, 2}), "ensemble_predict: 2 weights for 3 models");
    fails_before_any_model<argument_error>(with({}), "ensemble_predict: 0 weights for 3 models");
    fails_before_any_model<argument_error>(with({1, not_a_number, inf}), "ensemble_predict: weight 1 is nan");
    fails_before_any_model<argument_error>(with({1, 2, inf}), "ensemble_predict: weight 2 is inf");
    fails_before_any_model<argument_error>(with({-0.5, 2, 1}), "ensemble_predict: weight 0 is -0.5");
    fails_before_any_model<argument_error>(with({0, 0, 0}), "ensemble_predict: weights sum to 0");
    fails_before_any_model<argument_error>(with({2, -1, -1}, true), "ensemble_predict: weights sum to 0");
    fails_before_any_model<argument_error>(
        [&] {
            (void)ensemble_predict(1, models, ensemble::vote{{1, not_a_number, 1}});
        },
        "ensemble_predict: weight 1 is nan");
    // Allowed by option: 2 x 1 - 1 x 2 + 1 x 3, over 2.
    REQUIRE(ensemble_predict(1, models, ensemble::weighted_mean{{2, -1, 1}, true}) == 1.5);
}

TEST_CASE("ensemble: weights near 0 and near the largest number", "[ml][ensemble_predict][E7]") {
    const auto models = say({1, 2, 6});
    REQUIRE(ensemble_predict(1, models, ensemble::weighted_mean{{1e-320, 1e-320, 1e-320}}) == 3);
    REQUIRE(ensemble_predict(1, models, ensemble::weighted_mean{{5e-324, 5e-324, 5e-324}}) == 3);
    REQUIRE(ensemble_predict(1, models, ensemble::weighted_mean{{1e308, 1e308, 1e308}}) == 3);
    REQUIRE(ensemble_predict(1, models, ensemble::weighted_mean{{0, 5e-324, 0}}) == 2);
}

TEST_CASE("ensemble: medians of even counts are midpoints", "[ml][ensemble_predict][E8]") {
    REQUIRE(ensemble_predict(1, say({4, 1, 3, 2}), ensemble::median{}) == 2.5);
    REQUIRE(ensemble_predict(1, say({largest, largest}), ensemble::median{}) == largest);
    REQUIRE(ensemble_predict(1, say({1.5e308, 1.7e308, -inf, inf}), ensemble::median{}) == 1.6e308);
    REQUIRE(ensemble_predict(1, say({-largest, largest}), ensemble::median{}) == 0);
    REQUIRE(ensemble_predict(1, say({4, 1, 3, 2}), ensemble::median_high{}) == 3);
    REQUIRE(ensemble_predict(1, say({inf, inf}), ensemble::median{}) == inf);
    REQUIRE(std::isnan(ensemble_predict(1, say({inf, -inf}), ensemble::median{})));
    // A zero is +0, in whatever order they come.
    REQUIRE(!std::signbit(ensemble_predict(1, say({-0.0, 0.0, -0.0}), ensemble::median{})));
}

TEST_CASE("ensemble: NaN in medians and extremes, by policy and in any order", "[ml][ensemble_predict][E9]") {
    std::vector<double> values{not_a_number, 3, 1, not_a_number, 2};
    std::sort(values.begin(), values.end(),
              [](double a, double b) { return std::bit_cast<std::uint64_t>(a) < std::bit_cast<std::uint64_t>(b); });
    constexpr auto omit = ensemble::nan_policy::omit;
    do {
        const auto models = say({values[0], values[1], values[2], values[3], values[4]});
        const bool right =
            std::isnan(ensemble_predict(1, models, ensemble::median{})) && std::isnan(ensemble_predict(1, models, ensemble::median_high{}))
            && std::isnan(ensemble_predict(1, models, ensemble::min{})) && std::isnan(ensemble_predict(1, models, ensemble::max{}))
            && std::isnan(ensemble_predict(1, models, ensemble::trimmed_mean{1})) && std::isnan(ensemble_predict(1, models))
            && ensemble_predict(1, models, ensemble::median{omit}) == 2 && ensemble_predict(1, models, ensemble::median_high{omit}) == 2
            && ensemble_predict(1, models, ensemble::min{omit}) == 1 && ensemble_predict(1, models, ensemble::max{omit}) == 3;
        REQUIRE(right);
    } while (std::next_permutation(values.begin(), values.end(),
                                   [](double a, double b) { return std::bit_cast<std::uint64_t>(a) < std::bit_cast<std::uint64_t>(b); }));
    REQUIRE(ensemble_predict(1, say({not_a_number, 1, not_a_number, 2}), ensemble::median{omit}) == 1.5);
    REQUIRE(ensemble_predict(1, say({not_a_number, 1, not_a_number, 2}), ensemble::median_high{omit}) == 2);
    REQUIRE(std::isnan(ensemble_predict(1, say({not_a_number, not_a_number}), ensemble::median{omit})));
    REQUIRE(std::isnan(ensemble_predict(1, say({not_a_number, not_a_number}), ensemble::max{omit})));
    // A NaN stays in its element.
    const auto mixed = ensemble_predict(1, std::vector{says({1, not_a_number, 3}), says({3, 2, 1}), says({2, 2, 2})}, ensemble::median{});
    REQUIRE(mixed(0) == 2);
    REQUIRE(std::isnan(mixed(1)));
    REQUIRE(mixed(2) == 2);
}

TEST_CASE("ensemble: means of numbers whose sum overflows", "[ml][ensemble_predict][E10]") {
    REQUIRE(ensemble_predict(1, say({1e308, 1e308, 1e308, 1e308})) == 1e308);
    REQUIRE(ensemble_predict(1, say({largest, largest, largest})) == largest);
    REQUIRE(ensemble_predict(1, std::vector(1000, constant<double>{largest})) == largest);
    REQUIRE(ensemble_predict(1, say({-1e308, -1.5e308})) == -1.25e308);
    REQUIRE(ensemble_predict(1, say({1.5e308, 1.5e308, -1.5e308})) == test::approx(0.5e308));
    REQUIRE(ensemble_predict(1, say({1e308, 1e308, 1e308}), ensemble::weighted_mean{{1, 2, 1}}) == 1e308);
    REQUIRE(ensemble_predict(1, say({9, 1.6e308, 1.6e308, -9}), ensemble::trimmed_mean{1}) == test::approx(0.8e308));
    REQUIRE(ensemble_predict(1, say({inf, 1e308})) == inf);
    REQUIRE(std::isnan(ensemble_predict(1, say({inf, -inf}))));
    // float predictions are summed in double.
    const std::vector<constant<float>> floats(3, constant<float>{3e38F});
    REQUIRE(ensemble_predict(1, floats) == 3e38F);
}

TEST_CASE("ensemble: ties go to the lowest label", "[ml][ensemble_predict][E11]") {
    const std::vector<constant<int>> four{{7}, {3}, {7}, {3}};
    REQUIRE(ensemble_predict(1, four, ensemble::vote{}) == 3);
    const std::vector<constant<int>> three{{5}, {-2}, {9}};
    REQUIRE(ensemble_predict(1, three, ensemble::vote{}) == -2);
    REQUIRE(ensemble_predict(1, three, ensemble::vote{{1, 1, 2}}) == 9);
    REQUIRE(ensemble_predict(1, three, ensemble::vote{{2, 1, 2}}) == 5);
    const std::vector<constant<matrix>> even{{matrix{{0.5, 0.5}}}, {matrix{{0.25, 0.75}}}, {matrix{{0.75, 0.25}}}};
    REQUIRE((ensemble_predict(1, even, ensemble::soft_vote{}) == xt::xtensor<int, 1>{0}));
}

TEST_CASE("ensemble: labels that are none", "[ml][ensemble_predict][errors][E12]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const auto models = std::vector{says({1, 2, 3, 4, 0.25}), says({1, 2, 3, 0.5, 1})};
    REQUIRE_THROWS_AS(ensemble_predict(1, models, ensemble::vote{}), argument_error);
    REQUIRE_THROWS_WITH(ensemble_predict(1, models, ensemble::vote{}),
                        "ensemble_predict: vote: prediction 0.5 at row 3 of model 1 is not an integer label");
    const std::vector<constant<matrix>> wide_ones{{matrix{{1, not_a_number}}}};
    REQUIRE_THROWS_WITH(ensemble_predict(1, wide_ones, ensemble::vote{}),
                        "ensemble_predict: vote: prediction nan at row 0, column 1 of model 0 is not an integer label");
    REQUIRE_THROWS_WITH(ensemble_predict(1, say({1, inf}), ensemble::vote{}),
                        "ensemble_predict: vote: prediction inf of model 1 is not an integer label");
    // Of many bad ones the lowest, with tiles or without.
    const matrix x = ones(20'000, 1);
    const std::vector<real_model> bad{wide(1), [&](const array_view<const double, 2>& of) {
                                          matrix y = ones(of.shape(0), 1);
                                          const auto first = static_cast<std::size_t>(of.data() - x.data());
                                          for (std::size_t i = 0; i < y.shape(0); ++i) {
                                              y(i, 0) = first + i >= 7'001 && (first + i) % 7 == 1 ? 0.5 : 1;
                                          }
                                          return y;
                                      }};
    for (const std::size_t tile : {0u, 100u, 3000u}) {
        REQUIRE_THROWS_WITH(workers.install([&] { return ensemble_predict(x, bad, ensemble::vote{}, {.tile_rows = tile}); }),
                            "ensemble_predict: vote: prediction 0.5 at row 7001 of model 1 is not an integer label");
    }
}

TEST_CASE("ensemble: rows that are no probabilities", "[ml][ensemble_predict][errors][E13][E14]") {
    const auto of = [](const matrix& first, const matrix& second) { return std::vector<constant<matrix>>{{first}, {second}}; };
    const matrix good{{0.5, 0.5}, {0.25, 0.75}};
    const auto short_row = of(good, matrix{{0.5, 0.5}, {0.25, 0.5}});
    REQUIRE_THROWS_AS(ensemble_predict(1, short_row, ensemble::soft_vote{}), argument_error);
    REQUIRE_THROWS_WITH(ensemble_predict(1, short_row, ensemble::soft_vote{}),
                        "ensemble_predict: soft_vote: rows must sum to 1 unless normalise is set, got 0.75 at row 1 of model 1");
    REQUIRE((ensemble_predict(1, of(good, matrix{{4, 1}, {3, 1}}), ensemble::soft_vote{.normalise = true}) == xt::xtensor<int, 1>{0, 0}));
    REQUIRE((ensemble_predict(1, of(good, matrix{{3, 1}, {1, 1}}), ensemble::mean_probability{.normalise = true})
             == matrix{{0.625, 0.375}, {0.375, 0.625}}));
    REQUIRE((ensemble_predict(1, of(good, matrix{{0.5, 0.500001}, {0, 1}}), ensemble::soft_vote{.tolerance = 1e-5}).size() == 2));
    REQUIRE_THROWS_WITH(ensemble_predict(1, of(good, matrix{{0, 0}, {1, 1}}), ensemble::mean_probability{.normalise = true}),
                        "ensemble_predict: mean_probability: the sum of a row must be finite and > 0, got 0 at row 0 of model 1");
    REQUIRE_THROWS_AS(ensemble_predict(1, of(good, matrix{{0.5, 0.5}, {-0.25, 1.25}}), ensemble::soft_vote{}), argument_error);
    REQUIRE_THROWS_WITH(ensemble_predict(1, of(good, matrix{{0.5, 0.5}, {-0.25, 1.25}}), ensemble::soft_vote{}),
                        "ensemble_predict: soft_vote: probabilities must be finite and >= 0, got -0.25 at row 1, column 0 of model 1");
    REQUIRE_THROWS_WITH(ensemble_predict(1, of(good, matrix{{0.5, not_a_number}, {0, 1}}), ensemble::soft_vote{.normalise = true}),
                        "ensemble_predict: soft_vote: probabilities must be finite and >= 0, got nan at row 0, column 1 of model 1");
    const std::vector<constant<matrix>> none{{matrix::from_shape({3, 0})}};
    REQUIRE_THROWS_WITH(ensemble_predict(1, none, ensemble::soft_vote{}),
                        "ensemble_predict: probabilities must be (rows, classes), model 0 gave (3, 0)");
    REQUIRE_THROWS_WITH(ensemble_predict(1, of(good, good), ensemble::soft_vote{.tolerance = not_a_number}),
                        "ensemble_predict: soft_vote: tolerance must be >= 0, got nan");
}

TEST_CASE("ensemble: what the first failing model threw comes out", "[ml][ensemble_predict][errors][E15]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    struct bad_model {
        std::size_t k;
    };
    const matrix x = ones(600, 2);
    std::vector<real_model> models(6, wide(2));
    for (const std::size_t k : {1u, 3u, 5u}) {
        models[k] = [k](const array_view<const double, 2>&) -> matrix { throw bad_model{k}; };
    }
    for (const ml::ensemble_options& options :
         {ml::ensemble_options{}, ml::ensemble_options{.costs = {1, 2, 3, 4, 5, 6}}, ml::ensemble_options{.tile_rows = 50}}) {
        try {
            (void)workers.install([&] { return ensemble_predict(x, models, ensemble::mean{}, options); });
            FAIL("nothing was thrown");
        } catch (const bad_model& error) {
            REQUIRE(error.k == 1);
        }
    }
    // Said by the report; and with everything still usable.
    run_report report;
    REQUIRE_THROWS_AS(workers.install([&] { return ensemble_predict(x, models, ensemble::mean{}, {.run = {.report = &report}}); }),
                      bad_model);
    REQUIRE(report.failed == std::size_t{1});
    REQUIRE(report.path == "ensemble_predict[1]");
    REQUIRE(workers.install([&] { return ensemble_predict(x, std::vector{wide(2)}); })(0, 0) == 1);
    const auto two = std::tuple([](int) -> double { throw std::runtime_error("the first"); },
                                [](int) -> double { throw std::logic_error("the second"); });
    REQUIRE_THROWS_AS(workers.install([&] { return ensemble_predict(1, two); }), std::runtime_error);
}

TEST_CASE("ensemble: models that are not there", "[ml][ensemble_predict][errors][E16]") {
    using number = constant<double>;
    const number three{3};
    const std::string text = "ensemble_predict: model 2 is empty";
    const auto refused = [&](const auto& models) {
        fails_before_any_model<argument_error>([&] { (void)ensemble_predict(1, models); }, text);
    };
    refused(std::vector<const number*>{&three, &three, nullptr});
    refused(std::vector<std::function<double(int)>>{three, three, {}});
    refused(std::vector<std::optional<number>>{three, three, std::nullopt});
    std::vector<std::unique_ptr<number>> owned(3);
    owned[0] = std::make_unique<number>(three);
    owned[1] = std::make_unique<number>(three);
    refused(owned);
    owned[2] = std::make_unique<number>(constant<double>{9});
    REQUIRE(ensemble_predict(1, owned) == 5);
    using any = ml::any_model<double, int>;
    refused(std::vector<any>{three, three, any()});
    refused(std::vector<any>{three, three, std::function<double(int)>()});
    refused(std::vector<any>{three, three, static_cast<const number*>(nullptr)});
    refused(std::vector<std::shared_ptr<any>>{std::make_shared<any>(three), std::make_shared<any>(three), std::make_shared<any>()});
    double (*function)(int) = nullptr;
    refused(std::tuple(three, three, function));
    REQUIRE_THROWS_WITH(any()(1), "any_model: is empty");
}

TEST_CASE("ensemble: a trimmed mean that leaves nothing", "[ml][ensemble_predict][errors][E17]") {
    const auto models = say({5, 1, 100, 2});
    const auto cut = [&](std::size_t count) {
        return [&models, count] { (void)ensemble_predict(1, models, ensemble::trimmed_mean{count}); };
    };
    fails_before_any_model<argument_error>(cut(2), "ensemble_predict: trimmed_mean: cutting 2 at each end of 4 leaves nothing");
    fails_before_any_model<argument_error>(cut(5), "ensemble_predict: trimmed_mean: cutting 5 at each end of 4 leaves nothing");
    fails_before_any_model<argument_error>(cut(~std::size_t{0}),
                                           "ensemble_predict: trimmed_mean: cutting 18446744073709551615 at each end of 4 leaves nothing");
    REQUIRE(ensemble_predict(1, models, ensemble::trimmed_mean{1}) == 3.5);
    REQUIRE(ensemble_predict(1, models, ensemble::trimmed_mean{0}) == 27);
}

TEST_CASE("ensemble: one model is that model, bit for bit", "[ml][ensemble_predict][E18]") {
    const vector odd{
        0.1, -0.0, not_a_number, -not_a_number, inf, 5e-324, 1e308, -0.7, std::bit_cast<double>(std::uint64_t{0x7ff8'0000'0000'0123})};
    const std::vector<constant<vector>> one{{odd}};
    const auto same = [&](const vector& got) {
        return std::equal(got.begin(), got.end(), odd.begin(), odd.end(),
                          [](double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); });
    };
    REQUIRE(same(ensemble_predict(1, one)));
    REQUIRE(same(ensemble_predict(1, one, ensemble::weighted_mean{{0.7}})));
    REQUIRE(same(ensemble_predict(1, one, ensemble::median{})));
    REQUIRE(same(ensemble_predict(1, one, ensemble::median_high{ensemble::nan_policy::omit})));
    REQUIRE(same(ensemble_predict(1, one, ensemble::trimmed_mean{0})));
    REQUIRE(same(ensemble_predict(1, one, ensemble::min{})));
    REQUIRE(same(ensemble_predict(1, one, ensemble::max{ensemble::nan_policy::omit})));
    const std::vector<constant<matrix>> probabilities{{matrix{{0.1, 0.9}, {1.0 / 3, 2.0 / 3}}}};
    REQUIRE((ensemble_predict(1, probabilities, ensemble::mean_probability{{0.3}}) == probabilities[0].y));
    REQUIRE((ensemble_predict(1, probabilities, ensemble::soft_vote{}) == xt::xtensor<int, 1>{1, 1}));
    const std::vector<constant<std::int64_t>> label{{std::numeric_limits<std::int64_t>::max()}};
    REQUIRE(ensemble_predict(1, label, ensemble::vote{}) == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("ensemble: integers have means that are doubles", "[ml][ensemble_predict][E19]") {
    const std::vector<constant<xt::xtensor<int, 1>>> models{{{1, 2}}, {{2, 2}}};
    const auto mean = ensemble_predict(1, models);
    STATIC_REQUIRE(std::same_as<decltype(mean), const xt::xtensor<double, 1, xt::layout_type::row_major>>);
    REQUIRE((mean == vector{1.5, 2}));
    REQUIRE((ensemble_predict(1, models, ensemble::median{}) == vector{1.5, 2}));
    const auto least = ensemble_predict(1, models, ensemble::min{});
    STATIC_REQUIRE(std::same_as<decltype(least), const xt::xtensor<int, 1, xt::layout_type::row_major>>);
    REQUIRE((least == xt::xtensor<int, 1>{1, 2}));
}

TEST_CASE("ensemble: unlike types become the one that all convert to", "[ml][ensemble_predict][E20]") {
    const auto of_float = [](int) { return xt::xtensor<float, 1>{0.1F, 2}; };
    const auto of_double = [](int) { return vector{0.1, 4}; };
    const auto of_int = [](int) { return xt::xtensor<short, 1>{1, 6}; };
    const auto mean = ensemble_predict(1, std::tuple(of_float, of_double, of_int));
    STATIC_REQUIRE(std::same_as<decltype(mean), const xt::xtensor<double, 1, xt::layout_type::row_major>>);
    REQUIRE(mean(0) == (static_cast<double>(0.1F) + 0.1 + 1) / 3);
    REQUIRE(mean(1) == 4);
    STATIC_REQUIRE(std::same_as<decltype(ensemble_predict(1, std::tuple(of_float, of_float)))::value_type, float>);
    STATIC_REQUIRE(std::same_as<decltype(ensemble_predict(1, std::tuple(of_float, of_int), ensemble::max{}))::value_type, double>);
    // Labels of unlike integers.
    const auto wide_label = [](int) { return std::int64_t{-5'000'000'000}; };
    const auto unsigned_label = [](int) { return 4'000'000'000U; };
    REQUIRE(ensemble_predict(1, std::tuple(wide_label, unsigned_label), ensemble::min{}) == -5'000'000'000);
    REQUIRE(ensemble_predict(1, std::tuple(wide_label, unsigned_label), ensemble::max{}) == 4'000'000'000);
    STATIC_REQUIRE(!ml::ensemble_models<std::tuple<constant<std::int64_t>, constant<std::uint64_t>>, int>);
}

TEST_CASE("ensemble: options that cannot be, and what is no model", "[ml][ensemble_predict][errors]") {
    const auto models = say({1, 2});
    fails_before_any_model<argument_error>([&] { (void)ensemble_predict(1, models, ensemble::mean{}, {.grain = 0}); },
                                           "ensemble_predict: options.grain must be >= 1, got 0");
    fails_before_any_model<argument_error>(
        [&] {
            (void)ensemble_predict(1, models, ensemble::mean{}, {.costs = {1, 2, 3}});
        },
        "ensemble_predict: options.costs must have one for each task (2), got 3");
    fails_before_any_model<argument_error>(
        [&] { (void)ensemble_predict(1, models, ensemble::mean{}, {.tile_rows = 4}); },
        "ensemble_predict: options.tile_rows and row_wise need models that take the array_view of some of the input's rows");
    std::stop_source stop;
    stop.request_stop();
    REQUIRE_THROWS_AS(ensemble_predict(1, models, ensemble::mean{}, {.run = {.stop = stop.get_token()}}), cancelled);
    matrix x = ones(20, 2);
    REQUIRE_THROWS_WITH(ml::ensemble_predict_into(x, std::vector{wide(2)}, ensemble::mean{}, x, {.tile_rows = 5}),
                        "ensemble_predict_into: out must not overlap the input where rows go in tiles");
    REQUIRE_THROWS_WITH(
        ml::ensemble_predict_into(x, std::vector{wide(2)}, ensemble::mean{}, array_view<double, 2>(x.data(), {20, 2}, {0, 1})),
        "ensemble_predict_into: every index of out must be an element of its own");

    const auto mutating = [n = 0](int) mutable { return static_cast<double>(++n); };
    STATIC_REQUIRE(!ml::ensemble_models<std::vector<std::remove_cvref_t<decltype(mutating)>>, int>);
    STATIC_REQUIRE(!ml::ensemble_models<std::vector<std::function<std::string(int)>>, int>);
    STATIC_REQUIRE(!ml::ensemble_models<std::vector<constant<double>>, std::string>);
    STATIC_REQUIRE(!ml::ensemble_aggregation<ensemble::soft_vote, std::vector<constant<double>>, int>);
    STATIC_REQUIRE(!ml::ensemble_aggregation<int, std::vector<constant<double>>, int>);
}
