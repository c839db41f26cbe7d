// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_NONNEGATIVE_FIT_HPP
#define XRAYON_ANALYZE_DETAIL_NONNEGATIVE_FIT_HPP

#include <array>
#include <bitset>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace xrayon::analyze::detail {

/// One equation of a least-squares problem: sum over k of factors[k] c[k] = value, about.
template <std::size_t Unknowns>
struct equation {
    std::array<double, Unknowns> factors = {};
    double value = 0;
};

/// Least squares over the unknowns of `active` alone (the others are 0), by modified Gram-Schmidt done twice, which loses as few digits as
/// Householder's way. False where their columns are dependent.
template <std::size_t Unknowns>
bool fit_active(const std::vector<equation<Unknowns>>& equations, std::bitset<Unknowns> active, std::array<double, Unknowns>& c) {
    const std::size_t m = equations.size();
    std::array<std::vector<double>, Unknowns> q;
    std::array<std::array<double, Unknowns>, Unknowns> r = {};
    std::array<double, Unknowns> right = {};
    std::vector<double> rest(m);
    for (std::size_t i = 0; i < m; ++i) {
        rest[i] = equations[i].value;
    }
    const auto dot = [m](const std::vector<double>& a, const std::vector<double>& b) {
        double sum = 0;
        for (std::size_t i = 0; i < m; ++i) {
            sum += a[i] * b[i];
        }
        return sum;
    };
    const auto take = [m](std::vector<double>& from, double factor, const std::vector<double>& what) {
        for (std::size_t i = 0; i < m; ++i) {
            from[i] -= factor * what[i];
        }
    };
    for (std::size_t k = 0; k < Unknowns; ++k) {
        if (!active[k]) {
            continue;
        }
        q[k].resize(m);
        for (std::size_t i = 0; i < m; ++i) {
            q[k][i] = equations[i].factors[k];
        }
        const double before = std::sqrt(dot(q[k], q[k]));
        for (int round = 0; round < 2; ++round) {
            for (std::size_t j = 0; j < k; ++j) {
                if (active[j]) {
                    const double along = dot(q[j], q[k]);
                    r[j][k] += along;
                    take(q[k], along, q[j]);
                }
            }
        }
        r[k][k] = std::sqrt(dot(q[k], q[k]));
        if (!(r[k][k] > 1e-12 * before)) {
            return false;
        }
        for (double& value : q[k]) {
            value /= r[k][k];
        }
        right[k] = dot(q[k], rest);
        take(rest, right[k], q[k]);
    }
    c = {};
    for (std::size_t k = Unknowns; k-- > 0;) {
        if (active[k]) {
            double sum = right[k];
            for (std::size_t j = k + 1; j < Unknowns; ++j) {
                sum -= r[k][j] * c[j];
            }
            c[k] = sum / r[k][k];
        }
    }
    return true;
}

/// @brief Least squares under c >= 0. The objective is convex, so its minimum is that of some set of unknowns that are not 0, without the
/// condition; with two or three unknowns the sets are few enough to try all, and the walk of C. Lawson and R. Hanson from one to
/// the next ("Solving least squares problems", 1974) is not needed.
template <std::size_t Unknowns>
[[nodiscard]] std::array<double, Unknowns> fit_nonnegative(const std::vector<equation<Unknowns>>& equations) {
    std::array<double, Unknowns> best = {};
    double least = std::numeric_limits<double>::infinity();
    for (unsigned long set = (1ul << Unknowns) - 1; set != 0; --set) {
        std::array<double, Unknowns> c;
        if (!fit_active<Unknowns>(equations, std::bitset<Unknowns>(set), c)) {
            continue;
        }
        double loss = 0;
        bool allowed = true;
        for (const double value : c) {
            allowed = allowed && value >= 0;
        }
        for (const auto& [factors, value] : equations) {
            double rest = value;
            for (std::size_t k = 0; k < Unknowns; ++k) {
                rest -= factors[k] * c[k];
            }
            loss += rest * rest;
        }
        if (allowed && loss < least) {
            least = loss;
            best = c;
        }
    }
    return best;
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_NONNEGATIVE_FIT_HPP
