// SPDX-License-Identifier: Apache-2.0
// The scalers against scikit-learn's own results (golden/make_scaler_tables.py).
#include <xrayon/ml/preprocess/max_abs_scaler.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>
#include <xrayon/ml/preprocess/normalizer.hpp>
#include <xrayon/ml/preprocess/robust_scaler.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>

#include "../support/catch.hpp"
#include "golden/scalers.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/io/csv.hpp>

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;

matrix matrix_of(std::span<const double> numbers, std::size_t columns) {
    matrix out = matrix::from_shape({numbers.size() / columns, columns});
    std::copy(numbers.begin(), numbers.end(), out.data());
    return out;
}

const matrix& data_called(std::string_view name) {
    static const matrix iris = matrix_of(golden::iris, 4);
    static const matrix breast_cancer = matrix_of(golden::breast_cancer, 10);
    static const matrix iris_nan = [] {
        matrix x = matrix_of(golden::iris, 4);
        for (std::size_t i = 0; i < x.size(); i += 11) {
            x.data()[i] = golden::not_a_number;
        }
        return x;
    }();
    static const matrix digits = [] {
        const std::filesystem::path tree = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
        return matrix(xt::view(read_csv((tree / "examples" / "data" / "digits.csv").string()).values, xt::all(), xt::range(0, 64)));
    }();
    return name == "iris" ? iris : name == "breast_cancer" ? breast_cancer : name == "iris_nan" ? iris_nan : digits;
}

/// To 1e-12 of its value; of a number that is small beside those it was made of (`size`), to 1e-13 of these.
bool near(double got, double expected, double size = 1) {
    return (std::isnan(got) && std::isnan(expected)) || std::abs(got - expected) <= 1e-12 * std::abs(expected) + 1e-13 * size;
}

void require_near(const vector& got, std::span<const double> expected) {
    REQUIRE(got.size() == expected.size());
    for (std::size_t j = 0; j < expected.size(); ++j) {
        INFO("column " << j << ": " << got(j) << ", scikit-learn " << expected[j]);
        REQUIRE(near(got(j), expected[j], 0));
    }
}

template <class Scaler>
void require_rows(const Scaler& scaler, const matrix& x, std::span<const double> expected) {
    const matrix got = scaler.transform(x);
    const std::size_t n = x.shape(0);
    std::size_t k = 0;
    for (const std::size_t row : {std::size_t{0}, n / 3, 2 * n / 3, n - 1}) {
        for (std::size_t j = 0; j < x.shape(1); ++j, ++k) {
            INFO("row " << row << " column " << j << ": " << got(row, j) << ", scikit-learn " << expected[k]);
            REQUIRE(near(got(row, j), expected[k]));
        }
    }
    REQUIRE(k == expected.size());
}

void compare(const golden::scaler_table& table) {
    const matrix& x = data_called(table.data);
    const std::string_view which = table.scaler;
    if (which == "standard" || which == "weighted") {
        ml::standard_scaler scaler({.nan = ml::nan_policy::omit});
        if (which == "weighted") {
            std::vector<int> weights(x.shape(0));
            for (std::size_t i = 0; i < weights.size(); ++i) {
                weights[i] = static_cast<int>(1 + i % 3);
            }
            scaler.fit(x, weights);
        } else {
            scaler.fit(x);
        }
        require_near(scaler.mean(), table.first);
        require_near(scaler.variance(), table.second);
        require_near(scaler.scale(), table.third);
        require_rows(scaler, x, table.rows);
    } else if (which == "standard_without_mean" || which == "standard_without_std") {
        const bool mean = which == "standard_without_std";
        ml::standard_scaler scaler({.with_mean = mean, .with_std = !mean, .nan = ml::nan_policy::omit});
        require_rows(scaler.fit(x), x, table.rows);
    } else if (which.starts_with("min_max")) {
        ml::min_max_scaler_options options{.clip = which == "min_max_clip", .nan = ml::nan_policy::omit};
        if (which == "min_max_wide") {
            options.feature_range = {-1, 2.5};
        }
        ml::min_max_scaler scaler(options);
        scaler.fit(view_of(x).slice(0, which == "min_max_clip" ? x.shape(0) / 3 : x.shape(0)));
        require_near(scaler.min(), table.first);
        require_near(scaler.max(), table.second);
        require_near(scaler.scale(), table.third);
        require_rows(scaler, x, table.rows);
    } else if (which == "max_abs") {
        ml::max_abs_scaler scaler({.nan = ml::nan_policy::omit});
        scaler.fit(x);
        require_near(scaler.max_abs(), table.first);
        require_near(scaler.scale(), table.second);
        require_rows(scaler, x, table.rows);
    } else if (which == "robust" || which == "robust_low") {
        ml::robust_scaler_options options{.nan = ml::nan_policy::omit};
        if (which == "robust_low") {
            options.quantile_range = {5, 40};
        }
        ml::robust_scaler scaler(options);
        scaler.fit(x);
        require_near(scaler.center(), table.first);
        require_near(scaler.scale(), table.second);
        require_rows(scaler, x, table.rows);
    } else {
        const ml::row_norm norm = which == "normalizer_l1" ? ml::row_norm::l1 : which == "normalizer_l2" ? ml::row_norm::l2 : ml::row_norm::max;
        require_rows(ml::normalizer({.norm = norm}), x, table.rows);
    }
}

} // namespace

TEST_CASE("scalers: scikit-learn's statistics and rows on iris, breast cancer and digits, to 1e-12", "[ml][scalers][golden]") {
    for (const golden::scaler_table& table : golden::scaler_tables) {
        INFO(table.data << ", " << table.scaler);
        compare(table);
    }
}

TEST_CASE("scalers: the inverse gives back what was transformed, in every form", "[ml][scalers]") {
    const matrix& x = data_called("breast_cancer");
    const auto check = [&](auto scaler) {
        const matrix y = scaler.fit_transform(x);
        const matrix back = scaler.inverse_transform(y);
        matrix into = matrix::from_shape(x.shape());
        scaler.inverse_transform_into(y, into);
        matrix in_place = y;
        scaler.inverse_transform_in_place(in_place);
        REQUIRE((back == into));
        REQUIRE((back == in_place));
        for (std::size_t i = 0; i < x.size(); ++i) {
            REQUIRE(near(back.data()[i], x.data()[i], 1));
        }
    };
    check(ml::standard_scaler());
    check(ml::standard_scaler({.with_mean = false}));
    check(ml::min_max_scaler({.feature_range = {-3, 5}}));
    check(ml::max_abs_scaler());
    check(ml::robust_scaler());
}
