// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_COMBINER_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_COMBINER_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/ensemble/aggregation.hpp>
#include <xrayon/ml/ensemble/detail/column_kernels.hpp>
#include <xrayon/ml/ensemble/detail/model_output.hpp>
#include <xrayon/ml/ensemble/detail/model_weights.hpp>
#include <xrayon/ml/ensemble/detail/sorting_network.hpp>

// One combiner for each aggregation of single elements (those of rows of probabilities are in row_combiner.hpp):
//
//   value, result     what it reads and what it gives; Element is the type that all models' elements convert to
//   (aggregation, n)  checks the parameters for n models
//   run(...)          combines up to strip_elements elements

namespace xrayon::ml::detail {

/// Where a strip stands in the whole prediction, for messages.
struct strip_place {
    std::size_t first = 0;    ///< Its first element, counted in row-major order.
    std::size_t columns = 1;  ///< Elements of a row.
    std::size_t rank = 1;

    /// " at row 3, column 1"; nothing where there is one element only.
    [[nodiscard]] std::string text(std::size_t i) const {
        if (rank == 0) {
            return "";
        }
        const std::string row = " at row " + to_text((first + i) / columns);
        return columns == 1 ? row : row + ", column " + to_text((first + i) % columns);
    }
};

/// What a thread needs while it combines.
struct strip_memory {
    std::vector<double> sorted;  // sort_kernel's
    std::vector<double> column;  // one element's values
    std::vector<double> means;
    std::vector<double> scaled;
    std::vector<const double*> rows;
    std::vector<const double*> middle;
};

template <class Element>
using mean_result_t = std::conditional_t<std::same_as<Element, float>, float, double>;

template <class Element, class Aggregation>
class combiner;

/// Writes doubles to where results go.
template <class Result>
void put_strip(const double* from, std::size_t count, Result* out) {
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = static_cast<Result>(from[i]);
    }
}

/// The first NaN in the models' order, or nothing if there is none.
template <class T>
[[nodiscard]] const T* first_nan(const T* const* x, std::size_t models, std::size_t i) noexcept {
    for (std::size_t k = 0; k < models; ++k) {
        if (x[k][i] != x[k][i]) {
            return &x[k][i];
        }
    }
    return nullptr;
}

/// What weighted sums have in common: where one is not finite though all that goes into it is, it is formed again, scaled by a power of two.
template <class Weight>
void mend_overflow(const double* const* x, const Weight& weight, double sum, std::size_t models, std::size_t count, double* means) {
    bool finite = true;
    run_wide<finite_values_kernel>(static_cast<const double*>(means), count, &finite);
    if (finite) [[likely]] {
        return;
    }
    const int shift = static_cast<int>(std::bit_width(models)) + 1;
    for (std::size_t i = 0; i < count; ++i) {
        if (std::isfinite(means[i])) {
            continue;
        }
        double scaled = 0;
        bool all_finite = true;
        for (std::size_t k = 0; k < models; ++k) {
            all_finite = all_finite && std::isfinite(x[k][i]);
            scaled = std::fma(weight(k), std::ldexp(x[k][i], -shift), scaled);
        }
        if (all_finite) {
            const double mended = std::ldexp(scaled / sum, shift);
            constexpr double largest = std::numeric_limits<double>::max();
            means[i] = weight.convex ? std::clamp(mended, -largest, largest) : mended;  // rounding alone can lead beyond
        }
    }
}

template <class Element>
class combiner<Element, ensemble::mean> {
    struct unit_weight {
        static constexpr bool convex = true;
        double operator()(std::size_t) const noexcept { return 1; }
    };

public:
    using value = double;
    using result = mean_result_t<Element>;

    combiner(const ensemble::mean&, std::size_t models) : models_(models) {}

    void run(const double* const* x, std::size_t count, result* out, strip_memory& memory, const strip_place&) const {
        memory.means.resize(strip_elements);
        run_wide<mean_kernel>(x, models_, count, memory.means.data());
        mend_overflow(x, unit_weight{}, static_cast<double>(models_), models_, count, memory.means.data());
        put_strip(memory.means.data(), count, out);
    }

private:
    std::size_t models_;
};

