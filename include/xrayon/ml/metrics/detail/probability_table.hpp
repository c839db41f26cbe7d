// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_DETAIL_PROBABILITY_TABLE_HPP
#define XRAYON_ML_METRICS_DETAIL_PROBABILITY_TABLE_HPP

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/metrics/detail/label_table.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>

namespace xrayon::ml::detail {

/// Numbers in two axes: rows x classes.
template <class P>
concept probability_matrix = viewable_as<const P&, 2> && requires(const P& p) {
    requires std::is_floating_point_v<typename decltype(view_of<2>(p))::value_type>;
};

/// A number for each row: how likely the positive class is.
template <class S>
concept score_numbers = indexed_range<S> && std::is_floating_point_v<std::remove_cvref_t<element_t<S>>>;

/// The class of each row, as its column.
template <class Label>
struct classes_of_rows {
    std::vector<Label> classes;
    std::vector<std::size_t> of_row;
};

/// @param classes  Labels of the columns, ascending.
/// @throws argument_error  if a label of y_true is none of them
template <class Label, indexed_range True>
[[nodiscard]] classes_of_rows<Label> encode_rows(const metric_call& call, const True& y_true, std::vector<Label> classes) {
    for (std::size_t c = 1; c < classes.size(); ++c) {
        if (!(classes[c - 1] < classes[c])) [[unlikely]] {
            check(false, call.name() + ": classes must ascend and be different; that of column " + to_text(c) + " does not");
        }
    }
    const auto codes = map_index(
        call.rows(),
        [&](std::size_t i) {
            const auto& row = element(y_true, i);
            const std::size_t c = code_of(classes, row);
            if (c == classes.size() || classes[c] != as_label<Label>(row) || !fits_label<Label>(row)) [[unlikely]] {
                throw argument_error(call.name() + ": the label of row " + to_text(i) + " is none of the " + to_text(classes.size())
                                     + " classes");
            }
            return c;
        },
        call.loop());
    return {std::move(classes), std::vector<std::size_t>(codes.begin(), codes.end())};
}

/// A call on labels and a matrix with a column for each class.
template <indexed_range True, probability_matrix P>
[[nodiscard]] metric_call open_probabilities(std::string_view name, const True& y_true, const P& probabilities,
                                             const metric_options& options) {
    const auto view = view_of<2>(probabilities);
    check_shapes(view.shape(0) == element_count(y_true), name, "y_true", std::array{element_count(y_true)}, "probabilities", view.shape());
    return {name, element_count(y_true), options};
}

/// The labels of the columns, as many as there are.
template <class Label, indexed_range Classes, class Shape>
[[nodiscard]] std::vector<Label> class_columns(const metric_call& call, const Classes& classes, const Shape& shape) {
    std::vector<Label> columns;
    for (std::size_t c = 0; c < element_count(classes); ++c) {
        const auto& of_column = element(classes, c);
        check_label<Label>(call, "classes", c, of_column);
        columns.push_back(Label(as_label<Label>(of_column)));
    }
    check_shapes(columns.size() == shape[1], call.name(), "classes", std::array{columns.size()}, "probabilities", shape);
    return columns;
}

/// NaN passes.
inline void check_probability(const metric_call& call, double value) {
    if (value < 0 || value > 1) [[unlikely]] {
        check(false, call.name() + ": probabilities must be in [0, 1]", value);
    }
}

/// The labels of y_true, of which two are asked for.
template <indexed_range True>
[[nodiscard]] std::vector<label_of<True>> two_classes(const metric_call& call, const True& y_true) {
    std::vector<label_of<True>> classes = distinct_labels<label_of<True>>(call, "y_true", y_true);
    check(classes.size() == 2, call.name() + ": the number of classes in y_true must be 2", classes.size());
    return classes;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_METRICS_DETAIL_PROBABILITY_TABLE_HPP
