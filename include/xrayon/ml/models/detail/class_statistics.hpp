// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_CLASS_STATISTICS_HPP
#define XRAYON_ML_MODELS_DETAIL_CLASS_STATISTICS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/packed_gram.hpp>
#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/models/detail/linear_statistics.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// How much is known of how rows lie about the mean of their class.
enum class class_spread {
    none,     // means alone
    columns,  // the sum of squares of each column, for each class
    scatter,  // the sums of products of all columns, of all classes together
};

/// @brief Sums over rows, class by class: what classifiers by means learn from. In double; merged as linear_statistics.
struct class_statistics {
    class_spread kind = class_spread::none;
    std::size_t features = 0;
    std::vector<int> labels;     // ascending
    std::vector<double> weight;  // of each class
    std::vector<double> means;   // classes x features
    std::vector<double> spread;  // none: empty; columns: classes x features; scatter: features x features

    [[nodiscard]] std::size_t classes() const noexcept { return labels.size(); }
    [[nodiscard]] double total() const noexcept {
        double sum = 0;
        for (const double w : weight) {
            sum += w;
        }
        return sum;
    }
    [[nodiscard]] const double* mean(std::size_t c) const noexcept { return means.data() + c * features; }
    [[nodiscard]] std::size_t find(int label) const noexcept {
        return static_cast<std::size_t>(std::lower_bound(labels.begin(), labels.end(), label) - labels.begin());
    }
    /// The place of a label, which is added if it is new.
    std::size_t place(int label) {
        const std::size_t c = find(label);
        if (c == labels.size() || labels[c] != label) {
            const auto at = static_cast<std::ptrdiff_t>(c);
            const auto row = static_cast<std::ptrdiff_t>(c * features);
            labels.insert(labels.begin() + at, label);
            weight.insert(weight.begin() + at, 0.0);
            means.insert(means.begin() + row, features, 0.0);
            if (kind == class_spread::columns) {
                spread.insert(spread.begin() + row, features, 0.0);
            }
        }
        return c;
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return (weight.size() + means.size() + spread.size()) * sizeof(double); }
    /// Forgets classes whose rows all weigh 0: nothing is known of them.
    void drop_weightless() {
        class_statistics kept;
        kept.kind = kind;
        kept.features = features;
        for (std::size_t c = 0; c < classes(); ++c) {
            if (weight[c] > 0) {
                const auto row = static_cast<std::ptrdiff_t>(c * features);
                const auto end = row + static_cast<std::ptrdiff_t>(features);
                kept.labels.push_back(labels[c]);
                kept.weight.push_back(weight[c]);
                kept.means.insert(kept.means.end(), means.begin() + row, means.begin() + end);
                if (kind == class_spread::columns) {
                    kept.spread.insert(kept.spread.end(), spread.begin() + row, spread.begin() + end);
                }
            }
        }
        if (kind == class_spread::scatter) {
            kept.spread = std::move(spread);
        }
        *this = std::move(kept);
    }
    /// The mean of all rows.
    [[nodiscard]] std::vector<double> grand_mean() const {
        std::vector<double> out(features, 0.0);
        const double all = total();
        for (std::size_t c = 0; c < classes(); ++c) {
            for (std::size_t j = 0; j < features; ++j) {
                out[j] += weight[c] / all * mean(c)[j];
            }
        }
        return out;
    }

    void save_to(model_writer& out) const {
        out.number("spread_kind", kind);
        out.number("features", features);
        out.array("classes", labels);
        out.array("class_weights", weight);
        out.array("means", means.data(), classes(), features);
        out.array("spread", spread);
    }
    [[nodiscard]] static class_statistics load_from(const model_reader& in) {
        class_statistics out;
        out.kind = in.number("spread_kind", class_spread::scatter);
        out.features = in.number<std::size_t>("features");
        out.labels = in.ascending_labels("classes");
        out.weight = in.array<double>("class_weights", out.classes());
        in.expect(std::all_of(out.weight.begin(), out.weight.end(), [](double w) { return w > 0; }), "has a class without rows");
        const auto means_of = in.matrix<double>("means", out.classes(), out.features);
        out.means.assign(means_of.begin(), means_of.end());
        out.spread = in.array<double>("spread");
        in.expect(
            out.spread.size()
                == (out.kind == class_spread::none ? 0 : (out.kind == class_spread::columns ? out.classes() : out.features) * out.features),
            "has sums of another size than its classes and columns");
        return out;
    }

    friend bool operator==(const class_statistics&, const class_statistics&) = default;
};