template <class Element>
class combiner<Element, ensemble::weighted_mean> {
    struct scaled_weight {
        const model_weights& weights;
        bool convex;
        double operator()(std::size_t k) const noexcept { return weights[k]; }
    };

public:
    using value = double;
    using result = mean_result_t<Element>;

    combiner(const ensemble::weighted_mean& how, std::size_t models)
        : models_(models), convex_(!how.allow_negative), weights_(how.weights, models, how.allow_negative) {}

    void run(const double* const* x, std::size_t count, result* out, strip_memory& memory, const strip_place&) const {
        if (models_ == 1) {  // w x / w is not always x
            put_strip(x[0], count, out);
            return;
        }
        memory.means.resize(strip_elements);
        run_wide<weighted_mean_kernel>(x, weights_.data(), weights_.sum(), models_, count, memory.means.data());
        mend_overflow(x, scaled_weight{weights_, convex_}, weights_.sum(), models_, count, memory.means.data());
        put_strip(memory.means.data(), count, out);
    }

private:
    std::size_t models_;
    bool convex_;
    model_weights weights_;
};

/// Above this many models a network has too many exchanges, and each element's values are selected from by themselves.
inline constexpr std::size_t most_networked_models = 32;

/// The values of ranks [first, last) of each element, in ascending order.
class rank_selection {
public:
    rank_selection(std::size_t models, std::size_t first, std::size_t last)
        : models_(models),
          first_(first),
          network_(models <= most_networked_models ? sorting_network(models, first, last) : std::vector<exchange>{}) {}

    [[nodiscard]] std::size_t models() const noexcept { return models_; }

    /// `take(i, count, sorted)` is told of elements [i, i + count) in order: `sorted(r)` are the values of rank r of each of them. Where
    /// values are NaN they mean nothing.
    template <class Take>
    void each(const double* const* x, std::size_t count, strip_memory& memory, const Take& take) const {
        if (models_ > most_networked_models) {
            for (std::size_t i = 0; i < count; ++i) {
                column(x, i, memory);
                double* const values = memory.column.data();
                std::nth_element(values, values + first_, values + models_);
                std::sort(values + first_, values + models_);
                take(i, std::size_t{1}, [values](std::size_t rank) { return values + rank; });
            }
            return;
        }
        memory.sorted.resize(models_ * sorted_elements);
        memory.rows.resize(models_);
        for (std::size_t i = 0; i < count; i += sorted_elements) {
            const std::size_t some = std::min(sorted_elements, count - i);
            for (std::size_t k = 0; k < models_; ++k) {
                memory.rows[k] = x[k] + i;
            }
            double* const sorted = memory.sorted.data();
            run_wide<sort_kernel>(static_cast<const double* const*>(memory.rows.data()), models_, some, network_.data(), network_.size(),
                                    sorted);
            take(i, some, [sorted](std::size_t rank) { return sorted + rank * sorted_elements; });
        }
    }

    /// One element's values that are not NaN, in memory.column. There are that many.
    std::size_t column(const double* const* x, std::size_t i, strip_memory& memory) const {
        memory.column.resize(models_);
        std::size_t count = 0;
        for (std::size_t k = 0; k < models_; ++k) {
            if (x[k][i] == x[k][i]) {
                memory.column[count++] = x[k][i];
            }
        }
        // nth_element must not meet what is left of another element.
        std::fill(memory.column.begin() + static_cast<std::ptrdiff_t>(count), memory.column.end(), std::numeric_limits<double>::infinity());
        return count;
    }

private:
    std::size_t models_;
    std::size_t first_;
    std::vector<exchange> network_;
};

/// Both medians: the middle values of ranks lower and upper, which are the same for an odd count.
template <class Element, bool High>
class median_combiner {
public:
    using value = double;
    using result = mean_result_t<Element>;

