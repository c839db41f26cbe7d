// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_DETAIL_LABEL_CODES_HPP
#define XRAYON_ML_SPLIT_DETAIL_LABEL_CODES_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/split/detail/label_value.hpp>

namespace xrayon::ml::detail {

/// Labels as the numbers 0, 1, ... in ascending order of the labels (numpy.unique with its inverse).
struct label_codes {
    std::vector<std::size_t> of_row;
    std::vector<std::size_t> counts;     // rows of each code
    std::vector<std::size_t> first_row;  // of each code

    [[nodiscard]] std::size_t rows() const noexcept { return of_row.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return counts.size(); }
};

/// Text is compared by its characters, also where a label is a pointer to it.
/// @throws argument_error  "<op>: <name> row 7 is NaN"
template <indexed_range Labels>
[[nodiscard]] label_codes encode_labels(std::string_view op, std::string_view name, const Labels& labels) {
    static_assert(std::totally_ordered<label_value_t<element_t<Labels>>>, "labels and groups are told apart and ordered by == and <");
    const std::size_t n = element_count(labels);
    if constexpr (std::floating_point<std::remove_cvref_t<element_t<Labels>>>) {
        for (std::size_t i = 0; i < n; ++i) {
            if (element(labels, i) != element(labels, i)) {
                throw argument_error(std::string(op) + ": " + std::string(name) + " row " + to_text(i) + " is NaN", "nan");
            }
        }
    }
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto less = [&](std::size_t a, std::size_t b) { return label_value(element(labels, a)) < label_value(element(labels, b)); };
    std::stable_sort(order.begin(), order.end(), less);
    label_codes out;
    out.of_row.resize(n);
    for (std::size_t k = 0; k < n; ++k) {
        if (k == 0 || less(order[k - 1], order[k])) {
            out.counts.push_back(0);
            out.first_row.push_back(order[k]);
        }
        ++out.counts.back();
        out.of_row[order[k]] = out.counts.size() - 1;
    }
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_SPLIT_DETAIL_LABEL_CODES_HPP