inline void merge_into(class_statistics& left, const class_statistics& right) {
    if (left.classes() == 0) {
        left = right;
        return;
    }
    const std::size_t d = left.features;
    if (left.kind == class_spread::scatter && right.classes() != 0) {
        std::transform(left.spread.begin(), left.spread.end(), right.spread.begin(), left.spread.begin(), std::plus<>());
    }
    std::vector<double> delta(d);
    for (std::size_t k = 0; k < right.classes(); ++k) {
        const std::size_t c = left.place(right.labels[k]);
        const double both = left.weight[c] + right.weight[k];
        if (right.weight[k] == 0) {
            continue;
        }
        const double factor = left.weight[c] * (right.weight[k] / both);
        double* const mean = left.means.data() + c * d;
        for (std::size_t j = 0; j < d; ++j) {
            delta[j] = left.weight[c] == 0 ? 0 : right.mean(k)[j] - mean[j];
            mean[j] = left.weight[c] == 0 ? right.mean(k)[j] : mean[j] + delta[j] * (right.weight[k] / both);
        }
        if (left.kind == class_spread::columns) {
            for (std::size_t j = 0; j < d; ++j) {
                left.spread[c * d + j] += right.spread[k * d + j] + factor * (delta[j] * delta[j]);
            }
        } else if (left.kind == class_spread::scatter && factor != 0) {
            add_outer_product(left.spread, delta, factor);
        }
        left.weight[c] = both;
    }
}

/// The statistics of rows [begin, end), a tile of them.
template <class T, class Y>
[[nodiscard]] class_statistics tile_statistics(class_spread kind, std::string_view op, const array_view<const T, 2>& x, const Y& y,
                                               std::span<const double> weights, std::size_t begin, std::size_t end, linear_tile& memory) {
    class_statistics out;
    out.kind = kind;
    const std::size_t d = out.features = x.shape(1);
    std::vector<std::size_t> code(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
        const int label = label_at(op, y, i);
        if (i == begin || label != label_at(op, y, i - 1)) {
            out.place(label);
        }
    }
    for (std::size_t i = begin; i < end; ++i) {
        const std::size_t c = code[i - begin] = out.find(label_at(op, y, i));
        const double w = weights.empty() ? 1.0 : weights[i];
        out.weight[c] += w;
        for (std::size_t j = 0; j < d; ++j) {
            out.means[c * d + j] += w * static_cast<double>(x(i, j));
        }
    }
    for (std::size_t c = 0; c < out.classes(); ++c) {
        for (std::size_t j = 0; j < d && out.weight[c] > 0; ++j) {
            out.means[c * d + j] /= out.weight[c];
        }
    }
    if (kind == class_spread::columns) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t c = code[i - begin];
            const double w = weights.empty() ? 1.0 : weights[i];
            for (std::size_t j = 0; j < d; ++j) {
                const double off = static_cast<double>(x(i, j)) - out.means[c * d + j];
                out.spread[c * d + j] += w * (off * off);
            }
        }
    } else if (kind == class_spread::scatter) {
        memory.rows.resize((end - begin) * d);
        for (std::size_t i = begin; i < end; ++i) {
            const double root = weights.empty() ? 1.0 : std::sqrt(weights[i]);
            const double* const mean = out.mean(code[i - begin]);
            for (std::size_t j = 0; j < d; ++j) {
                memory.rows[(i - begin) * d + j] = root * (static_cast<double>(x(i, j)) - mean[j]);
            }
        }
        out.spread.assign(d * d, 0.0);
        packed_gram(array_view<const double, 2>(memory.rows.data(), {end - begin, d}), array_view<double, 2>(out.spread.data(), {d, d}),
                    memory.packed);
    }
    return out;
}

/// The statistics of all rows, in parallel over tiles; the same bits at every thread count.
template <class T, class Y>
[[nodiscard]] class_statistics sum_class_statistics(class_spread kind, std::string_view op, const array_view<const T, 2>& x, const Y& y,
                                                    std::span<const double> weights) {
    scratch<linear_tile> tiles;
    class_statistics out = fold_index(
        x.shape(0), training_leaf,
        [&](std::size_t begin, std::size_t end) {
            const auto memory = tiles.borrow();
            return tile_statistics(kind, op, x, y, weights, begin, end, *memory);
        },
        [](class_statistics left, const class_statistics& right) {
            merge_into(left, right);
            return left;
        },
        {.name = op});
    if (!weights.empty()) {
        out.drop_weightless();
    }
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_CLASS_STATISTICS_HPP
