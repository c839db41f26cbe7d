// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_ROW_COMBINER_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_ROW_COMBINER_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/ensemble/aggregation.hpp>
#include <xrayon/ml/ensemble/detail/combiner.hpp>

// Combiners of whole rows of probabilities.

namespace xrayon::ml::detail {

/// The weighted mean of rows that are probabilities, or become so when divided by their sums.
class probability_means {
public:
    template <class Aggregation>
    probability_means(std::string_view name, const Aggregation& how, std::size_t models)
        : name_(name),
          models_(models),
          normalise_(how.normalise),
          tolerance_(how.tolerance),
          weights_(model_weights::or_equal(how.weights, models)) {
        if (!(tolerance_ >= 0)) [[unlikely]] {
            check(false, "ensemble_predict: " + name_ + ": tolerance must be >= 0", tolerance_);
        }
    }

    /// The means of `count` probabilities: whole rows of place.columns.
    [[nodiscard]] const double* run(const double* const* x, std::size_t count, strip_memory& memory, const strip_place& place) const {
        check_rows(x, count, memory, place);
        if (normalise_) {
            divide_by_sums(x, count, memory, place.columns);
            x = memory.rows.data();
        }
        if (models_ == 1) {
            return x[0];
        }
        memory.means.resize(std::max(memory.means.size(), count));
        run_wide<weighted_mean_kernel>(x, weights_.data(), weights_.sum(), models_, count, memory.means.data());
        return memory.means.data();
    }

private:
    /// The first row that will not do, and of several models the first; memory.column holds the sums, row by row.
    void check_rows(const double* const* x, std::size_t count, strip_memory& memory, const strip_place& place) const {
        memory.column.clear();
        for (std::size_t begin = 0; begin < count; begin += place.columns) {
            for (std::size_t k = 0; k < models_; ++k) {
                double sum = 0;
                for (std::size_t i = begin; i < begin + place.columns; ++i) {
                    if (!(x[k][i] >= 0 && std::isfinite(x[k][i]))) [[unlikely]] {
                        refuse("probabilities must be finite and >= 0", x[k][i], place.text(i), k);
                    }
                    sum += x[k][i];
                }
                if (normalise_ && !(sum > 0 && std::isfinite(sum))) [[unlikely]] {
                    refuse("the sum of a row must be finite and > 0", sum, row_text(place, begin), k);
                }
                if (!normalise_ && !(std::abs(sum - 1) <= tolerance_)) [[unlikely]] {
                    refuse("rows must sum to 1 unless normalise is set", sum, row_text(place, begin), k);
                }
                memory.column.push_back(sum);
            }
        }
    }

    void divide_by_sums(const double* const* x, std::size_t count, strip_memory& memory, std::size_t columns) const {
        memory.scaled.resize(models_ * count);
        memory.rows.resize(models_);
        for (std::size_t k = 0; k < models_; ++k) {
            double* const to = memory.scaled.data() + k * count;
            memory.rows[k] = to;
            for (std::size_t i = 0; i < count; ++i) {
                to[i] = x[k][i] / memory.column[i / columns * models_ + k];
            }
        }
    }

    static std::string row_text(const strip_place& place, std::size_t i) { return " at row " + to_text((place.first + i) / place.columns); }

    XRAYON_COLD [[noreturn]] void refuse(std::string_view rule, double got, const std::string& where, std::size_t model) const {
        const std::string text = to_text(got);
        throw argument_error(
            "ensemble_predict: " + name_ + ": " + std::string(rule) + ", got " + text + where + " of model " + to_text(model), text);
    }

    std::string name_;
    std::size_t models_;
    bool normalise_;
    double tolerance_;
    model_weights weights_;
};

template <class Element>
class combiner<Element, ensemble::mean_probability> {
public:
    using value = double;
    using result = mean_result_t<Element>;

    combiner(const ensemble::mean_probability& how, std::size_t models) : means_("mean_probability", how, models) {}

    void run(const double* const* x, std::size_t count, result* out, strip_memory& memory, const strip_place& place) const {
        put_strip(means_.run(x, count, memory, place), count, out);
    }

private:
    probability_means means_;
};

template <class Element>
class combiner<Element, ensemble::soft_vote> {
public:
    using value = double;
    using result = int;

    combiner(const ensemble::soft_vote& how, std::size_t models) : means_("soft_vote", how, models) {}

    void run(const double* const* x, std::size_t count, int* out, strip_memory& memory, const strip_place& place) const {
        const double* const means = means_.run(x, count, memory, place);
        for (std::size_t begin = 0; begin < count; begin += place.columns) {
            const double* const row = means + begin;
            out[begin / place.columns] = static_cast<int>(std::max_element(row, row + place.columns) - row);
        }
    }

private:
    probability_means means_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_ROW_COMBINER_HPP
