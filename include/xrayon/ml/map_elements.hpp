// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MAP_ELEMENTS_HPP
#define XRAYON_ML_MAP_ELEMENTS_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/array/aliasing.hpp>
#include <xrayon/array/array_view.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

struct map_elements_options {
    std::optional<std::size_t> grain = {};  ///< Blocks of 1,024 elements per claim, >= 1. Unset: found while running.
    run_options run = {};
};

namespace detail {

inline constexpr std::size_t map_block = 1024;

/// Views of one or several arrays, all of one shape.
template <class... View>
struct mapped_arrays {
    std::tuple<View...> views;

    static constexpr std::size_t rank = std::tuple_element_t<0, std::tuple<View...>>::rank;
    template <class F>
    using result = std::remove_cvref_t<std::invoke_result_t<const F&, decltype(*std::declval<View>().data())...>>;

    [[nodiscard]] const auto& shape() const { return std::get<0>(views).shape(); }
    void check_shapes(std::string_view op) const {
        std::size_t k = 0;
        std::apply([&](const auto&... view) { (check_same_shape(op, "array " + to_text(k++), view.shape(), "array 0", shape()), ...); },
                   views);
    }
};

template <class Arrays>
[[nodiscard]] auto mapped(const Arrays& arrays) {
    return mapped_arrays<decltype(view_of(arrays))>{{view_of(arrays)}};
}
template <class... Array>
[[nodiscard]] auto mapped(const std::tuple<Array...>& arrays) {
    return std::apply([](const auto&... array) { return mapped_arrays<decltype(view_of(array))...>{{view_of(array)...}}; }, arrays);
}

template <class Arrays>
using mapped_t = decltype(mapped(std::declval<const Arrays&>()));

/// Element i of each; elements lie behind each other where all arrays are contiguous, and the compiler may then take many at once.
template <class F, class Out, class... View>
void map_block_of(const F& f, const Out& out, const std::tuple<View...>& views, std::size_t begin, std::size_t end) {
    const bool contiguous = out.is_contiguous() && std::apply([](const auto&... view) { return (view.is_contiguous() && ...); }, views);
    std::apply(
        [&](const auto&... view) {
            if (contiguous) {
                [&](auto* const to, const auto* const... from) {
                    for (std::size_t i = begin; i < end; ++i) {
                        to[i] = std::invoke(f, from[i]...);
                    }
                }(out.data(), view.data()...);
            } else {
                [&](const auto& to, const auto&... from) {
                    for (std::size_t i = begin; i < end; ++i) {
                        element(to, i) = std::invoke(f, std::as_const(element(from, i))...);
                    }
                }(elements(out), elements(view)...);
            }
        },
        views);
}

/// Element for element the same, or no byte in common.
template <class Out, class From>
[[nodiscard]] bool same_or_apart(const Out& out, const From& from) {
    const bool same = static_cast<const void*>(out.data()) == static_cast<const void*>(from.data()) && out.strides() == from.strides()
                      && std::is_same_v<typename Out::value_type, typename From::value_type>;
    return same || !shared_bytes(batches(out, std::size_t{1}), batches(from, std::size_t{1}));
}

template <class F, class Arrays, class Out>
void map_into(const F& f, const Arrays& arrays, const Out& out, const map_elements_options& options, std::string_view op) {
    const std::size_t n = out.size();
    for_each_index(n / map_block + (n % map_block != 0),
                   [&](std::size_t block) { map_block_of(f, out, arrays.views, block * map_block, std::min(n, (block + 1) * map_block)); },
                   {.grain = options.grain, .run = options.run, .name = op});
}

} // namespace detail

/// One array, or a std::tuple of several of one rank, `std::tie(a, b)`: array_views, vectors, xtensor containers, adaptors or views.
template <class Arrays>
concept mappable_arrays = requires(const Arrays& arrays) {
    detail::mapped(arrays);
};

/// @brief `f(a(i, j, ...), b(i, j, ...), ...)` for every element, in parallel: the arrays that a formula reads, in one pass.
///
/// @param arrays  One array, or `std::tie(a, b, ...)`; all of one shape. Only read. Any layouts.
/// @param f       Called once for each element, as const, from several threads; gives a number, or any value.
/// @returns       An xt::xtensor of that shape, row-major.
/// @throws shape_error  `map_elements: array 1 has shape (3, 4), array 0 has (4, 3)`: nothing is broadcast.
/// @throws ...          what f threw for the lowest failing element, in row-major order, unchanged; options.run.report counts blocks of
///                      1,024 elements.
///
/// Same at every thread count: every bit, and the exception.
/// **Cost.** Contiguous arrays go as a plain loop over pointers, which the compiler can vectorise; others about 2 ns an element more for each axis.
///
/// **Example.** `auto y = map_elements(std::tie(x, mean, scale), [](double x, double m, double s) { return (x - m) / s; });`
template <mappable_arrays Arrays, class F>
requires storable<typename detail::mapped_t<Arrays>::template result<F>> [[nodiscard]] auto map_elements(
    const Arrays& arrays, const F& f, const map_elements_options& options = {}) {
    using mapped = detail::mapped_t<Arrays>;
    const mapped all = detail::mapped(arrays);
    all.check_shapes("map_elements");
    using array = xt::xtensor<typename mapped::template result<F>, mapped::rank, xt::layout_type::row_major>;
    array out = array::from_shape(all.shape());
    detail::map_into(f, all, view_of(out), options, "map_elements");
    return out;
}

/// @brief As map_elements, into an array that exists; nothing is allocated.
/// @param out  Mutable, of the arrays' shape; each index an element of its own. May be one of the arrays, element for element.
/// @throws shape_error     `map_elements_into: out has shape (4, 3), array 0 has (3, 4)`, before f is called.
/// @throws argument_error  if two indices of out name one element, or out overlaps an array otherwise. Nothing was written then.
template <mappable_arrays Arrays, class F, class Out>
    requires viewable<Out&> &&(!std::is_const_v<typename decltype(view_of(std::declval<Out&>()))::element_type>)&&std::is_assignable_v<
        typename decltype(view_of(std::declval<Out&>()))::element_type&,
        typename detail::mapped_t<Arrays>::template result<F>> void map_elements_into(const Arrays& arrays, const F& f, Out&& out,
                                                                                      const map_elements_options& options = {}) {
        const auto all = detail::mapped(arrays);
        const auto view = view_of(out);
        all.check_shapes("map_elements_into");
        check_same_shape("map_elements_into", "out", view.shape(), "array 0", all.shape());
        check(elements_lie_apart(batches(view, std::size_t{1})), "map_elements_into: every index of out must be an element of its own");
        std::apply(
            [&](const auto&... from) {
                check((detail::same_or_apart(view, from) && ...), "map_elements_into: out must be one of the arrays, element for element, or lie apart");
            },
            all.views);
        detail::map_into(f, all, view, options, "map_elements_into");
    }

} // namespace xrayon::ml

#endif // XRAYON_ML_MAP_ELEMENTS_HPP
