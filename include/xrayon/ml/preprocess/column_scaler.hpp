// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_COLUMN_SCALER_HPP
#define XRAYON_ML_PREPROCESS_COLUMN_SCALER_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/array/aliasing.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/preprocess/detail/cells.hpp>
#include <xrayon/ml/preprocess/detail/column_map.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/pinned_floating_point.hpp>
#include <xrayon/ml/preprocess/recycled_matrix.hpp>

namespace xrayon::ml {

namespace detail {

template <class X>
using matrix_element = typename std::remove_cvref_t<decltype(view_of<2>(std::declval<X>()))>::element_type;
/// As the name of an argument gives it: a temporary lives until the call has ended.
template <class X>
using named = std::remove_reference_t<X>&;

} // namespace detail

/// What a scaler reads: two axes of numbers (double, float, integers), in any layout: containers, views, array_views, temporaries too.
template <class X>
concept scalable_matrix = viewable_as<detail::named<X>, 2> && detail::scalable_element<std::remove_cv_t<detail::matrix_element<detail::named<X>>>>;

/// What a scaler writes: two axes of mutable double or float, in any layout.
template <class Y>
concept scaled_matrix = viewable_as<Y, 2> && (std::same_as<detail::matrix_element<Y>, double> || std::same_as<detail::matrix_element<Y>, float>);

/// The element type of a fresh result: float for float, double for everything else.
template <scalable_matrix X>
using scaled_element = std::conditional_t<std::same_as<std::remove_cv_t<detail::matrix_element<detail::named<X>>>, float>, float, double>;

namespace detail {

/// Throws where `out` cannot take what comes of `x`: another shape, elements on top of each other, or memory of x other than x itself.
template <class T, class U>
void check_target(std::string_view op, const array_view<const T, 2>& x, const array_view<U, 2>& out) {
    check_same_shape(op, "out", out.shape(), "X", x.shape());
    check(elements_lie_apart(rows(out)), std::string(op) + ": elements of out must not overlap each other");
    if constexpr (std::same_as<T, U>) {
        if (x.data() == out.data() && x.strides() == out.strides()) {
            return;
        }
    }
    if (const auto bytes = shared_bytes(rows(out), rows(x))) [[unlikely]] {
        const std::string where = "bytes " + to_text(bytes->begin) + " to " + to_text(bytes->end);
        throw argument_error(std::string(op) + ": out must be X itself or lie apart from it, got overlap in " + where, where);
    }
}

template <scalable_matrix X>
[[nodiscard]] auto read_only(X&& x) {
    return array_view<const std::remove_cv_t<matrix_element<named<X>>>, 2>(view_of<2>(x));
}

} // namespace detail

/// @brief What scalers of columns have in common: what they learnt is applied to each cell by its column, forwards and back.
///
/// Everything here is const and may be called by several threads at once. All functions take any layout, row-major, column-major, strided
/// or reversed, and give the same bits for the same numbers; float is computed in double and rounded once.
///
/// `transform(X)` gives a fresh row-major matrix: xt::xtensor<float, 2> for float, of double otherwise. `transform(X, memory)` takes its
/// memory from a resource, such as an exec/recycling_resource.hpp: a fresh matrix of 512 MB costs three times as long as one whose memory was used
/// before. `transform_into(X, out)` writes to what exists and allocates nothing; out may be X. `transform_in_place(X)` is that.
/// `inverse_transform` and its forms go the other way.
///
/// @throws argument_error  if the scaler is not fitted; for the first cell, in row order, that is infinite (unless options.allow_inf) or
///                         NaN (under nan_policy::raise); if `out` overlaps X without being X, or itself.
/// @throws shape_error     if X has another number of columns than the scaler was fitted with; if `out` has another shape than X.
/// @throws cancelled       if options.run asks for it.
/// On an error nothing is returned. Of `out`, and of X in place, rows above the cell that is named have been written, and others may have been;
/// arguments are checked before anything is.
/// **Cost.** X is read once and the result written once. Items (of run.report) are blocks of rows.
template <class Scaler>
class column_scaler {
public:
    /// True once fit, or a merge, has given it something to go by.
    [[nodiscard]] bool fitted() const noexcept { return fitted_; }
    /// How many columns it was fitted with; 0 before.
    [[nodiscard]] std::size_t columns() const noexcept { return forward_.columns; }

    template <scalable_matrix X>
    [[nodiscard]] auto transform(X&& x) const {
        return fresh("transform", forward_, detail::read_only(x));
    }
    template <scalable_matrix X>
    [[nodiscard]] auto transform(X&& x, std::pmr::memory_resource& memory) const {
        return recycled("transform", forward_, detail::read_only(x), memory);
    }
    template <scalable_matrix X, scaled_matrix Y>
    void transform_into(X&& x, Y&& out) const {
        into("transform_into", forward_, detail::read_only(x), view_of<2>(std::forward<Y>(out)));
    }
    template <scaled_matrix X>
    void transform_in_place(X&& x) const {
        const auto view = view_of<2>(std::forward<X>(x));
        into("transform_in_place", forward_, detail::read_only(view), view);
    }

