// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/gradient/aggregate_gradients.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/array/rows.hpp>
#include <xrayon/core/canonical_tree.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/gradient/compute_gradients.hpp>

#include "../support/delays.hpp"

using namespace xrayon;
using ml::aggregate_gradients;
namespace aggregate = ml::aggregate;

namespace {

using matrix = xt::xtensor<double, 2>;
using array = xt::xarray<double>;
constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

/// Not exact in sums, so that another order of summation shows.
double number(std::uint64_t i) { return std::ldexp(static_cast<double>(test::mix(i) >> 11), -53) - 0.5; }

/// Weights, biases in float, and a scalar: 5 x 331 + 7 + 1 elements, more than one block.
using network = std::tuple<matrix, std::vector<std::vector<float>>, double>;
network network_of(std::uint64_t batch) {
    network g{matrix::from_shape({5, 331}), {std::vector<float>(4), std::vector<float>(3)}, number(batch)};
    for (std::size_t k = 0; k < 5 * 331; ++k) {
        std::get<0>(g).data()[k] = number(batch * 10'000 + k);
    }
    for (std::vector<float>& part : std::get<1>(g)) {
        for (std::size_t k = 0; k < part.size(); ++k) {
            part[k] = static_cast<float>(number(batch * 77 + k));
        }
    }
    return g;
}
std::vector<network> networks(std::size_t n) {
    std::vector<network> all;
    for (std::size_t i = 0; i < n; ++i) {
        all.push_back(network_of(i));
    }
    return all;
}

/// All elements, widened, in reading order.
std::vector<double> flat(const network& g) {
    std::vector<double> all(std::get<0>(g).begin(), std::get<0>(g).end());
    for (const std::vector<float>& part : std::get<1>(g)) {
        all.insert(all.end(), part.begin(), part.end());
    }
    all.push_back(std::get<2>(g));
    return all;
}

/// A value of the aggregate, as its parameter keeps it.
double kept(std::size_t k, double value) { return k >= 5 * 331 && k < 5 * 331 + 7 ? static_cast<double>(static_cast<float>(value)) : value; }

template <class Expected>
void require_elements(const network& got, const std::vector<network>& all, const Expected& expected) {
    std::vector<std::vector<double>> flats;
    for (const network& g : all) {
        flats.push_back(flat(g));
    }
    const std::vector<double> values = flat(got);
    std::size_t wrong = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
        std::vector<double> column;
        for (const auto& each : flats) {
            column.push_back(each[k]);
        }
        wrong += std::bit_cast<std::uint64_t>(values[k]) != std::bit_cast<std::uint64_t>(kept(k, expected(column)));
    }
    REQUIRE(wrong == 0);
}

double tree(const std::vector<double>& column) {
    return canonical_fold(0, column.size(), [&](std::size_t i) { return column[i]; }, [](double a, double b) { return a + b; });
}

/// Adds and scales itself; nothing else is known of it.
struct tally {
    double value = 0;
    void accumulate(const tally& other) { value += other.value; }
    void scale(double factor) { value *= factor; }
};
struct only_adds {
    std::vector<int> seen;
    void accumulate(const only_adds& other) { seen.insert(seen.end(), other.seen.begin(), other.seen.end()); }
};
struct no_gradient {};

/// A buffer of a user that is seen through view_of.
struct user_buffer {
    std::array<float, 6> elements;
};
array_view<const float, 2> view_of(const user_buffer& buffer) { return {buffer.elements.data(), {2, 3}}; }

static_assert(ml::gradient<double> && ml::gradient<float> && !ml::gradient<int> && !ml::gradient<long double>);
static_assert(ml::gradient<matrix> && ml::gradient<array> && !ml::gradient<xt::xtensor<int, 1>>);
static_assert(ml::gradient<xt::xtensor_fixed<double, xt::xshape<2, 2>>> && !ml::gradient<xt::xarray<double, xt::layout_type::dynamic>>);
static_assert(ml::gradient<network> && ml::gradient<std::vector<network>> && ml::gradient<std::array<array, 2>>);
static_assert(!ml::gradient<std::vector<no_gradient>> && !ml::gradient<std::tuple<>> && !ml::gradient<std::vector<std::string>>);
static_assert(ml::gradient<tally> && ml::gradient<only_adds> && !ml::elementwise_gradient<tally>);
static_assert(ml::mean_gradient_type<tally> && !ml::mean_gradient_type<only_adds>);
static_assert(ml::gradient<user_buffer> && std::same_as<ml::gradient_value_t<user_buffer>, xt::xtensor<float, 2>>);
static_assert(std::same_as<ml::gradient_value_t<array_view<const double, 1>>, xt::xtensor<double, 1>>);
static_assert(std::same_as<ml::gradient_value_t<const network&>, network>);

template <class Error, class Call>
std::optional<Error> caught(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

} // namespace

TEST_CASE("aggregate_gradients: each element along the canonical tree, sorted or trimmed; the same at every thread count and grain",
          "[ml][gradient][aggregate_gradients][G14]") {
    for (const std::size_t n : {1u, 2u, 3u, 4u, 5u, 6u, 11u, 21u}) {
        const std::vector<network> all = networks(n);
        std::vector<double> weights;
        for (std::size_t i = 0; i < n; ++i) {
            weights.push_back(static_cast<double>(3 + test::mix(i) % 7));
        }
        for (const std::size_t threads : test::thread_counts) {
            const pool workers(threads);
            const ml::aggregate_gradients_options options{.grain = threads % 2 == 0 ? std::optional<std::size_t>(1) : std::nullopt};
            INFO("n = " << n << ", threads = " << threads);
            workers.install([&] {
                require_elements(aggregate_gradients(all, aggregate::sum, options), all, tree);
                require_elements(aggregate_gradients(all, aggregate::mean, options), all,
                                 [&](const auto& column) { return tree(column) / static_cast<double>(n); });
                require_elements(aggregate_gradients(all, aggregate::weighted_mean{weights}, options), all, [&](std::vector<double> column) {
                    for (std::size_t i = 0; i < n; ++i) {
                        column[i] *= weights[i];
                    }
                    return tree(column) / tree(weights);
                });
                require_elements(aggregate_gradients(all, aggregate::median, options), all, [&](std::vector<double> column) {
                    std::sort(column.begin(), column.end());
                    return n % 2 == 1 ? column[n / 2] : (column[n / 2 - 1] + column[n / 2]) / 2;
                });
                const std::size_t trim = (n - 1) / 3;
                require_elements(aggregate_gradients(all, aggregate::trimmed_mean{trim}, options), all, [&](std::vector<double> column) {
                    std::sort(column.begin(), column.end());
                    double sum = column[trim];
                    for (std::size_t i = trim + 1; i + trim < n; ++i) {
                        sum += column[i];
                    }
                    return sum / static_cast<double>(n - 2 * trim);
                });
            });
        }
    }
}

TEST_CASE("aggregate_gradients: 0 gradients have no aggregate", "[ml][gradient][aggregate_gradients][errors][G1]") {
    const std::vector<matrix> none;
    const auto error = caught<argument_error>([&] { (void)aggregate_gradients(none, aggregate::mean); });
    REQUIRE(error);
    REQUIRE(std::string(error->what()) == "aggregate_gradients: 0 gradients");
    REQUIRE_THROWS_WITH(aggregate_gradients(none, aggregate::median), "aggregate_gradients: 0 gradients");
    REQUIRE_THROWS_WITH(aggregate_gradients(none, aggregate::weighted_mean{{}}), "aggregate_gradients: 0 gradients");
    REQUIRE_THROWS_WITH(aggregate_gradients(std::vector<tally>{}, aggregate::sum), "aggregate_gradients: 0 gradients");
}

TEST_CASE("aggregate_gradients: another number of parameters names the batch and both numbers", "[ml][gradient][aggregate_gradients][errors][G2]") {
    std::vector<std::vector<array>> all(5, std::vector<array>(4, array::from_shape({2})));
    all[3].push_back(array::from_shape({2}));
    const auto error = caught<shape_error>([&] { (void)aggregate_gradients(all, aggregate::mean); });
    REQUIRE(error);
    REQUIRE(std::string(error->what()) == "aggregate_gradients: batch 3 has 5 parameters, batch 0 has 4");
    REQUIRE(error->lhs() == shape_error::shape{5});
    REQUIRE(error->rhs() == shape_error::shape{4});
    all[1].resize(1);
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::median), "aggregate_gradients: batch 1 has 1 parameter, batch 0 has 4");
    // As many, and otherwise grouped.
    const std::vector<std::vector<std::vector<array>>> grouped{{{array::from_shape({2})}, {array::from_shape({2}), array::from_shape({2})}},
                                                               {{array::from_shape({2}), array::from_shape({2})}, {array::from_shape({2})}}};
    REQUIRE_THROWS_WITH(aggregate_gradients(grouped, aggregate::sum), "aggregate_gradients: batch 1 groups its parameters otherwise than batch 0");
}

