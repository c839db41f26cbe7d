// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_NONNEGATIVE_FIT_HPP
#define XRAYON_ANALYZE_DETAIL_NONNEGATIVE_FIT_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>

namespace xrayon::analyze::detail {

/// @brief Least squares of a few unknowns, one equation after the other: sum over k of factors[k] c[k] = value, about.
///
/// Equations are folded into a triangle by Givens rotations (G. Golub and C. Van Loan, "Matrix computations", section 5.2), which loses as few
/// digits as Householder's way and needs no memory but the triangle.
template <std::size_t Unknowns>
class least_squares {
public:
    using unknowns = std::array<double, Unknowns>;

    void add(const unknowns& factors, double value) {
        length_ = std::hypot(length_, value);
        std::array<double, Unknowns + 1> row;
        for (std::size_t k = 0; k < Unknowns; ++k) {
            row[k] = factors[k];
        }
        row[Unknowns] = value;
        fold(row);
    }

    /// @brief The least squares under c >= 0. The objective is convex, so its minimum is that of some set of unknowns that are not 0, without
    /// the condition; with two or three unknowns the sets are few enough to try all, and the walk of C. Lawson and R. Hanson from one to the
    /// next ("Solving least squares problems", 1974) is not needed.
    [[nodiscard]] unknowns fit_nonnegative() const {
        unknowns best = {};
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t size = Unknowns; size != 0; --size) {
            for (unsigned set = 1; set < 1u << Unknowns; ++set) {
                if (static_cast<std::size_t>(std::popcount(set)) != size) {
                    continue;
                }
                least_squares some;
                for (auto row : triangle_) {
                    for (std::size_t k = 0; k < Unknowns; ++k) {
                        row[k] = (set >> k & 1u) != 0 ? row[k] : 0;
                    }
                    some.fold(row);
                }
                unknowns c = {};
                const double rest = std::abs(some.triangle_[Unknowns][Unknowns]);
                // Of what is equally near but for rounding the fewest unknowns are the better answer: exact times of a perfect scaling have
                // no serial part of 1e-16.
                if (rest < least + 1e-13 * length_ && some.solve(set, column_lengths(), c)) {
                    least = std::min(least, rest);
                    best = c;
                }
            }
        }
        return best;
    }

private:
    void fold(std::array<double, Unknowns + 1> row) {
        for (std::size_t k = 0; k <= Unknowns; ++k) {
            if (row[k] == 0) {
                continue;
            }
            std::array<double, Unknowns + 1>& kept = triangle_[k];
            const double length = std::hypot(kept[k], row[k]);
            const double cosine = kept[k] / length;
            const double sine = row[k] / length;
            for (std::size_t j = k; j <= Unknowns; ++j) {
                const double above = kept[j];
                kept[j] = cosine * above + sine * row[j];
                row[j] = cosine * row[j] - sine * above;
            }
        }
    }

    [[nodiscard]] unknowns column_lengths() const {
        unknowns lengths = {};
        for (std::size_t k = 0; k < Unknowns; ++k) {
            for (const auto& row : triangle_) {
                lengths[k] = std::hypot(lengths[k], row[k]);
            }
        }
        return lengths;
    }

    /// The unknowns of `set`, the others 0. False where one is negative, or their columns are dependent.
    [[nodiscard]] bool solve(unsigned set, const unknowns& lengths, unknowns& c) const {
        for (std::size_t k = Unknowns; k-- > 0;) {
            if ((set >> k & 1u) == 0) {
                continue;
            }
            if (!(std::abs(triangle_[k][k]) > 1e-12 * lengths[k])) {
                return false;
            }
            double sum = triangle_[k][Unknowns];
            for (std::size_t j = k + 1; j < Unknowns; ++j) {
                sum -= triangle_[k][j] * c[j];
            }
            c[k] = sum / triangle_[k][k];
            if (!(c[k] >= 0)) {
                return false;
            }
        }
        return true;
    }

    std::array<std::array<double, Unknowns + 1>, Unknowns + 1> triangle_ = {};
    double length_ = 0;  // of all values together
};

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_NONNEGATIVE_FIT_HPP
