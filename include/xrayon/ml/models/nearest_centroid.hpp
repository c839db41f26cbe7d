// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_NEAREST_CENTROID_HPP
#define XRAYON_ML_MODELS_NEAREST_CENTROID_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <numbers>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/ml/models/detail/class_scores.hpp>
#include <xrayon/ml/models/detail/class_statistics.hpp>
#include <xrayon/ml/models/detail/real_matrix.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// @brief Each row belongs to the class whose mean is nearest, by Euclidean distance; of equal ones to the lowest label. scikit-learn's
/// `NearestCentroid`.
///
/// `fit(X, y)` learns from X (n x d, finite) and n integer labels. **Mergeable**: cross-validation reads the rows once. The same bits at
/// every thread count; a row's label is its own. **Cost.** fit: n d; predict: n d c.
template <std::floating_point Real = double>
class nearest_centroid {
public:
    using labels = xt::xtensor<int, 1>;
    using statistics_type = detail::class_statistics;
    static constexpr bool is_classifier = true;
    static constexpr std::string_view name = "nearest_centroid";

    /// @brief Learns from n rows; what was learnt before is forgotten.
    /// @throws shape_error     if rows do not fit
    /// @throws argument_error  if there are no rows; for NaN and infinities; for bad weights. The model is as it was then.
    /// @{
    template <detail::numeric_matrix X, indexed_range Y>
    nearest_centroid& fit(const X& x, const Y& y) {
        learnt_ = statistics(x, y);
        return *this;
    }
    template <detail::numeric_matrix X, indexed_range Y, indexed_range Weights>
    nearest_centroid& fit(const X& x, const Y& y, const Weights& weights) {
        const auto view = checked(x, y);
        const auto numbers = detail::checked_row_weights("nearest_centroid.fit", view.shape(0), weights);
        learnt_ = detail::sum_class_statistics(detail::class_spread::none, "nearest_centroid.fit", view, y, numbers);
        return *this;
    }
    /// @}

    /// A label for each row. @throws argument_error  before fit; shape_error if X has other columns
    template <detail::real_matrix<Real> X>
    [[nodiscard]] labels predict(const X& x) const {
        const array_view<const Real, 2> rows = view_of<2>(x);
        detail::check_query_rows("nearest_centroid.predict", rows, fitted(), learnt_.features);
        labels out = labels::from_shape({rows.shape(0)});
        for_each_index(rows.shape(0),
                       [&](std::size_t i) {
                           double least = std::numeric_limits<double>::infinity();
                           out(i) = learnt_.labels[0];
                           for (std::size_t c = 0; c < learnt_.classes(); ++c) {
                               double squared = 0;
                               for (std::size_t j = 0; j < learnt_.features; ++j) {
                                   const double off = static_cast<double>(rows(i, j)) - learnt_.mean(c)[j];
                                   squared += off * off;
                               }
                               if (squared < least) {
                                   least = squared;
                                   out(i) = learnt_.labels[c];
                               }
                           }
                       },
                       {.name = "nearest_centroid.predict"});
        return out;
    }

    template <detail::numeric_matrix X, indexed_range Y>
    [[nodiscard]] statistics_type statistics(const X& x, const Y& y) const {
        return detail::sum_class_statistics(detail::class_spread::none, "nearest_centroid.fit", checked(x, y), y, {});
    }
    /// Whether both learn from the same sums: always.
    [[nodiscard]] bool shares_statistics(const nearest_centroid&) const noexcept { return true; }
    static void merge(statistics_type& left, const statistics_type& right) { detail::merge_into(left, right); }
    [[nodiscard]] std::optional<nearest_centroid> solve(const statistics_type& s) const {
        nearest_centroid out;
        out.learnt_ = s;
        return out;
    }

    [[nodiscard]] bool fitted() const noexcept { return learnt_.classes() > 0; }
    [[nodiscard]] const std::vector<int>& classes() const noexcept { return learnt_.labels; }   ///< Ascending.
    [[nodiscard]] std::span<const double> centroids() const noexcept { return learnt_.means; }  ///< c x d.

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), "nearest_centroid.save: call fit first");
        out.text("type", type_name());
        learnt_.save_to(out);
    }
    [[nodiscard]] static nearest_centroid load_from(const model_reader& in) {
        in.expect_type(type_name());
        nearest_centroid out;
        out.learnt_ = statistics_type::load_from(in);
        in.expect(out.fitted() && out.learnt_.kind == detail::class_spread::none, "has not the means of classes");
        return out;
    }
    [[nodiscard]] static std::string type_name() { return std::string(name) + std::string(detail::real_name<Real>); }
    /// @}

private:
    template <class X, class Y>
    [[nodiscard]] static auto checked(const X& x, const Y& y) {
        const auto view = detail::matrix_view(x);
        detail::check_training_rows("nearest_centroid.fit", view, y);
        detail::check_finite_rows("nearest_centroid.fit", view);
        return view;
    }

    statistics_type learnt_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_NEAREST_CENTROID_HPP
