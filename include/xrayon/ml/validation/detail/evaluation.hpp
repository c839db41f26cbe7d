// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_DETAIL_EVALUATION_HPP
#define XRAYON_ML_VALIDATION_DETAIL_EVALUATION_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
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
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/validation/cross_validation.hpp>
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
    /// Is told of each outcome as soon as it is there, by the thread that has it.
    std::function<void(std::size_t, std::size_t)> done = {};
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
concept solves_paths = shares_sums<E> && requires(std::span<const E> group, const S& s) { E::solve_path(group, s); };
template <class E, class T, class L>
concept predicts_paths = requires(std::span<const E> group, const array_view<const T, 2>& x, std::span<const L> y) {
    E::predict_path(group, x, y, x);
    { group[0].shares_path(group[0]) } -> std::convertible_to<bool>;
    { group[0].path_holds(std::size_t{}) } -> std::convertible_to<bool>;
};

/// @brief Every candidate on every fold: one flat set of tasks, item c * folds + f.
///
/// Roads. *Sums*: a mergeable estimator's training sets are merged from sums over test sets, once for all candidates that share them, and
/// where it can
/// one factorisation solves for all of these. *Path*: candidates that can predict together do, once a fold. *Rows*: the others are fitted
/// on the fold's rows; a worker
/// keeps a fold's rows while it goes on with that fold. The first candidate of a group does the group's work for a fold; where it throws,
/// each of the group
/// is fitted on its rows instead, so that what is thrown is what the plain loop throws, and from the same place.
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
          table_(candidates.size() * survey.count) {}

    /// [candidate * folds + fold]
    [[nodiscard]] std::vector<outcome>& table() noexcept { return table_; }

    /// @throws what the lowest failing (candidate, fold) threw, unless errors are recorded; cancelled
    void run() {
        const auto begin = std::chrono::steady_clock::now();
        find_groups();
        prepare_sums();
        const std::size_t k = survey_.count;
        state_ = std::make_unique<std::atomic<char>[]>(table_.size());
        const std::vector<std::size_t> order = task_order();
        run_options run = *options_.run;
        run_report report;
        if (run.report == nullptr) {
            run.report = &report;
        }
        shorten_deadline(run, begin);
        std::exception_ptr thrown;
        try {
            for_each_index_in_order(order, [&](std::size_t item) { do_item(item / k, item % k); },
                                    {.grain = 1, .run = run, .name = options_.name});
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            thrown = std::current_exception();
        }
        // Groups whose first candidate threw after others had passed by: these are left, and one of them may come before what was thrown.
        const std::size_t end = thrown && run.report->failed ? *run.report->failed : table_.size();
        for (std::size_t item = 0; item < end; ++item) {
            if (state_[item].load(std::memory_order_acquire) == waiting) {
                fit_rows(item / k, item % k);
            }
        }
        if (thrown) {
            std::rethrow_exception(thrown);
        }
    }

