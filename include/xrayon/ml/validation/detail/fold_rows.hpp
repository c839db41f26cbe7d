// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_DETAIL_FOLD_ROWS_HPP
#define XRAYON_ML_VALIDATION_DETAIL_FOLD_ROWS_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml::detail {

/// What targets are kept as: bool as int, because std::vector<bool> has no elements to point at.
template <indexed_range Y>
using target_value_t = std::conditional_t<std::is_same_v<std::remove_cvref_t<element_t<Y>>, bool>, int, std::remove_cvref_t<element_t<Y>>>;

template <indexed_range Y>
[[nodiscard]] std::vector<target_value_t<Y>> copy_targets(const Y& y) {
    std::vector<target_value_t<Y>> out;
    out.reserve(element_count(y));
    for (std::size_t i = 0; i < element_count(y); ++i) {
        out.push_back(static_cast<target_value_t<Y>>(element(y, i)));
    }
    return out;
}

/// Rows of a data set, X and y, in memory of their own or where they lie.
template <class T, class L>
struct labelled_view {
    array_view<const T, 2> x;
    std::span<const L> y;
};

/// Memory for some rows of a data set.
template <class T, class L>
class row_buffer {
public:
    /// Rows `rows` of the data: a slice of it where they are neighbours, else copied here. y is copied, or a part of it.
    [[nodiscard]] labelled_view<T, L> take(const labelled_view<T, L>& data, std::span<const std::size_t> rows) {
        const bool block = !rows.empty() && rows.back() - rows.front() + 1 == rows.size() && ascends_by_one(rows);
        if (block) {
            return {data.x.slice(rows.front(), rows.back() + 1), data.y.subspan(rows.front(), rows.size())};
        }
        const std::size_t d = data.x.shape(1);
        x_.resize(rows.size() * d);
        y_.assign(rows.size(), L{});
        const bool along = d == 0 || data.x.stride(1) == 1;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (along) {
                std::copy_n(data.x.data() + static_cast<std::ptrdiff_t>(rows[i]) * data.x.stride(0), d, x_.data() + i * d);
            } else {
                for (std::size_t j = 0; j < d; ++j) {
                    x_[i * d + j] = data.x(rows[i], j);
                }
            }
            y_[i] = data.y[rows[i]];
        }
        return {array_view<const T, 2>(x_.data(), {rows.size(), d}), y_};
    }

private:
    static bool ascends_by_one(std::span<const std::size_t> rows) noexcept {
        for (std::size_t i = 1; i < rows.size(); ++i) {
            if (rows[i] != rows[i - 1] + 1) {
                return false;
            }
        }
        return true;
    }

    std::vector<T> x_;
    std::vector<L> y_;
};

/// The rows of one fold as a worker has them: kept while it goes on with the same fold.
template <class T, class L>
class fold_buffer {
public:
    struct sets {
        labelled_view<T, L> train, test;
        const fold* indices;
    };

    /// @param need_train  Whether the training rows are asked for.
    template <class Folds>
    [[nodiscard]] sets take(const labelled_view<T, L>& data, const Folds& folds, std::size_t number, bool need_train) {
        if (number != number_) {
            number_ = none;
            fold_ = element(folds, number);
            test_view_ = test_.take(data, fold_.test);
            has_train_ = false;
            number_ = number;
        }
        if (need_train && !has_train_) {
            train_view_ = train_.take(data, fold_.train);
            has_train_ = true;
        }
        return {train_view_, test_view_, &fold_};
    }

private:
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    std::size_t number_ = none;
    bool has_train_ = false;
    fold fold_;
    row_buffer<T, L> train_, test_;
    labelled_view<T, L> train_view_, test_view_;
};

/// How an estimator wants rows: as views, or as xtensor containers.
template <class E, class T, class L>
inline constexpr bool takes_views = estimator<E, array_view<const T, 2>, std::span<const L>>;
template <class T>
using matrix_container = xt::xtensor<T, 2, xt::layout_type::row_major>;
template <class L>
using vector_container = xt::xtensor<L, 1, xt::layout_type::row_major>;
template <class E, class T, class L>
inline constexpr bool takes_containers = estimator<E, matrix_container<T>, vector_container<L>>;

/// An estimator for elements T and targets L: fit(x, y) and predict(x), with views or with xtensor containers.
template <class E, class T, class L>
concept row_estimator = takes_views<E, T, L> || takes_containers<E, T, L>;

/// Calls `f(x)` with what the estimator wants for the rows of a view.
template <class E, class T, class L, class F>
decltype(auto) with_matrix(const array_view<const T, 2>& x, const F& f) {
    if constexpr (takes_views<E, T, L>) {
        return f(x);
    } else {
        auto copy = matrix_container<T>::from_shape({x.shape(0), x.shape(1)});
        view_of<2>(copy).assign_from(x);
        return f(std::as_const(copy));
    }
}

/// Calls `f(x, y)` likewise.
template <class E, class T, class L, class F>
decltype(auto) with_rows(const labelled_view<T, L>& rows, const F& f) {
    if constexpr (takes_views<E, T, L>) {
        return f(rows.x, rows.y);
    } else {
        auto y = vector_container<L>::from_shape({rows.y.size()});
        std::copy(rows.y.begin(), rows.y.end(), y.begin());
        return with_matrix<E, T, L>(rows.x, [&](const auto& x) { return f(x, std::as_const(y)); });
    }
}

template <class E, class T, class L>
using matrix_argument = std::conditional_t<takes_views<E, T, L>, array_view<const T, 2>, matrix_container<T>>;
template <class E, class T, class L>
using targets_argument = std::conditional_t<takes_views<E, T, L>, std::span<const L>, vector_container<L>>;
template <class E, class T, class L>
using model_of = fitted_t<E, matrix_argument<E, T, L>, targets_argument<E, T, L>>;

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_VALIDATION_DETAIL_FOLD_ROWS_HPP
