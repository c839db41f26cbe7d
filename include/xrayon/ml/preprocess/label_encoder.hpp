// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_LABEL_ENCODER_HPP
#define XRAYON_ML_PREPROCESS_LABEL_ENCODER_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/ml/saved_model.hpp>

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

    /// @brief For save and load (ml/saved_model.hpp), of numbers and strings. @throws argument_error  before fit; data_error for what is
    /// none
    /// @{
    void save_to(model_writer& out) const requires std::is_arithmetic_v<Label> || std::same_as<Label, std::string> {
        check(!classes_.empty(), "label_encoder.save: call fit first");
        out.text("type", "label_encoder");
        if constexpr (std::same_as<Label, std::string>) {
            std::vector<std::uint64_t> lengths;
            std::vector<std::uint8_t> letters;
            for (const std::string& label : classes_) {
                lengths.push_back(label.size());
                letters.insert(letters.end(), label.begin(), label.end());
            }
            out.array("lengths", lengths);
            out.array("letters", letters);
        } else {
            out.array("numbers", classes_);
        }
    }
    [[nodiscard]] static label_encoder load_from(
        const model_reader& in) requires std::is_arithmetic_v<Label> || std::same_as<Label, std::string> {
        in.expect_type("label_encoder");
        label_encoder out;
        if constexpr (std::same_as<Label, std::string>) {
            const auto letters = in.array<std::uint8_t>("letters");
            std::size_t begin = 0;
            for (const std::uint64_t length : in.array<std::uint64_t>("lengths")) {
                in.expect(length <= letters.size() - begin, "has fewer letters than its labels");
                const auto first = letters.begin() + static_cast<std::ptrdiff_t>(begin);
                out.classes_.emplace_back(first, first + static_cast<std::ptrdiff_t>(length));
                begin += length;
            }
        } else {
            out.classes_ = in.array<Label>("numbers");
        }
        in.expect(!out.classes_.empty()
                      && std::adjacent_find(out.classes_.begin(), out.classes_.end(), std::greater_equal<>()) == out.classes_.end(),
                  "has labels that do not ascend");
        return out;
    }
    /// @}

    [[nodiscard]] const std::vector<Label>& classes() const noexcept { return classes_; }  ///< Ascending; none before fit.

private:
    std::vector<Label> classes_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_LABEL_ENCODER_HPP
