// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/preprocess/standard_scaler.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/preprocess/max_abs_scaler.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>
#include <xrayon/ml/preprocess/normalizer.hpp>
#include <xrayon/ml/preprocess/robust_scaler.hpp>

using namespace xrayon;
using ml::nan_policy;

namespace {

using matrix = xt::xtensor<double, 2>;
using columns_first = xt::xtensor<double, 2, xt::layout_type::column_major>;
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Numbers in [0, 1) whose sums are not exact.
double noise(std::uint64_t i) {
    i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9u + 0x9e3779b97f4a7c15u;
    i = (i ^ (i >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((i ^ (i >> 31)) >> 11) * 0x1p-53;
}
matrix table(std::size_t rows, std::size_t columns, double size = 1, double shift = 0) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = shift + size * (noise(i) - 0.5) * static_cast<double>(1 + i % columns);
    }
    return x;
}
matrix column(std::vector<double> cells) {
    matrix x = matrix::from_shape({cells.size(), 1});
    std::copy(cells.begin(), cells.end(), x.data());
    return x;
}

bool same_bits(const matrix& a, const matrix& b) {
    return a.shape() == b.shape() && std::equal(a.data(), a.data() + a.size(), b.data(), [](double x, double y) {
               return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
           });
}

/// By definition, in long double: mean and sum of squared deviations of a column.
struct by_definition {
    long double mean = 0;
    long double m2 = 0;
    by_definition(const matrix& x, std::size_t j) {
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            mean += static_cast<long double>(x(i, j)) / static_cast<long double>(x.shape(0));
        }
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            m2 += (x(i, j) - mean) * (x(i, j) - mean);
        }
    }
};

template <class Error, class Call>
std::optional<Error> caught(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

/// What `use` gives for a scaler of every kind that is fitted; `use(scaler, its name)`.
template <class Use>
void each_scaler(const Use& use, nan_policy policy = nan_policy::propagate, bool allow_inf = false) {
    use(ml::standard_scaler({.nan = policy, .allow_inf = allow_inf}), std::string("standard_scaler"));
    use(ml::min_max_scaler({.nan = policy, .allow_inf = allow_inf}), std::string("min_max_scaler"));
    use(ml::max_abs_scaler({.nan = policy, .allow_inf = allow_inf}), std::string("max_abs_scaler"));
    use(ml::robust_scaler({.nan = policy, .allow_inf = allow_inf}), std::string("robust_scaler"));
}

} // namespace

TEST_CASE("standard_scaler: mean and variance by their definition, for every number of rows and columns", "[ml][scalers]") {
    const auto [rows, columns] = GENERATE(table<std::size_t, std::size_t>({{1, 1},
                                                                           {2, 3},
                                                                           {31, 5},
                                                                           {32, 64},
                                                                           {33, 65},
                                                                           {1023, 7},
                                                                           {1025, 2},
                                                                           {5000, 1},
                                                                           {70, 700}}));
    const double shift = GENERATE(0.0, 1e6);
    const matrix x = ::table(rows, columns, 1, shift);
    ml::standard_scaler scaler;
    scaler.fit(x);
    ml::standard_scaler unbiased({.ddof = 1});
    for (std::size_t j = 0; j < columns; ++j) {
        const by_definition is(x, j);
        REQUIRE(scaler.mean()(j) == test::approx(static_cast<double>(is.mean)).epsilon(3e-16).margin(1e-15 * static_cast<double>(columns)));
        REQUIRE(scaler.variance()(j) == test::approx(static_cast<double>(is.m2 / static_cast<long double>(rows))).epsilon(1e-13));
        REQUIRE(scaler.counts()(j) == static_cast<double>(rows));
        if (rows > 1 && j == 0) {
            unbiased.fit(x);
            REQUIRE(unbiased.variance()(j) == test::approx(static_cast<double>(is.m2 / static_cast<long double>(rows - 1))).epsilon(1e-13));
        }
    }
}

TEST_CASE("standard_scaler: the certified means and deviations of NIST's StRD, NumAcc1 to NumAcc4", "[ml][scalers]") {
    // https://www.itl.nist.gov/div898/strd/univ: a value, then 500 times one 0.1 below and one 0.1 above (NumAcc1: three values). The digits
    // that a double holds of the data themselves bound how near the deviations can come.
    const auto around = [](double middle, double below, double above) {
        std::vector<double> out{middle};
        for (int i = 0; i < 500; ++i) {
            out.push_back(below);
            out.push_back(above);
        }
        return column(out);
    };
    ml::standard_scaler scaler({.ddof = 1});
    const auto check = [&](const matrix& x, double mean, double deviation, double of_mean, double of_deviation) {
        scaler.fit(x);
        REQUIRE(scaler.mean()(0) == test::approx(mean).epsilon(of_mean).margin(0));
        REQUIRE(scaler.scale()(0) == test::approx(deviation).epsilon(of_deviation).margin(0));
    };
    check(column({10000001, 10000003, 10000002}), 10000002, 1, 1e-16, 1e-16);
    check(around(1.2, 1.1, 1.3), 1.2, 0.1, 1e-15, 2e-15);
    check(around(1000000.2, 1000000.1, 1000000.3), 1000000.2, 0.1, 1e-15, 1e-9);
    check(around(10000000.2, 10000000.1, 10000000.3), 10000000.2, 0.1, 1e-15, 1e-8);
}

