// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_DETAIL_OVERLAP_HPP
#define XRAYON_ARRAY_DETAIL_OVERLAP_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <utility>

#include <xrayon/array/array_view.hpp>

namespace xrayon::detail {

/// The bytes of a view as `count` runs [first + i * step, first + i * step + length), step >= 0: a run is what lies along the
/// axis with the smaller stride, an element every `inner` bytes.
struct byte_runs {
    std::uintptr_t first = 0;
    std::uintptr_t step = 0;
    std::uintptr_t length = 0;
    std::uintptr_t inner = 0;    // 0: a run is one element
    std::uintptr_t element = 0;  // bytes of one
    std::size_t count = 0;

    template <class T>
    explicit byte_runs(const array_view<T, 2>& view) {
        if (view.empty()) {
            return;
        }
        // A negative stride walks the same elements from the other end: begin there.
        std::ptrdiff_t lowest = 0;
        std::size_t strides[2] = {};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            if (view.shape(axis) > 1) {
                const std::ptrdiff_t stride = view.stride(axis);
                strides[axis] = static_cast<std::size_t>(std::abs(stride));
                lowest += stride < 0 ? stride * static_cast<std::ptrdiff_t>(view.shape(axis) - 1) : 0;
            }
        }
        const std::size_t outer = strides[0] >= strides[1] ? 0 : 1;
        const std::size_t along = 1 - outer;
        first = reinterpret_cast<std::uintptr_t>(view.data()) + static_cast<std::uintptr_t>(lowest) * sizeof(T);
        step = strides[outer] * sizeof(T);
        length = (strides[along] * (view.shape(along) - 1) + 1) * sizeof(T);
        inner = strides[along] * sizeof(T);
        element = sizeof(T);
        count = step == 0 ? 1 : view.shape(outer);
    }

    [[nodiscard]] std::uintptr_t begin(std::size_t i) const noexcept { return first + i * step; }
    [[nodiscard]] std::uintptr_t end(std::size_t i) const noexcept { return begin(i) + length; }
    /// True when each run ends before the next one begins; sliding windows do not.
    [[nodiscard]] bool apart() const noexcept { return count == 1 || step >= length; }
};

/// True when runs that begin at `a` and `b` and whose bytes meet interleave without sharing one: the even and the odd columns of
/// a matrix do. Elements are compared by where they begin modulo what both strides are multiples of.
[[nodiscard]] inline bool interleave(const byte_runs& x, std::uintptr_t a, const byte_runs& y, std::uintptr_t b) noexcept {
    const std::uintptr_t period = std::gcd(x.inner, y.inner);
    if (period == 0) {
        return false;
    }
    const std::uintptr_t ahead = (b % period + period - a % period) % period;
    return ahead >= x.element && (period - ahead) % period >= y.element;
}

/// True when two views share memory, tested run by run. Exact for slices of one array with equal steps, or where one steps by a
/// multiple of the other; where a view's own runs overlap each other, bytes that meet count as shared; never false where they do share.
/// O(rows) at most, O(1) where the views lie far apart.
template <class T, class U>
[[nodiscard]] bool overlap(const array_view<T, 2>& a, const array_view<U, 2>& b) noexcept {
    const byte_runs x(a);
    const byte_runs y(b);
    if (x.count == 0 || y.count == 0 || x.end(x.count - 1) <= y.first || y.end(y.count - 1) <= x.first) {
        return false;
    }
    // Both lists ascend in begin and end. So the run that ends first cannot meet a later one of the other list, or, where that list's own
    // runs overlap, not without meeting this one too: there a pair that only interleaves must not excuse the pairs that are skipped.
    const bool may_interleave = x.apart() && y.apart();
    for (std::size_t i = 0, j = 0; i < x.count && j < y.count;) {
        if (x.begin(i) < y.end(j) && y.begin(j) < x.end(i) && !(may_interleave && interleave(x, x.begin(i), y, y.begin(j)))) {
            return true;
        }
        ++(x.end(i) <= y.end(j) ? i : j);
    }
    return false;
}

/// True when no two indices of the view can name the same element, which is what an output needs. (The test is that the longer
/// stride steps over a whole run; no slice of an array fails it.)
template <class T>
[[nodiscard]] bool elements_are_distinct(const array_view<T, 2>& view) noexcept {
    const auto stride = [&](std::size_t axis) { return static_cast<std::size_t>(std::abs(view.stride(axis))); };
    if (view.empty()) {
        return true;
    }
    if (view.shape(0) == 1 || view.shape(1) == 1) {
        return (view.shape(0) == 1 || stride(0) != 0) && (view.shape(1) == 1 || stride(1) != 0);
    }
    const std::size_t outer = stride(0) >= stride(1) ? 0 : 1;
    const std::size_t inner = 1 - outer;
    return stride(inner) != 0 && stride(outer) > stride(inner) * (view.shape(inner) - 1);
}

} // namespace xrayon::detail

#endif // XRAYON_ARRAY_DETAIL_OVERLAP_HPP
