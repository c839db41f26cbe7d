// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_SEARCH_RESULT_HPP
#define XRAYON_ML_SEARCH_SEARCH_RESULT_HPP

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <exception>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/json_writer.hpp>
#include <xrayon/ml/validation/cross_validation.hpp>

namespace xrayon::ml {

/// What was thrown for a candidate on a fold.
struct candidate_error {
    std::size_t candidate;
    std::size_t fold;
    std::exception_ptr error;
};

/// @brief What a search has found: a table with a row for each candidate, in the order of the candidates. Higher scores are better.
///
/// A candidate's score is the mean over its folds, NaN if one of them is NaN or was not reached. Candidates are ranked by the first metric:
/// 1 is best, equal scores share the better rank, NaN and infinities come last. All but `times` is the same at every thread count, bit for
/// bit, whether the search ran through or was killed and went on.
template <class P, class Model>
struct search_result {
    std::vector<P> candidates;
    std::vector<std::string> parameter_names;
    std::vector<std::vector<std::string>> parameter_texts;       ///< [candidate][parameter]
    std::vector<std::string> metrics;                            ///< "accuracy", "neg_mean_squared_error", ...
    std::vector<std::vector<std::vector<double>>> test_scores;   ///< [metric][candidate][fold]
    std::vector<std::vector<std::vector<double>>> train_scores;  ///< The same; empty unless asked for.
    std::vector<std::vector<fold_road>> roads;                   ///< [candidate][fold]
    std::vector<candidate_error> errors;                         ///< With error_score::record; ascending.
    std::vector<std::vector<fold_times>> times;                  ///< [candidate][fold]
    std::vector<std::size_t> rejected;                           ///< With reject_hopeless: who was left before the last fold; ascending.
    bool complete = true;                                        ///< False where the deadline passed before all fits were done.
    std::size_t finished = 0;                                    ///< Fits that are in the table.
    std::string journal_failure;                                 ///< Why the journal ends before the search does; empty if it does not.
    std::optional<Model>
        model;  ///< The best candidate fitted on all rows, unless that was turned off, there is none, or the search is not complete.