TEST_CASE("aggregate_gradients: another shape names batch, parameter and both shapes", "[ml][gradient][aggregate_gradients][errors][G3]") {
    std::vector<std::vector<matrix>> all(6, {matrix::from_shape({1, 1}), matrix::from_shape({2, 0}), matrix::from_shape({5, 4})});
    all[3][2].resize({4, 5});
    all[4][0].resize({9, 9});
    for (const std::size_t threads : test::thread_counts) {
        const auto error = caught<shape_error>([&] { pool(threads).install([&] { return aggregate_gradients(all, aggregate::sum); }); });
        REQUIRE(error);
        REQUIRE(std::string(error->what()) == "aggregate_gradients: batch 3 parameter 2 has shape (4, 5), batch 0 has (5, 4)");
        REQUIRE(error->lhs() == shape_error::shape{4, 5});
        REQUIRE(error->rhs() == shape_error::shape{5, 4});
    }
    const std::vector<std::vector<double>> vectors{{1, 2}, {1, 2}, {1}};
    REQUIRE_THROWS_WITH(aggregate_gradients(vectors, aggregate::mean), "aggregate_gradients: batch 2 parameter 0 has shape (1,), batch 0 has (2,)");
}

TEST_CASE("aggregate_gradients: (n, 1) and (n,) are never broadcast", "[ml][gradient][aggregate_gradients][errors][G4]") {
    const std::vector<array> all{array::from_shape({3, 1}), array::from_shape({3})};
    REQUIRE_THROWS_AS(aggregate_gradients(all, aggregate::mean), shape_error);
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::mean), "aggregate_gradients: batch 1 parameter 0 has shape (3,), batch 0 has (3, 1)");
    const std::vector<array> scalar{array::from_shape({3}), array::from_shape({1})};
    REQUIRE_THROWS_WITH(aggregate_gradients(scalar, aggregate::trimmed_mean{0}),
                        "aggregate_gradients: batch 1 parameter 0 has shape (1,), batch 0 has (3,)");
}

