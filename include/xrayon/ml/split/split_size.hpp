// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_SPLIT_SIZE_HPP
#define XRAYON_ML_SPLIT_SPLIT_SIZE_HPP

#include <concepts>
#include <cstddef>

#include <xrayon/core/check.hpp>

namespace xrayon::ml {

/// A share of the rows, told by its type: a floating-point number is a fraction, an integer a number of rows. So 1.0 and 1 differ.
class split_size {
public:
    template <std::floating_point Real>
    constexpr split_size(Real fraction) noexcept : fraction_(static_cast<double>(fraction)), is_fraction_(true) {}

    /// Throws argument_error if the number is negative.
    template <std::integral Int>
        requires(!std::same_as<Int, bool>)
    split_size(Int count) : count_(static_cast<std::size_t>(count)), is_fraction_(false) {
        if constexpr (std::signed_integral<Int>) {
            check(count >= 0, "split_size: a number of rows must be >= 0", static_cast<long long>(count));
        }
    }

    [[nodiscard]] constexpr bool is_fraction() const noexcept { return is_fraction_; }
    [[nodiscard]] constexpr double fraction() const noexcept { return fraction_; }  ///< Of a fraction.
    [[nodiscard]] constexpr std::size_t count() const noexcept { return count_; }   ///< Of a number of rows.

private:
    double fraction_ = 0.0;
    std::size_t count_ = 0;
    bool is_fraction_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_SPLIT_SIZE_HPP
