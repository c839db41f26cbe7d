// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/augment.hpp>
#include <xrayon/ml/map_rows.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/random/uniform.hpp>

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;
using row = array_view<const double, 1>;

/// Sums of these are not exact.
matrix table(std::size_t rows, std::size_t columns) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = 1.0 / static_cast<double>(i + 3);
    }
    return x;
}

/// Sum and largest element.
vector features(const row& x) {
    vector out{0.0, x[0]};
    for (const double v : x) {
        out(0) += v;
        out(1) = v > out(1) ? v : out(1);
    }
    return out;
}

} // namespace

TEST_CASE("map_rows: the features of row i stand in row i, at every thread count and grain", "[ml][map_rows]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const std::optional<std::size_t> grain =
        GENERATE(std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{100});
    const matrix x = table(137, 5);
    matrix expected = matrix::from_shape({137, 2});
    for (std::size_t i = 0; i < 137; ++i) {
        const vector f = features(view_of(x)[i]);
        expected(i, 0) = f(0);
        expected(i, 1) = f(1);
    }
    pool(threads).install([&] {
        REQUIRE((ml::map_rows(x, features, {.grain = grain}) == expected));
        matrix into = matrix::from_shape({137, 2});
        ml::map_rows_into(x, features, into, {.grain = grain});
        REQUIRE((into == expected));
        // Into a view, by a function that writes.
        matrix wide = xt::zeros<double>({137, 4});
        const auto half = view_of(wide).slice<1>(1, 3);
        ml::map_rows_into(x,
                          [](const row& from, const array_view<double, 1>& to) {
                              const vector value = features(from);
                              to.assign_from(view_of(value));
                          },
                          half, {.grain = grain});
        REQUIRE((matrix(xt::view(wide, xt::all(), xt::range(1, 3))) == expected));
        REQUIRE((wide(136, 0) == 0));
        REQUIRE((wide(136, 3) == 0));
    });
}

TEST_CASE("map_rows: samples of any kind, numbers, no rows, in place", "[ml][map_rows]") {
    const std::vector<std::string> words{"a", "bcd", "ef"};
    const auto lengths = ml::map_rows(words, [](const std::string& word) { return word.size(); });
    STATIC_REQUIRE(std::same_as<decltype(lengths), const xt::xtensor<std::size_t, 1, xt::layout_type::row_major>>);
    REQUIRE((lengths == xt::xtensor<std::size_t, 1>{1, 3, 2}));

    const auto pairs = ml::map_rows(words, [](const std::string& word) { return std::vector<float>{float(word.size()), 0.5F}; });
    REQUIRE((pairs == xt::xtensor<float, 2>{{1, 0.5F}, {3, 0.5F}, {2, 0.5F}}));

    const matrix none = matrix::from_shape({0, 3});
    REQUIRE((ml::map_rows(none, features).shape() == std::array<std::size_t, 2>{0, 0}));

    matrix x = table(40, 3);
    const matrix doubled = 2 * x;
    ml::map_rows_into(
        x, [](const row& r) { return vector(2 * as_xtensor(r)); }, x);
    REQUIRE((x == doubled));
}

TEST_CASE("map_rows: a row that does not fit is named, whichever thread was first", "[ml][map_rows][errors]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const std::size_t odd = GENERATE(0u, 1u, 7u, 49u);
    const matrix x = table(50, 2);
    const auto ragged = [&](const row& r) {
        return std::vector<double>(static_cast<std::size_t>(&r[0] - x.data()) / 2 == odd ? 4 : 5, 1.0);
    };
    const std::string expected =
        odd == 0 ? "map_rows: row 1 gave (5,), row 0 gave (4,)" : "map_rows: row " + std::to_string(odd) + " gave (4,), row 0 gave (5,)";
    const pool workers(threads);
    REQUIRE_THROWS_AS(workers.install([&] { return ml::map_rows(x, ragged, {.grain = 1}); }), shape_error);
    REQUIRE_THROWS_WITH(workers.install([&] { return ml::map_rows(x, ragged, {.grain = 1}); }), expected);

    matrix out = matrix::from_shape({50, 5});
    REQUIRE_THROWS_AS(workers.install([&] { ml::map_rows_into(x, ragged, out); }), shape_error);
    REQUIRE_THROWS_WITH(workers.install([&] { ml::map_rows_into(x, ragged, out); }),
                        "map_rows_into: row " + std::to_string(odd) + ": the result has shape (4,), its slot has (5,)");
}