TEST_CASE("aggregate_gradients: NaN comes out where it went in, and nowhere else", "[ml][gradient][aggregate_gradients][G5]") {
    std::vector<matrix> all(5, matrix::from_shape({2, 3}));
    for (std::size_t i = 0; i < 5; ++i) {
        all[i].fill(static_cast<double>(i));
    }
    all[3](1, 1) = quiet_nan;
    all[2](0, 2) = inf;
    const auto only_one_nan = [&](const matrix& got, double middle) {
        REQUIRE(std::isnan(got(1, 1)));
        REQUIRE(std::count_if(got.begin(), got.end(), [](double x) { return std::isnan(x); }) == 1);
        REQUIRE(got(0, 0) == middle);
    };
    only_one_nan(aggregate_gradients(all, aggregate::mean), 2);
    only_one_nan(aggregate_gradients(all, aggregate::sum), 10);
    only_one_nan(aggregate_gradients(all, aggregate::weighted_mean{{1, 1, 1, 1, 1}}), 2);
    only_one_nan(aggregate_gradients(all, aggregate::trimmed_mean{2}), 2);
    const matrix median = aggregate_gradients(all, aggregate::median);
    only_one_nan(median, 2);
    REQUIRE(median(0, 2) == 3);  // of 0, 1, inf, 3, 4
    // Never by order: std::nth_element with a NaN among its values gives another one at each place of it.
    for (std::size_t at = 0; at < 5; ++at) {
        std::vector<double> values{5, 1, 4, 2, 3};
        values[at] = quiet_nan;
        REQUIRE(std::isnan(aggregate_gradients(values, aggregate::median)));
    }
}

