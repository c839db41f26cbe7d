// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_OPTIMIZER_DETAIL_OPTIMIZER_STEP_HPP
#define XRAYON_ML_OPTIMIZER_DETAIL_OPTIMIZER_STEP_HPP

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/check.hpp>
#include <xrayon/ml/gradient/detail/flat_parameters.hpp>

// What optimizers share: the look at shapes before anything is touched, and the pass over all elements.

namespace xrayon::ml::detail {

/// A rate or a factor: finite and not negative.
inline void check_rate(std::string_view what, double value) {
    check(value >= 0 && std::isfinite(value), std::string(what) + " must be finite and >= 0", value);
}

/// `first` is the outline at the first step; empty before.
/// @throws shape_error  `sgd: gradient parameter 2 has shape (4, 5), model has (5, 4)`, `sgd: model parameter 2 has shape (4, 5), first
///                      step has (5, 4)`
template <class Parameters, class G>
void check_step(std::string_view op, const Parameters& parameters, const G& gradient, outline& first, bool begun) {
    if (!same_outline(parameters, gradient)) [[unlikely]] {
        fail_outline(op, "gradient", outline_of(gradient), "model", outline_of(parameters));
    }
    if (!begun) {
        first = outline_of(parameters);
    } else if (outline now = outline_of(parameters); now != first) [[unlikely]] {
        fail_outline(op, "model", now, "first step", first);
    }
}

/// `update(parameter, gradient, k)` for every element, in doubles; k counts over all parameters. What it gives is the new parameter.
/// `into` and `from` are flattened() parameters and gradient: what they throw comes before anything has changed.
template <class Into, class From, class Update>
void step_elements_of(const Into& into, const From& from, const Update& update, const char* name) {
    for_each_piece(
        into,
        [&](const flat_piece& piece) {
            const auto& block = into.blocks[piece.block];
            block.at(0, [&](auto* p) {
                from.blocks[piece.block].at(0, [&](const auto* g) {
                    for (std::size_t k = piece.begin; k < piece.end; ++k) {
                        p[k] = static_cast<std::remove_pointer_t<decltype(p)>>(
                            update(static_cast<double>(p[k]), static_cast<double>(g[k]), block.first + k));
                    }
                });
            });
        },
        name);
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_OPTIMIZER_DETAIL_OPTIMIZER_STEP_HPP
