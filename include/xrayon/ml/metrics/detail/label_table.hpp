// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_DETAIL_LABEL_TABLE_HPP
#define XRAYON_ML_METRICS_DETAIL_LABEL_TABLE_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/split/detail/label_value.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// What a range's labels are compared as: pointers to text as that text.
template <indexed_range Range>
using label_of = label_value_t<element_t<Range>>;

/// What the labels of two ranges are compared as.
template <indexed_range True, indexed_range Predicted>
using label_of_both = common_label_t<label_of<True>, label_of<Predicted>>;

/// Labels that can be told apart and put in order, in both ranges.
template <class True, class Predicted>
concept ordered_labels = indexed_range<True> && indexed_range<Predicted> && requires {
    typename label_of_both<True, Predicted>;
} && std::totally_ordered<label_of_both<True, Predicted>>;

/// Throws where row i cannot be told as a Label.
template <class Label, class Value>
void check_label(const metric_call& call, std::string_view what, std::size_t i, const Value& value) {
    if constexpr (std::floating_point<Label>) {
        if (std::isnan(static_cast<Label>(value))) [[unlikely]] {
            throw argument_error(call.name() + ": " + std::string(what) + " row " + to_text(i) + " is NaN", "nan");
        }
    } else if constexpr (std::integral<Label> && std::integral<Value>) {
        if (!fits_label<Label>(value)) [[unlikely]] {
            check(false, call.name() + ": labels of mixed signs must be < 2^63; " + std::string(what) + " row " + to_text(i), +value);
        }
    }
}

/// The different labels of a range, ascending.
/// @throws argument_error  for NaN; for an unsigned number beyond 2^63 - 1 where the other range has signs
template <class Label, indexed_range Range>
[[nodiscard]] std::vector<Label> distinct_labels(const metric_call& call, std::string_view what, const Range& labels) {
    return fold_index(
        element_count(labels), 4 * metric_leaf,
        [&](std::size_t begin, std::size_t end) {
            std::vector<Label> seen;
            auto last = seen.end();
            for (std::size_t i = begin; i < end; ++i) {
                const auto& row = element(labels, i);
                check_label<Label>(call, what, i, row);
                const auto& label = as_label<Label>(row);
                if (last != seen.end() && *last == label) {
                    continue;
                }
                last = std::lower_bound(seen.begin(), seen.end(), label);
                if (last == seen.end() || *last != label) {
                    last = seen.insert(last, Label(label));
                }
            }
            return seen;
        },
        [](const std::vector<Label>& left, const std::vector<Label>& right) {
            std::vector<Label> out;
            std::set_union(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(out));
            return out;
        },
        call.loop());
}

/// Where `label` stands among the ascending `labels`, of which it is one.
template <class Label, class Value>
[[nodiscard]] std::size_t code_of(const std::vector<Label>& labels, const Value& label) {
    return static_cast<std::size_t>(std::lower_bound(labels.begin(), labels.end(), as_label<Label>(label)) - labels.begin());
}

/// Whether the last of ascending labels is the positive class. A single label that is 0 or -1 is not: the positive one is 1, which does not
/// occur.
template <class Label>
[[nodiscard]] bool last_is_positive(const std::vector<Label>& labels) {
    if constexpr (std::is_arithmetic_v<Label>) {
        const Label last = labels.back();
        return labels.size() != 1 || !(last == Label(0) || (std::is_signed_v<Label> && last == static_cast<Label>(-1)));
    } else {
        return true;
    }
}

/// What of each class was there, was predicted, and was both: all that most metrics of labels ask for.
template <class Label>
struct class_counts {
    std::vector<Label> labels;
    std::vector<double> actual, predicted, both;
};

template <indexed_range True, indexed_range Predicted>
    requires ordered_labels<True, Predicted>
[[nodiscard]] auto count_classes(const metric_call& call, const True& y_true, const Predicted& y_pred) {
    using label = label_of_both<True, Predicted>;
    const std::vector<label> left = distinct_labels<label>(call, "y_true", y_true);
    const std::vector<label> right = distinct_labels<label>(call, "y_pred", y_pred);
    class_counts<label> out;
    std::set_union(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(out.labels));
    const std::size_t classes = out.labels.size();
    // Three sums for each class, in one vector.
    const std::vector<double> sums = fold_index(
        call.rows(), 4 * metric_leaf,
        [&](std::size_t begin, std::size_t end) {
            std::vector<double> sum(3 * classes);
            for (std::size_t i = begin; i < end; ++i) {
                const std::size_t t = code_of(out.labels, element(y_true, i));
                const std::size_t p = code_of(out.labels, element(y_pred, i));
                const double w = call.weight(i);
                sum[t] += w;
                sum[classes + p] += w;
                sum[2 * classes + t] += t == p ? w : 0;
            }
            return sum;
        },
        [](std::vector<double> a, const std::vector<double>& b) {
            std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::plus<>());
            return a;
        },
        call.loop());
    const auto third = [&](std::size_t k) {
        const auto first = sums.begin() + static_cast<std::ptrdiff_t>(k * classes);
        return std::vector<double>(first, first + static_cast<std::ptrdiff_t>(classes));
    };
    out.actual = third(0);
    out.predicted = third(1);
    out.both = third(2);
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_METRICS_DETAIL_LABEL_TABLE_HPP