TEST_CASE("scalers: one set of bits at every thread count, whatever the schedule and the layout", "[ml][scalers][determinism][Z16][Z19]") {
    const std::size_t rows = 3001;
    const std::size_t columns = GENERATE(std::size_t{1}, std::size_t{5}, std::size_t{67});
    const matrix x = table(rows, columns, 3, 1);
    const columns_first by_columns = x;
    // Every third column of every second row, both axes backwards.
    matrix wide = matrix::from_shape({2 * rows, 3 * columns});
    wide.fill(none);
    const array_view<double, 2> strided(&wide(2 * (rows - 1), 3 * (columns - 1)), {rows, columns},
                                        {-2 * static_cast<std::ptrdiff_t>(3 * columns), -3});
    strided.assign_from(view_of(x));

    each_scaler([&](auto scaler, const std::string& name) {
        INFO(name);
        const matrix expected = pool(1).install([&] { return scaler.fit_transform(x); });
        for (const std::size_t threads : test::thread_counts) {
            const pool workers(threads);
            const test::random_delays delays(threads, 16);
            workers.install([&] {
                auto other = scaler;
                REQUIRE(same_bits(other.fit_transform(x), expected));
                REQUIRE(same_bits(other.fit_transform(by_columns), expected));
                REQUIRE(same_bits(other.fit_transform(strided), expected));
                columns_first in_place = by_columns;
                other.transform_in_place(in_place);
                REQUIRE(same_bits(in_place, expected));
                matrix out = matrix::from_shape(x.shape());
                other.transform_into(by_columns, out);
                REQUIRE(same_bits(out, expected));
            });
        }
        matrix copy = wide;
        const array_view<double, 2> view(copy.data() + (strided.data() - wide.data()), strided.shape(), strided.strides());
        scaler.transform_in_place(view);
        matrix gathered = matrix::from_shape(x.shape());
        view_of(gathered).assign_from(view);
        REQUIRE(same_bits(gathered, expected));
        REQUIRE(std::isnan(copy(1, 0)));  // nothing between was written
    });

    const ml::normalizer normalizer;
    const matrix expected = normalizer.transform(x);
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            REQUIRE(same_bits(normalizer.transform(x), expected));
            REQUIRE(same_bits(normalizer.transform(by_columns), expected));
            REQUIRE(same_bits(normalizer.transform(strided), expected));
        });
    }
}

TEST_CASE("scalers: kernels give the same bits as wide as the machine can, and as the compiler was told", "[ml][scalers][determinism]") {
    using xrayon::run_wide;
    for (const std::size_t columns : {std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{63}, std::size_t{64}}) {
        for (const std::size_t rows : {std::size_t{1}, std::size_t{6}, std::size_t{32}}) {
            const matrix x = table(rows, columns, 3, 1e5);
            const double* const cells = x.data();
            const auto stride = static_cast<std::ptrdiff_t>(columns);
            matrix narrow = table(3, columns);
            matrix wide = narrow;
            const auto moments = [&](matrix& of, auto run) {
                double* const mean = of.data();
                run(cells, stride, rows, columns, 17.0, mean, mean + columns, mean + 2 * columns);
            };
            using block = ml::detail::block_moments_kernel<double>;
            moments(narrow, [](auto... arguments) { run_at<block>(instruction_set::portable, arguments...); });
            moments(wide, [](auto... arguments) { run_wide<block>(arguments...); });
            REQUIRE(same_bits(narrow, wide));
            ml::detail::column_map map(columns);
            for (std::size_t j = 0; j < columns; ++j) {
                map.set(j, {0.1 * static_cast<double>(j), 1.0 / static_cast<double>(3 + j), 1, 0.7, 1});
            }
            matrix a = x;
            matrix b = x;
            using general = ml::detail::map_columns_kernel<double>;
            run_at<general>(instruction_set::portable, cells, stride, a.data(), stride, rows, columns, map.from(0));
            run_wide<general>(cells, stride, b.data(), stride, rows, columns, map.from(0));
            REQUIRE(same_bits(a, b));
            ml::detail::row_sums sums;
            ml::detail::row_sums again;
            run_at<ml::detail::row_sums_kernel>(instruction_set::portable, cells, rows * columns, &sums);
            run_wide<ml::detail::row_sums_kernel>(cells, rows * columns, &again);
            REQUIRE((sums.absolute == again.absolute && sums.squares == again.squares && sums.largest == again.largest));
        }
    }
}

