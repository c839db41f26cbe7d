// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_UNCERTAINTY_HPP
#define XRAYON_ML_UNCERTAINTY_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <limits>
#include <type_traits>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/core/student_t.hpp>

namespace xrayon::ml {

/// Where something lies with a stated probability, each element for itself.
template <class Array>
struct bounds {
    Array lower;
    Array upper;
};

namespace detail {

/// A double, or an array of them, element by element.
template <class Array>
[[nodiscard]] const double* data_of(const Array& array) noexcept {
    if constexpr (std::same_as<Array, double>) {
        return &array;
    } else {
        return array.data();
    }
}
template <class Array>
[[nodiscard]] std::size_t size_of(const Array& array) noexcept {
    if constexpr (std::same_as<Array, double>) {
        return 1;
    } else {
        return array.size();
    }
}
/// `f(i)` for each element, in an array of the same shape.
template <class Array, class F>
[[nodiscard]] Array by_element(const Array& like, const F& f) {
    if constexpr (std::same_as<Array, double>) {
        return f(std::size_t{0});
    } else {
        Array out = Array::from_shape(like.shape());
        for (std::size_t i = 0; i < out.size(); ++i) {
            out.data()[i] = f(i);
        }
        return out;
    }
}

template <class Array>
struct counts_like {
    using type = std::size_t;
};
template <xtensor_expression Array>
struct counts_like<Array> {
    using type = std::conditional_t<xt::static_dimension<typename Array::shape_type>::value == -1, xt::xarray<std::size_t>,
                                    xt::xtensor<std::size_t, static_cast<std::size_t>(xt::static_dimension<typename Array::shape_type>::value)>>;
};

} // namespace detail

/// @brief What many samples of a stochastic model say of one batch. Members: mean, stddev, count, quantiles, samples, ddof, precise.
///
/// `Array` has the shape of one sample: double, or an xtensor of doubles (float and integer samples are accumulated in double too).
template <class Array>
struct uncertainty {
    using counts = typename detail::counts_like<Array>::type;

    Array mean = {};
    Array stddev = {};                  ///< With options.ddof; NaN where count <= ddof.
    counts count = {};                  ///< Of samples per element: `samples`, less those omitted as NaN.
    std::vector<Array> quantiles = {};  ///< In the order of options.quantiles.
    std::size_t samples = 0;            ///< Drawn. Fewer than options.samples only where options.until was met before.
    std::size_t ddof = 0;               ///< That stddev was computed with.
    bool precise = false;               ///< options.until was given, and met.

    /// How far the mean of so many samples may be off, as a standard deviation: that of the samples with ddof 1, whatever options.ddof,
    /// over the root of their count. NaN of fewer than 2 samples, or than ddof + 1: their spread is unknown, not 0.
    [[nodiscard]] Array standard_error() const {
        return detail::by_element(mean, [&](std::size_t i) { return error_at(i); });
    }

    /// @brief An interval that holds the mean of the model's distribution in `level` of all seeds: mean -+ t standard errors, with Student's t
    /// for count - 1 degrees of freedom. Exact for normal samples, near it for any once there are some dozens.
    /// @throws argument_error  unless 0 < level < 1.
    [[nodiscard]] bounds<Array> interval(double level) const {
        check(level > 0 && level < 1, "interval: level must be inside (0, 1)", level);
        std::size_t of = 0;  // samples, that `bound` is for
        double bound = 0;
        const Array half = detail::by_element(mean, [&](std::size_t i) {
            const std::size_t n = count_at(i);
            if (n < 2) {
                return std::numeric_limits<double>::quiet_NaN();
            }
            if (n != of) {
                of = n;
                bound = student_t_bound(level, static_cast<double>(n - 1));
            }
            return bound * error_at(i);
        });
        const double* const centre = detail::data_of(mean);
        const double* const reach = detail::data_of(half);
        return {detail::by_element(mean, [&](std::size_t i) { return centre[i] - reach[i]; }),
                detail::by_element(mean, [&](std::size_t i) { return centre[i] + reach[i]; })};
    }

    /// Shape, samples, and the first elements.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const uncertainty& of) {
        const std::size_t n = detail::size_of(of.mean);
        if constexpr (!std::same_as<Array, double>) {
            out << "shape " << shape_text(of.mean.shape()).c_str() << ", ";
        }
        out << of.samples << " samples: ";
        for (std::size_t i = 0; i < n && i < 4; ++i) {
            out << (i == 0 ? "" : ", ") << detail::data_of(of.mean)[i] << " +- " << detail::data_of(of.stddev)[i];
        }
        return out << (n > 4 ? ", ..." : "");
    }

private:
    [[nodiscard]] std::size_t count_at(std::size_t i) const noexcept {
        if constexpr (std::same_as<Array, double>) {
            return count;
        } else {
            return count.data()[i];
        }
    }
    [[nodiscard]] double error_at(std::size_t i) const noexcept {
        const std::size_t n = count_at(i);
        if (n < 2 || n <= ddof) {
            return std::numeric_limits<double>::quiet_NaN();
        }
        const double spread = detail::data_of(stddev)[i];
        return spread * std::sqrt(static_cast<double>(n - ddof) / static_cast<double>(n - 1) / static_cast<double>(n));
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_UNCERTAINTY_HPP
