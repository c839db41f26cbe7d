// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_GRADIENT_WALK_HPP
#define XRAYON_ML_GRADIENT_DETAIL_GRADIENT_WALK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/gradient/detail/gradient_types.hpp>

// Walks through the parameters of gradients that are made alike.

namespace xrayon::ml::detail {

template <class X>
inline constexpr gradient_kind kind_of = gradient_kind_of<std::remove_cvref_t<X>>();

/// The extents of one parameter.
template <class X>
[[nodiscard]] decltype(auto) extents(const X& x) {
    if constexpr (kind_of<X> == gradient_kind::scalar) {
        return std::array<std::size_t, 0>{};
    } else if constexpr (gradient_array<X>::viewed) {
        const auto shape = view_of(x).shape();
        return shape;  // by value: the view goes
    } else if constexpr (requires { x.shape(); }) {
        return (x.shape());
    } else {
        return std::array<std::size_t, 1>{x.size()};
    }
}

template <class X>
[[nodiscard]] shape_error::shape shape_of(const X& x) {
    const auto& shape = extents(x);
    return {std::begin(shape), std::end(shape)};
}

/// Calls `f(elements)` with the elements of one parameter: a span wherever they lie in one piece.
template <class X, class F>
void with_elements(X& x, const F& f) {
    if constexpr (kind_of<X> == gradient_kind::scalar) {
        f(std::span<X>(&x, 1));
    } else if constexpr (gradient_array<std::remove_const_t<X>>::viewed) {
        const auto view = view_of(x);
        if (view.is_contiguous()) {
            f(view.span());
        } else {
            f(elements(view));
        }
    } else {
        f(std::span(x.data(), x.size()));
    }
}

/// Calls `f(parameter of a, parameter of more...)` for each parameter, the loss last. All must be alike.
template <class F, class G, class... More>
void for_each_parameter(const F& f, G& a, More&... more) {
    constexpr gradient_kind kind = kind_of<G>;
    if constexpr (kind == gradient_kind::sequence) {
        for (std::size_t i = 0; i < a.size(); ++i) {
            for_each_parameter(f, a[i], more[i]...);
        }
    } else if constexpr (kind == gradient_kind::tuple) {
        const auto part = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            for_each_parameter(f, std::get<I>(a), std::get<I>(more)...);
        };
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (part(std::integral_constant<std::size_t, I>{}), ...);
        }(std::make_index_sequence<std::tuple_size_v<std::remove_cv_t<G>>>{});
    } else if constexpr (kind == gradient_kind::with_loss) {
        for_each_parameter(f, a.gradient, more.gradient...);
        f(a.loss, more.loss...);
    } else {
        f(a, more...);
    }
}

/// Whether a and b have the same parameters in the same places, each of the same shape. What adds itself knows best.
template <class A, class B>
[[nodiscard]] bool same_outline(const A& a, const B& b) {
    constexpr gradient_kind kind = kind_of<A>;
    if constexpr (kind == gradient_kind::accumulating || kind == gradient_kind::scalar) {
        return true;
    } else if constexpr (kind == gradient_kind::with_loss) {
        return same_outline(a.gradient, b.gradient);
    } else if constexpr (kind == gradient_kind::sequence) {
        bool same = a.size() == b.size();
        for (std::size_t i = 0; same && i < a.size(); ++i) {
            same = same_outline(a[i], b[i]);
        }
        return same;
    } else if constexpr (kind == gradient_kind::tuple) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return (same_outline(std::get<I>(a), std::get<I>(b)) && ...);
        }(std::make_index_sequence<std::tuple_size_v<A>>{});
    } else {
        const auto& left = extents(a);
        const auto& right = extents(b);
        return std::equal(std::begin(left), std::end(left), std::begin(right), std::end(right),
                          [](auto l, auto r) { return static_cast<std::size_t>(l) == static_cast<std::size_t>(r); });
    }
}

/// The shapes of all parameters; a loss is none.
using outline = std::vector<shape_error::shape>;

template <class G>
[[nodiscard]] outline outline_of(const G& g) {
    outline shapes;
    if constexpr (kind_of<G> == gradient_kind::with_loss) {
        return outline_of(g.gradient);
    } else if constexpr (kind_of<G> != gradient_kind::accumulating) {
        for_each_parameter([&](const auto& parameter) { shapes.push_back(shape_of(parameter)); }, g);
    }
    return shapes;
}

/// "1 batch", "2 batches".
[[nodiscard]] inline std::string count_text(std::size_t count, std::string_view one, std::string_view many) {
    return to_text(count) + " " + std::string(count == 1 ? one : many);
}

/// Says how two outlines differ: `<op>: batch 3 parameter 2 has shape (4, 5), batch 0 has (5, 4)`.
template <class = when_called>
[[noreturn]] void fail_outline(std::string_view op, const std::string& which, const outline& got, const std::string& reference,
                               const outline& expected) {
    const std::string begin = std::string(op) + ": " + which;
    if (got.size() != expected.size()) {
        throw shape_error(begin + " has " + count_text(got.size(), "parameter", "parameters") + ", " + reference + " has " + to_text(expected.size()),
                          {got.size()}, {expected.size()});
    }
    for (std::size_t p = 0; p < got.size(); ++p) {
        if (got[p] != expected[p]) {
            throw shape_error(begin + " parameter " + to_text(p) + " has shape " + shape_text(got[p]) + ", " + reference + " has "
                                  + shape_text(expected[p]),
                              got[p], expected[p]);
        }
    }
    throw shape_error(begin + " groups its parameters otherwise than " + reference, {}, {});
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_GRADIENT_DETAIL_GRADIENT_WALK_HPP