    median_combiner(ensemble::nan_policy nan, std::size_t models)
        : nan_(nan), lower_(High ? models / 2 : (models - 1) / 2), upper_(models / 2), ranks_(models, lower_, upper_ + 1) {}

    void run(const double* const* x, std::size_t count, result* out, strip_memory& memory, const strip_place&) const {
        if (ranks_.models() == 1) {
            put_strip(x[0], count, out);
            return;
        }
        memory.means.resize(strip_elements);
        double* const middles = memory.means.data();
        ranks_.each(x, count, memory, [&](std::size_t i, std::size_t some, const auto& sorted) {
            const double* const low = sorted(lower_);
            const double* const high = sorted(upper_);
            run_wide<midpoint_kernel>(low, high, some, middles + i);
            bool finite = true;
            run_wide<finite_values_kernel>(static_cast<const double*>(middles + i), some, &finite);
            if (!finite) [[unlikely]] {
                for (std::size_t j = 0; j < some; ++j) {
                    middles[i + j] = middle_of(low[j], high[j]);
                }
            }
        });
        bool nan = false;
        run_wide<find_nan_kernel<double>>(x, ranks_.models(), count, &nan);
        if (nan) [[unlikely]] {
            for (std::size_t i = 0; i < count; ++i) {
                if (const double* const first = first_nan(x, ranks_.models(), i)) {
                    middles[i] = nan_ == ensemble::nan_policy::omit ? of_the_others(x, i, *first, memory) : *first;
                }
            }
        }
        put_strip(middles, count, out);
    }

private:
    double of_the_others(const double* const* x, std::size_t i, double nan, strip_memory& memory) const {
        const std::size_t count = ranks_.column(x, i, memory);
        if (count == 0) {
            return nan;
        }
        std::sort(memory.column.begin(), memory.column.end());
        const double high = memory.column[count / 2];
        return middle_of(High ? high : memory.column[(count - 1) / 2], high);
    }

    static double middle_of(double low, double high) noexcept {
        const double middle = std::midpoint(low, high);
        return middle == 0 ? 0.0 : middle;
    }

    ensemble::nan_policy nan_;
    std::size_t lower_;
    std::size_t upper_;
    rank_selection ranks_;
};

template <class Element>
class combiner<Element, ensemble::median> : public median_combiner<Element, false> {
public:
    combiner(const ensemble::median& how, std::size_t models) : median_combiner<Element, false>(how.nan, models) {}
};
template <class Element>
class combiner<Element, ensemble::median_high> : public median_combiner<Element, true> {
public:
    combiner(const ensemble::median_high& how, std::size_t models) : median_combiner<Element, true>(how.nan, models) {}
};

template <class Element>
class combiner<Element, ensemble::trimmed_mean> {
    struct unit_weight {
        static constexpr bool convex = true;
        double operator()(std::size_t) const noexcept { return 1; }
    };

public:
    using value = double;
    using result = mean_result_t<Element>;

    combiner(const ensemble::trimmed_mean& how, std::size_t models)
        : cut_(how.cut), kept_(checked(how.cut, models)), ranks_(models, cut_, cut_ + kept_) {}

    void run(const double* const* x, std::size_t count, result* out, strip_memory& memory, const strip_place&) const {
        memory.means.resize(strip_elements);
        double* const means = memory.means.data();
        memory.middle.resize(kept_);
        ranks_.each(x, count, memory, [&](std::size_t i, std::size_t some, const auto& sorted) {
            for (std::size_t k = 0; k < kept_; ++k) {
                memory.middle[k] = sorted(cut_ + k);
            }
            const double* const* const from = memory.middle.data();
            run_wide<mean_kernel>(from, kept_, some, means + i);
            mend_overflow(from, unit_weight{}, static_cast<double>(kept_), kept_, some, means + i);
        });
        bool nan = false;
        run_wide<find_nan_kernel<double>>(x, ranks_.models(), count, &nan);
        for (std::size_t i = 0; nan && i < count; ++i) {
            if (const double* const first = first_nan(x, ranks_.models(), i)) {
                means[i] = *first;
            }
        }
        put_strip(means, count, out);
    }

private:
    static std::size_t checked(std::size_t cut, std::size_t models) {
        if (cut >= models - cut || cut > models) [[unlikely]] {
            throw argument_error(
                "ensemble_predict: trimmed_mean: cutting " + to_text(cut) + " at each end of " + to_text(models) + " leaves nothing",
                to_text(cut));
        }
        return models - 2 * cut;
    }

