// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_INDEXED_VIEW_HPP
#define XRAYON_CORE_INDEXED_VIEW_HPP

#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>

#include <xrayon/core/config.hpp>
#include <xrayon/core/ranges.hpp>

namespace xrayon {

/// What an indexed_view computes its elements with: cheap to copy, and safe to call from several threads at once.
template <class Function>
concept index_function = std::copyable<Function> && std::default_initializable<Function>
                         && std::regular_invocable<const Function&, std::size_t>;

/// @brief The indexed range `function(0), function(1), ..., function(n - 1)`: nothing is stored, each access computes its element.
///
/// Iterators carry a copy of the function and outlive the view, so a temporary view can be iterated, passed on and shared
/// between threads. Elements are usually values; a function that gives an lvalue makes a range of references.
template <index_function Function>
class indexed_view {
public:
    class iterator;

    constexpr indexed_view() = default;
    constexpr indexed_view(std::size_t size, Function function) : function_(std::move(function)), size_(size) {}

    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    /// What computes the elements.
    [[nodiscard]] constexpr const Function& function() const noexcept { return function_; }
    /// Element `i` < size().
    [[nodiscard]] constexpr decltype(auto) operator[](std::size_t i) const { return std::invoke(function_, i); }
    [[nodiscard]] constexpr iterator begin() const { return iterator(function_, 0); }
    [[nodiscard]] constexpr iterator end() const { return iterator(function_, static_cast<std::ptrdiff_t>(size_)); }

private:
    Function function_ = {};
    std::size_t size_ = 0;
};

/// A random access iterator in the sense of C++20; an input iterator for older algorithms where elements are values.
template <index_function Function>
class indexed_view<Function>::iterator {
public:
    using reference = std::invoke_result_t<const Function&, std::size_t>;
    using value_type = std::remove_cvref_t<reference>;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::random_access_iterator_tag;
    using iterator_category =
        std::conditional_t<std::is_lvalue_reference_v<reference>, std::random_access_iterator_tag, std::input_iterator_tag>;

    constexpr iterator() = default;

    [[nodiscard]] constexpr reference operator*() const { return std::invoke(function_, static_cast<std::size_t>(index_)); }
    [[nodiscard]] constexpr reference operator[](difference_type n) const { return *(*this + n); }

    constexpr iterator& operator++() { return *this += 1; }
    constexpr iterator& operator--() { return *this -= 1; }
    constexpr iterator operator++(int) {
        iterator old = *this;
        ++*this;
        return old;
    }
    constexpr iterator operator--(int) {
        iterator old = *this;
        --*this;
        return old;
    }
    constexpr iterator& operator+=(difference_type n) {
        index_ += n;
        return *this;
    }
    constexpr iterator& operator-=(difference_type n) { return *this += -n; }

    [[nodiscard]] friend constexpr iterator operator+(iterator it, difference_type n) { return it += n; }
    [[nodiscard]] friend constexpr iterator operator+(difference_type n, iterator it) { return it += n; }
    [[nodiscard]] friend constexpr iterator operator-(iterator it, difference_type n) { return it -= n; }
    [[nodiscard]] friend constexpr difference_type operator-(const iterator& a, const iterator& b) { return a.index_ - b.index_; }
    [[nodiscard]] friend constexpr bool operator==(const iterator& a, const iterator& b) { return a.index_ == b.index_; }
    [[nodiscard]] friend constexpr std::strong_ordering operator<=>(const iterator& a, const iterator& b) {
        return a.index_ <=> b.index_;
    }

private:
    friend class indexed_view;
    constexpr iterator(Function function, difference_type index) : function_(std::move(function)), index_(index) {}

    Function function_ = {};
    difference_type index_ = 0;
};

} // namespace xrayon

/// @cond
template <class Function>
inline constexpr bool std::ranges::enable_view<xrayon::indexed_view<Function>> = true;
template <class Function>
inline constexpr bool std::ranges::enable_borrowed_range<xrayon::indexed_view<Function>> = true;
/// @endcond

#endif // XRAYON_CORE_INDEXED_VIEW_HPP
