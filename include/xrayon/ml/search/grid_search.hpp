// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_GRID_SEARCH_HPP
#define XRAYON_ML_SEARCH_GRID_SEARCH_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
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
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/declared_progress.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/metrics/score_range.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/search/detail/search_journal.hpp>
#include <xrayon/ml/search/grid.hpp>
#include <xrayon/ml/search/search_options.hpp>
#include <xrayon/ml/search/search_result.hpp>
#include <xrayon/ml/validation/cross_validate.hpp>
#include <xrayon/ml/validation/detail/evaluation.hpp>
#include <xrayon/ml/validation/detail/fit_copy_weighted.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>
#include <xrayon/par/ordered.hpp>

namespace xrayon::ml {

namespace detail {

/// The estimator that `make` gives for a candidate.
template <class Make, class Space>
using made_estimator = std::remove_cvref_t<std::invoke_result_t<const Make&, const parameters_of<Space>&>>;

/// Fills a result from a table of outcomes; what was not reached is NaN.
template <class P, class Model>
void fill_result(search_result<P, Model>& out, std::vector<fold_outcome<Model>>& table, std::size_t folds, const search_options& options,
                 const std::vector<char>& rejected = {}) {
    const std::size_t metrics = out.metrics.size();
    const std::size_t count = out.candidates.size();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    out.test_scores.assign(metrics, std::vector(count, std::vector(folds, nan)));
    out.train_scores.assign(options.train_scores ? metrics : 0, std::vector(count, std::vector(folds, nan)));
    out.roads.assign(count, std::vector(folds, fold_road::fitted));
    out.times.assign(count, std::vector<fold_times>(folds));
    for (std::size_t c = 0; c < count; ++c) {
        for (std::size_t f = 0; f < folds; ++f) {
            fold_outcome<Model>& one = table[c * folds + f];
            if (one.test.empty()) {
                out.complete = out.complete && !rejected.empty() && rejected[c];
                continue;
            }
            ++out.finished;
            for (std::size_t m = 0; m < metrics; ++m) {
                out.test_scores[m][c][f] = one.test[m];
                if (options.train_scores && !one.train.empty()) {
                    out.train_scores[m][c][f] = one.train[m];
                }
            }
            out.roads[c][f] = one.road;
            out.times[c][f] = one.times;
            if (one.error) {
                out.errors.push_back({c, f, one.error});
            }
        }
        if (!rejected.empty() && rejected[c]) {
            out.rejected.push_back(c);
        }
    }
}

inline void check_search(std::string_view op, std::size_t candidates, const search_options& options) {
    if (candidates < 1) {
        throw argument_error(std::string(op) + ": 0 candidates", "0");
    }
    if (!options.costs.empty()) {
        check_same_shape(op, "options.costs", std::array{options.costs.size()}, "the candidates", std::array{candidates});
        for (const double cost : options.costs) {
            if (cost != cost) {
                throw argument_error(std::string(op) + ": options.costs must not be NaN", "nan");
            }
        }
    }
    if (!options.journal.path.empty() && options.journal.key.empty()) {
        throw argument_error(std::string(op)
                                 + ": options.journal.key must say what the search is about: the model, and what no candidate sets (it keeps two "
                                   "searches apart that the journal cannot tell from each other)",
                             "");
    }
}

/// grid_search under another name, with a bar of several searches.
template <class Make, class Space, class X, class Y, class Splitter, class... Metrics>
[[nodiscard]] auto run_search(std::string_view op, const Make& make, const Space& space, const X& x, const Y& y, const Splitter& splitter,
                              const score_set<Metrics...>& scores, const search_options& options, declared_progress* bar) {
    using E = made_estimator<Make, Space>;
    using T = element_of_matrix<X>;
    using L = target_value_t<Y>;
    const std::size_t count = space.size();
    check_search(op, count, options);
    const array_view<const T, 2> rows = labelled(op, x, y);
    if (!options.weights.empty()) {
        check_same_shape(op, "options.weights", std::array{options.weights.size()}, "y", std::array{rows.shape(0)});
    }
    decltype(auto) folds = folds_of(op, splitter, y);
    const fold_survey survey = survey_folds(op, folds, rows.shape(0));
    const std::vector<L> targets = copy_targets(y);

    search_result<parameters_of<Space>, model_of<E, T, L>> out;
    std::vector<E> estimators;
    for (std::size_t c = 0; c < count; ++c) {
        out.candidates.push_back(space[c]);
        out.parameter_texts.push_back(space.texts(c));
        estimators.push_back(std::invoke(make, std::as_const(out.candidates.back())));
    }
    out.parameter_names = space.names();
    out.metrics = scores.names();

    evaluation_options how;
    how.name = op;
    how.train_scores = options.train_scores;
    how.record_errors = options.error == error_score::record;
    how.algebra = options.algebra;
    how.weights = options.weights;
    how.costs = options.costs;
    how.run = &options.run;
    how.bar = bar;
    if (options.reject_hopeless) {
        using first = std::tuple_element_t<0, std::tuple<Metrics...>>;
        if constexpr (bounded_metric<first>) {
            how.reject = scores.first().range();
        } else {
            throw argument_error(std::string(op) + ": options.reject_hopeless needs a first metric that is bounded on both sides",
                                 out.metrics[0]);
        }
    }
    std::optional<search_journal<model_of<E, T, L>>> journal;
    if (!options.journal.path.empty()) {
        journal.emplace(
            options.journal,
            search_identity(rows, std::span<const L>(targets), folds, out.metrics, out.parameter_names, out.parameter_texts, options),
            count, survey.count, out.metrics.size());
        how.known = [&](std::size_t c, std::size_t f) { return journal->knows(c, f); };
    }
    evaluation<E, T, L, std::remove_cvref_t<decltype(folds)>, score_set<Metrics...>> job(estimators, {rows, targets}, folds, survey, scores,
                                                                                         how);
    if (journal) {
        journal->load(job.table(), options.train_scores);
        how.done = [&](std::size_t c, std::size_t f) { journal->add(c, f, job.table()[c * survey.count + f]); };
    }
    try {
        job.run();
    } catch (const cancelled&) {
        if (!job.out_of_time()) {
            throw;
        }
    }
    fill_result(out, job.table(), survey.count, options, job.rejected());
    if (journal) {
        out.journal_failure = journal->failure();
    }
    if (options.refit && out.complete) {
        const std::size_t best = out.order().front();
        if (std::isfinite(out.mean(best))) {
            if (options.weights.empty()) {
                out.model.emplace(with_rows<E, T, L>(
                    {rows, targets}, [&](const auto& all, const auto& labels) { return fit_copy(estimators[best], all, labels); }));
            } else {
                out.model.emplace(fit_copy_weighted<E, T, L>(op, estimators[best], {rows, targets},
                                                             std::vector<double>(options.weights.begin(), options.weights.end())));
            }
        }
    }
    return out;
}

} // namespace detail

/// @brief Tries every candidate of a space on every fold, and keeps the best.
///
/// @param make      `make(candidate)` gives an estimator: `[](const ridge_options& o) { return ridge(o); }`, or a pipeline. Called once for
///                  each candidate.
/// @param space     A grid, random_candidates, or a parameter_space of one's own.
/// @param x, y      As cross_validate takes them.
/// @param splitter  k_fold and its kin, or a range of folds; one fold is a hold-out: `std::vector{train_test_split(n)}`.
/// @param scores    What is asked of the predictions; the first metric decides.
/// @param options   See search_options.
/// @returns         The table, and the best candidate fitted on all rows. Same at every thread count: all but times.
/// @throws argument_error  `grid_search: 0 candidates`; if costs are not one for each candidate, or NaN; for a journal without a key;
///                         as cross_validate
/// @throws ...             what the lowest failing (candidate, fold) threw, unchanged: options.run.report says which, counting candidate x
///                         folds + fold
/// @throws cancelled       if a stop was requested; with a deadline the result says that it is not complete, and has no model
///
/// With reject_hopeless fits come fold by fold, and so does what they throw: the lowest candidate of the first fold that has one.
/// `run.memory_budget` is for fits on rows.
///
/// **Journal.** With `options.journal.path` each fit is written down when it is done. A search that was killed, or that threw, goes on
/// where it was when it is called again with the same arguments, at any thread count, and its table is that of one that ran through, byte
/// for byte. Fits that failed are tried again.
/// @throws journal_error, io_error  if the file is another search's, damaged before its end, or in use
///
/// **One set of tasks.** All candidates on all folds run as one call, so no thread waits for the end of a candidate. Fits that share
/// something share it: sums over rows (mergeable estimators), one factorisation for all alphas of a ridge, neighbours for all k.
/// **Cost.** candidates x folds fits and predictions, less what is shared. Memory: for each worker the rows of one fold.
///
/// @code
/// auto found = xrayon::ml::grid_search([](const ridge_options& o) { return ridge(o); }, space, x, y, k_fold{.folds = 5}, scores(r2));
/// std::cout << found.best_params().alpha << '\n';
/// @endcode
template <class Make, parameter_space Space, class X, indexed_range Y, class Splitter, metric... Metrics>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && std::invocable < const Make&, const parameters_of<Space>
& > &&detail::row_estimator<detail::made_estimator<Make, Space>, detail::element_of_matrix<X>, detail::target_value_t<Y>> [[nodiscard]] auto
    grid_search(const Make& make, const Space& space, const X& x, const Y& y, const Splitter& splitter, const score_set<Metrics...>& scores,
                const search_options& options = {}) {
    return detail::run_search("grid_search", make, space, x, y, splitter, scores, options, nullptr);
}

/// @brief The same with one metric.
template <class Make, parameter_space Space, class X, indexed_range Y, class Splitter, metric Metric>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && std::invocable < const Make&, const parameters_of<Space>
& > &&detail::row_estimator<detail::made_estimator<Make, Space>, detail::element_of_matrix<X>, detail::target_value_t<Y>> [[nodiscard]] auto
    grid_search(const Make& make, const Space& space, const X& x, const Y& y, const Splitter& splitter, const Metric& metric,
                const search_options& options = {}) {
    return grid_search(make, space, x, y, splitter, scores(metric), options);
}

namespace detail {

/// What a function of a candidate and a fold's rows is called with.
template <class F, class P, class X, class Y>
concept candidate_function = std::is_arithmetic_v < std::invoke_result_t < const F&,
        const P&, array_view < const element_of_matrix<X>,
2 >, std::span<const target_value_t<Y>>, array_view<const element_of_matrix<X>, 2>, std::span < const target_value_t < Y >>>> ;

} // namespace detail

/// @brief The same for whatever is to be fitted, as a function: `fit_and_score(candidate, train_x, train_y, test_x, test_y)` gives a score,
/// higher being better.
///
/// Called once for each candidate and fold, from several threads at once, as const. `refit`, `train_scores`, `algebra`, `weights` and
/// `reject_hopeless` mean nothing here.
template <parameter_space Space, class X, indexed_range Y, class Splitter, class F>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && detail::candidate_function<F, parameters_of<Space>, X, Y>
[[nodiscard]] search_result<parameters_of<Space>, no_model> grid_search(const Space& space, const X& x, const Y& y,
                                                                        const Splitter& splitter, const F& fit_and_score,
                                                                        const search_options& options = {}) {
    using T = detail::element_of_matrix<X>;
    using L = detail::target_value_t<Y>;
    const std::size_t count = space.size();
    detail::check_search("grid_search", count, options);
    const array_view<const T, 2> rows = detail::labelled("grid_search", x, y);
    decltype(auto) folds = detail::folds_of("grid_search", splitter, y);
    const std::size_t k = detail::survey_folds("grid_search", folds, rows.shape(0)).count;
    const std::vector<L> targets = detail::copy_targets(y);
    search_result<parameters_of<Space>, no_model> out;
    for (std::size_t c = 0; c < count; ++c) {
        out.candidates.push_back(space[c]);
        out.parameter_texts.push_back(space.texts(c));
    }
    out.parameter_names = space.names();
    out.metrics = {"score"};
    std::vector<std::size_t> order(count * k);
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const double cost_a = options.costs.empty() ? 0 : options.costs[a / k];
        const double cost_b = options.costs.empty() ? 0 : options.costs[b / k];
        return std::tuple(-cost_a, a % k, a) < std::tuple(-cost_b, b % k, b);
    });
    scratch<detail::fold_buffer<T, L>> buffers;
    std::vector<detail::fold_outcome<no_model>> table(count * k);
    std::optional<detail::search_journal<no_model>> journal;
    if (!options.journal.path.empty()) {
        journal.emplace(options.journal,
                        detail::search_identity(rows, std::span<const L>(targets), folds, out.metrics, out.parameter_names,
                                                out.parameter_texts, options),
                        count, k, 1);
        journal->load(table, false);
    }
    run_options run = options.run;
    run_report report;
    if (run.report == nullptr) {
        run.report = &report;
    }
    try {
        for_each_index_in_order(order,
                                [&](std::size_t item) {
                                    if (journal && journal->knows(item / k, item % k)) {
                                        return;
                                    }
                                    detail::fold_outcome<no_model> one;
                                    try {
                                        const auto buffer = buffers.borrow();
                                        const auto sets = buffer->take({rows, targets}, folds, item % k, true);
                                        detail::timed(one.times.fit, [&] {
                                            one.test.assign(
                                                1, static_cast<double>(std::invoke(fit_and_score, std::as_const(out.candidates[item / k]),
                                                                                   sets.train.x, sets.train.y, sets.test.x, sets.test.y)));
                                        });
                                    } catch (...) {
                                        if (options.error == error_score::raise || is_cancelled(current_call())) {
                                            throw;
                                        }
                                        one.test.assign(1, std::numeric_limits<double>::quiet_NaN());
                                        one.error = std::current_exception();
                                    }
                                    table[item] = std::move(one);
                                    if (journal) {
                                        journal->add(item / k, item % k, table[item]);
                                    }
                                },
                                {.grain = 1, .run = run, .name = "grid_search"});
    } catch (const cancelled& end) {
        if (end.reason() != cancel_reason::deadline || run.deadline.count() == 0 || run.report->failed) {
            throw;
        }
    }
    search_options kept = options;
    kept.train_scores = false;
    detail::fill_result(out, table, k, kept);
    if (journal) {
        out.journal_failure = journal->failure();
    }
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_GRID_SEARCH_HPP
