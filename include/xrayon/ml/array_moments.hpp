// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ARRAY_MOMENTS_HPP
#define XRAYON_ML_ARRAY_MOMENTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon::ml {

/// @brief xrayon::moments (core/moments.hpp) for every element of arrays of one size: count, mean and squared deviations.
///
/// Made for one use again and again: `start` forgets what was seen and keeps the memory, so that a set of them, recycled, needs no
/// allocation. Three doubles an element: pivot, the mean as a distance from it, squares; a fourth, the count, where NaN is left out.
/// What is said of precision, NaN and infinities at xrayon::moments holds for each element.
class array_moments {
public:
    array_moments() = default;

    /// What an empty set does with a NaN.
    enum class nan { kept, left_out };

    /// @brief Forgets everything; the first sample is what `write(std::span<double>)` writes, all of it.
    /// A write that throws leaves an empty set.
    template <class Write>
    void start(std::size_t size, nan policy, const Write& write) {
        clear();
        reserve(size, policy);
        write(std::span<double>(pivot(), size));
        size_ = size;
        samples_ = 1;
        if (policy == nan::left_out) {
            count_first();
        }
    }
    void clear() noexcept {
        size_ = 0;
        samples_ = 0;
    }

    /// One more sample, of the size of the first.
    template <class T>
        requires std::is_arithmetic_v<T>
    void add(std::span<const T> sample, nan policy = nan::kept) {
        if (samples_ == 0) {
            start(sample.size(), policy, [&](std::span<double> to) { std::copy(sample.begin(), sample.end(), to.begin()); });
            return;
        }
        check_size(sample.size());
        if (counts_) {
            include_counted(sample.data(), none{}, none{}, [&](std::size_t i) { return sample[i] == sample[i] ? 1.0 : 0.0; });
            ++samples_;
        } else {
            include(sample.data(), none{}, none{}, 1);
        }
    }

    /// As if what `later` has seen had come after what this one has. Both leave NaN out, or both keep it.
    void merge(const array_moments& later) {
        if (later.samples_ == 0) {
            return;
        }
        if (samples_ == 0) {
            copy(later);
            return;
        }
        check_size(later.size_);
        if (counts_) {
            include_counted(later.pivot(), later.offset(), later.squares(), [&](std::size_t i) { return later.counts()[i]; });
            samples_ += later.samples_;
        } else if (later.samples_ == 1) {
            include(later.pivot(), none{}, none{}, 1);
        } else {
            include(later.pivot(), later.offset(), later.squares(), later.samples_);
        }
    }

    /// Elements; 0 before the first sample.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Samples seen, those with NaN as well.
    [[nodiscard]] std::size_t samples() const noexcept { return samples_; }
    /// Numbers that element `i` < size() is of.
    [[nodiscard]] std::size_t count(std::size_t i) const noexcept { return counts_ ? static_cast<std::size_t>(counts()[i]) : samples_; }
    [[nodiscard]] double mean(std::size_t i) const noexcept {
        if (counts_ && counts()[i] == 0) {
            return std::numeric_limits<double>::quiet_NaN();
        }
        const double beyond = alone() ? 0 : offset()[i];
        return beyond == 0 ? pivot()[i] : pivot()[i] + beyond;
    }
    /// Squares over count - ddof; NaN unless count > ddof.
    [[nodiscard]] double variance(std::size_t i, std::size_t ddof = 0) const noexcept {
        const std::size_t n = count(i);
        if (n <= ddof || !std::isfinite(alone() ? pivot()[i] : offset()[i])) {
            return std::numeric_limits<double>::quiet_NaN();
        }
        return alone() ? 0 : squares()[i] / static_cast<double>(n - ddof);
    }
    [[nodiscard]] double stddev(std::size_t i, std::size_t ddof = 0) const noexcept { return std::sqrt(variance(i, ddof)); }

private:
    /// Zeros that need no memory.
    struct none {
        constexpr double operator[](std::size_t) const noexcept { return 0; }
    };

    [[nodiscard]] double* pivot() const noexcept { return memory_.get(); }
    [[nodiscard]] double* offset() const noexcept { return memory_.get() + size_; }
    [[nodiscard]] double* squares() const noexcept { return memory_.get() + 2 * size_; }
    [[nodiscard]] double* counts() const noexcept { return memory_.get() + 3 * size_; }
    /// The one sample so far is the pivot as it came, also where it is infinite; there is nothing in offset and squares.
    [[nodiscard]] bool alone() const noexcept { return samples_ == 1 && !counts_; }

