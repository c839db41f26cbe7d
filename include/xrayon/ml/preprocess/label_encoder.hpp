// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_LABEL_ENCODER_HPP
#define XRAYON_ML_PREPROCESS_LABEL_ENCODER_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>

namespace xrayon::ml {

/// @brief Labels of any kind as 0, 1, 2, ... in ascending order, and back: models here take integers. scikit-learn's `LabelEncoder`.
template <std::totally_ordered Label>
class label_encoder {
public:
    /// Learns the different labels. @throws argument_error  if there are none, or one is NaN
    template <indexed_range Labels>
    label_encoder& fit(const Labels& labels) {
        std::vector<Label> found;
        for (std::size_t i = 0; i < element_count(labels); ++i) {
            const auto& label = element(labels, i);
            check(label == label, "label_encoder.fit: labels must not be NaN; row", i);
            found.push_back(static_cast<Label>(label));
        }
        check(!found.empty(), "label_encoder.fit: there must be a label");
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        classes_ = std::move(found);
        return *this;
    }

    /// The number of each label. @throws argument_error  before fit, and for a label that fit has not seen
    template <indexed_range Labels>
    [[nodiscard]] std::vector<int> transform(const Labels& labels) const {
        check(!classes_.empty(), "label_encoder.transform: call fit first");
        std::vector<int> out(element_count(labels));
        for (std::size_t i = 0; i < out.size(); ++i) {
            const auto at = std::lower_bound(classes_.begin(), classes_.end(), element(labels, i));
            check(at != classes_.end() && *at == element(labels, i),
                  "label_encoder.transform: every label must be one that fit has seen; row", i);
            out[i] = static_cast<int>(at - classes_.begin());
        }
        return out;
    }
    template <indexed_range Labels>
    [[nodiscard]] std::vector<int> fit_transform(const Labels& labels) {
        return fit(labels).transform(labels);
    }

    /// The labels of numbers. @throws argument_error  before fit, and for a number that is no class
    template <indexed_range Numbers>
    [[nodiscard]] std::vector<Label> inverse_transform(const Numbers& numbers) const {
        check(!classes_.empty(), "label_encoder.inverse_transform: call fit first");
        std::vector<Label> out;
        for (std::size_t i = 0; i < element_count(numbers); ++i) {
            const auto number = element(numbers, i);
            check(std::cmp_greater_equal(number, 0) && std::cmp_less(number, classes_.size()),
                  "label_encoder.inverse_transform: numbers must be from 0 to " + to_text(classes_.size() - 1), number);
            out.push_back(classes_[static_cast<std::size_t>(number)]);
        }
        return out;
    }

    [[nodiscard]] const std::vector<Label>& classes() const noexcept { return classes_; }  ///< Ascending; none before fit.

private:
    std::vector<Label> classes_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_LABEL_ENCODER_HPP
