// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_DATA_SETS_HPP
#define XRAYON_TESTS_ML_DATA_SETS_HPP

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/io/csv.hpp>

namespace data_sets {

using matrix = xt::xtensor<double, 2>;

/// A table whose last column is a label.
struct labelled {
    matrix x = matrix::from_shape({0, 0});
    std::vector<int> y;

    [[nodiscard]] std::vector<double> targets() const { return {y.begin(), y.end()}; }
};

/// "iris", "digits", "breast_cancer"
inline const labelled& load(const std::string& name) {
    static const auto read = [](const std::string& of) {
        const std::filesystem::path here = std::filesystem::path(__FILE__).parent_path();
        const auto path = of == "iris" ? here / "golden/iris.csv" : here.parent_path().parent_path() / "examples/data" / (of + ".csv");
        const xrayon::csv_table table = xrayon::read_csv(path.string());
        labelled out;
        const std::size_t d = table.values.shape(1) - 1;
        out.x = matrix::from_shape({table.values.shape(0), d});
        for (std::size_t i = 0; i < table.values.shape(0); ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                out.x(i, j) = table.values(i, j);
            }
            out.y.push_back(static_cast<int>(table.values(i, d)));
        }
        return out;
    };
    static const labelled iris = read("iris");
    static const labelled digits = read("digits");
    static const labelled breast_cancer = read("breast_cancer");
    return name == "iris" ? iris : name == "digits" ? digits : breast_cancer;
}

} // namespace data_sets

#endif // XRAYON_TESTS_ML_DATA_SETS_HPP
