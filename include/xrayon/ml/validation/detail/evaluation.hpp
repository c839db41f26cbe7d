// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_DETAIL_EVALUATION_HPP
#define XRAYON_ML_VALIDATION_DETAIL_EVALUATION_HPP

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/error.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/declared_progress.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/metrics/score_range.hpp>
#include <xrayon/ml/validation/cross_validation.hpp>
#include <xrayon/ml/validation/detail/fit_copy_weighted.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>
#include <xrayon/ml/validation/detail/fold_sums.hpp>
#include <xrayon/ml/validation/detail/score_model.hpp>
#include <xrayon/ml/validation/validation_options.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/ordered.hpp>

namespace xrayon::ml::detail {

/// What fitting and scoring one candidate on one fold has given.
template <class Model>
struct fold_outcome {
    std::vector<double> test, train;  // of each metric
    fold_road road = fold_road::fitted;
    fold_times times;
    std::exception_ptr error;
    std::optional<Model> model;
};

/// What evaluate does beside fitting and scoring.
struct evaluation_options {
    std::string_view name;
    bool train_scores = false;
    bool models = false;
    bool record_errors = false;  // else the lowest one comes out
    bool raise_nan = false;
    fold_algebra algebra = fold_algebra::automatic;
    std::span<const double> weights = {};
    std::span<const double> costs = {};  // of candidates: the dearest first
    const run_options* run = nullptr;
    /// Outcomes that are known already: (candidate, fold) -> true. They are left as they are in the table.
    std::function<bool(std::size_t, std::size_t)> known = {};
    /// Is told of each outcome as soon as it is there, by the thread that has it. What it throws ends the run.
    std::function<void(std::size_t, std::size_t)> done = {};
    declared_progress* bar = nullptr;  ///< Shows fits of several runs together; null: one is made for this run.
    /// What a score of the first metric can be: a candidate that can no longer win is not tried on more folds.
    std::optional<score_range> reject = {};
};

using seconds = std::chrono::duration<double>;

/// Runs f and says how long it took.
template <class F>
decltype(auto) timed(seconds& spent, const F& f) {
    struct stop_watch {
        std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
        seconds& spent;
        ~stop_watch() { spent = std::chrono::steady_clock::now() - begin; }
    } watch{.spent = spent};
    return f();
}

template <class E>
concept shares_sums = requires(const E& a, const E& b) {
    { a.shares_statistics(b) } -> std::convertible_to<bool>;
};
template <class E, class S>
concept solves_paths = shares_sums<E> && requires(std::span<const E> group, const S& s) {
    E::solve_path(group, s);
};
template <class E, class T, class L>
concept predicts_paths = requires(std::span<const E> group, const array_view<const T, 2>& x, std::span<const L> y) {
    E::predict_path(group, x, y, x);
    { group[0].shares_path(group[0]) } -> std::convertible_to<bool>;
    { group[0].path_holds(std::size_t{}) } -> std::convertible_to<bool>;
};

/// @brief Every candidate on every fold, item c * folds + f.
///
/// Roads. *Sums*: a mergeable estimator's training sets are merged from sums over test sets, once for all candidates that share them, and
/// where it can one factorisation solves for all of these. *Path*: candidates that can predict together do, once a fold. *Rows*: the others
/// are fitted on the fold's rows, as one flat set of tasks; a worker keeps a fold's rows while it goes on with that fold.
///
/// **Failures.** First come the groups that share something. Nothing that is thrown there is told: what a group could not give is left
/// open. Then whatever is open is fitted on its rows. So what comes out is what the plain loop would have thrown, from the lowest
/// candidate and fold, at every thread count.
template <class E, class T, class L, class Folds, class Scores>
class evaluation {
public:
    using model = model_of<E, T, L>;
    using outcome = fold_outcome<model>;

    evaluation(std::span<const E> candidates, const labelled_view<T, L>& data, const Folds& folds, const fold_survey& survey,
               const Scores& scores, const evaluation_options& options)
        : candidates_(candidates),
          data_(data),
          folds_(folds),
          survey_(survey),
          scores_(scores),
          names_(scores.names()),
          options_(options),
          table_(candidates.size() * survey.count),
          state_(table_.size(), open),
          rejected_(candidates.size(), 0) {}

