// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_BAGGING_HPP
#define XRAYON_ML_ENSEMBLE_BAGGING_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/metrics/r2.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/random/integer.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon::ml {

struct bagging_options {
    std::size_t estimators = 10;  ///< At least 1.
    double max_samples = 1;       ///< Rows that each learns from, as a share of all: in (0, 1].
    bool bootstrap = true;        ///< Rows are drawn with replacement.
    double max_features = 1;      ///< Columns that each sees, as a share of all, drawn without replacement: in (0, 1].
    std::uint64_t seed = 0;
};

/// @brief Copies of one estimator, each fitted on rows drawn at random; their mean, or the mean of their probabilities, or their vote. L. Breiman, "Bagging predictors" (1996).
///
/// An estimator: `bagging(ridge(), {.estimators = 50})`. `E::fit(x, y)` takes an array_view<const T, 2> and a std::span and changes the object. Copy i draws from `stream(seed) / i`: so the first n are
/// the same however many there are, and the same at every thread count. Classifiers with predict_proba are averaged, others vote, the lowest label winning ties.
///
/// `out_of_bag_score()`: accuracy or r2 of predictions for rows by those copies that have not learnt from them; rows that all have learnt from are left out.
/// @throws argument_error  for options out of range; from predict before fit; and what E throws, of the lowest copy that fails
/// **Cost.** `estimators` fits, in parallel, each on a copy of its rows.
template <class E>
class bagging {
public:
    static constexpr bool is_classifier = detail::labels_are_predicted<E>;
    static constexpr std::string_view name = "bagging";
    using prediction = std::conditional_t<is_classifier, int, double>;

    explicit bagging(E estimator, const bagging_options& options = {}) : estimator_(std::move(estimator)), options_(options) {
        check(options.estimators >= 1, "bagging: options.estimators must be >= 1", options.estimators);
        check(options.max_samples > 0 && options.max_samples <= 1, "bagging: options.max_samples must be in (0, 1]", options.max_samples);
        check(options.max_features > 0 && options.max_features <= 1, "bagging: options.max_features must be in (0, 1]",
              options.max_features);
    }

    template <class X, indexed_range Y>
    requires viewable_as<const X&, 2> bagging& fit(const X& x, const Y& y) {
        using T = std::remove_const_t<typename decltype(view_of<2>(x))::element_type>;
        using L = std::remove_cvref_t<element_t<Y>>;
        const array_view<const T, 2> rows(view_of<2>(x));
        const std::size_t n = rows.shape(0);
        const std::size_t d = rows.shape(1);
        check_shapes(n == element_count(y), "bagging.fit", "X", rows.shape(), "y", std::array{element_count(y)});
        check(n >= 1, "bagging.fit: X must have at least 1 row", n);
        const auto samples = std::max<std::size_t>(1, static_cast<std::size_t>(options_.max_samples * static_cast<double>(n)));
        const auto features = std::max<std::size_t>(1, static_cast<std::size_t>(options_.max_features * static_cast<double>(d)));
        struct memory {
            std::vector<T> x;
            std::vector<L> y;
        };
        scratch<memory> buffers;
        const stream root(options_.seed);
        auto fitted =
            map_index(options_.estimators,
                      [&](std::size_t i) {
                          member out{estimator_, {}, {}};
                          stream source = root / i;
                          out.columns = chosen(source, d, features, false);
                          std::sort(out.columns.begin(), out.columns.end());
                          out.rows = chosen(source, n, samples, options_.bootstrap);
                          const auto buffer = buffers.borrow();
                          buffer->x.resize(samples * features);
                          buffer->y.clear();
                          for (std::size_t k = 0; k < samples; ++k) {
                              for (std::size_t j = 0; j < features; ++j) {
                                  buffer->x[k * features + j] = rows(out.rows[k], out.columns[j]);
                              }
                              buffer->y.push_back(element(y, out.rows[k]));
                          }
                          out.model.fit(array_view<const T, 2>(buffer->x.data(), {samples, features}), std::span<const L>(buffer->y));
                          std::sort(out.rows.begin(), out.rows.end());
                          out.rows.erase(std::unique(out.rows.begin(), out.rows.end()), out.rows.end());
                          return out;
                      },
                      {.grain = 1, .name = "bagging.fit"});
        std::vector<member> members;
        for (member& m : fitted) {
            members.push_back(std::move(m));
        }
        std::vector<int> classes;
        if constexpr (is_classifier) {
            for (std::size_t i = 0; i < n; ++i) {
                classes.push_back(static_cast<int>(element(y, i)));
            }
            std::sort(classes.begin(), classes.end());
            classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
        }
        members_ = std::move(members);
        classes_ = std::move(classes);
        columns_ = d;
        out_of_bag_ = score_out_of_bag<T>(rows, y);
        return *this;
    }

