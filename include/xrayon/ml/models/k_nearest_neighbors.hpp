// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_K_NEAREST_NEIGHBORS_HPP
#define XRAYON_ML_MODELS_K_NEAREST_NEIGHBORS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/models/detail/nearest.hpp>
#include <xrayon/ml/models/detail/real_matrix.hpp>
#include <xrayon/ml/models/detail/squared_norms.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

struct k_nearest_neighbors_options {
    std::size_t k = 5;  ///< Neighbours that vote, 1 to the number of training rows.
};

/// @brief The k-nearest-neighbours classifier: brute force, Euclidean distance, every neighbour one vote.
///
/// `fit(X, y)` keeps a copy of X (n x d, finite) and of the labels y (n integers). `predict(Q)` gives a label per row of Q.
/// Neighbours are ordered by (distance, training index), so equal distances go to the lowest index; equal votes go to the
/// smallest label.
///
/// **What a row's result depends on.** That row and the training data, and nothing else: not on the other rows of its batch, on strides,
/// threads, compilers or processors. Squared distances are computed as |q|^2 - 2 q.x + |x|^2, each of the three as a chain of fused
/// multiply-adds over the columns in order (array/packed_matrix.hpp); a row is at distance 0 from itself, exactly. The formula subtracts
/// numbers as large as |x|^2: where all rows lie far from 0 but close together, centre the columns first or near neighbours blur.
///
/// **Cost.** 2 n d flops a query row by packed_gemm, and one pass over n distances; scratch 64 x 512 numbers per running tile. X is kept
/// once. Method: Fix and Hodges, "Discriminatory analysis", 1951; Cover and Hart, IEEE Trans. Inf. Theory 13 (1967).
template <std::floating_point Real = double>
class k_nearest_neighbors {
public:
    using matrix = xt::xtensor<Real, 2, xt::layout_type::row_major>;
    using labels = xt::xtensor<int, 1, xt::layout_type::row_major>;

    static constexpr bool is_classifier = true;
    static constexpr std::string_view name = "k_nearest_neighbors";

    explicit k_nearest_neighbors(const k_nearest_neighbors_options& options = {}) : k_(options.k) {
        check(k_ >= 1, "k_nearest_neighbors: k must be >= 1", k_);
    }

    /// @brief Takes the training data: X (n x d) and y (n labels). A second call replaces the first.
    /// @throws shape_error     if X and y differ in rows
    /// @throws argument_error  if n is 0 or below k; if a value of X is NaN or infinite, or a row's squared norm near overflow
    template <class X, indexed_range Y>
    requires detail::real_matrix<X, Real> && detail::whole_number<std::remove_cvref_t<element_t<Y>>> k_nearest_neighbors& fit(const X& x,
                                                                                                                              const Y& y) {
        const array_view<const Real, 2> rows = view_of<2>(x);
        check_shapes(rows.shape(0) == element_count(y), "k_nearest_neighbors.fit", "X", rows.shape(), "y", std::array{element_count(y)});
        check(rows.shape(0) >= 1, "k_nearest_neighbors.fit: X must have at least 1 row", rows.shape(0));
        check(k_ <= rows.shape(0), "k_nearest_neighbors.fit: k must be at most the number of rows " + to_text(rows.shape(0)), k_);
        std::vector<Real> norms = checked_norms("k_nearest_neighbors.fit", rows);
        std::vector<packed_matrix<Real>> kept;
        for (const index_block& block : row_blocks(rows.shape(0), training_tile)) {
            kept.emplace_back(rows.slice(block.begin, block.end).transposed());
        }
        labels kept_labels = labels::from_shape({element_count(y)});
        for (std::size_t i = 0; i < element_count(y); ++i) {
            kept_labels(i) = detail::label_at("k_nearest_neighbors.fit", y, i);
        }
        std::vector<int> classes(kept_labels.begin(), kept_labels.end());
        std::sort(classes.begin(), classes.end());
        classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
        training_ = std::move(kept);
        classes_ = std::move(classes);
        y_ = std::move(kept_labels);
        norms_ = std::move(norms);
        return *this;
    }

    /// @brief A label for each row of Q (m x d).
    /// @throws shape_error     if Q does not have the training data's columns
    /// @throws argument_error  before fit; if a value of Q is NaN or infinite, or a row's squared norm near overflow
    /// Parallel over tiles of 64 rows; call it inside an item of batch_inference as well.
    template <detail::real_matrix<Real> Q>
    [[nodiscard]] labels predict(const Q& q) const {
        return vote(checked_queries("k_nearest_neighbors.predict", view_of<2>(q)), nothing_left_out);
    }