TEST_CASE("aggregate_gradients: NaN as an error names batch, parameter and element", "[ml][gradient][aggregate_gradients][errors][G6]") {
    std::vector<std::vector<matrix>> all(6, {matrix::from_shape({1, 1}), matrix::from_shape({2, 2}), matrix::from_shape({4, 5})});
    for (auto& g : all) {
        for (matrix& part : g) {
            part.fill(1);
        }
    }
    all[3][2](3, 2) = quiet_nan;
    all[3][2](3, 4) = quiet_nan;
    all[5][0](0, 0) = quiet_nan;
    const ml::aggregate_gradients_options raise{.nan = ml::nan_gradient::raise};
    for (const std::size_t threads : test::thread_counts) {
        const auto error = caught<argument_error>([&] { pool(threads).install([&] { return aggregate_gradients(all, aggregate::mean, raise); }); });
        REQUIRE(error);
        REQUIRE(std::string(error->what()) == "aggregate_gradients: batch 3 parameter 2 element 17 is NaN");
    }
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::median, raise), "aggregate_gradients: batch 3 parameter 2 element 17 is NaN");
    // Elements are counted by rows, also where they are kept by columns.
    xt::xtensor<double, 2, xt::layout_type::column_major> columns = xt::xtensor<double, 2, xt::layout_type::column_major>::from_shape({4, 5});
    columns.fill(0);
    columns(3, 2) = quiet_nan;
    columns(0, 4) = quiet_nan;
    REQUIRE_THROWS_WITH(aggregate_gradients(std::vector{columns}, aggregate::sum, raise), "aggregate_gradients: batch 0 parameter 0 element 4 is NaN");
    const std::vector<ml::loss_and_gradient<double>> losses{{1, 1}, {quiet_nan, 1}};
    REQUIRE_THROWS_WITH(aggregate_gradients(losses, aggregate::mean, raise), "aggregate_gradients: batch 1 has loss NaN");
}

TEST_CASE("aggregate_gradients: batches with NaN are skipped and reported", "[ml][gradient][aggregate_gradients][errors][G7]") {
    const std::vector<std::vector<double>> all{{quiet_nan, 1}, {1, 2}, {3, 4}, {5, quiet_nan}, {5, 9}};
    ml::gradient_report report;
    const ml::aggregate_gradients_options skip{.nan = ml::nan_gradient::skip_batch, .report = &report};
    REQUIRE(aggregate_gradients(all, aggregate::mean, skip) == std::vector<double>{3, 5});
    REQUIRE(report.skipped == std::vector<std::size_t>{0, 3});
    REQUIRE(report.used == 3);
    REQUIRE(report.weight == 3);
    REQUIRE(aggregate_gradients(all, aggregate::sum, skip) == std::vector<double>{9, 15});
    REQUIRE(aggregate_gradients(all, aggregate::median, skip) == std::vector<double>{3, 4});
    REQUIRE(aggregate_gradients(all, aggregate::trimmed_mean{1}, skip) == std::vector<double>{3, 4});
    REQUIRE(report.used == 3);
    REQUIRE(aggregate_gradients(all, aggregate::weighted_mean{{100, 1, 2, 100, 1}}, skip) == std::vector<double>{3, 4.75});
    REQUIRE(report.weight == 4);
    // Shapes and bounds are those of the batches that are left.
    REQUIRE_THROWS_WITH(aggregate_gradients(std::vector<std::vector<double>>{{quiet_nan}, {1, 2}, {3}}, aggregate::sum, skip),
                        "aggregate_gradients: batch 2 parameter 0 has shape (1,), batch 1 has (2,)");
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::trimmed_mean{2}, skip), "aggregate_gradients: trim 2 of 3 leaves nothing");
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::weighted_mean{{1, 0, 0, 1, 0}}, skip), "aggregate_gradients: weights sum to 0");
    const auto error = caught<argument_error>([&] { (void)aggregate_gradients(std::vector{quiet_nan, quiet_nan, quiet_nan}, aggregate::mean, skip); });
    REQUIRE(error);
    REQUIRE(std::string(error->what()) == "aggregate_gradients: all 3 gradients hold NaN and were skipped");
}

