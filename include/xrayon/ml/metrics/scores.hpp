// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_SCORES_HPP
#define XRAYON_ML_METRICS_SCORES_HPP

#include <concepts>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/ml/metrics/metric.hpp>

namespace xrayon::ml {

/// @brief Several metrics at once. The first decides where one is needed: in a search, in `mean()`.
///
/// What models are judged by is always *higher is better*: a metric of which less is better enters with its sign changed, and its name says
/// so: "neg_mean_squared_error".
template <metric... Metrics>
    requires(sizeof...(Metrics) >= 1)
class score_set {
public:
    constexpr explicit score_set(Metrics... metrics) : metrics_(std::move(metrics)...) {}

    [[nodiscard]] static constexpr std::size_t size() noexcept { return sizeof...(Metrics); }

    /// "accuracy", "neg_log_loss", ...
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> out;
        std::apply([&](const Metrics&... m) { (out.push_back((Metrics::higher_is_better ? "" : "neg_") + std::string(m.name())), ...); },
                   metrics_);
        return out;
    }

    /// Whether one of them asks for probabilities, or for values.
    [[nodiscard]] static constexpr bool read(prediction_kind kind) noexcept { return ((Metrics::reads == kind) || ...); }

    /// Calls `f(i, metric)` for each.
    template <class F>
    void for_each(const F& f) const {
        [&]<std::size_t... I>(std::index_sequence<I...>) { (f(I, std::get<I>(metrics_)), ...); }
        (std::index_sequence_for<Metrics...>());
    }

    /// The metric that decides.
    [[nodiscard]] constexpr const auto& first() const noexcept { return std::get<0>(metrics_); }

private:
    std::tuple<Metrics...> metrics_;
};

/// `scores(r2, mean_absolute_error)`
template <metric... Metrics>
[[nodiscard]] constexpr score_set<Metrics...> scores(Metrics... metrics) {
    return score_set<Metrics...>(std::move(metrics)...);
}

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_SCORES_HPP
