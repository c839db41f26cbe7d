// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_DETAIL_STRIDED_ITERATOR_HPP
#define XRAYON_ARRAY_DETAIL_STRIDED_ITERATOR_HPP

#include <compare>
#include <cstddef>
#include <iterator>
#include <type_traits>

namespace xrayon::detail {

/// Walks `base[0], base[stride], base[2 * stride], ...`. It counts in indices, so stride 0 (which xtensor gives axes of extent 1)
/// and negative strides have an end too, and a compiler may still version a loop for stride 1.
template <class T>
class strided_iterator {
public:
    using value_type = std::remove_cv_t<T>;
    using reference = T&;
    using pointer = T*;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::random_access_iterator_tag;

    constexpr strided_iterator() = default;
    constexpr strided_iterator(T* base, std::ptrdiff_t stride, std::ptrdiff_t index) noexcept
        : base_(base), stride_(stride), index_(index) {}

    [[nodiscard]] constexpr T& operator*() const noexcept { return base_[index_ * stride_]; }
    [[nodiscard]] constexpr T* operator->() const noexcept { return base_ + index_ * stride_; }
    [[nodiscard]] constexpr T& operator[](difference_type n) const noexcept { return base_[(index_ + n) * stride_]; }

    constexpr strided_iterator& operator++() noexcept { return *this += 1; }
    constexpr strided_iterator& operator--() noexcept { return *this -= 1; }
    constexpr strided_iterator operator++(int) noexcept {
        strided_iterator old = *this;
        ++*this;
        return old;
    }
    constexpr strided_iterator operator--(int) noexcept {
        strided_iterator old = *this;
        --*this;
        return old;
    }
    constexpr strided_iterator& operator+=(difference_type n) noexcept {
        index_ += n;
        return *this;
    }
    constexpr strided_iterator& operator-=(difference_type n) noexcept { return *this += -n; }

    [[nodiscard]] friend constexpr strided_iterator operator+(strided_iterator it, difference_type n) noexcept { return it += n; }
    [[nodiscard]] friend constexpr strided_iterator operator+(difference_type n, strided_iterator it) noexcept { return it += n; }
    [[nodiscard]] friend constexpr strided_iterator operator-(strided_iterator it, difference_type n) noexcept { return it -= n; }
    [[nodiscard]] friend constexpr difference_type operator-(const strided_iterator& a, const strided_iterator& b) noexcept {
        return a.index_ - b.index_;
    }
    [[nodiscard]] friend constexpr bool operator==(const strided_iterator& a, const strided_iterator& b) noexcept {
        return a.index_ == b.index_;
    }
    [[nodiscard]] friend constexpr std::strong_ordering operator<=>(const strided_iterator& a, const strided_iterator& b) noexcept {
        return a.index_ <=> b.index_;
    }

private:
    T* base_ = nullptr;
    std::ptrdiff_t stride_ = 0;
    std::ptrdiff_t index_ = 0;
};

} // namespace xrayon::detail

#endif // XRAYON_ARRAY_DETAIL_STRIDED_ITERATOR_HPP
