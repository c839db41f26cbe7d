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
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/metrics/r2.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>
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
    bool out_of_bag = false;  ///< Score it on the rows that its copies have not learnt from.
};

/// @brief Copies of one estimator, each fitted on rows drawn at random; their mean, or the mean of their probabilities, or their vote. L.
/// Breiman, "Bagging predictors" (1996).
///
/// An estimator: `bagging(ridge(), {.estimators = 50})`. `E::fit(x, y)` takes an array_view<const T, 2> and a std::span and changes the
/// object. Copy i draws from `stream(seed) / i`: so the first n are the same however many there are, and the same at every thread count.
/// Classifiers with predict_proba are averaged, others vote, the lowest label winning ties.
///
/// With `options.out_of_bag` fit also finds `out_of_bag_score()`: accuracy or r2 of predictions for rows by those copies that have not
/// learnt from them; rows that all have learnt from are left out. A type that says nothing of `is_classifier` learns numbers.
/// @throws argument_error  for options out of range; from predict before fit; and what E throws, of the lowest copy that fails
/// **Cost.** `estimators` fits, in parallel, each on a copy of its rows; predictions of all of them, 1,024 rows at a time. Memory of a
/// prediction: for each worker 1,024 x estimators x classes numbers.
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
        using L = detail::target_value_t<Y>;
        static_assert(says_so || !std::integral<L>,
                      "bagging: of integers E must say whether they are labels: `static constexpr bool is_classifier = true;`");
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
                              buffer->y.push_back(static_cast<L>(element(y, out.rows[k])));
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
        const double score =
            options_.out_of_bag ? score_out_of_bag<T>(members, classes, rows, y) : std::numeric_limits<double>::quiet_NaN();
        members_ = std::move(members);
        classes_ = std::move(classes);
        columns_ = d;
        out_of_bag_ = score;
        return *this;
    }

    /// A number or a label for each row.
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] std::vector<prediction> predict(const X& x) const {
        using T = std::remove_const_t<typename decltype(view_of<2>(x))::element_type>;
        const array_view<const T, 2> rows(view_of<2>(x));
        check_query(rows);
        return decided(combined<T>("bagging.predict", members_, classes_, rows, [](std::size_t, std::size_t) { return true; }), classes_);
    }
    /// n x c: the mean of the copies' probabilities, or the shares of their votes, in ascending order of the labels.
    template <class X>
        requires viewable_as<const X&, 2> &&(is_classifier) [[nodiscard]] xt::xtensor<double, 2> predict_proba(const X& x) const {
            using T = std::remove_const_t<typename decltype(view_of<2>(x))::element_type>;
            const array_view<const T, 2> rows(view_of<2>(x));
            check_query(rows);
            const sums all = combined<T>("bagging.predict_proba", members_, classes_, rows, [](std::size_t, std::size_t) { return true; });
            auto out = xt::xtensor<double, 2>::from_shape({rows.shape(0), classes_.size()});
            std::transform(all.values.begin(), all.values.end(), out.begin(),
                           [&](double v) { return v / static_cast<double>(members_.size()); });
            return out;
        }

        /// @brief For save and load (ml/saved_model.hpp), where E can be saved. @throws argument_error  before fit; data_error for what
        /// is no such model
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
            out.number("out_of_bag", options_.out_of_bag);
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
                                                .seed = in.number<std::uint64_t>("seed"),
                                                .out_of_bag = in.number<bool>("out_of_bag")});
            if constexpr (is_classifier) {
                out.classes_ = in.ascending_labels("classes");
            }
            if constexpr (requires(const E& e) { e.classes(); }) {
                for (const member& one : members) {
                    in.expect(
                        std::includes(out.classes_.begin(), out.classes_.end(), one.model.classes().begin(), one.model.classes().end()),
                        "has an estimator of other classes");
                }
            }
            out.members_ = std::move(members);
            out.columns_ = columns;
            out.out_of_bag_ = in.number<double>("out_of_bag_score");
            return out;
        }
        /// @}

        [[nodiscard]] double out_of_bag_score() const noexcept {
            return out_of_bag_;
        }  ///< NaN unless it was asked for, and where no row was left out.
        [[nodiscard]] bool fitted() const noexcept { return !members_.empty(); }
        [[nodiscard]] const std::vector<int>& classes() const noexcept { return classes_; }  ///< Of a classifier, ascending.
        [[nodiscard]] const bagging_options& options() const noexcept { return options_; }

    private:
        static constexpr bool says_so = requires {
            { E::is_classifier } -> std::convertible_to<bool>;
        };
        static constexpr std::size_t tile_rows = 1024;

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

        /// Of each row: numbers, or for each class probabilities or votes, added over members in their order; and how many members those
        /// were.
        struct sums {
            std::vector<double> values;
            std::vector<std::size_t> counts;
        };

        /// Those members count that `counts(member, row)` lets in.
        template <class T, class Counts>
        [[nodiscard]] static sums combined(std::string_view op, const std::vector<member>& members, const std::vector<int>& classes,
                                           const array_view<const T, 2>& x, const Counts& counts) {
            const std::size_t n = x.shape(0);
            const std::size_t width = is_classifier ? classes.size() : 1;
            sums out{std::vector<double>(n * width), std::vector<std::size_t>(n)};
            const auto tiles = row_blocks(n, tile_rows);
            for_each_index(tiles.size(),
                           [&](std::size_t t) {
                               const index_block tile = tiles[t];
                               const auto rows = x.slice(tile.begin, tile.end);
                               const auto each =
                                   map_index(members.size(), [&](std::size_t m) { return answers<T>(op, members[m], classes, rows); },
                                             {.grain = 1, .name = op});
                               for (std::size_t m = 0; m < members.size(); ++m) {
                                   for (std::size_t i = 0; i < tile.size(); ++i) {
                                       if (counts(m, tile.begin + i)) {
                                           ++out.counts[tile.begin + i];
                                           for (std::size_t c = 0; c < width; ++c) {
                                               out.values[(tile.begin + i) * width + c] += each[m][i * width + c];
                                           }
                                       }
                                   }
                               }
                           },
                           {.grain = 1, .name = op});
            return out;
        }

        /// What one member says: rows x classes, or a number a row.
        template <class T>
        [[nodiscard]] static std::vector<double> answers(std::string_view op, const member& one, const std::vector<int>& classes,
                                                         const array_view<const T, 2>& x) {
            const std::size_t n = x.shape(0);
            const std::size_t width = is_classifier ? classes.size() : 1;
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
                check_answers(op, element_count(predicted), n);
                for (std::size_t i = 0; i < n; ++i) {
                    out[i] = static_cast<double>(element(predicted, i));
                }
            } else if constexpr (predicts_probabilities<E, array_view<const T, 2>>) {
                const auto chances = one.model.predict_proba(view);
                const auto& known = one.model.classes();
                check_same_shape(op, "predict_proba", std::array<std::size_t, 2>{chances.shape(0), chances.shape(1)}, "rows and classes",
                                 std::array{n, element_count(known)});
                for (std::size_t c = 0; c < element_count(known); ++c) {
                    const std::size_t at = class_of(op, classes, static_cast<int>(element(known, c)));
                    for (std::size_t i = 0; i < n; ++i) {
                        out[i * width + at] = static_cast<double>(chances(i, c));
                    }
                }
            } else {
                const auto predicted = one.model.predict(view);
                check_answers(op, element_count(predicted), n);
                for (std::size_t i = 0; i < n; ++i) {
                    out[i * width + class_of(op, classes, static_cast<int>(element(predicted, i)))] = 1;
                }
            }
            return out;
        }
        static void check_answers(std::string_view op, std::size_t answers, std::size_t rows) {
            check_shapes(answers == rows, op, "the prediction", std::array{answers}, "the rows", std::array{rows});
        }
        [[nodiscard]] static std::size_t class_of(std::string_view op, const std::vector<int>& classes, int label) {
            const auto at = std::lower_bound(classes.begin(), classes.end(), label);
            if (at == classes.end() || *at != label) [[unlikely]] {
                check(false, std::string(op) + ": an estimator must predict labels that fit has seen", label);
            }
            return static_cast<std::size_t>(at - classes.begin());
        }

        [[nodiscard]] static std::vector<prediction> decided(const sums& all, const std::vector<int>& classes) {
            std::vector<prediction> out(all.counts.size());
            for (std::size_t i = 0; i < out.size(); ++i) {
                if constexpr (is_classifier) {
                    const auto first = all.values.begin() + static_cast<std::ptrdiff_t>(i * classes.size());
                    out[i] = classes[static_cast<std::size_t>(std::max_element(first, first + static_cast<std::ptrdiff_t>(classes.size()))
                                                              - first)];
                } else {
                    out[i] = all.values[i] / static_cast<double>(all.counts[i]);
                }
            }
            return out;
        }

        template <class T, class Y>
        [[nodiscard]] static double score_out_of_bag(const std::vector<member>& members, const std::vector<int>& classes,
                                                     const array_view<const T, 2>& x, const Y& y) {
            const sums all = combined<T>("bagging.fit", members, classes, x, [&](std::size_t m, std::size_t i) {
                return !std::binary_search(members[m].rows.begin(), members[m].rows.end(), i);
            });
            const std::vector<prediction> predicted = decided(all, classes);
            std::vector<prediction> truth;
            std::vector<prediction> guess;
            for (std::size_t i = 0; i < predicted.size(); ++i) {
                if (all.counts[i] > 0) {
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