private:
    enum : char { open = 0, waiting, finished };

    /// Candidates whose work on a fold is done together; the first of them does it.
    struct group {
        std::vector<std::size_t> members;
        std::vector<E> estimators;
        bool sums = false;
        bool path = false;
    };

    static constexpr bool mergeable = [] {
        if constexpr (takes_views<E, T, L>) {
            return mergeable_estimator<E, array_view<const T, 2>, std::span<const L>>;
        } else {
            return false;
        }
    }();
    static constexpr bool has_paths = takes_views<E, T, L> && predicts_paths<E, T, L> && !Scores::read(prediction_kind::probabilities);

    void find_groups() {
        const bool merge = mergeable && options_.algebra == fold_algebra::automatic && survey_.complementary && survey_.count >= 2
                           && options_.weights.empty();
        const bool path = has_paths && options_.algebra == fold_algebra::automatic && options_.weights.empty() && !options_.models
                          && !options_.train_scores;
        std::vector<std::size_t> unplaced(candidates_.size());
        std::iota(unplaced.begin(), unplaced.end(), std::size_t{0});
        while (!unplaced.empty()) {
            group g;
            std::vector<std::size_t> rest;
            const E& first = candidates_[unplaced.front()];
            g.sums = merge;
            if constexpr (has_paths) {
                g.path = !merge && path && first.path_holds(survey_.shortest_train);
            }
            for (const std::size_t c : unplaced) {
                bool together = c == unplaced.front();
                if constexpr (shares_sums<E>) {
                    together = together || (g.sums && first.shares_statistics(candidates_[c]));
                }
                if constexpr (has_paths) {
                    together =
                        together || (g.path && first.shares_path(candidates_[c]) && candidates_[c].path_holds(survey_.shortest_train));
                }
                (together ? g.members : rest).push_back(c);
            }
            for (const std::size_t c : g.members) {
                g.estimators.push_back(candidates_[c]);
            }
            g.path = g.path && g.members.size() > 1;
            group_of_.resize(candidates_.size());
            for (const std::size_t c : g.members) {
                group_of_[c] = groups_.size();
            }
            groups_.push_back(std::move(g));
            unplaced = std::move(rest);
        }
    }

    /// The sums over each fold's training rows, for each group that merges. Where that throws, its folds are fitted on their rows.
    void prepare_sums() {
        if constexpr (mergeable) {
            sums_.resize(groups_.size());
            for (std::size_t g = 0; g < groups_.size(); ++g) {
                if (!groups_[g].sums || all_known(groups_[g])) {
                    groups_[g].sums = false;
                    continue;
                }
                try {
                    run_options quiet;
                    quiet.stop = options_.run->stop;
                    quiet.deadline = options_.run->deadline;
                    sums_[g] = training_sums(groups_[g].estimators.front(), data_, folds_, survey_, {.run = quiet, .name = options_.name});
                } catch (const cancelled&) {
                    throw;
                } catch (...) {
                    groups_[g].sums = false;
                    split_group(g);
                }
            }
        }
    }

    [[nodiscard]] bool all_known(const group& g) const {
        if (!options_.known) {
            return false;
        }
        for (const std::size_t c : g.members) {
            for (std::size_t f = 0; f < survey_.count; ++f) {
                if (!options_.known(c, f)) {
                    return false;
                }
            }
        }
        return true;
    }

    /// Each of the group's candidates goes alone.
    void split_group(std::size_t g) {
        const std::vector<std::size_t> members = groups_[g].members;
        for (std::size_t i = 1; i < members.size(); ++i) {
            group_of_[members[i]] = groups_.size();
            groups_.push_back({{members[i]}, {candidates_[members[i]]}});
        }
        groups_[g].members.resize(1);
        groups_[g].estimators.erase(groups_[g].estimators.begin() + 1, groups_[g].estimators.end());
        if constexpr (mergeable) {
            sums_.resize(groups_.size());
        }
    }

    /// Fold by fold, so that workers keep its rows; who works for a group before the others of it; or the dearest first.
    [[nodiscard]] std::vector<std::size_t> task_order() const {
        const std::size_t k = survey_.count;
        std::vector<std::size_t> order(table_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto key = [&](std::size_t item) {
            const std::size_t c = item / k;
            const bool follows = groups_[group_of_[c]].members.front() != c;
            const double cost = options_.costs.empty() ? 0.0 : -options_.costs[c];
            return std::tuple(follows, cost, item % k, c);
        };
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
        return order;
    }

    static void shorten_deadline(run_options& run, std::chrono::steady_clock::time_point begin) {
        if (run.deadline.count() > 0) {
            const auto left = run.deadline - std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin);
            run.deadline = std::max(left, std::chrono::nanoseconds(1));
        }
    }

    void do_item(std::size_t c, std::size_t f) {
        const std::size_t item = c * survey_.count + f;
        if (options_.known && options_.known(c, f)) {
            return;
        }
        group& g = groups_[group_of_[c]];
        if (!g.sums && !g.path) {
            fit_rows(c, f);
            return;
        }
        if (c != g.members.front()) {
            char expected = waiting;
            if (state_[item].compare_exchange_strong(expected, finished, std::memory_order_acq_rel)) {
                fit_rows(c, f);
            }
            return;
        }
        try {
            if (g.sums) {
                solve_group(g, f);
            } else {
                predict_group(g, f);
            }
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            for (const std::size_t m : g.members) {
                const std::size_t other = m * survey_.count + f;
                if (m != c && state_[other].load(std::memory_order_acquire) == open) {
                    state_[other].store(waiting, std::memory_order_release);
                }
            }
            fit_rows(c, f);
        }
    }

    /// Everything that is to be said of one outcome.
    void finish(std::size_t c, std::size_t f, outcome&& result) {
        const std::size_t item = c * survey_.count + f;
        if (!result.error && options_.raise_nan) {
            check_scores(options_.name, f, names_, result.test);
        }
        table_[item] = std::move(result);
        state_[item].store(finished, std::memory_order_release);
        if (options_.done) {
            options_.done(c, f);
        }
    }

    void score(const model& m, const typename fold_buffer<T, L>::sets& sets, outcome& out) const {
        timed(out.times.score, [&] {
            out.test = score_model<E>(m, sets.test, scores_);
            if (options_.train_scores) {
                out.train = score_model<E>(m, sets.train, scores_);
            }
        });
    }

    void fit_rows(std::size_t c, std::size_t f, fold_road road = fold_road::fitted) {
        outcome out;
        out.road = road;
        try {
            const auto buffer = buffers_.borrow();
            const auto sets = buffer->take(data_, folds_, f, true);
            std::optional<model> fitted;
            timed(out.times.fit, [&] { fitted.emplace(fit(candidates_[c], sets)); });
            score(*fitted, sets, out);
            if (options_.models) {
                out.model = std::move(fitted);
            }
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            if (!options_.record_errors) {
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
        return with_rows<E, T, L>(sets.train, [&](const auto& x, const auto& y) -> model {
            if (options_.weights.empty()) {
                return fit_copy(candidate, x, y);
            }
            std::vector<double> weights;
            for (const std::size_t row : sets.indices->train) {
                weights.push_back(options_.weights[row]);
            }
            if constexpr (weighted_fittable<E, std::remove_cvref_t<decltype(x)>, std::remove_cvref_t<decltype(y)>, std::vector<double>>) {
                E copy(candidate);
                if constexpr (std::same_as<model, E>) {
                    copy.fit(x, y, weights);
                    return copy;
                } else {
                    return copy.fit(x, y, weights);
                }
            } else {
                throw argument_error(std::string(options_.name) + ": options.weights need an estimator with fit(x, y, weights)");
            }
        });
    }

    void solve_group(group& g, std::size_t f) {
        if constexpr (mergeable) {
            const auto& sums = sums_[group_of_[g.members.front()]][f];
            seconds spent{};
            std::vector<std::optional<model>> models;
            timed(spent, [&] {
                if constexpr (solves_paths<E, typename E::statistics_type>) {
                    if (g.estimators.size() > 1) {
                        models = E::solve_path(std::span<const E>(g.estimators), sums);
                        return;
                    }
                }
                for (const E& e : g.estimators) {
                    models.push_back(e.solve(sums));
                }
            });
            const auto buffer = buffers_.borrow();
            const bool need_train = options_.train_scores;
            const auto sets = buffer->take(data_, folds_, f, need_train);
            // Outcomes first, all of them; then they are told: a throw leaves none behind.
            std::vector<outcome> outcomes(g.members.size());
            for_each_index(g.members.size(),
                           [&](std::size_t i) {
                               if (models[i]) {
                                   outcomes[i].road = fold_road::merged;
                                   outcomes[i].times.fit = spent / static_cast<double>(g.members.size());
                                   score(*models[i], sets, outcomes[i]);
                                   if (options_.models) {
                                       outcomes[i].model = std::move(models[i]);
                                       models[i].emplace(*outcomes[i].model);
                                   }
                               }
                           },
                           {.name = options_.name});
            for (std::size_t i = 0; i < g.members.size(); ++i) {
                if (options_.known && options_.known(g.members[i], f)) {
                    continue;
                }
                if (models[i]) {
                    finish(g.members[i], f, std::move(outcomes[i]));
                } else {
                    fit_rows(g.members[i], f, fold_road::ill_conditioned);
                }
            }
        }
    }

    void predict_group(group& g, std::size_t f) {
        if constexpr (has_paths) {
            const auto buffer = buffers_.borrow();
            const auto sets = buffer->take(data_, folds_, f, true);
            seconds spent{};
            const auto predicted =
                timed(spent, [&] { return E::predict_path(std::span<const E>(g.estimators), sets.train.x, sets.train.y, sets.test.x); });
            std::vector<outcome> outcomes(g.members.size());
            for_each_index(g.members.size(),
                           [&](std::size_t i) {
                               outcomes[i].test.resize(Scores::size());
                               outcomes[i].times.fit = spent / static_cast<double>(g.members.size());
                               timed(outcomes[i].times.score, [&] { score_values(scores_, sets.test.y, predicted[i], outcomes[i].test); });
                           },
                           {.name = options_.name});
            for (std::size_t i = 0; i < g.members.size(); ++i) {
                if (!options_.known || !options_.known(g.members[i], f)) {
                    finish(g.members[i], f, std::move(outcomes[i]));
                }
            }
        }
    }

    struct no_sums {};
    template <bool Mergeable, class Dummy = void>
    struct sums_type {
        using type = no_sums;
    };
    template <class Dummy>
    struct sums_type<true, Dummy> {
        using type = typename E::statistics_type;
    };

    std::span<const E> candidates_;
    labelled_view<T, L> data_;
    const Folds& folds_;
    const fold_survey& survey_;
    const Scores& scores_;
    std::vector<std::string> names_;
    const evaluation_options& options_;
    std::vector<outcome> table_;
    std::vector<group> groups_;
    std::vector<std::size_t> group_of_;
    std::vector<std::vector<typename sums_type<mergeable>::type>> sums_;
    std::unique_ptr<std::atomic<char>[]> state_;
    scratch<fold_buffer<T, L>> buffers_;
};

}  // namespace xrayon::ml::detail

#endif  // XRAYON_ML_VALIDATION_DETAIL_EVALUATION_HPP