TEST_CASE("scalers: float is computed in double and rounded once", "[ml][scalers]") {
    const xt::xtensor<float, 2> x = table(1500, 6, 2, 10);
    const matrix same = x;
    each_scaler([&](auto scaler, const std::string&) {
        const xt::xtensor<float, 2> got = scaler.fit_transform(x);
        const xt::xtensor<float, 2> expected = scaler.fit_transform(same);
        REQUIRE((got == expected));
        xt::xtensor<double, 2> wide = xt::xtensor<double, 2>::from_shape(x.shape());
        scaler.transform_into(x, wide);  // of another element type
        REQUIRE((wide == scaler.transform(same)));
    });
}

TEST_CASE("scalers: pieces of the rows, fitted one after the other or merged, give the statistics of all", "[ml][scalers]") {
    const matrix x = table(2500, 4, 2, 100);
    const auto part = [&](std::size_t first, std::size_t last) { return view_of(x).slice(first, last); };
    ml::standard_scaler whole;
    whole.fit(x);
    ml::standard_scaler pieces;
    pieces.partial_fit(part(0, 1)).partial_fit(part(1, 700)).partial_fit(part(700, 2500));
    ml::standard_scaler left;
    ml::standard_scaler right;
    left.merge(right).merge(ml::standard_scaler().fit(part(0, 1100))).merge(right.fit(part(1100, 2500)));
    for (std::size_t j = 0; j < 4; ++j) {
        for (const ml::standard_scaler* each : {&pieces, &left}) {
            REQUIRE(each->mean()(j) == test::approx(whole.mean()(j)).epsilon(1e-14));
            REQUIRE(each->variance()(j) == test::approx(whole.variance()(j)).epsilon(1e-12));
            REQUIRE(each->counts()(j) == 2500);
        }
    }
    ml::standard_scaler again;
    again.partial_fit(part(0, 1)).partial_fit(part(1, 700)).partial_fit(part(700, 2500));
    REQUIRE((again.variance() == pieces.variance()));
    REQUIRE((again.fit(x).variance() == whole.variance()));  // fit forgets

    const auto of_ranges = [&](auto scaler) {
        auto all = scaler;
        all.fit(x);
        auto some = scaler;
        some.partial_fit(part(0, 900)).partial_fit(part(900, 901));
        some.merge(scaler.fit(part(901, 2500)));
        REQUIRE((some.scale() == all.scale()));
        REQUIRE(some.count() == 2500);
        REQUIRE(same_bits(some.transform(x), all.transform(x)));
    };
    of_ranges(ml::min_max_scaler());
    of_ranges(ml::max_abs_scaler());
}

