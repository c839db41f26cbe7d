// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_DETAIL_BLAS_OPERAND_HPP
#define XRAYON_ARRAY_DETAIL_BLAS_OPERAND_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <type_traits>

#include <xrayon/array/array_view.hpp>

namespace xrayon::detail {

/// The largest extent and stride that a BLAS with 32 bit integers takes.
inline constexpr std::size_t blas_limit = static_cast<std::size_t>(std::numeric_limits<int>::max());

/// The leading dimension with which `view` is row-major for BLAS, 0 if it is not: unit stride along a row, and rows that do not
/// overlap. Strides of axes with one index mean nothing.
template <class T>
[[nodiscard]] constexpr int row_major_stride(const array_view<T, 2>& view) noexcept {
    const std::size_t columns = std::max<std::size_t>(view.shape(1), 1);
    if (view.shape(1) > 1 && view.stride(1) != 1) {
        return 0;
    }
    if (view.shape(0) <= 1) {
        return static_cast<int>(columns);
    }
    const bool usable = view.stride(0) >= static_cast<std::ptrdiff_t>(columns) && view.stride(0) <= static_cast<std::ptrdiff_t>(blas_limit);
    return usable ? static_cast<int>(view.stride(0)) : 0;
}

/// What lies in scratch memory between copy-in and copy-out.
template <class T>
using operand_memory = std::unique_ptr<std::remove_const_t<T>[]>;

/// A matrix as BLAS takes it: in place where its layout allows, else a row-major copy. No extent exceeds blas_limit.
template <class T>
struct blas_operand {
    T* data = nullptr;
    int stride = 1;  ///< The leading dimension.
    bool column_major = false;

    explicit blas_operand(const array_view<T, 2>& view, bool needs_values = true) : data(view.data()) {
        if (const int rows = row_major_stride(view)) {
            stride = rows;
        } else if (const int columns = row_major_stride(view.transposed())) {
            stride = columns;
            column_major = true;
        } else {
            copy_ = std::make_unique_for_overwrite<std::remove_const_t<T>[]>(view.size());
            data = copy_.get();
            stride = static_cast<int>(std::max<std::size_t>(view.shape(1), 1));
            if (needs_values) {
                array_view<std::remove_const_t<T>, 2>(copy_.get(), view.shape()).assign_from(view);
            }
        }
    }

    [[nodiscard]] bool copied() const noexcept { return copy_ != nullptr; }

    /// Writes a result that was computed in scratch memory to where it belongs.
    void copy_back(const array_view<T, 2>& view) const {
        if (copied()) {
            view.assign_from(array_view<const T, 2>(copy_.get(), view.shape()));
        }
    }

private:
    operand_memory<T> copy_;
};

/// A vector as BLAS takes it: any stride but 0 in place. BLAS wants the lowest address where the stride is negative.
template <class T>
struct blas_vector {
    T* data = nullptr;
    int stride = 1;

    explicit blas_vector(const array_view<T, 1>& view, bool needs_values = true) : data(view.data()) {
        const auto limit = static_cast<std::ptrdiff_t>(blas_limit);
        if (view.shape(0) <= 1) {
            return;
        }
        if (view.stride(0) != 0 && view.stride(0) >= -limit && view.stride(0) <= limit) {
            stride = static_cast<int>(view.stride(0));
            data += stride < 0 ? view.stride(0) * static_cast<std::ptrdiff_t>(view.shape(0) - 1) : 0;
        } else {
            copy_ = std::make_unique_for_overwrite<std::remove_const_t<T>[]>(view.size());
            data = copy_.get();
            if (needs_values) {
                array_view<std::remove_const_t<T>, 1>(copy_.get(), view.shape()).assign_from(view);
            }
        }
    }

    [[nodiscard]] bool copied() const noexcept { return copy_ != nullptr; }

    void copy_back(const array_view<T, 1>& view) const {
        if (copied()) {
            view.assign_from(array_view<const T, 1>(copy_.get(), view.shape()));
        }
    }

private:
    operand_memory<T> copy_;
};

} // namespace xrayon::detail

#endif // XRAYON_ARRAY_DETAIL_BLAS_OPERAND_HPP
