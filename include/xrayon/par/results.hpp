// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_RESULTS_HPP
#define XRAYON_PAR_RESULTS_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/huge_pages.hpp>

namespace xrayon {

namespace detail {

/// Memory for `count` results, none of them constructed yet. Frees the memory, never the results.
template <class R>
class raw_results {
public:
    explicit raw_results(std::size_t count) : data_(count == 0 ? nullptr : std::allocator<R>().allocate(count)), count_(count) {
        prefer_huge_pages(data_, count * sizeof(R));
    }
    ~raw_results() {
        if (data_ != nullptr) {
            std::allocator<R>().deallocate(data_, count_);
        }
    }
    raw_results(const raw_results&) = delete;
    raw_results& operator=(const raw_results&) = delete;

    [[nodiscard]] R* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    R* release() noexcept { return std::exchange(data_, nullptr); }

private:
    R* data_;
    std::size_t count_;
};

} // namespace detail

/// The results of a parallel call: `size()` values in one block, element `i` from item `i`. A contiguous range; owns its
/// values, which need be neither copyable nor default-constructible. `results<bool>` holds real bools, one byte each: threads
/// writing neighbours of a std::vector<bool> would lose results.
template <class R>
class results {
    static_assert(std::is_object_v<R> && std::is_nothrow_destructible_v<R>, "xrayon: results<R> keeps objects whose destructor does not throw");

public:
    using value_type = R;
    using iterator = R*;
    using const_iterator = const R*;

    results() noexcept = default;
    results(results&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    results& operator=(results&& other) noexcept {
        results taken(std::move(other));
        std::swap(data_, taken.data_);
        std::swap(size_, taken.size_);
        return *this;
    }
    results(const results& other)
        requires std::is_copy_constructible_v<R>
    {
        detail::raw_results<R> memory(other.size_);
        std::uninitialized_copy_n(other.data_, other.size_, memory.data());
        size_ = other.size_;
        data_ = memory.release();
    }
    results& operator=(const results& other)
        requires std::is_copy_constructible_v<R>
    {
        return *this = results(other);
    }
    ~results() {
        if (data_ != nullptr) {
            std::destroy_n(data_, size_);
            std::allocator<R>().deallocate(data_, size_);
        }
    }

    /// Takes over memory in which every element has been constructed.
    explicit results(detail::raw_results<R>& constructed) noexcept : size_(constructed.count()) { data_ = constructed.release(); }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] R* data() noexcept { return data_; }
    [[nodiscard]] const R* data() const noexcept { return data_; }
    [[nodiscard]] R& operator[](std::size_t i) noexcept { return data_[i]; }
    [[nodiscard]] const R& operator[](std::size_t i) const noexcept { return data_[i]; }
    [[nodiscard]] R& front() noexcept { return data_[0]; }
    [[nodiscard]] const R& front() const noexcept { return data_[0]; }
    [[nodiscard]] R& back() noexcept { return data_[size_ - 1]; }
    [[nodiscard]] const R& back() const noexcept { return data_[size_ - 1]; }
    [[nodiscard]] iterator begin() noexcept { return data_; }
    [[nodiscard]] iterator end() noexcept { return data_ + size_; }
    [[nodiscard]] const_iterator begin() const noexcept { return data_; }
    [[nodiscard]] const_iterator end() const noexcept { return data_ + size_; }

    /// The values moved into a std::vector.
    [[nodiscard]] std::vector<R> to_vector() && { return std::vector<R>(std::make_move_iterator(begin()), std::make_move_iterator(end())); }

    friend bool operator==(const results& a, const results& b)
        requires requires(const R& r) { static_cast<bool>(r == r); }
    {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }

private:
    R* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace xrayon

#endif // XRAYON_PAR_RESULTS_HPP
