// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_LOSS_AND_GRADIENT_HPP
#define XRAYON_ML_GRADIENT_LOSS_AND_GRADIENT_HPP

#include <xrayon/core/config.hpp>

namespace xrayon::ml {

/// What a gradient function gives that knows its loss too: both are averaged alike, in one pass. `return loss_and_gradient{loss, g};`
template <class G>
struct loss_and_gradient {
    double loss = 0;
    G gradient = {};
};
template <class G>
loss_and_gradient(double, G) -> loss_and_gradient<G>;

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_LOSS_AND_GRADIENT_HPP
