// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_MULTILAYER_PERCEPTRON_CLASSIFIER_HPP
#define XRAYON_ML_MODELS_MULTILAYER_PERCEPTRON_CLASSIFIER_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/gradient/data_parallel_step.hpp>
#include <xrayon/ml/models/detail/real_matrix.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>
#include <xrayon/ml/models/multilayer_perceptron.hpp>
#include <xrayon/ml/optimizer/adam.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/random/shuffle.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon::ml {

struct multilayer_perceptron_classifier_options {
    std::vector<std::size_t> hidden = {64};  ///< Widths of the hidden layers; may be none: then it is a softmax regression.
    activation_function activation = activation_function::relu;
    std::vector<double> dropout = {};  ///< As multilayer_perceptron_options; in training only.
    std::size_t epochs = 50;           ///< How often all rows are learnt from: at least 1.
    std::size_t batch_size = 128;      ///< Rows of a step, at least 1.
    double learning_rate = 0.01;       ///< Of Adam: > 0, finite.
    std::uint64_t seed = 0;            ///< Of the initial weights, of the order of the rows and of dropout.
};

/// @brief A multilayer_perceptron as an estimator: `fit(X, y)` trains it with Adam on shuffled batches, for cross_validate and searches.
///
/// Labels are any integers of at least two classes. X is n x d, finite, of the network's own number type; columns of one scale learn best
/// (`standard_scaler() | multilayer_perceptron_classifier()`).
///
/// Gradients are taken of 32 rows at a time, in parallel, and added in their order: the weights are the same bits at every thread count.
/// **Cost.** epochs x n x 6 x weights flops; memory as data_parallel_step, and two copies of a batch.
/// D. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015).
template <std::floating_point Real = double>
    requires(std::same_as<Real, float> || std::same_as<Real, double>)
class multilayer_perceptron_classifier {
public:
    using matrix = xt::xtensor<Real, 2, xt::layout_type::row_major>;
    using labels = xt::xtensor<int, 1>;
    static constexpr bool is_classifier = true;
    static constexpr std::string_view name = "multilayer_perceptron_classifier";

    /// @throws argument_error  for options out of range, but for those that are seen only when the columns of X are known
    explicit multilayer_perceptron_classifier(const multilayer_perceptron_classifier_options& options = {}) : options_(options) {
        check(options.epochs >= 1, "multilayer_perceptron_classifier: options.epochs must be >= 1", options.epochs);
        check(options.batch_size >= 1, "multilayer_perceptron_classifier: options.batch_size must be >= 1", options.batch_size);
        check(options.learning_rate > 0 && std::isfinite(options.learning_rate),
              "multilayer_perceptron_classifier: options.learning_rate must be > 0 and finite", options.learning_rate);
        (void)network_options(1, 2);
    }

    /// @brief Trains a new network; what was learnt before is forgotten.
    /// @throws shape_error     if X and y differ in rows
    /// @throws argument_error  if there are not two classes; for NaN and infinities. The model is as it was then.
    template <detail::real_matrix<Real> X, indexed_range Y>
    multilayer_perceptron_classifier& fit(const X& x, const Y& y) {
        const auto rows = detail::matrix_view(x);
        detail::check_training_rows("multilayer_perceptron_classifier.fit", rows, y);
        detail::check_finite_rows("multilayer_perceptron_classifier.fit", rows);
        std::vector<int> of_row(rows.shape(0));
        for (std::size_t i = 0; i < of_row.size(); ++i) {
            of_row[i] = detail::label_at("multilayer_perceptron_classifier.fit", y, i);
        }
        std::vector<int> classes(of_row);
        std::sort(classes.begin(), classes.end());
        classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
        check(classes.size() >= 2, "multilayer_perceptron_classifier.fit: the number of classes must be >= 2", classes.size());
        for (int& label : of_row) {
            label = static_cast<int>(std::lower_bound(classes.begin(), classes.end(), label) - classes.begin());
        }
        multilayer_perceptron<Real> net(network_options(rows.shape(1), classes.size()));
        train(net, rows, of_row);
        net_.emplace(std::move(net));
        classes_ = std::move(classes);
        return *this;
    }

    /// A label for each row. @throws argument_error  before fit; shape_error if X has other columns
    template <detail::real_matrix<Real> X>
    [[nodiscard]] labels predict(const X& x) const {
        check(fitted(), "multilayer_perceptron_classifier.predict: call fit first");
        labels out = net_->predict(x);
        for (int& label : out) {
            label = classes_[static_cast<std::size_t>(label)];
        }
        return out;
    }
    /// n x c: the probability of each class, in ascending order of the labels.
    template <detail::real_matrix<Real> X>
    [[nodiscard]] matrix predict_proba(const X& x) const {
        check(fitted(), "multilayer_perceptron_classifier.predict_proba: call fit first");
        return net_->forward(x);
    }

