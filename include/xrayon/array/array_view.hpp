// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_ARRAY_VIEW_HPP
#define XRAYON_ARRAY_ARRAY_VIEW_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <xrayon/array/detail/strided_iterator.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon {

namespace detail {

/// Signed numbers as shape_text shows shapes: "(4, -1)".
template <std::size_t N>
[[nodiscard]] std::string strides_text(const std::array<std::ptrdiff_t, N>& strides) {
    std::string out = "(";
    for (std::size_t axis = 0; axis < N; ++axis) {
        out += (axis ? ", " : "") + to_text(strides[axis]);
    }
    return out + (N == 1 ? ",)" : ")");
}

/// Writes the elements of one view to another of the same shape.
template <class Source, class Target>
constexpr void copy_elements(const Source& source, const Target& target);

} // namespace detail

/// @brief Somebody else's array of `N` axes, seen through a pointer, a shape and strides.
///
/// What tasks work on. It owns nothing, copies in a few instructions, and has no hidden state, so many threads may hold views of
/// the same elements; only concurrent writes to one element are a race. As with std::span, constness of the view says
/// nothing about the elements: `array_view<const T, N>` is the read-only one, and `array_view<T, N>` converts to it.
///
/// Strides count elements (not bytes) and may be zero or negative; `data()` is element (0, ..., 0). Views are made by `view_of(X)`,
/// or from a pointer and a shape (row-major). A view of one axis is an indexed_range of its elements; more axes become a range by
/// `rows(view)`, `batches(view, n)` or `elements(view)`. The elements must outlive the view.
///
/// Element access is unchecked; `at` checks.
template <class T, std::size_t N>
    requires(N >= 1)
class array_view {
public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;
    using shape_type = std::array<std::size_t, N>;
    using strides_type = std::array<std::ptrdiff_t, N>;
    static constexpr std::size_t rank = N;

    /// No elements.
    constexpr array_view() = default;
    /// Any layout.
    constexpr array_view(T* data, const shape_type& shape, const strides_type& strides) noexcept
        : data_(data), shape_(shape), strides_(strides) {}
    /// Row-major, without gaps.
    constexpr array_view(T* data, const shape_type& shape) noexcept : data_(data), shape_(shape) {
        std::ptrdiff_t stride = 1;
        for (std::size_t axis = N; axis-- > 0;) {
            strides_[axis] = stride;
            stride *= static_cast<std::ptrdiff_t>(shape[axis]);
        }
    }
    /// The same elements, read-only.
    template <class U>
        requires(!std::same_as<U, T> && std::is_convertible_v<U (*)[], T (*)[]>)
    constexpr array_view(const array_view<U, N>& other) noexcept
        : data_(other.data()), shape_(other.shape()), strides_(other.strides()) {}

    [[nodiscard]] constexpr T* data() const noexcept { return data_; }
    [[nodiscard]] constexpr const shape_type& shape() const noexcept { return shape_; }
    [[nodiscard]] constexpr std::size_t shape(std::size_t axis) const noexcept { return shape_[axis]; }
    [[nodiscard]] constexpr const strides_type& strides() const noexcept { return strides_; }
    [[nodiscard]] constexpr std::ptrdiff_t stride(std::size_t axis) const noexcept { return strides_[axis]; }

    /// The number of elements.
    [[nodiscard]] constexpr std::size_t size() const noexcept {
        std::size_t count = 1;
        for (const std::size_t extent : shape_) {
            count *= extent;
        }
        return count;
    }
    [[nodiscard]] constexpr bool empty() const noexcept { return size() == 0; }

    /// True when the elements lie in memory in row-major order without gaps (strides of axes of extent 1 mean nothing).
    [[nodiscard]] constexpr bool is_contiguous() const noexcept {
        if (empty()) {
            return true;
        }
        std::ptrdiff_t stride = 1;
        for (std::size_t axis = N; axis-- > 0;) {
            if (shape_[axis] != 1 && strides_[axis] != stride) {
                return false;
            }
            stride *= static_cast<std::ptrdiff_t>(shape_[axis]);
        }
        return true;
    }

    /// The elements as one span, in row-major order. @throws argument_error  unless is_contiguous().
    [[nodiscard]] constexpr std::span<T> span() const {
        if (!is_contiguous()) [[unlikely]] {
            fail_span();
        }
        return {data_, size()};
    }

    /// Element (i, j, ...), unchecked: one index per axis, each below its extent.
    template <std::integral... Index>
        requires(sizeof...(Index) == N)
    [[nodiscard]] constexpr T& operator()(Index... index) const noexcept {
        std::size_t axis = 0;
        std::ptrdiff_t offset = 0;
        ((offset += static_cast<std::ptrdiff_t>(index) * strides_[axis++]), ...);
        return data_[offset];
    }

    /// Element (i, j, ...). @throws argument_error  if an index is not below its extent.
    template <std::integral... Index>
        requires(sizeof...(Index) == N)
    [[nodiscard]] constexpr T& at(Index... index) const {
        const shape_type position{static_cast<std::size_t>(index)...};
        const bool negative = ((index < 0) || ...);
        for (std::size_t axis = 0; axis < N; ++axis) {
            if (negative || position[axis] >= shape_[axis]) [[unlikely]] {
                fail_at({static_cast<std::ptrdiff_t>(index)...});
            }
        }
        return (*this)(index...);
    }

    /// Element `i` of a view of one axis; sub-view `i` along axis 0 of a view of more. Unchecked.
    [[nodiscard]] constexpr decltype(auto) operator[](std::size_t i) const noexcept {
        T* const first = data_ + static_cast<std::ptrdiff_t>(i) * strides_[0];
        if constexpr (N == 1) {
            return static_cast<T&>(*first);
        } else {
            std::array<std::size_t, N - 1> shape;
            std::array<std::ptrdiff_t, N - 1> strides;
            std::copy(shape_.begin() + 1, shape_.end(), shape.begin());
            std::copy(strides_.begin() + 1, strides_.end(), strides.begin());
            return array_view<T, N - 1>(first, shape, strides);
        }
    }

