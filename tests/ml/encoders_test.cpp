// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/preprocess/category_encoder.hpp>

#include <xrayon/ml/class_weights.hpp>
#include <xrayon/ml/preprocess/label_encoder.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <string>
#include <vector>

using namespace xrayon;
using namespace xrayon::ml;
using matrix = xt::xtensor<double, 2>;

TEST_CASE("label_encoder: words to numbers in ascending order, and back", "[ml][preprocess]") {
    const std::vector<std::string> words{"paris", "paris", "tokyo", "amsterdam"};  // scikit-learn's example
    label_encoder<std::string> encoder;
    REQUIRE(encoder.fit_transform(words) == std::vector<int>{1, 1, 2, 0});
    REQUIRE(encoder.classes() == std::vector<std::string>{"amsterdam", "paris", "tokyo"});
    REQUIRE(encoder.inverse_transform(std::vector{2, 2, 1}) == std::vector<std::string>{"tokyo", "tokyo", "paris"});
    REQUIRE_THROWS_WITH(encoder.transform(std::vector<std::string>{"paris", "rome"}),
                        "label_encoder.transform: every label must be one that fit has seen; row, got 1");
    REQUIRE_THROWS_WITH(encoder.inverse_transform(std::vector{3}), "label_encoder.inverse_transform: numbers must be from 0 to 2, got 3");
    REQUIRE_THROWS_WITH(encoder.inverse_transform(std::vector{-1}), "label_encoder.inverse_transform: numbers must be from 0 to 2, got -1");
    REQUIRE_THROWS_WITH(label_encoder<int>().transform(std::vector{1}), "label_encoder.transform: call fit first");
    REQUIRE_THROWS_WITH(label_encoder<int>().fit(std::vector<int>{}), "label_encoder.fit: there must be a label");
    REQUIRE_THROWS_WITH(label_encoder<double>().fit(std::vector{1.0, std::nan("")}),
                        "label_encoder.fit: labels must not be NaN; row, got 1");
}

TEST_CASE("one_hot_encoder: a column for each category", "[ml][preprocess]") {
    const matrix x{{1, 10}, {0, 30}, {1, 20}};  // scikit-learn's example has categories 0, 1 and 1, 2, 3
    one_hot_encoder encoder;
    REQUIRE((encoder.fit_transform(x) == matrix{{0, 1, 1, 0, 0}, {1, 0, 0, 0, 1}, {0, 1, 0, 1, 0}}));
    REQUIRE(encoder.columns() == 5);
    REQUIRE(encoder.categories()[1] == std::vector<double>{10, 20, 30});
    REQUIRE((one_hot_encoder({.drop_first = true}).fit_transform(x) == matrix{{1, 0, 0}, {0, 0, 1}, {1, 1, 0}}));
    const matrix unknown{{1, 11}};
    REQUIRE_THROWS_WITH(encoder.transform(unknown), "one_hot_encoder.transform: column 1 row 0 has a value that fit has not seen, got 11");
    one_hot_encoder lenient({.unknown = unknown_category::ignore});
    lenient.fit(x);
    REQUIRE((lenient.transform(unknown) == matrix{{0, 1, 0, 0, 0}}));
    REQUIRE((lenient.transform(xt::xtensor<int, 2>{{0, 20}}) == matrix{{1, 0, 0, 1, 0}}));
    REQUIRE_THROWS_WITH(one_hot_encoder().transform(x), "one_hot_encoder.transform: call fit first");
    REQUIRE_THROWS_WITH(encoder.transform(matrix{{1}}), "one_hot_encoder.transform: X has shape (1, 1), the fitted encoder has (2,)");
    REQUIRE_THROWS_WITH(one_hot_encoder().fit(matrix{{1, std::nan("")}}), "one_hot_encoder.fit: X must not have NaN; column 1 row, got 0");
    REQUIRE_THROWS_WITH(one_hot_encoder().fit(matrix::from_shape({0, 2})), "one_hot_encoder.fit: X must have at least 1 row, got 0");
}

TEST_CASE("ordinal_encoder: a number for each category", "[ml][preprocess]") {
    const matrix x{{1, 10}, {0, 30}, {1, 20}};
    REQUIRE((ordinal_encoder().fit_transform(x) == matrix{{1, 0}, {0, 2}, {1, 1}}));
    ordinal_encoder lenient({.unknown = unknown_category::ignore});
    const matrix unknown = lenient.fit(x).transform(matrix{{1, 11}});
    REQUIRE(unknown(0, 0) == 1);
    REQUIRE(std::isnan(unknown(0, 1)));
    REQUIRE_THROWS_WITH(ordinal_encoder().fit(x).transform(matrix{{7, 10}}),
                        "ordinal_encoder.transform: column 0 row 0 has a value that fit has not seen, got 7");
}

TEST_CASE("balanced_weights: all classes count the same", "[ml][preprocess]") {
    // compute_class_weight("balanced"): 4 / (2 * 3) and 4 / (2 * 1)
    REQUIRE(balanced_weights(std::vector{5, 5, 5, 8}) == std::vector<double>{4.0 / 6, 4.0 / 6, 4.0 / 6, 2.0});
    REQUIRE(class_weights(std::vector{0, 1, 2}, {{0, 3.0}, {2, 0.5}}) == std::vector<double>{3, 1, 0.5});
    REQUIRE_THROWS_WITH(class_weights(std::vector{0, 1}, {{2, 1.0}}), "class_weights: every class with a weight must occur in y");
    REQUIRE_THROWS_WITH(class_weights(std::vector{0, 1}, {{1, -1.0}}), "class_weights: weights must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(balanced_weights(std::vector<int>{}), "balanced_weights: y must have at least 1 label, got 0");
}