    [[nodiscard]] const multilayer_perceptron_classifier_options& options() const noexcept { return options_; }
    [[nodiscard]] bool fitted() const noexcept { return net_.has_value(); }
    [[nodiscard]] const std::vector<int>& classes() const noexcept { return classes_; }  ///< Ascending.
    /// What was trained; its labels are places in classes(). @throws argument_error  before fit
    [[nodiscard]] const multilayer_perceptron<Real>& network() const {
        check(fitted(), "multilayer_perceptron_classifier.network: call fit first");
        return *net_;
    }

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        out.text("type", type_name());
        out.part("network", network());
        out.array("classes", classes_);
        out.number("epochs", options_.epochs);
        out.number("batch_size", options_.batch_size);
        out.number("learning_rate", options_.learning_rate);
    }
    [[nodiscard]] static multilayer_perceptron_classifier load_from(const model_reader& in) {
        in.expect_type(type_name());
        auto net = in.template part<multilayer_perceptron<Real>>("network");
        multilayer_perceptron_classifier_options o;
        o.hidden.assign(net.options().layers.begin() + 1, net.options().layers.end() - 1);
        o.activation = net.options().activation;
        o.dropout = net.options().dropout;
        o.seed = net.options().seed;
        o.epochs = in.number<std::size_t>("epochs");
        o.batch_size = in.number<std::size_t>("batch_size");
        o.learning_rate = in.number<double>("learning_rate");
        multilayer_perceptron_classifier out(o);
        out.classes_ = in.ascending_labels("classes", net.outputs());
        in.expect(out.classes_.size() >= 2 && net.options().loss == loss_function::softmax_cross_entropy, "has not a network of classes");
        out.net_.emplace(std::move(net));
        return out;
    }
    [[nodiscard]] static std::string type_name() { return std::string(name) + std::string(detail::real_name<Real>); }
    /// @}

private:
    static constexpr std::size_t gradient_rows = 32;

    [[nodiscard]] multilayer_perceptron_options network_options(std::size_t inputs, std::size_t outputs) const {
        multilayer_perceptron_options out;
        out.layers.push_back(inputs);
        out.layers.insert(out.layers.end(), options_.hidden.begin(), options_.hidden.end());
        out.layers.push_back(outputs);
        out.activation = options_.activation;
        out.dropout = options_.dropout;
        out.seed = options_.seed;
        return detail::checked_network_options(std::move(out));
    }

    void train(multilayer_perceptron<Real>& net, const array_view<const Real, 2>& x, const std::vector<int>& y) const {
        struct piece {
            array_view<const Real, 2> x;
            array_view<const int, 1> y;
            stream source;
        };
        using parameters = typename multilayer_perceptron<Real>::parameters_type;
        const std::size_t n = x.shape(0);
        const std::size_t d = x.shape(1);
        const bool drops = !options_.dropout.empty() && !options_.hidden.empty();
        adam optimizer({.learning_rate = options_.learning_rate});
        parameters weights = net.parameters();
        std::vector<Real> batch_x(std::min(options_.batch_size, n) * d);
        std::vector<int> batch_y(std::min(options_.batch_size, n));
        for (std::size_t epoch = 0; epoch < options_.epochs; ++epoch) {
            const stream here = stream(options_.seed) / epoch;
            const std::vector<std::size_t> order = permutation(here / 0, n);
            for (std::size_t begin = 0, step = 0; begin < n; begin += options_.batch_size, ++step) {
                const std::size_t rows = std::min(options_.batch_size, n - begin);
                for (std::size_t i = 0; i < rows; ++i) {
                    for (std::size_t j = 0; j < d; ++j) {
                        batch_x[i * d + j] = x(order[begin + i], j);
                    }
                    batch_y[i] = y[order[begin + i]];
                }
                std::vector<piece> pieces;
                std::vector<double> shares;
                for (const index_block& block : row_blocks(rows, gradient_rows)) {
                    pieces.push_back({array_view<const Real, 2>(batch_x.data(), {rows, d}).slice(block.begin, block.end),
                                      array_view<const int, 1>(batch_y.data(), {rows}).slice(block.begin, block.end),
                                      here / 1 / step / pieces.size()});
                    shares.push_back(static_cast<double>(block.size()));
                }
                data_parallel_step(pieces,
                                   [&](const parameters&, const piece& p, parameters& sum) {
                                       return drops ? net.add_gradient(p.x, p.y, p.source, sum) : net.add_gradient(p.x, p.y, sum);
                                   },
                                   weights, optimizer, {.weights = shares});
                net.set_parameters(weights);
            }
        }
    }

    multilayer_perceptron_classifier_options options_;
    std::optional<multilayer_perceptron<Real>> net_;
    std::vector<int> classes_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_MULTILAYER_PERCEPTRON_CLASSIFIER_HPP