    void reserve(std::size_t size, nan policy) {
        counts_ = policy == nan::left_out;
        const std::size_t needed = size * (counts_ ? 4 : 3);
        if (needed > capacity_) {
            memory_.reset();  // first, so that both are never there at once
            capacity_ = 0;
            memory_ = std::make_unique_for_overwrite<double[]>(needed);
            capacity_ = needed;
        }
    }
    void copy(const array_moments& other) {
        reserve(other.size_, other.counts_ ? nan::left_out : nan::kept);
        std::copy_n(other.pivot(), other.size_ * (other.alone() ? 1 : counts_ ? 4 : 3), pivot());
        size_ = other.size_;
        samples_ = other.samples_;
    }
    void check_size(std::size_t size) const {
        check_shapes(size == size_, "array_moments", "a sample", std::array{size}, "the first", std::array{size_});
    }

    static bool finite(double x) noexcept { return x - x == 0; }

    /// The pivot becomes finite and offset gets the rest, which is 0, an infinity or NaN.
    void count_first() noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            const double x = pivot()[i];
            counts()[i] = x == x ? 1 : 0;
            pivot()[i] = finite(x) ? x : 0;
            offset()[i] = x == x ? x - pivot()[i] : 0;
            squares()[i] = 0;
        }
    }

    /// moments::include for each element, with one count for all of them.
    template <class Pivot, class Offset, class Squares>
    void include(Pivot their_pivot, Offset their_offset, Squares their_squares, std::size_t their_count) noexcept {
        if (alone()) {
            include_in<true>(their_pivot, their_offset, their_squares, their_count);
        } else {
            include_in<false>(their_pivot, their_offset, their_squares, their_count);
        }
        samples_ += their_count;
    }
    /// There is no branch in the loop, so that it can be vectorised.
    template <bool Alone, class Pivot, class Offset, class Squares>
    void include_in(Pivot their_pivot, Offset their_offset, Squares their_squares, std::size_t their_count) noexcept {
        const auto here = static_cast<double>(samples_);
        const auto there = static_cast<double>(their_count);
        const double share = there / (here + there);
        const double kept = here / (here + there);
        const double weight = here * share;
        double* const pivots = pivot();
        double* const offsets = offset();
        double* const all_squares = squares();
        for (std::size_t i = 0; i < size_; ++i) {
            const double seen = pivots[i];
            const double from = Alone && !finite(seen) ? 0 : seen;
            const double mine = Alone ? seen - from : offsets[i];
            const double before = Alone ? 0 : all_squares[i];
            const double theirs = their_offset[i] + (static_cast<double>(their_pivot[i]) - from);
            const double delta = theirs - mine;
            pivots[i] = from;
            offsets[i] = finite(delta) ? mine + delta * share : mine * kept + theirs * share;
            all_squares[i] = (before + their_squares[i]) + delta * delta * weight;
        }
    }

    /// The same where each element has counts of its own.
    template <class Pivot, class Offset, class Squares, class Count>
    void include_counted(Pivot their_pivot, Offset their_offset, Squares their_squares, const Count& their_count) noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            const double there = their_count(i);
            const double here = counts()[i];
            if (there == 0) {
                continue;
            }
            const auto value = static_cast<double>(their_pivot[i]);
            if (here == 0) {
                pivot()[i] = finite(value) ? value : 0;
                offset()[i] = their_offset[i] + (value - pivot()[i]);
                squares()[i] = their_squares[i];
                counts()[i] = there;
                continue;
            }
            const double share = there / (here + there);
            const double theirs = their_offset[i] + (value - pivot()[i]);
            const double delta = theirs - offset()[i];
            offset()[i] = finite(delta) ? offset()[i] + delta * share : offset()[i] * (here / (here + there)) + theirs * share;
            squares()[i] = (squares()[i] + their_squares[i]) + delta * delta * (here * share);
            counts()[i] = here + there;
        }
    }

    std::unique_ptr<double[]> memory_;  // pivots, offsets, squares, counts; size_ of each
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
    std::size_t samples_ = 0;
    bool counts_ = false;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_ARRAY_MOMENTS_HPP