TEST_CASE("standard_scaler: a row of weight w counts as w rows", "[ml][scalers]") {
    const matrix x = table(90, 3);
    const std::vector<unsigned> weights = [] {
        std::vector<unsigned> out;
        for (unsigned i = 0; i < 90; ++i) {
            out.push_back(i % 4);
        }
        return out;
    }();
    std::vector<std::size_t> repeated;
    for (std::size_t i = 0; i < 90; ++i) {
        repeated.insert(repeated.end(), weights[i], i);
    }
    const matrix rows = xt::view(x, xt::keep(repeated), xt::all());
    ml::standard_scaler expected;
    expected.fit(rows);
    ml::standard_scaler weighted;
    weighted.fit(x, weights);
    ml::standard_scaler pieces;
    pieces.partial_fit(view_of(x).slice(0, 50), std::vector<unsigned>(weights.begin(), weights.begin() + 50))
        .partial_fit(view_of(x).slice(50, 90), std::vector<unsigned>(weights.begin() + 50, weights.end()));
    for (std::size_t j = 0; j < 3; ++j) {
        for (const ml::standard_scaler* each : {&weighted, &pieces}) {
            REQUIRE(each->mean()(j) == test::approx(expected.mean()(j)).epsilon(1e-13));
            REQUIRE(each->variance()(j) == test::approx(expected.variance()(j)).epsilon(1e-13));
            REQUIRE(each->counts()(j) == expected.counts()(j));
        }
    }
    using test::contains;
    REQUIRE_THROWS_AS(weighted.fit(x, std::vector<int>(89)), shape_error);
    REQUIRE_THROWS_WITH(weighted.fit(x, std::vector<int>(90, -1)), "standard_scaler.fit: weights must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(weighted.fit(x, std::vector<double>(90, none)), contains("standard_scaler.fit: weights must be finite and >= 0, got"));
    REQUIRE_THROWS_WITH(weighted.fit(x, std::vector<int>(90, 0)), "standard_scaler.fit: the sum of weights must be > 0 and finite, got 0");
}

TEST_CASE("scalers: no rows are refused", "[ml][scalers][errors][Z1]") {
    const matrix x = matrix::from_shape({0, 3});
    each_scaler([&](auto scaler, const std::string& name) {
        const auto error = caught<argument_error>([&] { scaler.fit(x); });
        REQUIRE(error);
        REQUIRE(error->what() == name + ".fit: the number of rows must be >= 1, got 0");
        REQUIRE(!scaler.fitted());
        scaler.fit(table(4, 3));
        REQUIRE(scaler.transform(x).shape() == x.shape());  // nothing to transform is nothing wrong
    });
}

TEST_CASE("scalers: no columns give an empty result", "[ml][scalers][Z2]") {
    const matrix x = matrix::from_shape({3, 0});
    each_scaler([&](auto scaler, const std::string&) {
        REQUIRE(scaler.fit_transform(x).shape() == x.shape());
        REQUIRE(scaler.fitted());
        REQUIRE(scaler.inverse_transform(x).shape() == x.shape());
    });
    REQUIRE(ml::normalizer().transform(x).shape() == x.shape());
}

TEST_CASE("scalers: one row has deviation 0, so scale 1, and comes out as 0", "[ml][scalers][Z3]") {
    const matrix x = table(1, 5, 7, 3);
    ml::standard_scaler scaler;
    REQUIRE((scaler.fit_transform(x) == xt::zeros<double>({1, 5})));
    REQUIRE((scaler.scale() == xt::ones<double>({5})));
    ml::standard_scaler unbiased({.ddof = 1});
    REQUIRE_THROWS_WITH(unbiased.fit(x), "standard_scaler.fit: the number of rows must be > options.ddof (1), got 1");
}

TEST_CASE("scalers: constant columns come out as exactly 0, whatever rounding does to their mean", "[ml][scalers][Z4][Z5][Z14][Z20]") {
    for (const double value : {5.0, 0.1, -1.0 / 3, 1e-20, 1e200, 0.0}) {
        for (const std::size_t rows : {std::size_t{2}, std::size_t{3}, std::size_t{31}, std::size_t{100}, std::size_t{1000}, std::size_t{4097}}) {
            matrix x = table(rows, 2);
            xt::view(x, xt::all(), 1) = value;
            INFO(value << " in " << rows << " rows");
            ml::standard_scaler scaler;
            const matrix y = scaler.fit_transform(x);
            REQUIRE(scaler.scale()(1) == 1);
            REQUIRE(scaler.mean()(1) == value);
            ml::standard_scaler pieces;
            pieces.partial_fit(view_of(x).slice(0, 1)).partial_fit(view_of(x).slice(1, rows));
            const matrix z = pieces.transform(x);
            ml::min_max_scaler range;
            const matrix r = range.fit_transform(x);
            ml::min_max_scaler other({.feature_range = {-2, 3}});
            const matrix o = other.fit_transform(x);
            ml::robust_scaler robust;
            const matrix q = robust.fit_transform(x);
            REQUIRE(robust.scale()(1) == 1);
            for (std::size_t i = 0; i < rows; ++i) {
                REQUIRE((y(i, 1) == 0 && z(i, 1) == 0 && r(i, 1) == 0 && o(i, 1) == -2 && q(i, 1) == 0));
            }
        }
    }
}

TEST_CASE("scalers: a small spread is a spread", "[ml][scalers][Z6]") {
    for (const double size : {1e-30, 1e-100, 1e-170, 1e-250, 1e-307}) {
        const matrix x = table(500, 3, size);
        INFO(size);
        ml::standard_scaler scaler;
        const matrix y = scaler.fit_transform(x);
        const matrix plain = ml::standard_scaler().fit_transform(table(500, 3));
        for (std::size_t i = 0; i < x.size(); ++i) {
            REQUIRE(y.data()[i] == test::approx(plain.data()[i]).epsilon(1e-12).margin(1e-13));
        }
        const matrix r = ml::min_max_scaler().fit_transform(x);
        const matrix q = ml::robust_scaler().fit_transform(x);
        REQUIRE(*std::max_element(r.begin(), r.end()) == test::approx(1.0).epsilon(1e-15));
        REQUIRE(*std::min_element(r.begin(), r.end()) == 0);
        REQUIRE(*std::max_element(q.begin(), q.end()) > 0.5);
    }
}

TEST_CASE("scalers: NaN by each policy", "[ml][scalers][errors][Z7]") {
    matrix x = table(2000, 5);
    x(7, 3) = none;
    x(1500, 1) = none;
    matrix without = x;
    const auto propagated = [&](auto scaler, const std::string&) {
        const matrix y = scaler.fit_transform(x);
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            REQUIRE((std::isnan(y(i, 3)) && std::isnan(y(i, 1)) && std::isfinite(y(i, 0)) && std::isfinite(y(i, 4))));
        }
        REQUIRE(std::isnan(scaler.scale()(3)));
    };
    each_scaler(propagated);
    const auto raised = [&](auto scaler, const std::string& name) {
        for (const std::size_t threads : test::thread_counts) {
            pool(threads).install([&] {
                for (const bool columns : {false, true}) {
                    const columns_first other = x;
                    const auto error = caught<argument_error>([&] { columns ? scaler.fit(other) : scaler.fit(x); });
                    REQUIRE(error);
                    REQUIRE(error->what() == name + ".fit: column 3 row 7 is NaN");
                    REQUIRE(error->value() == "NaN");
                }
            });
        }
        REQUIRE(!scaler.fitted());
        scaler.fit(view_of(x).slice(8, 1000));
        REQUIRE(caught<argument_error>([&] { (void)scaler.transform(x); })->what() == name + ".transform: column 3 row 7 is NaN");
        const columns_first other = x;
        REQUIRE(caught<argument_error>([&] { (void)scaler.transform(other); })->what() == name + ".transform: column 3 row 7 is NaN");
    };
    each_scaler(raised, nan_policy::raise);
    REQUIRE_THROWS_WITH(ml::normalizer({.nan = nan_policy::raise}).transform(x), "normalizer.transform: column 3 row 7 is NaN");
    const auto omitted = [&](auto scaler, const std::string&) {
        const matrix y = scaler.fit_transform(x);
        REQUIRE(std::isnan(y(7, 3)));
        REQUIRE(std::isfinite(y(8, 3)));
        // The statistics are those of the other cells.
        matrix rest = matrix::from_shape({1999, 1});
        for (std::size_t i = 0; i < 1999; ++i) {
            rest(i, 0) = x(i + (i >= 7), 3);
        }
        auto other = scaler;
        const matrix expected = other.fit_transform(rest);
        for (std::size_t i = 0; i < 1999; ++i) {
            REQUIRE(y(i + (i >= 7), 3) == test::approx(expected(i, 0)).epsilon(1e-13).margin(1e-14));
        }
        // A column of nothing but NaN has no statistics.
        matrix empty = table(50, 2);
        xt::view(empty, xt::all(), 1) = none;
        scaler.fit(empty);
        REQUIRE(std::isnan(scaler.scale()(1)));
        REQUIRE(std::isfinite(scaler.scale()(0)));
    };
    each_scaler(omitted, nan_policy::omit);
    ml::standard_scaler counting({.nan = nan_policy::omit});
    counting.fit(x);
    REQUIRE((counting.counts() == xt::xtensor<double, 1>{2000, 1999, 2000, 1999, 2000}));
}