    template <scalable_matrix X>
    [[nodiscard]] auto inverse_transform(X&& x) const {
        return fresh("inverse_transform", backward_, detail::read_only(x));
    }
    template <scalable_matrix X>
    [[nodiscard]] auto inverse_transform(X&& x, std::pmr::memory_resource& memory) const {
        return recycled("inverse_transform", backward_, detail::read_only(x), memory);
    }
    template <scalable_matrix X, scaled_matrix Y>
    void inverse_transform_into(X&& x, Y&& out) const {
        into("inverse_transform_into", backward_, detail::read_only(x), view_of<2>(std::forward<Y>(out)));
    }
    template <scaled_matrix X>
    void inverse_transform_in_place(X&& x) const {
        const auto view = view_of<2>(std::forward<X>(x));
        into("inverse_transform_in_place", backward_, detail::read_only(view), view);
    }

    /// fit(X), then transform(X).
    template <scalable_matrix X>
    auto fit_transform(X&& x) {
        const auto view = detail::read_only(x);
        static_cast<Scaler&>(*this).fit(view);
        return transform(view);
    }

protected:
    column_scaler() = default;
    ~column_scaler() = default;
    column_scaler(const column_scaler&) = default;
    column_scaler(column_scaler&& other) noexcept : column_scaler() { take(other); }
    column_scaler& operator=(const column_scaler&) = default;
    column_scaler& operator=(column_scaler&& other) noexcept {
        if (this != &other) {
            take(other);
        }
        return *this;
    }

    /// What the derived class has learnt.
    void learn(detail::column_map forward, detail::column_map backward) {
        forward_ = std::move(forward);
        backward_ = std::move(backward);
        fitted_ = true;
    }
    /// "standard_scaler.fit"
    [[nodiscard]] static std::string op_name(std::string_view function) { return std::string(Scaler::name) + "." + std::string(function); }
    [[nodiscard]] detail::cell_rules rules(std::string_view op) const {
        const auto& options = static_cast<const Scaler&>(*this).options();
        return {op, options.nan, options.allow_inf};
    }
    /// Rules of fit: at least one row, and the columns of before.
    template <class T>
    static void check_rows(const std::string& op, const array_view<const T, 2>& x, std::size_t columns, bool any_columns) {
        check(x.shape(0) >= 1, op + ": the number of rows must be >= 1", x.shape(0));
        if (!any_columns) {
            check_columns(op, x, columns);
        }
    }
    template <class T>
    static void check_columns(const std::string& op, const array_view<const T, 2>& x, std::size_t columns) {
        if (x.shape(1) != columns) [[unlikely]] {
            throw shape_error(op + ": X must have " + to_text(columns) + " columns, as fitted, got " + to_text(x.shape(1)),
                              shape_error::shape(x.shape().begin(), x.shape().end()), {columns});
        }
    }

private:
    template <class T, class U>
    void write(const std::string& op, const detail::column_map& map, const array_view<const T, 2>& x, const array_view<U, 2>& out) const {
        const detail::pinned_floating_point pinned;
        detail::map_columns(map, detail::matrix_source(x), detail::matrix_target(out), rules(op), static_cast<const Scaler&>(*this).options().run);
    }
    template <class T>
    void check_input(const std::string& op, const detail::column_map& map, const array_view<const T, 2>& x) const {
        check(fitted_, op + ": not fitted");
        check_columns(op, x, map.columns);
    }
    template <class T, class U>
    void into(std::string_view function, const detail::column_map& map, const array_view<const T, 2>& x, const array_view<U, 2>& out) const {
        const std::string op = op_name(function);
        check_input(op, map, x);
        detail::check_target(op, x, out);
        write(op, map, x, out);
    }
    template <class T>
    [[nodiscard]] auto fresh(std::string_view function, const detail::column_map& map, const array_view<const T, 2>& x) const {
        const std::string op = op_name(function);
        check_input(op, map, x);
        auto out = detail::make_matrix<scaled_element<array_view<const T, 2>>>(x.shape(0), x.shape(1));
        write(op, map, x, view_of<2>(out));
        return out;
    }
    template <class T>
    [[nodiscard]] auto recycled(std::string_view function, const detail::column_map& map, const array_view<const T, 2>& x,
                                std::pmr::memory_resource& memory) const {
        const std::string op = op_name(function);
        check_input(op, map, x);
        auto out = make_recycled_matrix<scaled_element<array_view<const T, 2>>>(x.shape(0), x.shape(1), memory);
        write(op, map, x, view_of<2>(out));
        return out;
    }

    /// What was moved from is not fitted.
    void take(column_scaler& other) noexcept {
        forward_ = std::move(other.forward_);
        backward_ = std::move(other.backward_);
        fitted_ = std::exchange(other.fitted_, false);
        other.forward_.columns = 0;
        other.backward_.columns = 0;
    }

    detail::column_map forward_;
    detail::column_map backward_;
    bool fitted_ = false;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_COLUMN_SCALER_HPP