    std::size_t cut_;
    std::size_t kept_;
    rank_selection ranks_;
};

template <class Element, bool Greatest>
class extreme_combiner {
public:
    using value = Element;
    using result = Element;

    extreme_combiner(ensemble::nan_policy nan, std::size_t models) : nan_(nan), models_(models) {}

    void run(const Element* const* x, std::size_t count, Element* out, strip_memory&, const strip_place&) const {
        run_wide<extreme_kernel<Element, Greatest>>(x, models_, count, out);
        if constexpr (std::floating_point<Element>) {
            bool nan = false;
            run_wide<find_nan_kernel<Element>>(x, models_, count, &nan);
            for (std::size_t i = 0; nan && i < count; ++i) {
                if (const Element* const first = first_nan(x, models_, i)) {
                    out[i] = nan_ == ensemble::nan_policy::omit ? of_the_others(x, i, *first) : *first;
                }
            }
        }
    }

private:
    Element of_the_others(const Element* const* x, std::size_t i, Element best) const {
        for (std::size_t k = 0; k < models_; ++k) {
            const Element next = x[k][i];
            if (next == next && (best != best || (Greatest ? next > best : next < best))) {
                best = next;
            }
        }
        return best;
    }

    ensemble::nan_policy nan_;
    std::size_t models_;
};

template <class Element>
class combiner<Element, ensemble::min> : public extreme_combiner<Element, false> {
public:
    combiner(const ensemble::min& how, std::size_t models) : extreme_combiner<Element, false>(how.nan, models) {}
};
template <class Element>
class combiner<Element, ensemble::max> : public extreme_combiner<Element, true> {
public:
    combiner(const ensemble::max& how, std::size_t models) : extreme_combiner<Element, true>(how.nan, models) {}
};

template <class Element>
class combiner<Element, ensemble::vote> {
public:
    using value = Element;
    using result = Element;

    combiner(const ensemble::vote& how, std::size_t models) : models_(models), weights_(model_weights::or_equal(how.weights, models)) {}

    void run(const Element* const* x, std::size_t count, Element* out, strip_memory& memory, const strip_place& place) const {
        if constexpr (std::floating_point<Element>) {
            check_labels(x, count, place);
        }
        memory.column.resize(models_);
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = winner(x, i, memory.column.data());
        }
    }

private:
    /// Every vote is added to the first model's that gave the same label, in the models' order.
    Element winner(const Element* const* x, std::size_t i, double* votes) const {
        std::size_t best = 0;
        for (std::size_t k = 0; k < models_; ++k) {
            votes[k] = 0;
            std::size_t first = 0;
            while (x[first][i] != x[k][i]) {
                ++first;
            }
            votes[first] += weights_[k];
        }
        for (std::size_t k = 1; k < models_; ++k) {
            if (votes[k] > votes[best] || (votes[k] == votes[best] && x[k][i] < x[best][i])) {
                best = k;
            }
        }
        return x[best][i];
    }

    void check_labels(const Element* const* x, std::size_t count, const strip_place& place) const {
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t k = 0; k < models_; ++k) {
                if (!(std::isfinite(x[k][i]) && std::trunc(x[k][i]) == x[k][i])) [[unlikely]] {
                    const std::string text = to_text(x[k][i]);
                    throw argument_error("ensemble_predict: vote: prediction " + text + place.text(i) + " of model " + to_text(k)
                                             + " is not an integer label",
                                         text);
                }
            }
        }
    }

    std::size_t models_;
    model_weights weights_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_COMBINER_HPP