TEST_CASE("scalers: infinite cells are refused, the first in row order by name, unless allowed", "[ml][scalers][errors][Z8]") {
    matrix x = table(2000, 5);
    x(7, 3) = inf;
    x(7, 4) = -inf;
    x(1999, 0) = inf;
    const columns_first by_columns = x;
    each_scaler([&](auto scaler, const std::string& name) {
        REQUIRE(caught<argument_error>([&] { scaler.fit(x); })->what() == name + ".fit: column 3 row 7 is inf");
        REQUIRE(caught<argument_error>([&] { scaler.fit(by_columns); })->what() == name + ".fit: column 3 row 7 is inf");
        scaler.fit(view_of(x).slice(8, 1999));
        matrix later = x;
        later(7, 3) = 0;
        for (const std::size_t threads : test::thread_counts) {
            pool(threads).install([&] {
                REQUIRE(caught<argument_error>([&] { (void)scaler.transform(later); })->what() == name + ".transform: column 4 row 7 is -inf");
                matrix in_place = later;
                const auto error = caught<argument_error>([&] { scaler.transform_in_place(in_place); });
                REQUIRE(error->what() == name + ".transform_in_place: column 4 row 7 is -inf");
            });
        }
    });
    each_scaler(
        [&](auto scaler, const std::string&) {
            scaler.fit(x);
            const matrix y = scaler.transform(x);
            REQUIRE(std::isfinite(y(100, 1)));
        },
        nan_policy::propagate, true);
    ml::standard_scaler allowed({.allow_inf = true});
    allowed.fit(x);
    REQUIRE(allowed.mean()(3) == inf);
    REQUIRE(allowed.mean()(4) == -inf);
    REQUIRE(std::isnan(allowed.scale()(3)));
    REQUIRE_THROWS_WITH(ml::normalizer().transform(x), "normalizer.transform: column 3 row 7 is inf");
}

