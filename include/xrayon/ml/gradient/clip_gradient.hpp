// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_CLIP_GRADIENT_HPP
#define XRAYON_ML_GRADIENT_CLIP_GRADIENT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/gradient/detail/flat_parameters.hpp>
#include <xrayon/ml/gradient/gradient.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

namespace detail {

/// A norm as mantissa * 2^exponent: it may be beyond the largest double.
struct scaled_norm {
    double mantissa = 0;
    int exponent = 0;
    [[nodiscard]] double value() const { return std::ldexp(mantissa, exponent); }
};

/// The largest magnitude in a piece, NaN if there is one.
template <class Void>
[[nodiscard]] double largest_in(const flat_parameters<Void>& flat, const flat_piece& piece) {
    return flat.blocks[piece.block].at(0, [&](const auto* x) {
        double largest = 0;
        for (std::size_t k = piece.begin; k < piece.end; ++k) {
            const double magnitude = std::abs(static_cast<double>(x[k]));
            largest = magnitude > largest || std::isnan(magnitude) ? magnitude : largest;
            if (std::isnan(largest)) [[unlikely]] {
                break;
            }
        }
        return largest;
    });
}

/// The L2 norm of all elements: squares of what has been brought to about 1, in eight lanes per leaf of 1,024 elements, leaves along the
/// canonical tree.
/// @throws argument_error  `<op>: parameter 2 element 17 must be finite, got inf`
template <class Void>
[[nodiscard]] scaled_norm norm_of(const flat_parameters<Void>& flat, std::string_view op) {
    const std::vector<flat_piece> leaves = pieces_of(flat, 1024);
    if (leaves.empty()) {
        return {};
    }
    const auto larger = [](double a, double b) { return b > a || std::isnan(b) ? b : a; };
    const double largest = fold_index(
        leaves.size(), 1, [&](std::size_t i, std::size_t) { return largest_in(flat, leaves[i]); },
        [&](double a, double b) { return std::isnan(a) ? a : larger(a, b); }, {.name = op});
    if (!std::isfinite(largest)) [[unlikely]] {
        for (const flat_piece& piece : leaves) {
            for (std::size_t k = piece.begin; k < piece.end; ++k) {
                if (const double x = flat.blocks[piece.block].value(k); !std::isfinite(x)) {
                    check(false, std::string(op) + ": parameter " + to_text(piece.block) + " element " + to_text(k) + " must be finite", x);
                }
            }
        }
    }
    if (largest == 0) {
        return {};
    }
    int exponent = 0;
    static_cast<void>(std::frexp(largest, &exponent));
    // In two steps: 2^1074, which brings a denormal to 1, is no double.
    const double half = std::ldexp(1.0, -exponent / 2);
    const double rest = std::ldexp(1.0, -exponent - (-exponent / 2));
    const auto leaf = [&](std::size_t i, std::size_t) {
        return flat.blocks[leaves[i].block].at(0, [&](const auto* x) {
            double lanes[8] = {};
            const auto add = [&](std::size_t k, std::size_t lane) {
                const double scaled = static_cast<double>(x[k]) * half * rest;
                lanes[lane] += scaled * scaled;
            };
            std::size_t k = leaves[i].begin;
            for (; k + 8 <= leaves[i].end; k += 8) {
                for (std::size_t lane = 0; lane < 8; ++lane) {
                    add(k + lane, lane);
                }
            }
            for (std::size_t lane = 0; k < leaves[i].end; ++k, ++lane) {
                add(k, lane);
            }
            return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
        });
    };
    const double squares = fold_index(leaves.size(), 1, leaf, [](double a, double b) { return a + b; }, {.name = op});
    return {std::sqrt(squares), exponent};
}

} // namespace detail

/// @brief The L2 norm of a gradient over all elements of all parameters.
/// @throws argument_error  `gradient_norm: parameter 2 element 17 must be finite, got nan`
/// The same bits at every thread count; no square over- or underflows. Infinity only where the norm itself is beyond the doubles.
template <elementwise_gradient G>
[[nodiscard]] double gradient_norm(const G& gradient) {
    return detail::norm_of(detail::flattened(gradient), "gradient_norm").value();
}

/// @brief Scales a gradient down to a norm of `max_norm`, if it is longer: all elements of all parameters by one factor.
///
/// @param gradient  Changed in place. Views in it must have no gaps.
/// @param max_norm  > 0; infinity never clips.
/// @returns         The L2 norm that the gradient had (gradient_norm).
/// @throws argument_error  `clip_by_norm: max_norm must be > 0, got 0`; `clip_by_norm: parameter 2 element 17 must be finite, got nan`, as
///                         scaling would make all others 0 or NaN. The gradient is unchanged then.
///
/// The same bits at every thread count. @see clip_by_value
template <elementwise_gradient G>
double clip_by_norm(G& gradient, double max_norm) {
    check(max_norm > 0, "clip_by_norm: max_norm must be > 0", max_norm);
    const auto flat = detail::flattened(gradient);
    const detail::scaled_norm norm = detail::norm_of(flat, "clip_by_norm");
    if (norm.value() > max_norm) {
        // Both near 1, so that the factor is right where the norm is beyond the doubles, or max_norm is nearly 0.
        int exponent = 0;
        const double factor = std::frexp(max_norm, &exponent) / norm.mantissa;
        const int shift = exponent - norm.exponent;
        detail::for_each_piece(
            flat,
            [&](const detail::flat_piece& piece) {
                flat.blocks[piece.block].at(0, [&](auto* x) {
                    using scalar = std::remove_pointer_t<decltype(x)>;
                    const double plain = std::ldexp(factor, shift);
                    const bool exact = std::isnormal(plain);
                    for (std::size_t k = piece.begin; k < piece.end; ++k) {
                        const auto value = static_cast<double>(x[k]);
                        x[k] = static_cast<scalar>(exact ? value * plain : std::ldexp(value * factor, shift));
                    }
                });
            },
            "clip_by_norm");
    }
    return norm.value();
}

/// @brief Brings every element of a gradient into [-limit, limit]; NaN stays.
/// @throws argument_error  `clip_by_value: limit must be > 0, got 0`
template <elementwise_gradient G>
void clip_by_value(G& gradient, double limit) {
    check(limit > 0, "clip_by_value: limit must be > 0", limit);
    const auto flat = detail::flattened(gradient);
    detail::for_each_piece(
        flat,
        [&](const detail::flat_piece& piece) {
            flat.blocks[piece.block].at(0, [&](auto* x) {
                using scalar = std::remove_pointer_t<decltype(x)>;
                // Rounded down: a float must not be larger than the limit.
                auto bound = static_cast<scalar>(std::min(limit, static_cast<double>(std::numeric_limits<scalar>::max())));
                if (static_cast<double>(bound) > limit) {
                    bound = std::nextafter(bound, scalar(0));
                }
                for (std::size_t k = piece.begin; k < piece.end; ++k) {
                    x[k] = x[k] > bound ? bound : x[k] < -bound ? -bound : x[k];
                }
            });
        },
        "clip_by_value");
}

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_CLIP_GRADIENT_HPP