    /// [candidate * folds + fold]
    [[nodiscard]] std::vector<outcome>& table() noexcept { return table_; }
    /// [candidate]: whether it was left before its last fold.
    [[nodiscard]] const std::vector<char>& rejected() const noexcept { return rejected_; }
    /// Whether run threw because its own deadline had passed.
    [[nodiscard]] bool out_of_time() const noexcept { return out_of_time_; }

    /// @throws what the lowest failing (candidate, fold) threw, unless errors are recorded; cancelled
    void run() {
        bar_ = options_.bar;
        std::optional<declared_progress> own;
        if (bar_ == nullptr) {
            bar_ = &own.emplace(*options_.run, options_.name, table_.size());
        }
        for (std::size_t item = 0; item < table_.size(); ++item) {
            if (options_.known && options_.known(item / survey_.count, item % survey_.count)) {
                state_[item] = known;
                bar_->add();
            }
        }
        run_report report;
        try {
            run_groups();
            run_rows(report);
        } catch (const cancelled& end) {
            out_of_time_ = end.reason() == cancel_reason::deadline && options_.run->deadline.count() > 0 && !report.failed;
            tell_report(report);
            if (report.failed) {
                throw;  // an item's own
            }
            const auto done = static_cast<std::size_t>(std::count_if(state_.begin(), state_.end(), [](char s) { return s >= known; }));
            throw cancelled_call(options_.run->label.empty() ? options_.name : std::string_view(options_.run->label), end.reason(), done,
                                 table_.size());
        } catch (...) {
            tell_report(report);
            throw;
        }
        tell_report(report);
    }

private:
    enum : char { open = 0, ill_conditioned, known, finished };

    /// Candidates whose work on a fold is done together.
    struct group {
        std::vector<std::size_t> members;
        std::vector<E> estimators;
        bool sums = false;
    };
    /// What a group has found for a fold, for each member; without a value where it could not.
    struct member_outcome {
        std::optional<outcome> found = {};
        bool solvable = true;  // false: the sums have lost what the rows would tell
    };
    using group_outcomes = std::vector<member_outcome>;

    static constexpr bool mergeable = [] {
        if constexpr (takes_views<E, T, L>) {
            return mergeable_estimator<E, array_view<const T, 2>, std::span<const L>>;
        } else {
            return false;
        }
    }();
    static constexpr bool has_paths = takes_views<E, T, L> && predicts_paths<E, T, L> && !Scores::read(prediction_kind::probabilities);

    struct no_sums {};
    template <bool Mergeable, class Dummy = void>
    struct sums_type {
        using type = no_sums;
    };
    template <class Dummy>
    struct sums_type<true, Dummy> {
        using type = typename E::statistics_type;
    };
    using training_sets = std::vector<typename sums_type<mergeable>::type>;

    /// How long is left of the deadline, which began with this object.
    [[nodiscard]] run_options remaining() const {
        run_options out;
        out.stop = options_.run->stop;
        if (options_.run->deadline.count() > 0) {
            const auto spent = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin_);
            out.deadline = std::max(options_.run->deadline - spent, std::chrono::nanoseconds(1));
        }
        return out;
    }

    void tell_report(const run_report& rows) const {
        if (options_.run->report == nullptr) {
            return;
        }
        run_report& out = *options_.run->report;
        out = rows;
        out.threads = std::max(rows.threads, group_threads_);
        out.total = table_.size();
        out.done = 0;
        out.completed.clear();
        for (std::size_t item = 0; item < table_.size(); ++item) {
            const bool done = state_[item] >= known;
            out.done += done;
            if (done && !out.completed.empty() && out.completed.back().end == item) {
                out.completed.back().end = item + 1;
            } else if (done) {
                out.completed.push_back({item, item + 1});
            }
        }
        if (out.done == out.total) {
            out.completed.clear();
        }
    }