TEST_CASE("scalers: numbers whose squares overflow", "[ml][scalers][Z9]") {
    for (const int power : {600, 1000, 1020}) {
        const matrix plain = table(1100, 3);
        matrix x = plain;
        for (double& cell : x) {
            cell = std::ldexp(cell, power);
        }
        INFO("2^" << power);
        each_scaler([&](auto scaler, const std::string& name) {
            INFO(name);
            const matrix expected = scaler.fit_transform(plain);
            auto other = scaler;
            const matrix got = other.fit_transform(x);
            const matrix back = other.inverse_transform(got);
            for (std::size_t i = 0; i < x.size(); ++i) {
                REQUIRE(got.data()[i] == test::approx(expected.data()[i]).epsilon(1e-12).margin(1e-13));
                REQUIRE(back.data()[i] == test::approx(x.data()[i]).epsilon(1e-11));
            }
        });
        const matrix unit = ml::normalizer().transform(x);
        const matrix expected = ml::normalizer().transform(plain);
        for (std::size_t i = 0; i < x.size(); ++i) {
            REQUIRE(unit.data()[i] == test::approx(expected.data()[i]).epsilon(1e-14));
        }
    }
    const matrix edge = column({1.7e308, -1.7e308, 0, 1.7e308, -1.7e308, 1e308});
    each_scaler([&](auto scaler, const std::string& name) {
        INFO(name);
        const matrix y = scaler.fit_transform(edge);
        for (const double cell : y) {
            REQUIRE(std::isfinite(cell));
            REQUIRE(std::abs(cell) < 2);
        }
    });
    // Pieces of different size: the large one decides, and nothing overflows on the way.
    ml::standard_scaler pieces;
    pieces.partial_fit(column({1, 2, 3})).partial_fit(column({3e300, -1e300, 4e300}));
    ml::standard_scaler whole;
    whole.fit(column({1, 2, 3, 3e300, -1e300, 4e300}));
    REQUIRE(pieces.scale()(0) == test::approx(whole.scale()(0)).epsilon(1e-14));
    ml::standard_scaler tiny;
    tiny.partial_fit(column({0, 0})).partial_fit(column({1e-200, 3e-200}));
    REQUIRE(tiny.scale()(0) == test::approx(1e-200 * std::sqrt(1.5)).epsilon(1e-14));
}

#if defined(__x86_64__)
TEST_CASE("scalers: denormals are numbers, whatever the caller's floating-point mode, and the mode stays", "[ml][scalers][Z10]") {
    matrix x = table(1500, 3, 1e-308);
    x(3, 0) = 5e-324;
    each_scaler([&](auto scaler, const std::string&) {
        const matrix expected = scaler.fit_transform(x);
        REQUIRE(std::isfinite(expected(3, 0)));
        for (const std::size_t threads : test::thread_counts) {
            pool(threads).install([&] {
                const unsigned before = _mm_getcsr();
                _mm_setcsr(before | 0x8040u);  // flush to zero, denormals are zero
                std::fesetround(FE_UPWARD);
                const unsigned mode = _mm_getcsr();
                auto other = scaler;
                const matrix y = other.fit_transform(x);
                const unsigned after = _mm_getcsr();
                std::fesetround(FE_TONEAREST);
                _mm_setcsr(before);
                REQUIRE(same_bits(y, expected));
                REQUIRE(after == mode);
            });
        }
    });
}
#endif

TEST_CASE("scalers: another number of columns is refused", "[ml][scalers][errors][Z11]") {
    each_scaler([&](auto scaler, const std::string& name) {
        scaler.fit(table(10, 5));
        const matrix x = table(10, 4);
        const auto error = caught<shape_error>([&] { (void)scaler.transform(x); });
        REQUIRE(error);
        REQUIRE(error->what() == name + ".transform: X must have 5 columns, as fitted, got 4");
        REQUIRE(error->lhs() == shape_error::shape{10, 4});
        REQUIRE(error->rhs() == shape_error::shape{5});
        matrix out = table(9, 5);
        REQUIRE(caught<shape_error>([&] { scaler.transform_into(table(10, 5), out); })->what()
                == name + ".transform_into: out has shape (9, 5), X has (10, 5)");
        if constexpr (requires { scaler.partial_fit(x); }) {
            REQUIRE(caught<shape_error>([&] { scaler.partial_fit(x); })->what() == name + ".partial_fit: X must have 5 columns, as fitted, got 4");
            auto other = scaler;
            other.fit(x);
            REQUIRE(caught<shape_error>([&] { scaler.merge(other); })->what() == name + ".merge: this has shape (5,), the other has (4,)");
            REQUIRE(scaler.columns() == 5);
        }
    });
}