    /// @brief The share of the k votes that each class gets: m x c, in ascending order of the labels.
    /// @throws shape_error, argument_error  as predict
    template <detail::real_matrix<Real> Q>
    [[nodiscard]] matrix predict_proba(const Q& q) const {
        const array_view<const Real, 2> queries = checked_queries("k_nearest_neighbors.predict_proba", view_of<2>(q));
        matrix out = matrix::from_shape({queries.shape(0), classes_.size()});
        for_each_query(queries, nothing_left_out, [&](std::size_t i, const std::vector<int>& votes) {
            Real* const row = out.data() + i * classes_.size();
            std::fill_n(row, classes_.size(), Real(0));
            for (const int label : votes) {
                row[std::lower_bound(classes_.begin(), classes_.end(), label) - classes_.begin()] += Real(1);
            }
            std::transform(row, row + classes_.size(), row, [&](Real count) { return count / static_cast<Real>(k_); });
        });
        return out;
    }

    [[nodiscard]] k_nearest_neighbors_options options() const noexcept { return {k_}; }
    [[nodiscard]] const std::vector<int>& classes() const noexcept { return classes_; }  ///< Ascending; none before fit.
    [[nodiscard]] bool fitted() const noexcept { return rows() > 0; }
    /// Whether `models` may go into one predict_path for `rows` training rows.
    [[nodiscard]] bool shares_path(const k_nearest_neighbors&) const noexcept { return true; }
    [[nodiscard]] bool path_holds(std::size_t rows) const noexcept { return k_ <= rows; }

    /// @brief What models of several k predict, for the cost of the greatest: neighbours are found once, and votes are counted as they
    /// come.
    /// @param models  Any number, fitted or not; each k at most the number of training rows.
    /// @returns       For each model the labels that it would give for `q` after fit(x, y).
    /// @throws shape_error, argument_error  as fit and predict
    template <class X, indexed_range Y, class Q>
        requires viewable_as<const X&, 2> && viewable_as<const Q&, 2>
    [[nodiscard]] static std::vector<labels> predict_path(std::span<const k_nearest_neighbors> models, const X& x, const Y& y, const Q& q) {
        std::vector<labels> out;
        if (models.empty()) {
            return out;
        }
        std::vector<std::size_t> order(models.size());  // by k
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return models[a].k_ < models[b].k_; });
        k_nearest_neighbors widest({.k = models[order.back()].k_});
        widest.fit(x, y);
        const array_view<const Real, 2> queries = widest.checked_queries("k_nearest_neighbors.predict", view_of<2>(q));
        for (std::size_t i = 0; i < models.size(); ++i) {
            out.push_back(labels::from_shape({queries.shape(0)}));
        }
        const std::vector<int>& classes = widest.classes_;
        widest.for_each_query(queries, nothing_left_out, [&](std::size_t i, const std::vector<int>& votes) {
            std::vector<std::size_t> counts(classes.size());
            std::size_t best = 0;
            std::size_t seen = 0;
            for (const std::size_t m : order) {
                for (; seen < models[m].k_; ++seen) {
                    const auto c =
                        static_cast<std::size_t>(std::lower_bound(classes.begin(), classes.end(), votes[seen]) - classes.begin());
                    ++counts[c];
                    if (counts[c] > counts[best] || (counts[c] == counts[best] && c < best)) {
                        best = c;
                    }
                }
                out[m].data()[i] = classes[best];
            }
        });
        return out;
    }

    /// @brief A label for each of the training rows [rows.begin, rows.end), found among all training rows but itself:
    /// leave-one-out, exact.
    /// @throws argument_error  before fit; if the block reaches beyond the training rows; or if there is no other row to ask
    [[nodiscard]] labels predict_left_out(const index_block& rows) const {
        const std::size_t n = this->rows();
        check(n > 0, "k_nearest_neighbors.predict_left_out: call fit first");
        check(rows.begin <= rows.end && rows.end <= n, "k_nearest_neighbors.predict_left_out: rows must end at most at " + to_text(n),
              rows.end);
        check(k_ < n, "k_nearest_neighbors.predict_left_out: k must be below the number of rows " + to_text(n), k_);
        matrix queries = matrix::from_shape({rows.size(), columns()});
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::size_t row = rows.begin + i;
            for (std::size_t j = 0; j < columns(); ++j) {
                queries(i, j) = training_[row / training_tile](j, row % training_tile);
            }
        }
        return vote(view_of(std::as_const(queries)), rows.begin);
    }

    [[nodiscard]] std::size_t k() const noexcept { return k_; }
    [[nodiscard]] std::size_t rows() const noexcept { return training_.empty() ? 0 : y_.size(); }

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), "k_nearest_neighbors.save: call fit first");
        out.text("type", type_name());
        out.number("k", k_);
        matrix rows_of = matrix::from_shape({rows(), columns()});
        for (std::size_t t = 0; t < training_.size(); ++t) {
            for (std::size_t i = 0; i < training_[t].columns(); ++i) {
                for (std::size_t j = 0; j < columns(); ++j) {
                    rows_of(t * training_tile + i, j) = training_[t](j, i);
                }
            }
        }
        out.array("rows", rows_of.data(), rows(), columns());
        out.array("labels", y_.data(), 1, rows());
    }
    [[nodiscard]] static k_nearest_neighbors load_from(const model_reader& in) {
        in.expect_type(type_name());
        k_nearest_neighbors out({.k = in.number<std::size_t>("k")});
        const auto rows_of = in.template matrix<Real>("rows", model_reader::any, model_reader::any);
        out.fit(rows_of, in.array<int>("labels", rows_of.shape(0)));
        return out;
    }
    [[nodiscard]] static std::string type_name() { return std::string(name) + std::string(detail::real_name<Real>); }
    /// @}