    /// The elements whose index along `Axis` lies in [first, last). @throws argument_error  unless first <= last <= shape(Axis).
    template <std::size_t Axis = 0>
        requires(Axis < N)
    [[nodiscard]] constexpr array_view slice(std::size_t first, std::size_t last) const {
        if (first > last || last > shape_[Axis]) [[unlikely]] {
            fail_slice(first, last, shape_[Axis]);
        }
        array_view out = *this;
        out.shape_[Axis] = last - first;
        // An empty slice keeps the pointer: where the extent is 0 there may be no element to point at.
        if (first != last) {
            out.data_ += static_cast<std::ptrdiff_t>(first) * strides_[Axis];
        }
        return out;
    }

    /// The same elements with the two axes exchanged; nothing moves.
    [[nodiscard]] constexpr array_view transposed() const noexcept
        requires(N == 2)
    {
        return {data_, {shape_[1], shape_[0]}, {strides_[1], strides_[0]}};
    }

    /// Writes `value` to every element.
    constexpr void fill(const value_type& value) const
        requires(!std::is_const_v<T>)
    {
        if (is_contiguous()) {
            std::fill_n(data_, size(), value);
        } else if constexpr (N == 1) {
            for (T& element : *this) {
                element = value;
            }
        } else {
            for (std::size_t i = 0; i < shape_[0]; ++i) {
                (*this)[i].fill(value);
            }
        }
    }

    /// Copies the elements of `source`, which has the same shape and shares no element with this view. Nothing is broadcast.
    /// @throws shape_error  if the shapes differ; nothing was written then.
    constexpr void assign_from(const array_view<const value_type, N>& source) const
        requires(!std::is_const_v<T>)
    {
        check_same_shape("assign_from", "the view", shape_, "the source", source.shape());
        detail::copy_elements(source, *this);
    }

    [[nodiscard]] constexpr detail::strided_iterator<T> begin() const noexcept
        requires(N == 1)
    {
        return {data_, strides_[0], 0};
    }
    [[nodiscard]] constexpr detail::strided_iterator<T> end() const noexcept
        requires(N == 1)
    {
        return {data_, strides_[0], static_cast<std::ptrdiff_t>(shape_[0])};
    }

private:
    XRAYON_COLD [[noreturn]] void fail_span() const {
        const std::string text = detail::strides_text(strides_);
        throw argument_error("span: the view must be contiguous, got shape " + shape_text(shape_) + " with strides " + text, text);
    }
    XRAYON_COLD [[noreturn]] void fail_at(const strides_type& index) const {
        const std::string text = detail::strides_text(index);
        throw argument_error("at: every index must be below the extents " + shape_text(shape_) + ", got " + text, text);
    }
    XRAYON_COLD [[noreturn]] static void fail_slice(std::size_t first, std::size_t last, std::size_t extent) {
        if (last > extent) {
            check(false, "slice: last must be <= " + to_text(extent) + " (the extent)", last);
        }
        const std::string text = to_text(first);
        throw argument_error("slice: first must be <= " + to_text(last) + " (last), got " + text, text);
    }

    T* data_ = nullptr;
    shape_type shape_ = {};
    strides_type strides_ = {};
};

template <class Source, class Target>
constexpr void detail::copy_elements(const Source& source, const Target& target) {
    if (source.is_contiguous() && target.is_contiguous()) {
        std::copy_n(source.data(), source.size(), target.data());
    } else {
        for (std::size_t i = 0; i < source.shape(0); ++i) {
            if constexpr (Target::rank == 1) {
                target[i] = source[i];
            } else {
                copy_elements(source[i], target[i]);
            }
        }
    }
}

/// @name view_of
/// The array_view of what holds elements. A view is its own view; vectors and spans give one axis. array/xtensor.hpp adds
/// xtensor's containers, adaptors and views. `view_of<N>(X)` asks for rank `N`. A container that would die first is refused.
/// @{
template <std::size_t N, class T>
[[nodiscard]] constexpr array_view<T, N> view_of(const array_view<T, N>& view) noexcept {
    return view;
}
template <std::size_t N = 1, class T, std::size_t Extent>
    requires(N == 1)
[[nodiscard]] constexpr array_view<T, N> view_of(const std::span<T, Extent>& span) noexcept {
    return {span.data(), {span.size()}};
}
template <std::size_t N = 1, class T, class Allocator>
    requires(N == 1 && !std::same_as<T, bool>)
[[nodiscard]] constexpr array_view<T, N> view_of(std::vector<T, Allocator>& vector) noexcept {
    return {vector.data(), {vector.size()}};
}
template <std::size_t N = 1, class T, class Allocator>
    requires(N == 1 && !std::same_as<T, bool>)
[[nodiscard]] constexpr array_view<const T, N> view_of(const std::vector<T, Allocator>& vector) noexcept {
    return {vector.data(), {vector.size()}};
}
template <std::size_t N = 1, class T, class Allocator>
void view_of(const std::vector<T, Allocator>&& keep_the_vector_in_a_variable) = delete;
/// @}

} // namespace xrayon

/// @cond
template <class T>
inline constexpr bool std::ranges::enable_view<xrayon::array_view<T, 1>> = true;
template <class T>
inline constexpr bool std::ranges::enable_borrowed_range<xrayon::array_view<T, 1>> = true;
/// @endcond

#endif // XRAYON_ARRAY_ARRAY_VIEW_HPP