TEST_CASE("scalers: not fitted", "[ml][scalers][errors][Z12]") {
    each_scaler([&](auto scaler, const std::string& name) {
        matrix x = table(3, 2);
        REQUIRE(caught<argument_error>([&] { (void)scaler.transform(x); })->what() == name + ".transform: not fitted");
        REQUIRE(caught<argument_error>([&] { scaler.transform_in_place(x); })->what() == name + ".transform_in_place: not fitted");
        REQUIRE(caught<argument_error>([&] { (void)scaler.inverse_transform(x); })->what() == name + ".inverse_transform: not fitted");
    });
}

TEST_CASE("scalers: integers become doubles", "[ml][scalers][Z13]") {
    xt::xtensor<std::uint64_t, 2> x{{0, 1}, {std::uint64_t{1} << 63, 2}, {~std::uint64_t{0}, 6}};
    matrix same = x;
    REQUIRE(same(1, 0) == 0x1p63);
    REQUIRE(same(2, 0) == 0x1p64);
    each_scaler([&](auto scaler, const std::string&) {
        const matrix y = scaler.fit_transform(x);
        REQUIRE(same_bits(y, scaler.fit_transform(same)));
    });
    const xt::xtensor<std::int8_t, 2> bytes{{-128, 0}, {127, 1}};
    ml::min_max_scaler range;
    REQUIRE((range.fit_transform(bytes) == matrix{{0, 0}, {1, 1}}));
    const std::vector<std::uint64_t> big{std::uint64_t{1} << 63, std::uint64_t{1} << 63};
    ml::standard_scaler scaler;
    scaler.fit(array_view<const std::uint64_t, 2>(big.data(), {2, 1}));
    REQUIRE(scaler.mean()(0) == 0x1p63);
    REQUIRE(scaler.scale()(0) == 1);
}

TEST_CASE("scalers: out may be X, but must not overlap it otherwise, nor itself", "[ml][scalers][errors][Z17]") {
    each_scaler([&](auto scaler, const std::string& name) {
        matrix x = table(40, 4);
        const matrix expected = scaler.fit_transform(x);
        const auto upper = view_of(x).slice(0, 30);
        const auto lower = view_of(x).slice(1, 31);
        REQUIRE(caught<argument_error>([&] { scaler.transform_into(upper, lower); })->what()
                == name + ".transform_into: out must be X itself or lie apart from it, got overlap in bytes 32 to 960");
        const array_view<double, 2> folded(x.data(), {40, 4}, {0, 1});
        REQUIRE(caught<argument_error>([&] { scaler.transform_into(table(40, 4), folded); })->what()
                == name + ".transform_into: elements of out must not overlap each other");
        REQUIRE_THROWS_AS(scaler.transform_in_place(folded), argument_error);
        REQUIRE((x == table(40, 4)));  // nothing was written
        scaler.transform_into(x, x);
        REQUIRE(same_bits(x, expected));
    });
    matrix rows = table(40, 4);
    REQUIRE_THROWS_AS(ml::normalizer().transform_into(view_of(rows).slice(0, 30), view_of(rows).slice(1, 31)), argument_error);
}

TEST_CASE("min_max_scaler: its range, and clipping", "[ml][scalers][errors][Z20]") {
    REQUIRE_THROWS_WITH(ml::min_max_scaler({.feature_range = {1, 1}}), "min_max_scaler: options.feature_range must have low < high and a finite high - low, got 1 and 1");
    REQUIRE_THROWS_AS(ml::min_max_scaler({.feature_range = {2, 1}}), argument_error);
    REQUIRE_THROWS_AS(ml::min_max_scaler({.feature_range = {none, 1}}), argument_error);
    REQUIRE_THROWS_AS(ml::min_max_scaler({.feature_range = {0, inf}}), argument_error);
    REQUIRE_THROWS_WITH(ml::robust_scaler({.quantile_range = {75, 25}}),
                        "robust_scaler: options.quantile_range must have 0 <= low <= high <= 100, got 75 and 25");
    REQUIRE_THROWS_AS(ml::robust_scaler({.quantile_range = {-1, 25}}), argument_error);
    REQUIRE_THROWS_AS(ml::robust_scaler({.quantile_range = {0, none}}), argument_error);
    ml::min_max_scaler clipping({.clip = true});
    clipping.fit(column({2, 6}));
    REQUIRE((clipping.transform((column({0, 3, 7}))) == matrix(column({0, 0.25, 1}))));
    ml::min_max_scaler plain;
    plain.fit(column({2, 6}));
    REQUIRE((plain.transform((column({0, 3, 7}))) == matrix(column({-0.5, 0.25, 1.25}))));
}

