// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_MAX_ABS_SCALER_HPP
#define XRAYON_ML_PREPROCESS_MAX_ABS_SCALER_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/column_scaler.hpp>
#include <xrayon/ml/preprocess/detail/column_map.hpp>
#include <xrayon/ml/preprocess/detail/column_range.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/pinned_floating_point.hpp>
#include <xrayon/ml/nan_policy.hpp>
#include <xrayon/ml/saved_model.hpp>

namespace xrayon::ml {

struct max_abs_scaler_options {
    nan_policy nan = nan_policy::propagate;
    bool allow_inf = false;  ///< Infinite cells are an argument_error unless this is set.
    run_options run = {};    ///< Of every call of the object.
};

/// @brief Divides each column by its largest absolute value: into [-1, 1], and 0 stays 0.
///
/// `fit`, `partial_fit`, `merge`, NaN and errors as of min_max_scaler. A column of zeros has scale 1 and stays as it is.
/// **Cost.** fit reads X once. Memory: O(threads x columns).
/// @see column_scaler for transform
class max_abs_scaler : public column_scaler<max_abs_scaler> {
public:
    static constexpr std::string_view name = "max_abs_scaler";
    using vector = xt::xtensor<double, 1>;

    explicit max_abs_scaler(max_abs_scaler_options options = {}) : options_(std::move(options)) {}

    template <scalable_matrix X>
    max_abs_scaler& fit(X&& x) {
        return learn_from("fit", detail::read_only(x), true);
    }
    template <scalable_matrix X>
    max_abs_scaler& partial_fit(X&& x) {
        return learn_from("partial_fit", detail::read_only(x), !fitted());
    }
    /// As if the other's rows had been added to these. @throws shape_error  if both are fitted and have different columns
    max_abs_scaler& merge(const max_abs_scaler& other) {
        if (other.fitted()) {
            if (fitted()) {
                check_shapes(columns() == other.columns(), op_name("merge"), "this", std::array{columns()}, "the other",
                             std::array{other.columns()});
            }
            detail::column_ranges both = fitted() ? ranges_ : detail::column_ranges(other.columns());
            both.join(other.ranges_);
            set(std::move(both), rows_ + other.rows_);
        }
        return *this;
    }

    [[nodiscard]] const max_abs_scaler_options& options() const noexcept { return options_; }
    [[nodiscard]] const vector& max_abs() const noexcept { return max_abs_; }  ///< Of each column; NaN for none.
    [[nodiscard]] const vector& scale() const noexcept { return scale_; }      ///< What is divided by: max_abs, or 1 for a column of zeros.
    [[nodiscard]] std::size_t count() const noexcept { return rows_; }         ///< Rows so far.

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), op_name("save") + ": not fitted");
        out.text("type", name);
        out.number("nan", options_.nan);
        out.number("allow_inf", options_.allow_inf);
        out.number("rows", rows_);
        out.array("least", ranges_.least);
        out.array("greatest", ranges_.greatest);
    }
    [[nodiscard]] static max_abs_scaler load_from(const model_reader& in) {
        in.expect_type(name);
        const detail::pinned_floating_point pinned;
        max_abs_scaler_options o;
        o.nan = in.number("nan", nan_policy::omit);
        o.allow_inf = in.number<bool>("allow_inf");
        max_abs_scaler out(o);
        detail::column_ranges ranges;
        ranges.least = in.array<double>("least");
        ranges.greatest = in.array<double>("greatest", ranges.least.size());
        out.set(std::move(ranges), in.number<std::size_t>("rows"));
        return out;
    }
    /// @}

private:
    template <class T>
    max_abs_scaler& learn_from(std::string_view function, const array_view<const T, 2>& x, bool first) {
        const std::string op = op_name(function);
        check_rows(op, x, columns(), first);
        const detail::pinned_floating_point pinned;
        detail::column_ranges ranges = detail::column_ranges_of(detail::matrix_source(x), rules(op), options_.run);
        if (!first) {
            detail::column_ranges both = ranges_;
            both.join(ranges);
            ranges = std::move(both);
        }
        set(std::move(ranges), first ? x.shape(0) : rows_ + x.shape(0));
        return *this;
    }

    void set(detail::column_ranges ranges, std::size_t rows) {
        const std::size_t count = ranges.least.size();
        vector max_abs = vector::from_shape({count});
        vector scale = vector::from_shape({count});
        detail::column_map forward(count);
        detail::column_map backward(count);
        for (std::size_t j = 0; j < count; ++j) {
            const bool none = !(ranges.least[j] <= ranges.greatest[j]);
            max_abs(j) = none ? std::nan("") : std::max(std::abs(ranges.least[j]), std::abs(ranges.greatest[j]));
            scale(j) = max_abs(j) == 0 ? 1 : max_abs(j);
            forward.set(j, detail::towards(0, {scale(j), 0}, 1, 0));
            backward.set(j, detail::away(0, {scale(j), 0}, 1, 0));
        }
        learn(std::move(forward), std::move(backward));
        ranges_ = std::move(ranges);
        rows_ = rows;
        max_abs_ = std::move(max_abs);
        scale_ = std::move(scale);
    }

    max_abs_scaler_options options_;
    detail::column_ranges ranges_;
    std::size_t rows_ = 0;
    vector max_abs_ = vector::from_shape({0});
    vector scale_ = vector::from_shape({0});
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_MAX_ABS_SCALER_HPP