    /// Those candidates that share work.
    [[nodiscard]] std::vector<group> groups() const {
        const bool plain = options_.algebra == fold_algebra::automatic && options_.weights.empty();
        const bool merge = mergeable && plain && survey_.complementary && survey_.count >= 2;
        const bool path = has_paths && plain && !options_.models && !options_.train_scores;
        std::vector<group> out;
        if (!merge && !path) {
            return out;
        }
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            const E& candidate = candidates_[c];
            group* mine = nullptr;
            for (group& g : out) {
                bool together = false;
                if constexpr (shares_sums<E>) {
                    together = merge && g.estimators.front().shares_statistics(candidate);
                }
                if constexpr (has_paths) {
                    together =
                        together || (!merge && g.estimators.front().shares_path(candidate) && candidate.path_holds(survey_.shortest_train));
                }
                if (together) {
                    mine = &g;
                    break;
                }
                if (!shares_sums<E> && !has_paths) {
                    break;  // nobody shares anything
                }
            }
            bool begins = merge;
            if constexpr (has_paths) {
                begins = begins || candidate.path_holds(survey_.shortest_train);
            }
            if (mine == nullptr && begins) {
                out.push_back({{}, {}, merge});
                mine = &out.back();
            }
            if (mine != nullptr) {
                mine->members.push_back(c);
                mine->estimators.push_back(candidate);
            }
        }
        std::erase_if(out, [&](const group& g) { return (!g.sums && g.members.size() < 2) || all_known(g); });
        return out;
    }
    [[nodiscard]] bool all_known(const group& g, std::size_t f) const {
        return std::all_of(g.members.begin(), g.members.end(), [&](std::size_t c) { return state_[c * survey_.count + f] == known; });
    }
    [[nodiscard]] bool all_known(const group& g) const {
        for (std::size_t f = 0; f < survey_.count; ++f) {
            if (!all_known(g, f)) {
                return false;
            }
        }
        return true;
    }

    void run_groups() {
        const std::vector<group> all = groups();
        if (all.empty()) {
            return;
        }
        const std::size_t k = survey_.count;
        std::vector<run_report> reports(all.size() + 1);
        run_options outer = remaining();
        outer.report = &reports.back();
        for_each_index(all.size(),
                       [&](std::size_t i) {
                           const group& g = all[i];
                           training_sets sums;
                           if (g.sums && !tried([&] { sums = sums_of(g); })) {
                               return;
                           }
                           if (g.sums && sums.empty()) {
                               return;
                           }
                           for_each_index(
                               k,
                               [&](std::size_t f) {
                                   group_outcomes found;
                                   if (!all_known(g, f) && tried([&] { found = g.sums ? solved(g, f, sums) : predicted(g, f); })) {
                                       tell(g, f, std::move(found));
                                   }
                               },
                               {.grain = 1, .run = {.report = &reports[i]}, .name = options_.name});
                       },
                       {.grain = 1, .run = outer, .name = options_.name, .shown_elsewhere = bar_->shown()});
        for (const run_report& each : reports) {
            group_threads_ = std::max(group_threads_, each.threads);
        }
    }
    /// Whether f came to its end. Being cancelled is no failure of its own.
    template <class F>
    [[nodiscard]] static bool tried(const F& f) {
        try {
            f();
            return true;
        } catch (const cancelled&) {
            if (is_cancelled(current_call())) {
                throw;
            }
            return false;
        } catch (...) {
            return false;
        }
    }
    void tell(const group& g, std::size_t f, group_outcomes&& found) {
        for (std::size_t i = 0; i < g.members.size(); ++i) {
            const std::size_t item = g.members[i] * survey_.count + f;
            if (state_[item] == known) {
                continue;
            }
            std::optional<outcome>& one = found[i].found;
            if (!one) {
                state_[item] = found[i].solvable ? open : ill_conditioned;
            } else if (!options_.raise_nan || std::none_of(one->test.begin(), one->test.end(), [](double s) { return std::isnan(s); })) {
                finish(g.members[i], f, *std::move(one));
            }
        }
    }

    /// Fold by fold, so that workers keep its rows; or the dearest first.
    [[nodiscard]] std::vector<std::size_t> task_order() const {
        const std::size_t k = survey_.count;
        std::vector<std::size_t> order(table_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto key = [&](std::size_t item) {
            return std::tuple(options_.costs.empty() ? 0.0 : -options_.costs[item / k], item % k, item / k);
        };
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
        return order;
    }

    /// Whatever is open.
    void run_rows(run_report& report) {
        if (std::all_of(state_.begin(), state_.end(), [](char s) { return s >= known; })) {
            return;
        }
        const std::size_t k = survey_.count;
        const std::vector<std::size_t> order = task_order();
        const std::size_t rounds = options_.reject ? k : 1;
        for (std::size_t round = 0; round < rounds; ++round) {
            run_options run = *options_.run;
            run.deadline = remaining().deadline;
            run.progress = progress_mode::off;  // the bar is ours
            run.on_progress = {};
            run.report = &report;
            for_each_index_in_order(order,
                                    [&](std::size_t item) {
                                        const bool later = rounds > 1 && (item % k != round || rejected_[item / k]);
                                        if (state_[item] < known && !later) {
                                            fit_rows(item / k, item % k);
                                        }
                                    },
                                    {.grain = 1, .run = run, .name = options_.name, .shown_elsewhere = bar_->shown()});
            if (rounds > 1 && round + 1 < k) {
                reject_hopeless(round + 1);
            }
        }
    }

    /// After `done` folds: who cannot reach what another one cannot fall below. Sums in the order of the folds, as the mean has them: so
    /// rounding cannot turn it round.
    void reject_hopeless(std::size_t done) {
        const auto mean = [&](std::size_t c, double rest) {
            double sum = 0;
            for (std::size_t f = 0; f < survey_.count; ++f) {
                sum += f < done ? table_[c * survey_.count + f].test[0] : rest;
            }
            return sum / static_cast<double>(survey_.count);
        };
        double best = -std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            if (const double least = rejected_[c] ? best : mean(c, options_.reject->lowest); least > best) {
                best = least;
            }
        }
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            if (!rejected_[c] && !(mean(c, options_.reject->highest) >= best) && std::isfinite(best)) {
                for (std::size_t f = done; f < survey_.count; ++f) {
                    if (state_[c * survey_.count + f] < known) {
                        rejected_[c] = 1;
                        bar_->add();
                    }
                }
            }
        }
    }

    void finish(std::size_t c, std::size_t f, outcome&& result) {
        const std::size_t item = c * survey_.count + f;
        table_[item] = std::move(result);
        state_[item] = finished;
        bar_->add();
        if (options_.done) {
            options_.done(c, f);
        }
    }

    void score(const model& m, const typename fold_buffer<T, L>::sets& sets, outcome& out) const {
        timed(out.times.score, [&] {
            if constexpr (requires { scores_.use(m, sets); }) {
                scores_.use(m, sets);
            } else {
                out.test = score_model<E>(m, sets.test, scores_);
                if (options_.train_scores) {
                    out.train = score_model<E>(m, sets.train, scores_);
                }
            }
        });
    }

    void fit_rows(std::size_t c, std::size_t f) {
        outcome out;
        out.road = state_[c * survey_.count + f] == ill_conditioned ? fold_road::ill_conditioned : fold_road::fitted;
        try {
            const auto buffer = buffers_.borrow();
            const auto sets = buffer->take(data_, folds_, f, true);
            std::optional<model> fitted;
            timed(out.times.fit, [&] { fitted.emplace(fit(candidates_[c], sets)); });
            score(*fitted, sets, out);
            if (options_.models) {
                out.model = std::move(fitted);
            }
            if (options_.raise_nan) {
                check_scores(options_.name, f, names_, out.test);
            }
        } catch (...) {
            if (!options_.record_errors || is_cancelled(current_call())) {
                throw;
            }
            out = outcome{};
            out.test.assign(Scores::size(), std::numeric_limits<double>::quiet_NaN());
            out.train.assign(options_.train_scores ? Scores::size() : 0, std::numeric_limits<double>::quiet_NaN());
            out.error = std::current_exception();
        }
        finish(c, f, std::move(out));
    }

    [[nodiscard]] model fit(const E& candidate, const typename fold_buffer<T, L>::sets& sets) const {
        if (options_.weights.empty()) {
            return with_rows<E, T, L>(sets.train, [&](const auto& x, const auto& y) -> model { return fit_copy(candidate, x, y); });
        }
        std::vector<double> weights;
        for (const std::size_t row : sets.indices->train) {
            weights.push_back(options_.weights[row]);
        }
        return fit_copy_weighted<E, T, L>(options_.name, candidate, sets.train, weights);
    }

    /// Empty where they would take much more memory than the data.
    [[nodiscard]] training_sets sums_of(const group& g) const {
        if constexpr (mergeable) {
            const E& first = g.estimators.front();
            if constexpr (requires(const typename E::statistics_type& s) { s.bytes(); }) {
                // Of rows from all over, so that most classes are among them.
                std::vector<std::size_t> some(std::min<std::size_t>(data_.x.shape(0), gathered_leaf));
                for (std::size_t i = 0; i < some.size(); ++i) {
                    some[i] = i * data_.x.shape(0) / some.size();
                }
                row_buffer<T, L> buffer;
                const labelled_view<T, L> sample = buffer.take(data_, some);
                const std::size_t each = first.statistics(sample.x, sample.y).bytes();
                if (3 * survey_.count * each > 4 * sizeof(T) * data_.x.size() + (std::size_t{64} << 20)) {
                    return {};
                }
            }
            return training_sums(first, data_, folds_, survey_, {.name = options_.name});
        } else {
            return {};
        }
    }

    [[nodiscard]] group_outcomes solved(const group& g, std::size_t f, [[maybe_unused]] const training_sets& all) {
        group_outcomes out(g.members.size());
        if constexpr (mergeable) {
            const typename E::statistics_type& sums = all[f];
            seconds spent{};
            std::vector<std::optional<model>> models(g.members.size());
            timed(spent, [&] {
                if constexpr (solves_paths<E, typename E::statistics_type>) {
                    if (g.estimators.size() > 1) {
                        models = E::solve_path(std::span<const E>(g.estimators), sums);
                        std::transform(models.begin(), models.end(), out.begin(), [](const auto& m) {
                            return member_outcome{{}, m.has_value()};
                        });
                        return;
                    }
                }
                for (std::size_t i = 0; i < g.estimators.size(); ++i) {
                    (void)tried([&] {
                        models[i] = g.estimators[i].solve(sums);
                        out[i].solvable = models[i].has_value();
                    });
                }
            });
            const auto buffer = buffers_.borrow();
            const auto sets = buffer->take(data_, folds_, f, options_.train_scores);
            for_each_index(g.members.size(),
                           [&](std::size_t i) {
                               if (!models[i]) {
                                   return;
                               }
                               (void)tried([&] {
                                   outcome one;
                                   one.road = fold_road::merged;
                                   one.times.fit = spent / static_cast<double>(g.members.size());
                                   score(*models[i], sets, one);
                                   if (options_.models) {
                                       one.model = std::move(models[i]);
                                   }
                                   out[i].found.emplace(std::move(one));
                               });
                           },
                           {.name = options_.name});
        }
        return out;
    }

    [[nodiscard]] group_outcomes predicted(const group& g, std::size_t f) {
        group_outcomes out(g.members.size());
        if constexpr (has_paths) {
            const auto buffer = buffers_.borrow();
            const auto sets = buffer->take(data_, folds_, f, true);
            seconds spent{};
            const auto values =
                timed(spent, [&] { return E::predict_path(std::span<const E>(g.estimators), sets.train.x, sets.train.y, sets.test.x); });
            for_each_index(g.members.size(),
                           [&](std::size_t i) {
                               (void)tried([&] {
                                   outcome one;
                                   one.test.resize(Scores::size());
                                   one.times.fit = spent / static_cast<double>(g.members.size());
                                   timed(one.times.score, [&] { score_values(scores_, sets.test.y, values[i], one.test); });
                                   out[i].found.emplace(std::move(one));
                               });
                           },
                           {.name = options_.name});
        }
        return out;
    }

    std::span<const E> candidates_;
    labelled_view<T, L> data_;
    const Folds& folds_;
    const fold_survey& survey_;
    const Scores& scores_;
    std::vector<std::string> names_;
    const evaluation_options& options_;
    std::vector<outcome> table_;
    std::vector<char> state_;     // of each item; each written by the thread that works on it
    std::vector<char> rejected_;  // of each candidate; written between rounds
    declared_progress* bar_ = nullptr;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    bool out_of_time_ = false;
    std::size_t group_threads_ = 0;  // the most that a loop over a group's folds had
    scratch<fold_buffer<T, L>> buffers_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_VALIDATION_DETAIL_EVALUATION_HPP
