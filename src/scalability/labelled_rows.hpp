// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_LABELLED_ROWS_HPP
#define SCALABILITY_LABELLED_ROWS_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/array/xtensor.hpp>

namespace scalability {

using matrix = xt::xtensor<double, 2>;

/// A table of numbers and a label for each of its rows.
struct labelled_rows {
    matrix x;
    std::vector<int> y;
    std::string source;
};

/// The file of digits that ships with the library: beside the installed program, else in the tree that it was built from.
std::string shipped_data();

/// Reads a table whose last column is the label.
labelled_rows read_labelled(const std::string& path);

/// The rows first, first + 2, first + 4, ...
labelled_rows every_second(const labelled_rows& data, std::size_t first);

/// All rows so many times, one turn after the other.
labelled_rows repeated(const labelled_rows& data, std::size_t times);

/// "1 row", "2 rows"
std::string counted(std::size_t count, const std::string& noun);

} // namespace scalability

#endif // SCALABILITY_LABELLED_ROWS_HPP
