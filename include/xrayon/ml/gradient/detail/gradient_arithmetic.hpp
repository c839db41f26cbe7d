// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_GRADIENT_ARITHMETIC_HPP
#define XRAYON_ML_GRADIENT_DETAIL_GRADIENT_ARITHMETIC_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/ml/gradient/detail/gradient_walk.hpp>
#include <xrayon/par/index.hpp>

// Element-wise arithmetic on whole gradients.

namespace xrayon::ml::detail {

/// Elements that one task takes, and from how many on there are several. A pass over fewer costs less than sharing it.
inline constexpr std::size_t elements_per_task = std::size_t{1} << 15;
inline constexpr std::size_t elements_to_share = std::size_t{1} << 17;

/// `f(begin, end)` over [0, n), shared among threads if n is large. What f does to an element must not depend on where it is cut.
template <class F>
void in_pieces(std::size_t n, const F& f) {
    if (n < elements_to_share) {
        f(std::size_t{0}, n);
        return;
    }
    const std::size_t pieces = n / elements_per_task;
    for_each_index(pieces, [&](std::size_t i) { f(i * elements_per_task, i + 1 == pieces ? n : (i + 1) * elements_per_task); },
                   {.name = "elements"});
}

// Eight elements at a time: a loop of known length is what g++ makes vectors of at -O2.
inline constexpr std::size_t unrolled = 8;

/// a[k] := f(a[k], b[k]). The arrays are one and the same or lie apart.
template <class A, class B, class F>
inline void combine_elements(A* a, const B* b, std::size_t n, const F& f) {
    std::size_t k = 0;
    for (; k + unrolled <= n; k += unrolled) {
        A left[unrolled];
        for (std::size_t l = 0; l < unrolled; ++l) {
            left[l] = f(a[k + l], b[k + l]);
        }
        for (std::size_t l = 0; l < unrolled; ++l) {
            a[k + l] = left[l];
        }
    }
    for (; k < n; ++k) {
        a[k] = f(a[k], b[k]);
    }
}

/// sum += other. Both have the same outline.
template <class Sum, class Other>
void add(Sum& sum, const Other& other) {
    if constexpr (gradient_kind_v<Sum> == gradient_kind::accumulating) {
        sum.accumulate(other);
    } else if constexpr (gradient_kind_v<Sum> == gradient_kind::with_loss) {
        add(sum.gradient, other.gradient);
        sum.loss += other.loss;
    } else {
        for_each_parameter(
            [](auto& to, const auto& from) {
                with_elements(to, [&](auto left) {
                    with_elements(from, [&](auto right) {
                        in_pieces(left.size(), [&](std::size_t begin, std::size_t end) {
                            combine_elements(left.data() + begin, right.data() + begin, end - begin, [](auto x, auto y) { return x + y; });
                        });
                    });
                });
            },
            sum, other);
    }
}

/// Every element x of g becomes f(x). Of what scales itself, only `factor` is known.
template <class G, class F>
void transform_elements(G& g, double factor, const F& f) {
    if constexpr (gradient_kind_v<G> == gradient_kind::accumulating) {
        if constexpr (scales<G>) {
            g.scale(factor);
        }
    } else if constexpr (gradient_kind_v<G> == gradient_kind::with_loss) {
        transform_elements(g.gradient, factor, f);
        g.loss = f(g.loss);
    } else {
        for_each_parameter(
            [&](auto& parameter) {
                with_elements(parameter, [&](auto x) {
                    in_pieces(x.size(), [&](std::size_t begin, std::size_t end) {
                        for (std::size_t k = begin; k < end; ++k) {
                            x[k] = f(x[k]);
                        }
                    });
                });
            },
            g);
    }
}

// Never inlined: a product must be rounded before it is added to another, and g++ fuses both into one instruction where it sees them
// together and the processor has one.
template <class G>
XRAYON_NOINLINE void multiply(G& g, double factor) {
    transform_elements(g, factor, [factor](double x) { return x * factor; });
}
template <class G>
void divide(G& g, double divisor) {
    transform_elements(g, 1 / divisor, [divisor](double x) { return x / divisor; });
}

/// Gives `to` the outline of `from`; what its elements are then is not said.
template <class To, class From>
void shape_like(To& to, const From& from) {
    constexpr gradient_kind kind = gradient_kind_v<To>;
    if constexpr (kind == gradient_kind::with_loss) {
        shape_like(to.gradient, from.gradient);
    } else if constexpr (kind == gradient_kind::sequence) {
        if constexpr (requires { to.resize(from.size()); }) {
            to.resize(from.size());
        }
        for (std::size_t i = 0; i < from.size(); ++i) {
            shape_like(to[i], from[i]);
        }
    } else if constexpr (kind == gradient_kind::tuple) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (shape_like(std::get<I>(to), std::get<I>(from)), ...);
        }(std::make_index_sequence<std::tuple_size_v<From>>{});
    } else if constexpr (kind == gradient_kind::array) {
        const auto& shape = extents(from);
        if constexpr (requires { typename To::shape_type; to.shape(); }) {
            if constexpr (requires { to.resize(typename To::shape_type()); }) {
                typename To::shape_type same;
                if constexpr (requires { same.resize(std::size(shape)); }) {
                    same.resize(std::size(shape));
                }
                std::copy(std::begin(shape), std::end(shape), same.begin());
                to.resize(same);
            }
        } else if constexpr (requires { to.resize(from.size()); }) {
            to.resize(static_cast<std::size_t>(*std::begin(shape)));
        }
    }
}