    /// The mean over the folds of a candidate. NaN if one was not reached.
    [[nodiscard]] double mean(std::size_t candidate, std::size_t metric = 0) const {
        const std::vector<double>& scores = test_scores.at(metric).at(candidate);
        double sum = 0;
        for (const double s : scores) {
            sum += s;
        }
        return sum / static_cast<double>(scores.size());
    }
    /// The deviation over the folds, with divisor n.
    [[nodiscard]] double stddev(std::size_t candidate, std::size_t metric = 0) const {
        const std::vector<double>& scores = test_scores.at(metric).at(candidate);
        const double m = mean(candidate, metric);
        double squares = 0;
        for (const double s : scores) {
            squares += (s - m) * (s - m);
        }
        return std::sqrt(squares / static_cast<double>(scores.size()));
    }
    /// The rank of each candidate: 1 + how many are better.
    [[nodiscard]] std::vector<std::size_t> ranks(std::size_t metric = 0) const {
        const std::vector<std::size_t> sorted = order(metric);
        std::vector<std::size_t> out(sorted.size());
        for (std::size_t k = 0; k < sorted.size(); ++k) {
            const bool level = k > 0 && same_rank(mean(sorted[k - 1], metric), mean(sorted[k], metric));
            out[sorted[k]] = level ? out[sorted[k - 1]] : k + 1;
        }
        return out;
    }
    /// The candidates from the best on; of equal ones the lower index first.
    [[nodiscard]] std::vector<std::size_t> order(std::size_t metric = 0) const {
        std::vector<std::size_t> out(candidates.size());
        std::iota(out.begin(), out.end(), std::size_t{0});
        std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return better(mean(a, metric), mean(b, metric)); });
        return out;
    }
    /// The index of the best candidate. @throws argument_error  `best: all 9 scores are NaN`, if no score is a finite number
    [[nodiscard]] std::size_t best_index(std::size_t metric = 0) const {
        check(!candidates.empty(), "best: there are no candidates");
        const std::size_t best = order(metric).front();
        if (!std::isfinite(mean(best, metric))) {
            throw argument_error("best: all " + to_text(candidates.size()) + " scores are NaN", to_text(candidates.size()));
        }
        return best;
    }
    [[nodiscard]] const P& best_params(std::size_t metric = 0) const { return candidates[best_index(metric)]; }
    [[nodiscard]] double best_score(std::size_t metric = 0) const { return mean(best_index(metric), metric); }

    /// @brief The table as CSV: index, parameters, and for each metric the rank, mean, deviation and scores of the folds. Numbers read back
    /// as they are.
    [[nodiscard]] std::string csv() const {
        const std::size_t folds = test_scores.empty() || candidates.empty() ? 0 : test_scores[0][0].size();
        std::string out = "candidate";
        for (const std::string& name : parameter_names) {
            out += "," + quoted("param_" + name);
        }
        for (const std::string& name : metrics) {
            out += "," + quoted("rank_" + name) + "," + quoted("mean_" + name) + "," + quoted("std_" + name);
            for (std::size_t f = 0; f < folds; ++f) {
                out += "," + quoted("split" + to_text(f) + "_" + name);
            }
        }
        out += "\n";
        const std::vector<std::vector<std::size_t>> rank = all_ranks();
        for (std::size_t c = 0; c < candidates.size(); ++c) {
            out += to_text(c);
            for (const std::string& text : parameter_texts[c]) {
                out += "," + quoted(text);
            }
            for (std::size_t m = 0; m < metrics.size(); ++m) {
                out += "," + to_text(rank[m][c]) + "," + number(mean(c, m)) + "," + number(stddev(c, m));
                for (const double s : test_scores[m][c]) {
                    out += "," + number(s);
                }
            }
            out += "\n";
        }
        return out;
    }

    /// How long fits and scores took, in seconds: a table of its own, because no two runs agree on it.
    [[nodiscard]] std::string times_csv() const {
        std::string out = "candidate,fold,fit,score\n";
        for (std::size_t c = 0; c < times.size(); ++c) {
            for (std::size_t f = 0; f < times[c].size(); ++f) {
                out += to_text(c) + "," + to_text(f) + "," + to_text(times[c][f].fit.count()) + "," + to_text(times[c][f].score.count())
                       + "\n";
            }
        }
        return out;
    }

    /// @brief The same as JSON; a score that is no finite number is left out of its object and null in lists.
    [[nodiscard]] std::string json() const {
        const std::vector<std::vector<std::size_t>> rank = all_ranks();
        json_writer out;
        out.begin_object();
        out.member("complete", complete);
        out.member("finished", finished);
        out.begin_array("candidates");
        for (std::size_t c = 0; c < candidates.size(); ++c) {
            out.begin_object();
            out.member("candidate", c);
            out.begin_object("parameters");
            for (std::size_t p = 0; p < parameter_names.size(); ++p) {
                out.member(parameter_names[p], parameter_texts[c][p]);
            }
            out.end_object();
            for (std::size_t m = 0; m < metrics.size(); ++m) {
                out.begin_object(metrics[m]);
                out.member("rank", rank[m][c]);
                out.member("mean", mean(c, m));
                out.member("std", stddev(c, m));
                for (std::size_t f = 0; f < test_scores[m][c].size(); ++f) {
                    out.member("split" + to_text(f), test_scores[m][c][f]);
                }
                out.end_object();
            }
            out.end_object();
        }
        out.end_array();
        out.end_object();
        return std::move(out).finish();
    }

    /// The best candidates, a line each.
    [[nodiscard]] std::string text(std::size_t lines = 10) const {
        const std::vector<std::size_t> sorted = order();
        const std::vector<std::size_t> rank = ranks();
        std::string out = complete ? ""
                                   : "incomplete: " + to_text(finished) + " of "
                                         + to_text(candidates.size() * (candidates.empty() ? 0 : test_scores[0][0].size())) + " fits\n";
        for (std::size_t k = 0; k < sorted.size() && k < lines; ++k) {
            const std::size_t c = sorted[k];
            out += to_text(rank[c]) + ". " + metrics[0] + " " + shown(mean(c)) + " +- " + shown(stddev(c));
            for (std::size_t p = 0; p < parameter_names.size(); ++p) {
                out += (p == 0 ? "  " : ", ") + parameter_names[p] + " " + parameter_texts[c][p];
            }
            out += "\n";
        }
        return out;
    }
    template <class Stream>
        requires requires(Stream& stream, const std::string& text) { stream << text; }
    friend Stream& operator<<(Stream& stream, const search_result& result) {
        stream << result.text();
        return stream;
    }

private:
    /// [metric][candidate]
    [[nodiscard]] std::vector<std::vector<std::size_t>> all_ranks() const {
        std::vector<std::vector<std::size_t>> out;
        for (std::size_t m = 0; m < metrics.size(); ++m) {
            out.push_back(ranks(m));
        }
        return out;
    }
    [[nodiscard]] static bool better(double a, double b) noexcept {
        if (!std::isfinite(a) || !std::isfinite(b)) {
            return std::isfinite(a) && !std::isfinite(b);
        }
        return a > b;
    }
    [[nodiscard]] static bool same_rank(double a, double b) noexcept { return !better(a, b) && !better(b, a); }
    [[nodiscard]] static std::string number(double v) { return v != v ? "nan" : to_text(v); }
    [[nodiscard]] static std::string shown(double v) {
        char buffer[400];
        return v != v ? "nan" : std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::fixed, 4).ptr);
    }
    [[nodiscard]] static std::string quoted(const std::string& text) {
        if (text.find_first_of(",\"\r\n") == std::string::npos) {
            return text;
        }
        std::string out = "\"";
        for (const char c : text) {
            out.append(c == '"' ? 2 : 1, c);
        }
        return out + "\"";
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_SEARCH_RESULT_HPP