TEST_CASE("aggregate_gradients: as many weights as gradients", "[ml][gradient][aggregate_gradients][errors][G8]") {
    const std::vector<double> all{1, 2, 3, 4};
    REQUIRE_THROWS_AS(aggregate_gradients(all, aggregate::weighted_mean{{1, 2, 3}}), argument_error);
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::weighted_mean{{1, 2, 3}}), "aggregate_gradients: 3 weights for 4 gradients");
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::weighted_mean{{1}}), "aggregate_gradients: 1 weight for 4 gradients");
}

TEST_CASE("aggregate_gradients: weights are finite, not negative and not all 0", "[ml][gradient][aggregate_gradients][errors][G9]") {
    const std::vector<double> all{1, 2, 3, 4};
    const auto weigh = [&](std::vector<double> weights) { return aggregate_gradients(all, aggregate::weighted_mean{std::move(weights)}); };
    REQUIRE_THROWS_AS(weigh({1, 1, quiet_nan, 1}), argument_error);
    REQUIRE_THROWS_WITH(weigh({1, 1, quiet_nan, quiet_nan}), "aggregate_gradients: weight 2 is NaN");
    REQUIRE_THROWS_WITH(weigh({1, inf, quiet_nan, 1}), "aggregate_gradients: weight 1 is inf");
    REQUIRE_THROWS_WITH(weigh({1, 1, 1, -0.5}), "aggregate_gradients: weight 3 is negative, got -0.5");
    REQUIRE_THROWS_AS(weigh({0, 0, 0, 0}), argument_error);
    REQUIRE_THROWS_WITH(weigh({0, 0, -0.0, 0}), "aggregate_gradients: weights sum to 0");
    // Huge and tiny ones weigh as their ratio says.
    REQUIRE(weigh({1e308, 1e308, 1e308, 1e308}) == 2.5);
    REQUIRE(weigh({5e-324, 0, 0, 5e-324}) == 2.5);
    REQUIRE(weigh({0, 3, 0, 0}) == 2);
    ml::gradient_report report;
    (void)aggregate_gradients(all, aggregate::weighted_mean{{256, 256, 256, 10}}, {.report = &report});
    REQUIRE(report.weight == 778);
}

TEST_CASE("aggregate_gradients: floats are summed in double", "[ml][gradient][aggregate_gradients][G10]") {
    const float largest = std::numeric_limits<float>::max();
    const std::vector<std::vector<float>> all(4, {largest, 1});
    REQUIRE(aggregate_gradients(all, aggregate::mean) == std::vector<float>{largest, 1});
    REQUIRE(aggregate_gradients(all, aggregate::sum) == std::vector<float>{std::numeric_limits<float>::infinity(), 4});
    REQUIRE(aggregate_gradients(std::vector<float>{1, 1e8f, -1e8f, 1}, aggregate::sum) == 2);  // 1 is lost beside 1e8f in float
    const double huge = std::numeric_limits<double>::max();
    REQUIRE(aggregate_gradients(std::vector<double>{huge, huge}, aggregate::median) == huge);
    REQUIRE(aggregate_gradients(std::vector<double>{-huge, huge}, aggregate::median) == 0);
    REQUIRE(aggregate_gradients(std::vector<double>{inf, inf}, aggregate::median) == inf);
}

TEST_CASE("aggregate_gradients: trimming must leave something", "[ml][gradient][aggregate_gradients][errors][G13]") {
    std::vector<double> all{9, 1, 2, 3, 4, 5, 6, 7, 8, 100};
    REQUIRE_THROWS_AS(aggregate_gradients(all, aggregate::trimmed_mean{5}), argument_error);
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::trimmed_mean{5}), "aggregate_gradients: trim 5 of 10 leaves nothing");
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::trimmed_mean{SIZE_MAX}),
                        "aggregate_gradients: trim 18446744073709551615 of 10 leaves nothing");
    REQUIRE(aggregate_gradients(all, aggregate::trimmed_mean{4}) == 5.5);
    REQUIRE(aggregate_gradients(all, aggregate::trimmed_mean{1}) == 5.5);
    REQUIRE(aggregate_gradients(std::vector<double>{7}, aggregate::trimmed_mean{0}) == 7);
    REQUIRE_THROWS_WITH(aggregate_gradients(std::vector<double>{7}, aggregate::trimmed_mean{1}), "aggregate_gradients: trim 1 of 1 leaves nothing");
}

