// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_CATEGORY_ENCODER_HPP
#define XRAYON_ML_PREPROCESS_CATEGORY_ENCODER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/saved_model.hpp>

namespace xrayon::ml {

/// What becomes of a value that fit has not seen.
enum class unknown_category {
    error,
    ignore,  ///< one_hot_encoder: 0 in all columns of the feature; ordinal_encoder: NaN.
};

struct category_encoder_options {
    unknown_category unknown = unknown_category::error;
    bool drop_first = false;  ///< one_hot_encoder: no column for the first category of each feature, which the others then imply.
};

namespace detail {

/// The different values of each column, ascending.
class categories {
public:
    template <class T>
    void learn(const std::string& op, const array_view<const T, 2>& x) {
        check(x.shape(0) >= 1, op + ": X must have at least 1 row", x.shape(0));
        std::vector<std::vector<double>> found(x.shape(1));
        for (std::size_t j = 0; j < x.shape(1); ++j) {
            for (std::size_t i = 0; i < x.shape(0); ++i) {
                const double value = number(op, x(i, j), i, j);
                if (value != value) [[unlikely]] {
                    check(false, op + ": X must not have NaN; column " + to_text(j) + " row", i);
                }
                found[j].push_back(value);
            }
            std::sort(found[j].begin(), found[j].end());
            found[j].erase(std::unique(found[j].begin(), found[j].end()), found[j].end());
        }
        values_ = std::move(found);
        fitted_ = true;
    }
    template <class T>
    void check_rows(const std::string& op, const array_view<const T, 2>& x) const {
        check(fitted_, op + ": call fit first");
        check_shapes(x.shape(1) == values_.size(), op, "X", x.shape(), "the fitted encoder", std::array{values_.size()});
    }
    /// As a double; an integer that none is equal to would be taken for its neighbour.
    template <class T>
    [[nodiscard]] static double number(const std::string& op, T value, std::size_t row, std::size_t column) {
        const auto out = static_cast<double>(value);
        if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
            constexpr double least = -0x1p63;
            if (!(out >= (std::is_signed_v<T> ? least : 0) && out < (std::is_signed_v<T> ? 0x1p63 : 0x1p64)
                  && static_cast<T>(out) == value)) [[unlikely]] {
                check(false, op + ": integers must be numbers that a double can be, 2^53 at most; column " + to_text(column) + " row", row);
            }
        }
        return out;
    }
    /// The place of a value in its column's list; the length of the list where it is unknown and may be.
    [[nodiscard]] std::size_t place(const std::string& op, unknown_category unknown, double value, std::size_t row,
                                    std::size_t column) const {
        const std::vector<double>& list = values_[column];
        const auto at = std::lower_bound(list.begin(), list.end(), value);
        if (at == list.end() || *at != value) {
            if (unknown != unknown_category::ignore) {
                check(false, op + ": column " + to_text(column) + " row " + to_text(row) + " has a value that fit has not seen", value);
            }
            return list.size();
        }
        return static_cast<std::size_t>(at - list.begin());
    }
    [[nodiscard]] const std::vector<std::vector<double>>& values() const noexcept { return values_; }

    void save_to(const std::string& op, const category_encoder_options& options, model_writer& out) const {
        check(fitted_, op + ": call fit first");
        out.number("unknown", options.unknown);
        out.number("drop_first", options.drop_first);
        out.number("columns", values_.size());
        for (std::size_t j = 0; j < values_.size(); ++j) {
            out.array("categories" + to_text(j), values_[j]);
        }
    }
    [[nodiscard]] static category_encoder_options load_options(const model_reader& in) {
        return {in.number("unknown", unknown_category::ignore), in.number<bool>("drop_first")};
    }
    [[nodiscard]] static categories load_from(const model_reader& in) {
        categories out;
        const auto columns = in.number<std::size_t>("columns");
        for (std::size_t j = 0; j < columns; ++j) {
            out.values_.push_back(in.array<double>("categories" + to_text(j)));
            in.expect(!out.values_[j].empty() && std::is_sorted(out.values_[j].begin(), out.values_[j].end()),
                      "has categories that do not ascend");
        }
        out.fitted_ = true;
        return out;
    }

private:
    std::vector<std::vector<double>> values_;
    bool fitted_ = false;
};

} // namespace detail

/// @brief Each feature's categories as columns of 0 and 1: category 0 of column 0, category 1 of column 0, ..., in ascending order.
/// scikit-learn's `OneHotEncoder`.
///
/// X is n x d numbers that stand for categories (label_encoder makes numbers of words). A transformer: `one_hot_encoder() | ridge()`.
/// @throws argument_error  from fit: if there are no rows, for NaN; from transform: before fit, for an unknown category unless those are
///                         ignored; shape_error for other columns
/// **Cost.** O(n d log categories); n x (all categories) numbers.
class one_hot_encoder {
public:
    static constexpr std::string_view name = "one_hot_encoder";
    explicit one_hot_encoder(const category_encoder_options& options = {}) : options_(options) {}

