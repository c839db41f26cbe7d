// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_DETAIL_METRIC_CALL_HPP
#define XRAYON_ML_METRICS_DETAIL_METRIC_CALL_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// Rows that are summed from left to right: a leaf of every metric's fold.
inline constexpr std::size_t metric_leaf = 1024;

/// The parts that all metrics have: checks, weights, sums along the canonical tree.
class metric_call {
public:
    /// @throws argument_error  if there are no rows, or the weights are wrong; shape_error if they are not n
    metric_call(std::string_view name, std::size_t n, const metric_options& options) : name_(name), n_(n), options_(&options) {
        check(n >= 1, name_ + ": the number of rows must be >= 1", n);
        if (!options.weights.empty()) {
            check_same_shape(name, "options.weights", std::array{options.weights.size()}, "y_true", std::array{n});
            for (std::size_t i = 0; i < n; ++i) {
                if (!(std::isfinite(options.weights[i]) && options.weights[i] >= 0)) [[unlikely]] {
                    check(false, name_ + ": options.weights must be finite and >= 0", options.weights[i]);
                }
            }
            total_ = sum([](std::size_t) { return 1.0; });
            check(total_ > 0 && std::isfinite(total_), name_ + ": the sum of options.weights must be > 0 and finite", total_);
        } else {
            total_ = static_cast<double>(n);
        }
    }

    [[nodiscard]] std::size_t rows() const noexcept { return n_; }
    [[nodiscard]] bool weighted() const noexcept { return !options_->weights.empty(); }
    [[nodiscard]] double weight(std::size_t i) const noexcept { return weighted() ? options_->weights[i] : 1.0; }
    /// The sum of the weights.
    [[nodiscard]] double total() const noexcept { return total_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] loop_options loop() const { return {.grain = options_->grain, .run = options_->run, .name = name_}; }

    /// The sum of weight(i) f(i), the same bits at every thread count.
    template <class F>
    [[nodiscard]] double sum(const F& f) const {
        return sums<1>([&](std::size_t i) { return std::array{static_cast<double>(f(i))}; })[0];
    }
    template <class F>
    [[nodiscard]] double mean(const F& f) const {
        return sum(f) / total_;
    }

    /// Several sums in one pass: f(i) gives K numbers.
    template <std::size_t K, class F>
    [[nodiscard]] std::array<double, K> sums(const F& f) const {
        return fold_index(
            n_, metric_leaf,
            [&](std::size_t begin, std::size_t end) {
                std::array<double, K> out{};
                for (std::size_t i = begin; i < end; ++i) {
                    const std::array<double, K> row = f(i);
                    const double w = weight(i);
                    for (std::size_t k = 0; k < K; ++k) {
                        out[k] += w * row[k];
                    }
                }
                return out;
            },
            [](std::array<double, K> left, const std::array<double, K>& right) {
                for (std::size_t k = 0; k < K; ++k) {
                    left[k] += right[k];
                }
                return left;
            },
            loop());
    }

private:
    std::string name_;
    std::size_t n_;
    const metric_options* options_;
    double total_ = 0;
};

/// A call on two ranges of one length.
template <indexed_range True, indexed_range Predicted>
[[nodiscard]] metric_call open_metric(std::string_view name, const True& y_true, const Predicted& y_pred, const metric_options& options) {
    check_same_shape(name, "y_true", std::array{element_count(y_true)}, "y_pred", std::array{element_count(y_pred)});
    return {name, element_count(y_true), options};
}

/// Numbers of both ranges at i.
template <class True, class Predicted>
[[nodiscard]] double error_at(const True& y_true, const Predicted& y_pred, std::size_t i) {
    return static_cast<double>(element(y_true, i)) - static_cast<double>(element(y_pred, i));
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_METRICS_DETAIL_METRIC_CALL_HPP