/// Copies, with other scalars perhaps: `to` gets outline and elements of `from`. Not for what adds itself.
template <class To, class From>
void assign(To& to, const From& from) {
    shape_like(to, from);
    for_each_parameter(
        [](auto& left, const auto& right) {
            with_elements(left, [&](auto x) {
                with_elements(right, [&](auto y) {
                    for (std::size_t k = 0; k < x.size(); ++k) {
                        x[k] = static_cast<std::remove_cvref_t<decltype(x[k])>>(y[k]);
                    }
                });
            });
        },
        to, from);
}

/// Every element becomes 0.
template <class G>
void clear(G& g) {
    for_each_parameter(
        [](auto& parameter) {
            with_elements(parameter, [](auto x) {
                for (auto& element : x) {
                    element = 0;
                }
            });
        },
        g);
}

/// The first NaN of a gradient: its parameter, and the element of that in row-major order.
struct nan_place {
    std::size_t parameter = 0;
    std::size_t element = 0;
    bool loss = false;
};

/// Element k in memory, of an array that is kept by columns, as a row-major index.
template <class Shape>
[[nodiscard]] std::size_t row_major(std::size_t k, const Shape& shape) {
    std::size_t index = 0;
    std::size_t stride = 1;
    for (const auto extent : shape) {
        stride *= static_cast<std::size_t>(extent);
    }
    for (const auto each : shape) {
        const auto extent = static_cast<std::size_t>(each);
        stride /= extent;
        index += k % extent * stride;
        k /= extent;
    }
    return index;
}

/// Whether a parameter lies in memory column by column.
template <class X>
inline constexpr bool by_columns = false;
template <class X>
    requires(gradient_kind_of<X>() == gradient_kind::array)
inline constexpr bool by_columns<X> = gradient_array<X>::by_columns;

/// The first NaN of one parameter.
template <class X>
[[nodiscard]] std::optional<std::size_t> find_nan_in(const X& parameter) {
    std::optional<std::size_t> found;
    with_elements(parameter, [&](auto x) {
        for (std::size_t k = 0; k < x.size(); ++k) {
            if (!std::isnan(x[k])) [[likely]] {
                continue;
            }
            if constexpr (by_columns<X>) {
                const std::size_t element = row_major(k, extents(parameter));
                found = found ? std::min(*found, element) : element;
            } else {
                found = k;
                return;
            }
        }
    });
    return found;
}

template <class G>
[[nodiscard]] std::optional<nan_place> find_nan(const G& g) {
    std::optional<nan_place> found;
    if constexpr (gradient_kind_v<G> == gradient_kind::with_loss) {
        found = find_nan(g.gradient);
        if (!found && std::isnan(g.loss)) {
            found = nan_place{.loss = true};
        }
    } else if constexpr (gradient_kind_v<G> != gradient_kind::accumulating) {
        std::size_t number = 0;
        for_each_parameter(
            [&](const auto& parameter) {
                if (!found) {
                    if (const auto element = find_nan_in(parameter)) {
                        found = nan_place{.parameter = number, .element = *element};
                    }
                }
                ++number;
            },
            g);
    }
    return found;
}

/// Throws `<op>: batch 3 parameter 2 element 17 is NaN`.
template <class = when_called>
[[noreturn]] void fail_nan(std::string_view op, std::size_t batch, const nan_place& at) {
    const std::string begin = std::string(op) + ": batch " + to_text(batch);
    throw argument_error(at.loss ? begin + " has loss NaN"
                                 : begin + " parameter " + to_text(at.parameter) + " element " + to_text(at.element) + " is NaN",
                         "nan");
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_GRADIENT_DETAIL_GRADIENT_ARITHMETIC_HPP