TEST_CASE("normalizer: rows of norm 1, and rows of zeros", "[ml][scalers]") {
    const matrix x{{3, 4, 0}, {0, 0, 0}, {-1, 2, -2}, {3e-320, 4e-320, 0}, {3e300, -4e300, 0}};
    const matrix l2 = ml::normalizer().transform(x);
    REQUIRE((xt::view(l2, 0) == xt::xtensor<double, 1>{0.6, 0.8, 0}));
    REQUIRE((xt::view(l2, 1) == xt::zeros<double>({3})));
    REQUIRE(l2(3, 0) == test::approx(0.6).epsilon(1e-3));  // denormals have few digits
    REQUIRE(l2(4, 1) == test::approx(-0.8).epsilon(1e-15));
    const matrix l1 = ml::normalizer({.norm = ml::row_norm::l1}).transform(x);
    REQUIRE((xt::view(l1, 2) == xt::xtensor<double, 1>{-0.2, 0.4, -0.4}));
    const matrix max = ml::normalizer({.norm = ml::row_norm::max}).transform(x);
    REQUIRE((xt::view(max, 2) == xt::xtensor<double, 1>{-0.5, 1, -1}));
    const matrix holes{{3, none, 4}};
    REQUIRE(std::isnan(ml::normalizer().transform(holes)(0, 0)));
    const matrix omitted = ml::normalizer({.nan = nan_policy::omit}).transform(holes);
    REQUIRE((omitted(0, 0) == 0.6 && std::isnan(omitted(0, 1)) && omitted(0, 2) == 0.8));
}

TEST_CASE("scalers: a stop request ends a call with cancelled, and the scaler is as it was", "[ml][scalers][errors]") {
    const matrix x = table(5000, 4);
    std::stop_source stop;
    ml::standard_scaler scaler({.run = {.stop = stop.get_token()}});
    scaler.fit(x);
    const auto mean = scaler.mean();
    stop.request_stop();
    REQUIRE_THROWS_AS(scaler.partial_fit(x), cancelled);
    REQUIRE_THROWS_AS(scaler.transform(x), cancelled);
    REQUIRE((scaler.mean() == mean));
}

namespace {

template <class Scaler>
concept learns_piecewise = requires(Scaler& scaler, const matrix& x) { scaler.partial_fit(x); } && requires(Scaler& scaler) { scaler.merge(scaler); };
static_assert(learns_piecewise<ml::standard_scaler> && learns_piecewise<ml::min_max_scaler> && learns_piecewise<ml::max_abs_scaler>);
static_assert(!learns_piecewise<ml::robust_scaler>);
static_assert(ml::scalable_matrix<const xt::xtensor<int, 2>&> && !ml::scaled_matrix<xt::xtensor<int, 2>&>);
static_assert(ml::scalable_matrix<xt::xarray<float>&> && ml::scaled_matrix<xt::xarray<float>&> && !ml::scaled_matrix<const xt::xarray<float>&>);
static_assert(!ml::scalable_matrix<std::vector<double>&> && !ml::scaled_matrix<matrix>);  // one axis; a temporary

} // namespace

TEST_CASE("scalers: one that was moved from is not fitted, and can be fitted again", "[ml][preprocess][scalers]") {
    const matrix x = table(30, 4);
    ml::standard_scaler a;
    a.fit(x);
    const matrix expected = a.transform(x);
    ml::standard_scaler b = std::move(a);
    REQUIRE(same_bits(b.transform(x), expected));
    REQUIRE_FALSE(a.fitted());
    REQUIRE_THROWS_WITH(a.transform(x), "standard_scaler.transform: not fitted");
    a.partial_fit(x);
    REQUIRE(same_bits(a.transform(x), expected));
    ml::min_max_scaler c;
    c.fit(x);
    ml::min_max_scaler d;
    d = std::move(c);
    REQUIRE(d.fitted());
    REQUIRE_THROWS_AS(c.transform(x), argument_error);
}

TEST_CASE("standard_scaler: a spread that rounding could have made of a constant counts as one, as scikit-learn has it", "[ml][preprocess][scalers][Z4]") {
    // var <= n eps var + (n mean eps)^2: neighbours of 1e8 lie 1.5e-8 apart, and n mean eps is 2.2e-6 for a hundred rows.
    matrix x = matrix::from_shape({100, 2});
    for (std::size_t i = 0; i < 100; ++i) {
        x(i, 0) = i % 2 == 0 ? 1e8 : std::nextafter(1e8, 2e8);
        x(i, 1) = i % 2 == 0 ? 1e8 : 1e8 + 1e-5;  // more than that
    }
    ml::standard_scaler scaler;
    scaler.fit(x);
    REQUIRE(scaler.scale()(0) == 1);
    REQUIRE(scaler.scale()(1) == test::approx(0.5e-5).epsilon(0.01));
    REQUIRE(std::abs(scaler.transform(x)(1, 0)) < 2e-8);
    REQUIRE(scaler.transform(x)(1, 1) == test::approx(1).epsilon(0.01));
}
