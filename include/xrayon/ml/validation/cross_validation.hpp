// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_CROSS_VALIDATION_HPP
#define XRAYON_ML_VALIDATION_CROSS_VALIDATION_HPP

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

/// A score that is no number, where that is an error.
class score_error : public std::runtime_error {
public:
    score_error(const std::string& message, std::string metric) : std::runtime_error(message), metric_(std::move(metric)) {}
    const std::string& metric() const noexcept { return metric_; }

private:
    std::string metric_;
};

/// How a fold's model came about.
enum class fold_road {
    fitted,           ///< From the fold's rows.
    merged,           ///< From sums over the other folds.
    ill_conditioned,  ///< From the fold's rows, because the sums had lost too many digits.
};

/// What was thrown in a fold.
struct fold_error {
    std::size_t fold;
    std::exception_ptr error;
};

/// How long a fold took. Not part of what is the same at every thread count.
struct fold_times {
    std::chrono::duration<double> fit = {};  ///< Of the model; of a merged one, without the sums that all folds share.
    std::chrono::duration<double> score = {};
};

/// The mean and deviation of a list of scores, those that are NaN or infinite left out.
struct score_summary {
    double mean = std::numeric_limits<double>::quiet_NaN();
    double stddev = std::numeric_limits<double>::quiet_NaN();  ///< With divisor n.
    std::size_t count = 0;                                     ///< Scores that are numbers.
};

[[nodiscard]] inline score_summary summarise_scores(const std::vector<double>& scores) {
    score_summary out;
    double sum = 0;
    for (const double s : scores) {
        if (std::isfinite(s)) {
            sum += s;
            ++out.count;
        }
    }
    if (out.count == 0) {
        return out;
    }
    out.mean = sum / static_cast<double>(out.count);
    double squares = 0;
    for (const double s : scores) {
        if (std::isfinite(s)) {
            squares += (s - out.mean) * (s - out.mean);
        }
    }
    out.stddev = std::sqrt(squares / static_cast<double>(out.count));
    return out;
}

/// @brief What cross_validate has found. Higher scores are better; lists have an entry for each fold, in order.
///
/// All but `times` is the same at every thread count, bit for bit.
template <class Model>
struct cross_validation {
    std::vector<std::string> metrics;               ///< "accuracy", "neg_mean_squared_error", ...
    std::vector<std::vector<double>> test_scores;   ///< [metric][fold]
    std::vector<std::vector<double>> train_scores;  ///< [metric][fold]; empty unless asked for.
    std::vector<fold_road> roads;
    std::vector<fold> indices;       ///< Empty unless asked for.
    std::vector<Model> models;       ///< Empty unless asked for.
    std::vector<fold_error> errors;  ///< With error_score::record.
    std::vector<fold_times> times;

    /// The scores of the first metric.
    [[nodiscard]] const std::vector<double>& scores() const noexcept { return test_scores.front(); }
    [[nodiscard]] double mean(std::size_t metric = 0) const { return summarise_scores(test_scores.at(metric)).mean; }
    [[nodiscard]] double stddev(std::size_t metric = 0) const { return summarise_scores(test_scores.at(metric)).stddev; }
    /// Folds without a score.
    [[nodiscard]] std::size_t failed() const { return test_scores.front().size() - summarise_scores(test_scores.front()).count; }

    /// "accuracy 0.9527 +- 0.0124 (5 folds)", a line for each metric.
    [[nodiscard]] std::string text() const {
        const auto shown = [](double v) {
            char buffer[400];
            return v != v ? std::string("nan")
                          : std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::fixed, 4).ptr);
        };
        std::string out;
        for (std::size_t m = 0; m < metrics.size(); ++m) {
            const score_summary s = summarise_scores(test_scores[m]);
            out += (m == 0 ? "" : "\n") + metrics[m] + " " + shown(s.mean) + " +- " + shown(s.stddev) + " ("
                   + to_text(test_scores[m].size()) + " folds";
            const std::size_t without = test_scores[m].size() - s.count;
            out += (without == 0 ? "" : ", " + to_text(without) + " without a score") + ")";
        }
        return out;
    }
    template <class Stream>
        requires requires(Stream& stream, const std::string& text) { stream << text; }
    friend Stream& operator<<(Stream& stream, const cross_validation& result) {
        stream << result.text();
        return stream;
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_VALIDATION_CROSS_VALIDATION_HPP
