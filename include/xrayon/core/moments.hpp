// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_MOMENTS_HPP
#define XRAYON_CORE_MOMENTS_HPP

#include <cmath>
#include <cstddef>
#include <limits>

#include <xrayon/core/config.hpp>

namespace xrayon {

/// @brief Count, mean and squared deviations of numbers that come one by one, and of two such sets together.
///
/// `add` is Welford's recurrence ("Note on a method for calculating corrected sums of squares and products", Technometrics 4 (1962) 419),
/// `merge` that of Chan, Golub and LeVeque ("Algorithms for computing the sample variance", The American Statistician 37 (1983) 242). Both
/// work on distances from the first number that came, the pivot: near a large mean those are exact, where the mean itself is not. So
/// the deviation has full precision however small it is beside the mean (docs/design/uncertainty.md).
///
/// The bits depend on the order of adds and on the tree of merges, which is all the caller has to keep fixed.
/// A NaN makes mean and deviation NaN. Infinities of one sign give that infinity as mean, of both NaN; the deviation is NaN. Numbers that
/// lie further apart than the largest double count as infinitely far.
///
/// @code
/// xrayon::moments seen;
/// for (const double x : values) seen.add(x);
/// use(seen.mean(), seen.stddev(1));
/// @endcode
class moments {
public:
    void add(double x) noexcept {
        if (count_ == 0) {
            pivot_ = std::isfinite(x) ? x : 0;
            offset_ = x - pivot_;
            count_ = 1;
            return;
        }
        include(x - pivot_, 0, 1);
    }

    /// As if what `later` has seen had come after what this one has.
    void merge(const moments& later) noexcept {
        if (later.count_ == 0) {
            return;
        }
        if (count_ == 0) {
            *this = later;
            return;
        }
        include(later.offset_ + (later.pivot_ - pivot_), later.squares_, later.count_);
    }

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// NaN of nothing.
    [[nodiscard]] double mean() const noexcept {
        return count_ == 0 ? std::numeric_limits<double>::quiet_NaN() : offset_ == 0 ? pivot_ : pivot_ + offset_;
    }
    /// The sum of squared distances from the mean.
    [[nodiscard]] double squares() const noexcept { return std::isfinite(offset_) ? squares_ : std::numeric_limits<double>::quiet_NaN(); }
    /// Squares over count - ddof; NaN unless count > ddof.
    [[nodiscard]] double variance(std::size_t ddof = 0) const noexcept {
        return count_ > ddof ? squares() / static_cast<double>(count_ - ddof) : std::numeric_limits<double>::quiet_NaN();
    }
    [[nodiscard]] double stddev(std::size_t ddof = 0) const noexcept { return std::sqrt(variance(ddof)); }

private:
    /// `count` more numbers: their mean as a distance from our pivot, and their squares.
    void include(double offset, double squares, std::size_t count) noexcept {
        const auto here = static_cast<double>(count_);
        const auto there = static_cast<double>(count);
        const double share = there / (here + there);
        const double delta = offset - offset_;
        // An infinity must not turn into NaN where the mean has a value.
        offset_ = delta - delta == 0 ? offset_ + delta * share : offset_ * (here / (here + there)) + offset * share;
        squares_ = (squares_ + squares) + delta * delta * (here * share);
        count_ += count;
    }

    double pivot_ = 0;    // finite
    double offset_ = 0;   // of the mean, from the pivot
    double squares_ = 0;
    std::size_t count_ = 0;
};

} // namespace xrayon

#endif // XRAYON_CORE_MOMENTS_HPP
