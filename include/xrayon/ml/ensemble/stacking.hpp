// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_STACKING_HPP
#define XRAYON_ML_ENSEMBLE_STACKING_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/models/detail/real_matrix.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/ml/split/k_fold.hpp>
#include <xrayon/ml/split/stratified_k_fold.hpp>
#include <xrayon/ml/validation/cross_val_predict.hpp>

namespace xrayon::ml {

struct stacking_options {
    std::size_t folds = 5;     ///< Of the predictions that the last estimator learns from: at least 2; stratified for classifiers.
    bool passthrough = false;  ///< Whether the last estimator sees the columns of X too.
};

/// @brief Estimators whose predictions are the columns that a last one learns from. D. Wolpert, "Stacked generalization" (1992).
///
/// An estimator: `stacking({.folds = 5}, ridge_classifier(), gaussian_naive_bayes(), linear_discriminant_analysis())`: options, the last,
/// the others. The last learns from predictions for rows that their models have not learnt from (cross_val_predict); then the others are
/// fitted on all rows. A classifier with predict_proba gives a column for each class, of two classes one for the greater label; others
/// give their predictions. As scikit-learn's `StackingClassifier` and `StackingRegressor`, but that a classifier without predict_proba
/// gives its labels and not a decision_function, and that each class must have a row in every fold's training set. X is of doubles.
///
/// Estimators take an array_view<const double, 2> and a std::span and are changed by fit. The same bits at every thread count.
/// @throws argument_error  from predict before fit; and what the estimators throw
/// **Cost.** (folds + 1) fits of each but the last; mergeable ones read the rows once for all folds.
template <class Final, class... Bases>
    requires(sizeof...(Bases) >= 1)
class stacking {
public:
    static constexpr bool is_classifier = detail::labels_are_predicted<Final>;
    static constexpr std::string_view name = "stacking";

    explicit stacking(const stacking_options& options, Final final, Bases... bases)
        : options_(options), final_(std::move(final)), bases_(std::move(bases)...) {
        check(options.folds >= 2, "stacking: options.folds must be >= 2", options.folds);
    }

    template <detail::real_matrix<double> X, indexed_range Y>
    stacking& fit(const X& x, const Y& y) {
        const rows_view rows(view_of<2>(x));
        check_shapes(rows.shape(0) == element_count(y), "stacking.fit", "X", rows.shape(), "y", std::array{element_count(y)});
        static_assert(
            says_so || !std::integral<detail::target_value_t<Y>>,
            "stacking: of integers the last estimator must say whether they are labels: `static constexpr bool is_classifier = true;`");
        const std::vector<detail::target_value_t<Y>> targets = detail::copy_targets(y);
        const std::span labels(targets);
        stacking next(*this);  // so that a throw leaves this as it was
        std::vector<std::vector<double>> columns;
        const auto held_out = [&](const auto& base, const auto& folds) {
            using base_type = std::remove_cvref_t<decltype(base)>;
            if constexpr (is_classifier && predicts_probabilities<base_type, rows_view>) {
                add_probabilities(cross_val_predict_proba(base, rows, labels, folds), columns);
            } else {
                const auto predicted = cross_val_predict(base, rows, labels, folds);
                columns.emplace_back(predicted.begin(), predicted.end());
            }
        };
        std::apply(
            [&](auto&... base) {
                if constexpr (is_classifier) {
                    (held_out(base, stratified_k_fold{.folds = options_.folds}), ...);
                } else {
                    (held_out(base, k_fold{.folds = options_.folds}), ...);
                }
                (base.fit(rows, labels), ...);
            },
            next.bases_);
        const matrix features = gathered(rows, columns);
        next.final_.fit(rows_view(view_of<2>(features)), labels);
        next.width_ = rows.shape(1);
        next.fitted_ = true;
        return *this = std::move(next);
    }