TEST_CASE("map_rows: several kinds of rows, and the lowest exception", "[ml][map_rows][errors]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const std::vector<std::size_t> widths{3, 3, 2, 1, 2, 3};
    const std::vector<std::size_t> turned{2, 2, 2, 3, 1, 2};
    const auto wide = [](std::size_t width) { return std::vector<double>(width, 1.0); };
    REQUIRE_THROWS_WITH(workers.install([&] { return ml::map_rows(widths, wide); }), "map_rows: row 2 gave (2,), row 0 gave (3,)");
    REQUIRE_THROWS_WITH(workers.install([&] { return ml::map_rows(turned, wide); }), "map_rows: row 3 gave (3,), row 0 gave (2,)");
    const auto failing = [](std::size_t width) -> double {
        if (width != 3) {
            throw std::runtime_error("width " + std::to_string(width));
        }
        return 1;
    };
    REQUIRE_THROWS_WITH(workers.install([&] { return ml::map_rows(widths, failing); }), "width 2");

    const matrix x = table(4, 2);
    matrix out = matrix::from_shape({3, 2});
    REQUIRE_THROWS_WITH(ml::map_rows_into(x, features, out), "map_rows_into: out has shape (3, 2), the rows has (4,)");
    REQUIRE_THROWS_AS(ml::map_rows(x, features, {.grain = 0}), argument_error);
    REQUIRE_THROWS_WITH(ml::map_rows(x, features, {.grain = 0}), "map_rows: options.grain must be >= 1, got 0");
}

TEST_CASE("augment: a variant's numbers are addressed by seed, item and copy", "[ml][augment]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const std::vector<double> items{10, 20, 30, 40, 50};
    const auto shift = [](double x, stream& numbers) { return x + draw_uniform(numbers); };
    std::vector<double> expected;
    for (std::size_t i = 0; i < 5; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
            stream numbers = stream(42) / i / c;
            expected.push_back(items[i] + draw_uniform(numbers));
        }
    }
    const auto got = workers.install([&] { return ml::augment(items, shift, 3, {.seed = 42, .grain = 2}); });
    REQUIRE((std::vector<double>(got.begin(), got.end()) == expected));
    // More copies leave the others as they are.
    const auto more = workers.install([&] { return ml::augment(items, shift, 4, {.seed = 42}); });
    for (std::size_t i = 0; i < 5; ++i) {
        REQUIRE((more[4 * i + 2] == expected[3 * i + 2]));
    }
    REQUIRE(workers.install([&] { return ml::augment(items, shift, 3, {.seed = 43}); })[0] != expected[0]);
    REQUIRE((ml::augment(items, shift, 0).size() == 0));
    REQUIRE((ml::augment(std::vector<double>{}, shift, 3).size() == 0));
}

TEST_CASE("augment: rows become rows, and one sample gives variants of itself", "[ml][augment]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const matrix x = table(30, 4);
    const auto noisy = [](const row& r, stream& numbers) {
        vector out = vector::from_shape({r.shape(0)});
        for (std::size_t j = 0; j < r.shape(0); ++j) {
            out(j) = r[j] + draw_uniform(numbers);
        }
        return out;
    };
    matrix expected = matrix::from_shape({60, 4});
    for (std::size_t i = 0; i < 60; ++i) {
        stream numbers = stream(7) / (i / 2) / (i % 2);
        for (std::size_t j = 0; j < 4; ++j) {
            expected(i, j) = x(i / 2, j) + draw_uniform(numbers);
        }
    }
    REQUIRE((workers.install([&] { return ml::augment(x, noisy, 2, {.seed = 7, .grain = 1}); }) == expected));

    struct sample {
        double value;
    };
    const auto variants = workers.install([&] {
        return ml::augment(sample{5}, [](const sample& s, stream& numbers) { return s.value + draw_uniform(numbers); }, 3, {.seed = 9});
    });
    stream second = stream(9) / 0 / 1;
    REQUIRE((variants.size() == 3));
    REQUIRE((variants[1] == 5 + draw_uniform(second)));

    const auto ragged = [](const row& r, stream& numbers) {
        return std::vector<double>(numbers.next_u32() == (stream(7) / 3 / 1).next_u32() ? 1 : r.size());
    };
    REQUIRE_THROWS_AS(workers.install([&] { return ml::augment(x, ragged, 2, {.seed = 7}); }), shape_error);
    REQUIRE_THROWS_WITH(workers.install([&] { return ml::augment(x, ragged, 2, {.seed = 7}); }),
                        "augment: copy 1 of row 3 gave (1,), copy 0 of row 0 gave (4,)");
    const auto throwing = [](double, stream&) -> int { throw std::runtime_error("no variant"); };
    REQUIRE_THROWS_WITH(ml::augment(std::vector<double>{1}, throwing, 2), "no variant");
    REQUIRE_THROWS_WITH(ml::augment(std::vector<double>{1, 2}, throwing, ~std::size_t{0}),
                        "augment: items x copies must be countable, got 18446744073709551615");
    REQUIRE_THROWS_WITH(ml::augment(std::vector<double>{1}, throwing, 2, {.grain = 0}), "augment: options.grain must be >= 1, got 0");
}
