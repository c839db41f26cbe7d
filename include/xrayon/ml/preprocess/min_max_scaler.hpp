// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_MIN_MAX_SCALER_HPP
#define XRAYON_ML_PREPROCESS_MIN_MAX_SCALER_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
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

/// From `low` to `high`.
struct feature_range {
    double low = 0;
    double high = 1;
};

struct min_max_scaler_options {
    ml::feature_range feature_range = {};  ///< Where columns go: low < high.
    bool clip = false;                     ///< Cells of other data that would fall outside are set to its ends.
    nan_policy nan = nan_policy::propagate;
    bool allow_inf = false;  ///< Infinite cells are an argument_error unless this is set.
    run_options run = {};    ///< Of every call of the object.
};

/// @brief Takes each column to [low, high] by its least and greatest cell: (x - min) * scale + low.
///
/// - `fit(X)`, `partial_fit(X)` and `merge(other)` as of standard_scaler; here pieces and their order do not change a bit, but for the
///   sign of 0.
/// - A column whose cells are all equal comes out as low, exactly, with scale high - low. Any other column is spread out, however small its
///   spread; scikit-learn 1.2 takes spreads below 2.2e-15 for none.
/// - nan_policy::omit passes over NaN, as scikit-learn does; the default does not.
///
/// Same at every thread count, grain and layout: every bit.
/// @throws argument_error  from the constructor: unless low < high and high - low is finite. From fit: if there are no rows; for the
///                         first cell, in row order, that is infinite or NaN and may not be.
/// @throws shape_error     if X has other columns than before.
/// On an error the scaler is as it was.
/// **Cost.** fit reads X once. Memory: O(threads x columns).
/// @see column_scaler for transform
class min_max_scaler : public column_scaler<min_max_scaler> {
public:
    static constexpr std::string_view name = "min_max_scaler";
    using vector = xt::xtensor<double, 1>;

    explicit min_max_scaler(min_max_scaler_options options = {}) : options_(std::move(options)) {
        const auto [low, high] = options_.feature_range;
        if (!(low < high && std::isfinite(high - low))) {
            const std::string text = to_text(low) + " and " + to_text(high);
            throw argument_error("min_max_scaler: options.feature_range must have low < high and a finite high - low, got " + text, text);
        }
    }

    template <scalable_matrix X>
    min_max_scaler& fit(X&& x) {
        return learn_from("fit", detail::read_only(x), true);
    }
    template <scalable_matrix X>
    min_max_scaler& partial_fit(X&& x) {
        return learn_from("partial_fit", detail::read_only(x), !fitted());
    }
    /// As if the other's rows had been added to these. @throws shape_error  if both are fitted and have different columns
    min_max_scaler& merge(const min_max_scaler& other) {
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

    [[nodiscard]] const min_max_scaler_options& options() const noexcept { return options_; }
    [[nodiscard]] const vector& min() const noexcept { return min_; }      ///< Least cell of each column; NaN for none.
    [[nodiscard]] const vector& max() const noexcept { return max_; }      ///< Greatest.
    [[nodiscard]] const vector& scale() const noexcept { return scale_; }  ///< (high - low) / (max - min).
    [[nodiscard]] std::size_t count() const noexcept { return rows_; }     ///< Rows so far.

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), op_name("save") + ": not fitted");
        out.text("type", name);
        out.number("low", options_.feature_range.low);
        out.number("high", options_.feature_range.high);
        out.number("clip", options_.clip);
        out.number("nan", options_.nan);
        out.number("allow_inf", options_.allow_inf);
        out.number("rows", rows_);
        out.array("least", ranges_.least);
        out.array("greatest", ranges_.greatest);
    }
    [[nodiscard]] static min_max_scaler load_from(const model_reader& in) {
        in.expect_type(name);
        const detail::pinned_floating_point pinned;
        min_max_scaler_options o;
        o.feature_range = {in.number<double>("low"), in.number<double>("high")};
        o.clip = in.number<bool>("clip");
        o.nan = in.number("nan", nan_policy::omit);
        o.allow_inf = in.number<bool>("allow_inf");
        min_max_scaler out(o);
        detail::column_ranges ranges;
        ranges.least = in.array<double>("least");
        ranges.greatest = in.array<double>("greatest", ranges.least.size());
        out.set(std::move(ranges), in.number<std::size_t>("rows"));
        return out;
    }
    /// @}

private:
    template <class T>
    min_max_scaler& learn_from(std::string_view function, const array_view<const T, 2>& x, bool first) {
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
        const auto [low, high] = options_.feature_range;
        vector min = vector::from_shape({count});
        vector max = vector::from_shape({count});
        vector scale = vector::from_shape({count});
        detail::column_map forward(count);
        detail::column_map backward(count);
        for (std::size_t j = 0; j < count; ++j) {
            const bool none = !(ranges.least[j] <= ranges.greatest[j]);
            min(j) = none ? std::nan("") : ranges.least[j];
            max(j) = none ? std::nan("") : ranges.greatest[j];
            // In quarters where max - min overflows.
            const int power = std::isinf(max(j) - min(j)) && std::isfinite(min(j)) && std::isfinite(max(j)) ? 2 : 0;
            detail::spread width{std::ldexp(max(j), -power) - std::ldexp(min(j), -power), power};
            if (width.mantissa == 0) {
                width = {1, 0};
            }
            const detail::column_map::column there = detail::towards(min(j), width, high - low, low);
            scale(j) = there.factor * there.before;
            forward.set(j, there);
            backward.set(j, detail::away(min(j), width, high - low, low));
        }
        if (options_.clip) {
            forward.bound(low, high);
        }
        learn(std::move(forward), std::move(backward));
        ranges_ = std::move(ranges);
        rows_ = rows;
        min_ = std::move(min);
        max_ = std::move(max);
        scale_ = std::move(scale);
    }

    min_max_scaler_options options_;
    detail::column_ranges ranges_;
    std::size_t rows_ = 0;
    vector min_ = vector::from_shape({0});
    vector max_ = vector::from_shape({0});
    vector scale_ = vector::from_shape({0});
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_MIN_MAX_SCALER_HPP
