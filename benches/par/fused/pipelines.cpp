// SPDX-License-Identifier: Apache-2.0
// The same sums as a sequence and as loops by hand. bench.par.fused compiles this file with several compilers and flags and loads what comes
// of it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include <xrayon/par/sequence.hpp>

extern "C" {

double fused_sequence(const double* x, std::size_t n) {
    const std::span<const double> all(x, n);
    return xrayon::par(all).map([](double v) { return v * 1.5 + 0.25; }).filter([](double v) { return v > 0; }).map([](double v) { return v * v; }).sum();
}

double fused_loop(const double* x, std::size_t n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double v = x[i] * 1.5 + 0.25;
        if (v > 0) {
            sum += v * v;
        }
    }
    return sum;
}

/// The bits of the sequence: the loop that its documentation describes, leaves of 1,024 items in 8 lanes, joined along the canonical tree.
static double fused_tree(const double* x, std::size_t first, std::size_t leaves, std::size_t n) {
    if (leaves > 1) {
        std::size_t left = 1;
        while (2 * left < leaves) {
            left *= 2;
        }
        const double a = fused_tree(x, first, left, n);
        return a + fused_tree(x, first + left, leaves - left, n);
    }
    std::array<double, 8> lane{};
    const std::size_t end = std::min(n, (first + 1) * 1024);
    std::size_t i = first * 1024;
    const auto take = [&](std::size_t l, std::size_t at) {
        const double v = x[at] * 1.5 + 0.25;
        if (v > 0) {
            lane[l] += v * v;
        }
    };
    for (; end - i >= 8; i += 8) {
        for (std::size_t l = 0; l < 8; ++l) {
            take(l, i + l);
        }
    }
    for (std::size_t l = 0; i < end; ++i, ++l) {
        take(l, i);
    }
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

double fused_lanes(const double* x, std::size_t n) { return fused_tree(x, 0, (n + 1023) / 1024, n); }

}  // extern "C"