    template <class X>
    requires viewable_as<const X&, 2> one_hot_encoder& fit(const X& x) {
        const auto view = view_of<2>(x);
        known_.learn("one_hot_encoder.fit", array_view<const typename decltype(view)::value_type, 2>(view));
        return *this;
    }
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] xt::xtensor<double, 2> transform(const X& x) const {
        const std::string op = "one_hot_encoder.transform";
        const auto mine = view_of<2>(x);
        const array_view<const typename decltype(mine)::value_type, 2> view(mine);
        known_.check_rows(op, view);
        const std::size_t skipped = options_.drop_first ? 1 : 0;
        auto out = xt::xtensor<double, 2>::from_shape({view.shape(0), columns()});
        out.fill(0.0);
        for (std::size_t i = 0; i < view.shape(0); ++i) {
            std::size_t first = 0;
            for (std::size_t j = 0; j < view.shape(1); ++j) {
                const std::size_t count = known_.values()[j].size();
                const std::size_t at = known_.place(op, options_.unknown, detail::categories::number(op, view(i, j), i, j), i, j);
                if (at >= skipped && at < count) {
                    out(i, first + at - skipped) = 1;
                }
                first += count - skipped;
            }
        }
        return out;
    }
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] xt::xtensor<double, 2> fit_transform(const X& x) { return fit(x).transform(x); }

    /// Columns that transform makes.
    [[nodiscard]] std::size_t columns() const noexcept {
        std::size_t sum = 0;
        for (const auto& list : known_.values()) {
            sum += list.size() - (options_.drop_first ? 1 : 0);
        }
        return sum;
    }
    [[nodiscard]] const std::vector<std::vector<double>>& categories() const noexcept {
        return known_.values();
    }  ///< Of each feature, ascending.
    [[nodiscard]] const category_encoder_options& options() const noexcept { return options_; }

    /// @brief For save and load (ml/saved_model.hpp).
    /// @{
    void save_to(model_writer& out) const {
        out.text("type", name);
        known_.save_to("one_hot_encoder.save", options_, out);
    }
    [[nodiscard]] static one_hot_encoder load_from(const model_reader& in) {
        in.expect_type(name);
        one_hot_encoder out(detail::categories::load_options(in));
        out.known_ = detail::categories::load_from(in);
        return out;
    }
    /// @}
private:
    category_encoder_options options_;
    detail::categories known_;
};

/// @brief Each feature's categories as 0, 1, 2, ... in ascending order. scikit-learn's `OrdinalEncoder`. As one_hot_encoder in all else;
/// `drop_first` means nothing.
class ordinal_encoder {
public:
    static constexpr std::string_view name = "ordinal_encoder";
    explicit ordinal_encoder(const category_encoder_options& options = {}) : options_(options) {}

    template <class X>
    requires viewable_as<const X&, 2> ordinal_encoder& fit(const X& x) {
        const auto view = view_of<2>(x);
        known_.learn("ordinal_encoder.fit", array_view<const typename decltype(view)::value_type, 2>(view));
        return *this;
    }
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] xt::xtensor<double, 2> transform(const X& x) const {
        const std::string op = "ordinal_encoder.transform";
        const auto mine = view_of<2>(x);
        const array_view<const typename decltype(mine)::value_type, 2> view(mine);
        known_.check_rows(op, view);
        auto out = xt::xtensor<double, 2>::from_shape({view.shape(0), view.shape(1)});
        for (std::size_t i = 0; i < view.shape(0); ++i) {
            for (std::size_t j = 0; j < view.shape(1); ++j) {
                const std::size_t at = known_.place(op, options_.unknown, detail::categories::number(op, view(i, j), i, j), i, j);
                out(i, j) = at == known_.values()[j].size() ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(at);
            }
        }
        return out;
    }
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] xt::xtensor<double, 2> fit_transform(const X& x) { return fit(x).transform(x); }
    [[nodiscard]] const std::vector<std::vector<double>>& categories() const noexcept { return known_.values(); }
    [[nodiscard]] const category_encoder_options& options() const noexcept { return options_; }

    /// @brief For save and load (ml/saved_model.hpp).
    /// @{
    void save_to(model_writer& out) const {
        out.text("type", name);
        known_.save_to("ordinal_encoder.save", options_, out);
    }
    [[nodiscard]] static ordinal_encoder load_from(const model_reader& in) {
        in.expect_type(name);
        ordinal_encoder out(detail::categories::load_options(in));
        out.known_ = detail::categories::load_from(in);
        return out;
    }
    /// @}
private:
    category_encoder_options options_;
    detail::categories known_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_CATEGORY_ENCODER_HPP