    /// A number or a label for each row.
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] std::vector<prediction> predict(const X& x) const {
        using T = std::remove_const_t<typename decltype(view_of<2>(x))::element_type>;
        const array_view<const T, 2> rows(view_of<2>(x));
        check_query(rows);
        return combined<T>(rows, [](std::size_t, std::size_t) { return true; }).first;
    }

    /// @brief For save and load (ml/saved_model.hpp), where E can be saved. @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const requires savable_model<E> {
        check(fitted(), "bagging.save: call fit first");
        out.text("type", name);
        out.number("estimators", members_.size());
        out.number("max_samples", options_.max_samples);
        out.number("bootstrap", options_.bootstrap);
        out.number("max_features", options_.max_features);
        out.number("seed", options_.seed);
        out.number("columns", columns_);
        out.number("out_of_bag_score", out_of_bag_);
        out.array("classes", classes_);
        for (std::size_t m = 0; m < members_.size(); ++m) {
            const auto numbered = [&](const char* what) { return what + to_text(m); };
            out.array(numbered("columns"), std::vector<std::uint64_t>(members_[m].columns.begin(), members_[m].columns.end()));
            out.part(numbered("model"), members_[m].model);
        }
    }
    [[nodiscard]] static bagging load_from(const model_reader& in) requires savable_model<E> {
        in.expect_type(name);
        const auto count = in.number<std::size_t>("estimators");
        in.expect(count >= 1, "has no estimators");
        std::vector<member> members;
        const auto columns = in.number<std::size_t>("columns");
        for (std::size_t m = 0; m < count; ++m) {
            const auto seen = in.array<std::uint64_t>("columns" + to_text(m));
            in.expect(std::all_of(seen.begin(), seen.end(), [&](std::uint64_t j) { return j < columns; }),
                      "has an estimator of other columns");
            members.push_back({in.template part<E>("model" + to_text(m)), {seen.begin(), seen.end()}, {}});
        }
        bagging out(members.front().model, {.estimators = count,
                                            .max_samples = in.number<double>("max_samples"),
                                            .bootstrap = in.number<bool>("bootstrap"),
                                            .max_features = in.number<double>("max_features"),
                                            .seed = in.number<std::uint64_t>("seed")});
        out.classes_ = in.array<int>("classes");
        in.expect(std::is_sorted(out.classes_.begin(), out.classes_.end()) && out.classes_.empty() != is_classifier,
                  "has not its classes in order");
        if constexpr (requires(const E& e) { e.classes(); }) {
            for (const member& one : members) {
                in.expect(std::includes(out.classes_.begin(), out.classes_.end(), one.model.classes().begin(), one.model.classes().end()),
                          "has an estimator of other classes");
            }
        }
        out.members_ = std::move(members);
        out.columns_ = columns;
        out.out_of_bag_ = in.number<double>("out_of_bag_score");
        return out;
    }
    /// @}

    [[nodiscard]] double out_of_bag_score() const noexcept { return out_of_bag_; }  ///< NaN before fit, and where no row was left out.
    [[nodiscard]] bool fitted() const noexcept { return !members_.empty(); }
    [[nodiscard]] const std::vector<int>& classes() const noexcept { return classes_; }  ///< Of a classifier, ascending.
    [[nodiscard]] const bagging_options& options() const noexcept { return options_; }