    template <detail::real_matrix<double> X>
    [[nodiscard]] auto predict(const X& x) const {
        const matrix features = features_of("stacking.predict", rows_view(view_of<2>(x)));
        return final_.predict(rows_view(view_of<2>(features)));
    }
    /// Of the last estimator.
    template <detail::real_matrix<double> X>
        requires predicts_probabilities<Final, array_view<const double, 2>>
    [[nodiscard]] auto predict_proba(const X& x) const {
        const matrix features = features_of("stacking.predict_proba", rows_view(view_of<2>(x)));
        return final_.predict_proba(rows_view(view_of<2>(features)));
    }
    [[nodiscard]] const auto& classes() const requires requires(const Final& f) { f.classes(); }
    { return final_.classes(); }

    /// @brief For save and load (ml/saved_model.hpp), where all parts can be saved. @throws argument_error  before fit; data_error for
    /// what is no such model
    /// @{
    void save_to(model_writer& out) const requires savable_model<Final> &&(savable_model<Bases>&&...) {
        check(fitted_, "stacking.save: call fit first");
        out.text("type", name);
        out.number("folds", options_.folds);
        out.number("passthrough", options_.passthrough);
        out.number("columns", width_);
        out.part("final", final_);
        std::size_t i = 0;
        std::apply([&](const auto&... base) { (out.part("base" + to_text(i++), base), ...); }, bases_);
    }
    [[nodiscard]] static stacking load_from(const model_reader& in) requires savable_model<Final> &&(savable_model<Bases>&&...) {
        in.expect_type(name);
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            stacking out({.folds = in.number<std::size_t>("folds"), .passthrough = in.number<bool>("passthrough")},
                         in.template part<Final>("final"), in.template part<Bases>("base" + to_text(I))...);
            out.width_ = in.number<std::size_t>("columns");
            out.fitted_ = true;
            return out;
        }
        (std::index_sequence_for<Bases...>());
    }
    /// @}

    [[nodiscard]] const Final& final() const noexcept { return final_; }
    [[nodiscard]] const std::tuple<Bases...>& bases() const noexcept { return bases_; }
    [[nodiscard]] const stacking_options& options() const noexcept { return options_; }
    [[nodiscard]] bool fitted() const noexcept { return fitted_; }

private:
    static constexpr bool says_so = requires {
        { Final::is_classifier } -> std::convertible_to<bool>;
    };
    using rows_view = array_view<const double, 2>;
    using matrix = xt::xtensor<double, 2, xt::layout_type::row_major>;

    [[nodiscard]] matrix features_of(std::string_view op, const rows_view& rows) const {
        check(fitted_, std::string(op) + ": call fit first");
        check_shapes(rows.shape(1) == width_, op, "X", rows.shape(), "the fitted model", std::array{width_});
        std::vector<std::vector<double>> columns;
        const auto asked = [&](const auto& base) {
            if constexpr (is_classifier && predicts_probabilities<std::remove_cvref_t<decltype(base)>, rows_view>) {
                add_probabilities(base.predict_proba(rows), columns);
            } else {
                const auto predicted = base.predict(rows);
                columns.emplace_back(predicted.begin(), predicted.end());
            }
        };
        std::apply([&](const auto&... base) { (asked(base), ...); }, bases_);
        return gathered(rows, columns);
    }
    template <class P>
    static void add_probabilities(const P& chances, std::vector<std::vector<double>>& columns) {
        for (std::size_t c = chances.shape(1) == 2 ? 1 : 0; c < chances.shape(1); ++c) {
            columns.emplace_back();
            for (std::size_t i = 0; i < chances.shape(0); ++i) {
                columns.back().push_back(chances(i, c));
            }
        }
    }
    [[nodiscard]] matrix gathered(const rows_view& rows, const std::vector<std::vector<double>>& columns) const {
        const std::size_t more = options_.passthrough ? rows.shape(1) : 0;
        matrix out = matrix::from_shape({rows.shape(0), columns.size() + more});
        for (std::size_t i = 0; i < rows.shape(0); ++i) {
            for (std::size_t c = 0; c < columns.size(); ++c) {
                out(i, c) = columns[c][i];
            }
            for (std::size_t j = 0; j < more; ++j) {
                out(i, columns.size() + j) = rows(i, j);
            }
        }
        return out;
    }

    stacking_options options_;
    Final final_;
    std::tuple<Bases...> bases_;
    std::size_t width_ = 0;
    bool fitted_ = false;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_ENSEMBLE_STACKING_HPP
