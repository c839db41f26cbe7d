// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_DETAIL_SAMPLE_VALUE_HPP
#define XRAYON_ML_DETAIL_SAMPLE_VALUE_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/stored.hpp>

// What a stochastic model may give for a sample, seen in one way: a shape, and numbers that are written as doubles in row-major order.

namespace xrayon::ml::detail {

/// One number.
template <class Value>
concept scalar_sample = std::is_arithmetic_v<stored_t<Value>>;

/// An xtensor container, view or lazy expression.
template <class Value>
concept expression_sample = xtensor_expression<Value> && std::is_arithmetic_v<typename std::remove_cvref_t<Value>::value_type>;

/// An array_view, span or vector.
template <class Value>
concept view_sample = !xtensor_expression<Value> && viewable<const std::remove_cvref_t<Value>&>
                      && std::is_arithmetic_v<typename decltype(view_of(std::declval<const std::remove_cvref_t<Value>&>()))::value_type>;

/// The arrays of one rank, known when compiling or not, and their shapes.
template <std::ptrdiff_t Rank>
struct arrays_of_rank {
    using shape = std::array<std::size_t, static_cast<std::size_t>(Rank)>;
    template <class T>
    using array = xt::xtensor<T, static_cast<std::size_t>(Rank)>;
};
template <>
struct arrays_of_rank<-1> {
    using shape = std::vector<std::size_t>;
    template <class T>
    using array = xt::xarray<T>;
};

template <class Value>
constexpr std::ptrdiff_t sample_rank() {
    if constexpr (xtensor_expression<Value>) {
        return static_cast<std::ptrdiff_t>(xt::static_dimension<typename std::remove_cvref_t<Value>::shape_type>::value);
    } else {
        return static_cast<std::ptrdiff_t>(decltype(view_of(std::declval<const std::remove_cvref_t<Value>&>()))::rank);
    }
}

/// What a sample of the type is to us.
template <class Value>
struct sample_value {
    using arrays = arrays_of_rank<sample_rank<Value>()>;
    using shape = typename arrays::shape;
    template <class T>
    using array = typename arrays::template array<T>;  ///< What results are kept in.

    template <class Sample>
    static shape shape_of(const Sample& sample) {
        shape out{};
        if constexpr (xtensor_expression<Value>) {
            if constexpr (requires { out.resize(0); }) {
                out.resize(sample.dimension());
            }
            for (std::size_t axis = 0; axis < out.size(); ++axis) {
                out[axis] = static_cast<std::size_t>(sample.shape()[axis]);
            }
        } else {
            out = view_of(sample).shape();
        }
        return out;
    }

    /// The elements, row-major, to `to`, which has room for them.
    template <class Sample>
    static void write(const Sample& sample, const shape& shape, std::span<double> to) {
        if constexpr (xtensor_expression<Value>) {
            double* first = to.data();
            auto target = xt::adapt<xt::layout_type::row_major>(std::move(first), to.size(), xt::no_ownership(), shape);
            xt::noalias(target) = sample;
        } else {
            const auto view = view_of(sample);
            const auto from = elements(view);
            if (view.is_contiguous()) {
                std::copy_n(view.data(), to.size(), to.data());
            } else {
                for (std::size_t i = 0; i < to.size(); ++i) {
                    to[i] = static_cast<double>(from[i]);
                }
            }
        }
    }
};

template <class Shape>
[[nodiscard]] std::size_t size_of_shape(const Shape& shape) {
    std::size_t size = 1;
    for (const auto extent : shape) {
        size *= static_cast<std::size_t>(extent);
    }
    return size;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_DETAIL_SAMPLE_VALUE_HPP