private:
    struct member {
        E model;
        std::vector<std::size_t> columns;
        std::vector<std::size_t> rows;  // learnt from, ascending
    };

    /// `count` of n, with replacement or the first of a shuffle.
    [[nodiscard]] static std::vector<std::size_t> chosen(stream& source, std::size_t n, std::size_t count, bool replace) {
        std::vector<std::size_t> out(replace ? count : n);
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = replace ? draw_integer<std::size_t>(source, 0, n - 1) : i;
        }
        if (!replace) {
            for (std::size_t i = 0; i < count; ++i) {
                std::swap(out[i], out[draw_integer<std::size_t>(source, i, n - 1)]);
            }
            out.resize(count);
        }
        return out;
    }

    template <class T>
    void check_query(const array_view<const T, 2>& x) const {
        check(fitted(), "bagging.predict: call fit first");
        check_shapes(x.shape(1) == columns_, "bagging.predict", "X", x.shape(), "the fitted model", std::array{columns_});
    }

    /// Predictions from those members that `counts(member, row)` lets in, and how many those were of each row. Members in order, so that sums are the same
    /// whichever thread has asked them.
    template <class T, class Counts>
    [[nodiscard]] std::pair<std::vector<prediction>, std::vector<std::size_t>> combined(const array_view<const T, 2>& x,
                                                                                        const Counts& counts) const {
        const std::size_t n = x.shape(0);
        const std::size_t width = is_classifier ? classes_.size() : 1;
        const auto sums = map_index(members_.size(),
                                    [&](std::size_t m) {
                                        const member& one = members_[m];
                                        std::vector<T> seen(n * one.columns.size());
                                        for (std::size_t i = 0; i < n; ++i) {
                                            for (std::size_t j = 0; j < one.columns.size(); ++j) {
                                                seen[i * one.columns.size() + j] = x(i, one.columns[j]);
                                            }
                                        }
                                        const array_view<const T, 2> view(seen.data(), {n, one.columns.size()});
                                        std::vector<double> out(n * width, 0.0);
                                        if constexpr (!is_classifier) {
                                            const auto predicted = one.model.predict(view);
                                            for (std::size_t i = 0; i < n; ++i) {
                                                out[i] = static_cast<double>(element(predicted, i));
                                            }
                                        } else if constexpr (predicts_probabilities<E, array_view<const T, 2>>) {
                                            const auto chances = one.model.predict_proba(view);
                                            const auto& known = one.model.classes();
                                            for (std::size_t c = 0; c < element_count(known); ++c) {
                                                const std::size_t at = class_of(element(known, c));
                                                for (std::size_t i = 0; i < n; ++i) {
                                                    out[i * width + at] = static_cast<double>(chances(i, c));
                                                }
                                            }
                                        } else {
                                            const auto predicted = one.model.predict(view);
                                            for (std::size_t i = 0; i < n; ++i) {
                                                out[i * width + class_of(element(predicted, i))] = 1;
                                            }
                                        }
                                        return out;
                                    },
                                    {.grain = 1, .name = "bagging.predict"});
        std::pair<std::vector<prediction>, std::vector<std::size_t>> out{std::vector<prediction>(n), std::vector<std::size_t>(n)};
        std::vector<double> sum(width);
        for (std::size_t i = 0; i < n; ++i) {
            std::fill(sum.begin(), sum.end(), 0.0);
            for (std::size_t m = 0; m < members_.size(); ++m) {
                if (counts(m, i)) {
                    ++out.second[i];
                    for (std::size_t c = 0; c < width; ++c) {
                        sum[c] += sums[m][i * width + c];
                    }
                }
            }
            if constexpr (is_classifier) {
                out.first[i] = classes_[static_cast<std::size_t>(std::max_element(sum.begin(), sum.end()) - sum.begin())];
            } else {
                out.first[i] = sum[0] / static_cast<double>(out.second[i]);
            }
        }
        return out;
    }

    [[nodiscard]] std::size_t class_of(int label) const noexcept {
        return static_cast<std::size_t>(std::lower_bound(classes_.begin(), classes_.end(), label) - classes_.begin());
    }

    template <class T, class Y>
    [[nodiscard]] double score_out_of_bag(const array_view<const T, 2>& x, const Y& y) const {
        const auto [predicted, votes] = combined<T>(
            x, [&](std::size_t m, std::size_t i) { return !std::binary_search(members_[m].rows.begin(), members_[m].rows.end(), i); });
        std::vector<prediction> truth;
        std::vector<prediction> guess;
        for (std::size_t i = 0; i < votes.size(); ++i) {
            if (votes[i] > 0) {
                truth.push_back(static_cast<prediction>(element(y, i)));
                guess.push_back(predicted[i]);
            }
        }
        if (truth.empty()) {
            return std::numeric_limits<double>::quiet_NaN();
        }
        if constexpr (is_classifier) {
            return accuracy(truth, guess);
        } else {
            return r2(truth, guess);
        }
    }

    E estimator_;
    bagging_options options_;
    std::vector<member> members_;
    std::vector<int> classes_;
    std::size_t columns_ = 0;
    double out_of_bag_ = std::numeric_limits<double>::quiet_NaN();
};

} // namespace xrayon::ml

#endif // XRAYON_ML_ENSEMBLE_BAGGING_HPP