TEST_CASE("aggregate_gradients: parameters without elements", "[ml][gradient][aggregate_gradients][G15]") {
    const std::vector<std::vector<array>> all(3, {array::from_shape({0}), array(2.0), array::from_shape({3, 0, 2})});
    for (const auto& got : {aggregate_gradients(all, aggregate::mean), aggregate_gradients(all, aggregate::median)}) {
        REQUIRE(got.size() == 3);
        REQUIRE(got[0].shape() == all[0][0].shape());
        REQUIRE(got[1]() == 2);
        REQUIRE(got[2].shape() == all[0][2].shape());
    }
    REQUIRE(aggregate_gradients(std::vector<std::vector<array>>(2), aggregate::sum).empty());
    REQUIRE_THROWS_WITH(aggregate_gradients(std::vector<array>{array::from_shape({0}), array::from_shape({0, 1})}, aggregate::mean),
                        "aggregate_gradients: batch 1 parameter 0 has shape (0, 1), batch 0 has (0,)");
}

TEST_CASE("aggregate_gradients: views, buffers and types that add themselves", "[ml][gradient][aggregate_gradients]") {
    matrix table = matrix::from_shape({4, 3});
    for (std::size_t k = 0; k < 12; ++k) {
        table.data()[k] = static_cast<double>(k);
    }
    const auto columns = rows(view_of(table).transposed());  // with gaps
    REQUIRE((aggregate_gradients(rows(table), aggregate::mean) == xt::xtensor<double, 1>{4.5, 5.5, 6.5}));
    REQUIRE((aggregate_gradients(columns, aggregate::sum) == xt::xtensor<double, 1>{3, 12, 21, 30}));
    REQUIRE((aggregate_gradients(columns, aggregate::median, {.nan = ml::nan_gradient::raise}) == xt::xtensor<double, 1>{1, 4, 7, 10}));
    const std::vector<user_buffer> buffers{{{1, 2, 3, 4, 5, 6}}, {{3, 2, 1, 0, 1, 2}}};
    REQUIRE((aggregate_gradients(buffers, aggregate::mean) == xt::xtensor<float, 2>{{2, 2, 2}, {2, 3, 4}}));

    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            std::vector<tally> tallies;
            std::vector<only_adds> lists;
            for (int i = 0; i < 21; ++i) {
                tallies.push_back({number(static_cast<std::uint64_t>(i))});
                lists.push_back({{i}});
            }
            std::vector<double> values;
            for (const tally& each : tallies) {
                values.push_back(each.value);
            }
            REQUIRE(aggregate_gradients(tallies, aggregate::mean).value == tree(values) * (1.0 / 21));
            const std::vector<int> in_order = aggregate_gradients(lists, aggregate::sum).seen;
            REQUIRE(in_order.size() == 21);
            REQUIRE(std::is_sorted(in_order.begin(), in_order.end()));
            const std::vector<ml::loss_and_gradient<tally>> both{{1, {2}}, {3, {6}}};
            const auto mean = aggregate_gradients(both, aggregate::mean);
            REQUIRE((mean.loss == 2 && mean.gradient.value == 4));
        });
    }
}

TEST_CASE("aggregate_gradients: stops when asked, and says which argument is wrong", "[ml][gradient][aggregate_gradients][errors]") {
    const std::vector<network> all = networks(3);
    std::stop_source stop;
    stop.request_stop();
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::mean, {.run = {.stop = stop.get_token()}}),
                        "aggregate_gradients: stop requested, 0 of 7 done");
    REQUIRE_THROWS_WITH(aggregate_gradients(all, aggregate::median, {.grain = 0}), "aggregate_gradients: options.grain must be >= 1, got 0");
}
