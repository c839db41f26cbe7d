// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_LINEAR_FUNCTION_HPP
#define XRAYON_ML_MODELS_DETAIL_LINEAR_FUNCTION_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/ml/models/detail/linear_solver.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// @brief t linear functions of the columns of X: x W + b for each row, a row's bits being its own whatever stands beside it.
template <std::floating_point Real>
class linear_function {
public:
    linear_function() = default;
    /// @param c  Coefficients of t functions, in double.
    explicit linear_function(const linear_coefficients& c) : intercepts_(c.intercepts.begin(), c.intercepts.end()) {
        const std::size_t t = c.intercepts.size();
        features_ = t == 0 ? 0 : c.weights.size() / t;
        weights_.assign(c.weights.begin(), c.weights.end());
        packed_.assign(array_view<const Real, 2>(weights_.data(), {t, features_}).transposed());
    }

    [[nodiscard]] std::size_t features() const noexcept { return features_; }
    [[nodiscard]] std::size_t targets() const noexcept { return intercepts_.size(); }
    [[nodiscard]] std::span<const Real> weights() const noexcept { return weights_; }        ///< t x d
    [[nodiscard]] std::span<const Real> intercepts() const noexcept { return intercepts_; }  ///< t

    void save_to(model_writer& out) const {
        out.array("coefficients", weights_.data(), targets(), features_);
        out.array("intercepts", intercepts_);
    }
    [[nodiscard]] static linear_function load_from(const model_reader& in) {
        const std::vector<Real> b = in.template array<Real>("intercepts");
        const auto w = in.template matrix<Real>("coefficients", b.size(), model_reader::any);
        linear_function out(linear_coefficients{{w.begin(), w.end()}, {b.begin(), b.end()}});
        out.features_ = w.shape(1);
        return out;
    }

    /// n x t
    void apply(const array_view<const Real, 2>& x, const array_view<Real, 2>& out, std::string_view op) const {
        const auto tiles = row_blocks(x.shape(0), 256);
        for_each_index(tiles.size(),
                       [&](std::size_t i) {
                           const auto [begin, end] = tiles[i];
                           packed_gemm(x.slice(begin, end), packed_, out.slice(begin, end), {.bias = intercepts_.data()});
                       },
                       {.name = op});
    }

private:
    std::size_t features_ = 0;
    std::vector<Real> weights_;
    std::vector<Real> intercepts_;
    packed_matrix<Real> packed_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_LINEAR_FUNCTION_HPP
