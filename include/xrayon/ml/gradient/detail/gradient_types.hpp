// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_GRADIENT_TYPES_HPP
#define XRAYON_ML_GRADIENT_DETAIL_GRADIENT_TYPES_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/ml/gradient/loss_and_gradient.hpp>

// What a gradient type is made of, and two types that belong to it: the one that owns its values, and the one in which it is summed, where
// every float is a double.

namespace xrayon::ml::detail {

template <class T>
concept gradient_scalar = std::same_as<T, float> || std::same_as<T, double>;

/// A type that adds gradients itself.
template <class G>
concept accumulates = requires(G& sum, const G& other) { sum.accumulate(other); };
template <class G>
concept scales = requires(G& sum, double factor) { sum.scale(factor); };

/// Arrays: their `scalar`, whether somebody else holds the elements, and the array type `with<T>` of other scalars and the same layout.
template <class G>
struct gradient_array {};

template <class EC, std::size_t N, xt::layout_type L, class Tag>
    requires(L != xt::layout_type::dynamic)
struct gradient_array<xt::xtensor_container<EC, N, L, Tag>> {
    using scalar = typename EC::value_type;
    template <class T>
    using with = xt::xtensor<T, N, L>;
    static constexpr bool viewed = false;
    static constexpr bool by_columns = L == xt::layout_type::column_major;
};
template <class EC, xt::layout_type L, class SC, class Tag>
    requires(L != xt::layout_type::dynamic)
struct gradient_array<xt::xarray_container<EC, L, SC, Tag>> {
    using scalar = typename EC::value_type;
    template <class T>
    using with = xt::xarray<T, L>;
    static constexpr bool viewed = false;
    static constexpr bool by_columns = L == xt::layout_type::column_major;
};
template <class ET, class S, xt::layout_type L, bool SH, class Tag>
    requires(L != xt::layout_type::dynamic)
struct gradient_array<xt::xfixed_container<ET, S, L, SH, Tag>> {
    using scalar = ET;
    template <class T>
    using with = xt::xtensor_fixed<T, S, L>;
    static constexpr bool viewed = false;
    static constexpr bool by_columns = L == xt::layout_type::column_major;
};
template <gradient_scalar T, class Allocator>
struct gradient_array<std::vector<T, Allocator>> {
    using scalar = T;
    template <class U>
    using with = std::vector<U>;
    static constexpr bool viewed = false;
    static constexpr bool by_columns = false;
};
template <gradient_scalar T, std::size_t N>
struct gradient_array<std::array<T, N>> {
    using scalar = T;
    template <class U>
    using with = std::array<U, N>;
    static constexpr bool viewed = false;
    static constexpr bool by_columns = false;
};
/// Views, and buffers of users that view_of knows: what is made of them is an xtensor.
template <class View>
struct viewed_array {};
template <class T, std::size_t N>
    requires gradient_scalar<std::remove_const_t<T>>
struct viewed_array<array_view<T, N>> {
    using scalar = std::remove_const_t<T>;
    template <class U>
    using with = xt::xtensor<U, N>;
    static constexpr bool viewed = true;
    static constexpr bool by_columns = false;
};
template <class G>
    requires(!xtensor_expression<G>) && requires(G& g) { typename viewed_array<decltype(view_of(g))>::scalar; }
struct gradient_array<G> : viewed_array<decltype(view_of(std::declval<G&>()))> {};

enum class gradient_kind { none, scalar, array, sequence, tuple, accumulating, with_loss };

template <class G>
[[nodiscard]] constexpr gradient_kind gradient_kind_of() noexcept;

/// Made of scalars and arrays all through.
template <class G>
concept elementwise = gradient_kind_of<G>() == gradient_kind::scalar || gradient_kind_of<G>() == gradient_kind::array
                      || gradient_kind_of<G>() == gradient_kind::sequence || gradient_kind_of<G>() == gradient_kind::tuple;

template <class G>
struct gradient_parts {
    static constexpr gradient_kind kind = gradient_kind::none;
};
template <class E, class Allocator>
struct gradient_parts<std::vector<E, Allocator>> {
    static constexpr gradient_kind kind = elementwise<E> ? gradient_kind::sequence : gradient_kind::none;
    template <class F>
    using mapped = std::vector<F>;
    using element = E;
};
template <class E, std::size_t N>
struct gradient_parts<std::array<E, N>> {
    static constexpr gradient_kind kind = elementwise<E> ? gradient_kind::sequence : gradient_kind::none;
    template <class F>
    using mapped = std::array<F, N>;
    using element = E;
};
template <class... E>
struct gradient_parts<std::tuple<E...>> {
    static constexpr gradient_kind kind = (sizeof...(E) > 0 && (elementwise<E> && ...)) ? gradient_kind::tuple : gradient_kind::none;
};
template <class A, class B>
struct gradient_parts<std::pair<A, B>> {
    static constexpr gradient_kind kind = elementwise<A> && elementwise<B> ? gradient_kind::tuple : gradient_kind::none;
};
template <class G>
struct gradient_parts<loss_and_gradient<G>> {
    static constexpr gradient_kind kind = elementwise<G> || accumulates<G> ? gradient_kind::with_loss : gradient_kind::none;
};

template <class G>
constexpr gradient_kind gradient_kind_of() noexcept {
    if constexpr (accumulates<G>) {
        return gradient_kind::accumulating;
    } else if constexpr (gradient_scalar<G>) {
        return gradient_kind::scalar;
    } else if constexpr (requires { typename gradient_array<G>::scalar; }) {
        return gradient_scalar<typename gradient_array<G>::scalar> ? gradient_kind::array : gradient_kind::none;
    } else {
        return gradient_parts<G>::kind;
    }
}

/// `value`: what owns a gradient of type G. `wide`: what sums them.
template <class G, gradient_kind Kind = gradient_kind_of<G>()>
struct gradient_types {
    using value = G;
    using wide = G;
};
template <class G>
struct gradient_types<G, gradient_kind::scalar> {
    using value = G;
    using wide = double;
};
template <class G>
struct gradient_types<G, gradient_kind::array> {
    using array = gradient_array<G>;
    using value = std::conditional_t<array::viewed, typename array::template with<typename array::scalar>, G>;
    using wide = std::conditional_t<std::same_as<typename array::scalar, double>, value, typename array::template with<double>>;
};
template <class G>
struct gradient_types<G, gradient_kind::sequence> {
    using parts = gradient_parts<G>;
    using element = gradient_types<typename parts::element>;
    template <class E>
    using of = std::conditional_t<std::same_as<E, typename parts::element>, G, typename parts::template mapped<E>>;
    using value = of<typename element::value>;
    using wide = of<typename element::wide>;
};
template <class... E>
struct gradient_types<std::tuple<E...>, gradient_kind::tuple> {
    using value = std::tuple<typename gradient_types<E>::value...>;
    using wide = std::tuple<typename gradient_types<E>::wide...>;
};
template <class A, class B>
struct gradient_types<std::pair<A, B>, gradient_kind::tuple> {
    using value = std::pair<typename gradient_types<A>::value, typename gradient_types<B>::value>;
    using wide = std::pair<typename gradient_types<A>::wide, typename gradient_types<B>::wide>;
};
template <class G>
struct gradient_types<loss_and_gradient<G>, gradient_kind::with_loss> {
    using value = loss_and_gradient<typename gradient_types<G>::value>;
    using wide = loss_and_gradient<typename gradient_types<G>::wide>;
};

template <class G>
using gradient_value = typename gradient_types<G>::value;
template <class G>
using gradient_wide = typename gradient_types<G>::wide;

/// Whether sums of G can be divided: always, but for a type that adds itself and does not scale.
template <class G>
inline constexpr bool averages = gradient_kind_of<G>() == gradient_kind::accumulating ? scales<G> : true;
template <class G>
inline constexpr bool averages<loss_and_gradient<G>> = averages<G>;

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_GRADIENT_DETAIL_GRADIENT_TYPES_HPP
