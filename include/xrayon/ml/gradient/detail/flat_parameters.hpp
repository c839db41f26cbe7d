// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_FLAT_PARAMETERS_HPP
#define XRAYON_ML_GRADIENT_DETAIL_FLAT_PARAMETERS_HPP

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/error.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/ml/gradient/detail/gradient_walk.hpp>
#include <xrayon/par/index.hpp>

// A gradient, or the parameters of a model, as one list of elements: what clips, checks and steps is written once and not for every type.

namespace xrayon::ml::detail {

/// One parameter in memory. Void is const where the gradient is.
template <class Void>
struct flat_block {
    Void* data = nullptr;
    std::size_t size = 0;
    std::size_t first = 0;  // elements of the parameters before it
    bool is_float = false;

    /// Calls `f(pointer)` with a float* or a double* to element k.
    template <class F>
    auto at(std::size_t k, const F& f) const {
        using as_float = std::conditional_t<std::is_const_v<Void>, const float, float>;
        using as_double = std::conditional_t<std::is_const_v<Void>, const double, double>;
        return is_float ? f(static_cast<as_float*>(data) + k) : f(static_cast<as_double*>(data) + k);
    }
    [[nodiscard]] double value(std::size_t k) const {
        return at(k, [](const auto* x) { return static_cast<double>(*x); });
    }
};

template <class Void>
struct flat_parameters {
    std::vector<flat_block<Void>> blocks;
    std::size_t size = 0;  // elements of all

    /// The parameter that element k of all belongs to.
    [[nodiscard]] std::size_t parameter_of(std::size_t k) const {
        const auto behind = std::upper_bound(blocks.begin(), blocks.end(), k, [](std::size_t at, const auto& block) { return at < block.first; });
        return static_cast<std::size_t>(behind - blocks.begin()) - 1;
    }
};

/// @throws argument_error  for a view with gaps
template <class G>
[[nodiscard]] auto flattened(G& g) {
    using pointed = std::conditional_t<std::is_const_v<G>, const void, void>;
    flat_parameters<pointed> flat;
    for_each_parameter(
        [&](auto& parameter) {
            const auto add = [&](auto* data, std::size_t size) {
                flat.blocks.push_back({data, size, flat.size, std::is_same_v<std::remove_cv_t<std::remove_pointer_t<decltype(data)>>, float>});
                flat.size += size;
            };
            if constexpr (gradient_kind_v<decltype(parameter)> == gradient_kind::scalar) {
                add(&parameter, 1);
            } else if constexpr (gradient_array<std::remove_cvref_t<decltype(parameter)>>::viewed) {
                const auto elements = view_of(parameter).span();
                add(elements.data(), elements.size());
            } else {
                add(parameter.data(), parameter.size());
            }
        },
        g);
    return flat;
}

/// A stretch of one parameter.
struct flat_piece {
    std::size_t block = 0;
    std::size_t begin = 0;  // of the block's elements
    std::size_t end = 0;
};

/// All parameters in stretches of at most `length` elements.
template <class Void>
[[nodiscard]] std::vector<flat_piece> pieces_of(const flat_parameters<Void>& flat, std::size_t length) {
    std::vector<flat_piece> pieces;
    for (std::size_t b = 0; b < flat.blocks.size(); ++b) {
        for (std::size_t begin = 0; begin < flat.blocks[b].size; begin += length) {
            pieces.push_back({b, begin, std::min(begin + length, flat.blocks[b].size)});
        }
    }
    return pieces;
}

/// Elements that a task of an element-wise pass takes.
inline constexpr std::size_t step_elements = 4096;

/// `f(piece)` for all of flat, shared among threads where there is enough to share. It ends with all of them done: within an item of another
/// call, which may be cancelled at any time, it is a plain loop.
template <class Void, class F>
void for_each_piece(const flat_parameters<Void>& flat, const F& f, const char* name) {
    const std::vector<flat_piece> pieces = pieces_of(flat, step_elements);
    if (in_call(current_call())) {
        std::for_each(pieces.begin(), pieces.end(), f);
        return;
    }
    for_each_index(pieces.size(), [&](std::size_t i) { f(pieces[i]); }, {.name = name});
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_GRADIENT_DETAIL_FLAT_PARAMETERS_HPP
