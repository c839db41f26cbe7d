// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_ELEMENT_KERNELS_HPP
#define XRAYON_ML_GRADIENT_DETAIL_ELEMENT_KERNELS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include <xrayon/core/canonical_tree.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/ml/gradient/detail/gradient_arithmetic.hpp>

// What becomes of a block of elements of many gradients. Element k of every gradient goes along the canonical tree over gradients, the same
// additions that a fold of whole gradients makes, and so the same bits; but each gradient is read once and no sum of two is ever stored.

namespace xrayon::ml::detail {

/// Elements that are taken together: a block for each level of the tree stays in the first-level cache.
inline constexpr std::size_t block_elements = 512;

/// One parameter of n gradients: gradient i has its elements at data[i], null if it is left out.
template <class T>
struct gathered {
    std::vector<const T*> data;
    const double* weights = nullptr;  // by gradient
    bool holes = false;
};

inline void add_block(double* sum, const double* other, std::size_t count) {
    combine_elements(sum, other, count, [](double x, double y) { return x + y; });
}

/// Not inlined, so that the product is rounded before it is added (gradient_arithmetic.hpp, multiply).
XRAYON_NOINLINE inline void multiply_block(double* block, double weight, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) {
        block[k] *= weight;
    }
}

/// The sum of gradients [lo, hi), elements [at, at + count): all are there, and weigh 1.
template <class T>
void plain_tree_sum(const T* const* data, std::size_t lo, std::size_t hi, std::size_t at, std::size_t count, double* out) {
    const auto each = [&](const auto& value) {
        std::size_t k = 0;
        for (; k + unrolled <= count; k += unrolled) {
            for (std::size_t l = 0; l < unrolled; ++l) {
                out[k + l] = value(at + k + l);
            }
        }
        for (; k < count; ++k) {
            out[k] = value(at + k);
        }
    };
    const T* const a = data[lo];
    if (hi - lo == 1) {
        each([a](std::size_t k) { return static_cast<double>(a[k]); });
    } else if (const T* const b = data[lo + 1]; hi - lo == 2) {
        each([a, b](std::size_t k) { return static_cast<double>(a[k]) + static_cast<double>(b[k]); });
    } else if (const T* const c = data[lo + 2]; hi - lo == 3) {
        each([a, b, c](std::size_t k) { return (static_cast<double>(a[k]) + static_cast<double>(b[k])) + static_cast<double>(c[k]); });
    } else if (hi - lo == 4) {
        const T* const d = data[lo + 3];
        each([a, b, c, d](std::size_t k) {
            return (static_cast<double>(a[k]) + static_cast<double>(b[k])) + (static_cast<double>(c[k]) + static_cast<double>(d[k]));
        });
    } else {
        const std::size_t middle = canonical_split(lo, hi);
        std::array<double, block_elements> right;
        plain_tree_sum(data, lo, middle, at, count, out);
        plain_tree_sum(data, middle, hi, at, count, right.data());
        add_block(out, right.data(), count);
    }
}

/// The same with weights and holes. False: all were left out, and there is no sum.
template <class T>
bool tree_sum(const gathered<T>& all, std::size_t lo, std::size_t hi, std::size_t at, std::size_t count, double* out) {
    if (hi - lo == 1) {
        if (all.data[lo] == nullptr) {
            return false;
        }
        for (std::size_t k = 0; k < count; ++k) {
            out[k] = static_cast<double>(all.data[lo][at + k]);
        }
        if (all.weights != nullptr) {
            multiply_block(out, all.weights[lo], count);
        }
        return true;
    }
    const std::size_t middle = canonical_split(lo, hi);
    if (!tree_sum(all, lo, middle, at, count, out)) {
        return tree_sum(all, middle, hi, at, count, out);
    }
    std::array<double, block_elements> right;
    if (tree_sum(all, middle, hi, at, count, right.data())) {
        add_block(out, right.data(), count);
    }
    return true;
}

/// Kernels: `kernel(all, at, count, out)` for a block of at most block_elements.
struct sum_kernel {
    double divisor = 1;
    bool divides = false;

    template <class T, class U>
    void operator()(const gathered<T>& all, std::size_t at, std::size_t count, U* out) const {
        std::array<double, block_elements> sum;
        if (all.holes || all.weights != nullptr) {
            tree_sum(all, 0, all.data.size(), at, count, sum.data());
        } else {
            plain_tree_sum(all.data.data(), 0, all.data.size(), at, count, sum.data());
        }
        for (std::size_t k = 0; k < count; ++k) {
            out[k] = static_cast<U>(divides ? sum[k] / divisor : sum[k]);
        }
    }
};

/// Calls `f(values)` with the values that the gradients have at each element, a NaN among them aside: then the element is NaN.
template <class T, class U, class F>
void each_column(const gathered<T>& all, std::size_t at, std::size_t count, U* out, const F& f) {
    // A cache line of each gradient at a time.
    constexpr std::size_t width = 8;
    const std::size_t n = all.data.size();
    std::vector<double> columns(width * n);
    for (std::size_t first = 0; first < count; first += width) {
        const std::size_t in_reach = std::min(width, count - first);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t c = 0; c < in_reach; ++c) {
                columns[c * n + i] = static_cast<double>(all.data[i][at + first + c]);
            }
        }
        for (std::size_t c = 0; c < in_reach; ++c) {
            double* const column = columns.data() + c * n;
            const bool nan = std::any_of(column, column + n, [](double x) { return std::isnan(x); });
            out[first + c] = static_cast<U>(nan ? std::numeric_limits<double>::quiet_NaN() : f(column, n));
        }
    }
}

/// -0 before 0, so that the order does not depend on who sorts.
struct value_order {
    bool operator()(double a, double b) const noexcept { return a < b || (a == b && std::signbit(a) && !std::signbit(b)); }
};

struct median_kernel {
    template <class T, class U>
    void operator()(const gathered<T>& all, std::size_t at, std::size_t count, U* out) const {
        each_column(all, at, count, out, [](double* column, std::size_t n) {
            double* const upper = column + n / 2;
            std::nth_element(column, upper, column + n, value_order());
            return n % 2 == 1 ? *upper : std::midpoint(*std::max_element(column, upper, value_order()), *upper);
        });
    }
};

struct trimmed_mean_kernel {
    std::size_t trim = 0;

    template <class T, class U>
    void operator()(const gathered<T>& all, std::size_t at, std::size_t count, U* out) const {
        each_column(all, at, count, out, [this](double* column, std::size_t n) {
            std::sort(column, column + n, value_order());
            double sum = column[trim];
            for (std::size_t i = trim + 1; i < n - trim; ++i) {
                sum += column[i];
            }
            return sum / static_cast<double>(n - 2 * trim);
        });
    }
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_GRADIENT_DETAIL_ELEMENT_KERNELS_HPP