private:
    static constexpr std::size_t nothing_left_out = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t query_tile = 64;
    static constexpr std::size_t training_tile = 512;  // 64 x 512 doubles and 512 rows of 64 columns stay in 1 MiB of L2

    [[nodiscard]] std::size_t columns() const noexcept { return training_.empty() ? 0 : training_.front().rows(); }

    array_view<const Real, 2> checked_queries(std::string_view op, const array_view<const Real, 2>& queries) const {
        check(rows() > 0, std::string(op) + ": call fit first");
        check_shapes(queries.shape(1) == columns(), op, "Q", queries.shape(), "the training data", std::array{rows(), columns()});
        (void)checked_norms(op, queries);
        return queries;
    }

    /// Squared norms, of rows whose distances cannot overflow: |a - b|^2 is at most 4 times the larger one.
    static std::vector<Real> checked_norms(std::string_view op, const array_view<const Real, 2>& rows) {
        std::vector<Real> norms = detail::squared_norms(rows);
        for (std::size_t i = 0; i < norms.size(); ++i) {
            if (!(norms[i] <= std::numeric_limits<Real>::max() / 8)) [[unlikely]] {
                for (std::size_t j = 0; j < rows.shape(1); ++j) {
                    check(std::isfinite(rows(i, j)),
                          std::string(op) + ": values must be finite; row " + to_text(i) + " column " + to_text(j), rows(i, j));
                }
                check(false,
                      std::string(op) + ": the squared norm of a row must be at most an eighth of the largest number; row " + to_text(i),
                      norms[i]);
            }
        }
        return norms;
    }

    /// Labels of `queries`; query i leaves out training row `first_left_out + i` unless that is nothing_left_out.
    labels vote(const array_view<const Real, 2>& queries, std::size_t first_left_out) const {
        labels result = labels::from_shape({queries.shape(0)});
        for_each_query(queries, first_left_out, [&](std::size_t i, std::vector<int>& votes) { result.data()[i] = most_frequent(votes); });
        return result;
    }

    /// Calls `use(i, votes)` for each query: the labels of its k neighbours, the nearest first, to do with as one likes.
    template <class Use>
    void for_each_query(const array_view<const Real, 2>& queries, std::size_t first_left_out, const Use& use) const {
        const auto tiles = row_blocks(queries.shape(0), query_tile);
        for_each_index(tiles.size(),
                       [&](std::size_t t) {
                           const index_block tile = tiles[t];
                           for_each_in_tile(queries.slice(tile.begin, tile.end),
                                            first_left_out == nothing_left_out ? first_left_out : first_left_out + tile.begin,
                                            [&](std::size_t i, std::vector<int>& votes) { use(tile.begin + i, votes); });
                       },
                       {.name = "k_nearest_neighbors"});
    }

    template <class Use>
    void for_each_in_tile(const array_view<const Real, 2>& queries, std::size_t first_left_out, const Use& use) const {
        const std::size_t m = queries.shape(0);
        const std::vector<Real> query_norms = detail::squared_norms(queries);
        std::vector<Real> products(m * std::min(training_tile, rows()));
        detail::nearest<Real> nearest(m, k_);
        for (std::size_t t = 0; t < training_.size(); ++t) {
            const index_block block{t * training_tile, t * training_tile + training_[t].columns()};
            const array_view<Real, 2> tile(products.data(), {m, block.size()});
            packed_gemm(queries, training_[t], tile, {.scale = Real{-2}});
            for (std::size_t i = 0; i < m; ++i) {
                const std::size_t left_out = first_left_out == nothing_left_out ? nothing_left_out : first_left_out + i;
                nearest.offer(i, tile[i].data(), norms_.data(), query_norms[i], block, left_out);
            }
        }
        std::vector<int> votes(k_);
        for (std::size_t i = 0; i < m; ++i) {
            const auto neighbours = nearest.indices(i);
            std::transform(neighbours.begin(), neighbours.end(), votes.begin(), [&](std::size_t j) { return y_(j); });
            use(i, votes);
        }
    }

    /// The most frequent of `votes`, which it sorts; the smallest of those where several are.
    static int most_frequent(std::vector<int>& votes) {
        std::sort(votes.begin(), votes.end());
        int best = votes.front();
        std::ptrdiff_t most = 0;
        for (auto begin = votes.begin(); begin != votes.end();) {
            const auto end = std::upper_bound(begin, votes.end(), *begin);
            if (end - begin > most) {
                most = end - begin;
                best = *begin;
            }
            begin = end;
        }
        return best;
    }

    std::size_t k_;
    std::vector<packed_matrix<Real>> training_;  ///< training_tile rows each, the last one less; as columns.
    labels y_ = labels::from_shape({0});
    std::vector<int> classes_;  ///< The different ones, ascending.
    std::vector<Real> norms_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_K_NEAREST_NEIGHBORS_HPP
