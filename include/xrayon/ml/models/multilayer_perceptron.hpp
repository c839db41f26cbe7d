// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_MULTILAYER_PERCEPTRON_HPP
#define XRAYON_ML_MODELS_MULTILAYER_PERCEPTRON_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/aliasing.hpp>
#include <xrayon/array/array_view.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/models/detail/network/backward.hpp>
#include <xrayon/ml/models/detail/network/forward.hpp>
#include <xrayon/ml/models/detail/network/losses.hpp>
#include <xrayon/ml/models/detail/network/targets.hpp>
#include <xrayon/ml/models/detail/network/workspace.hpp>
#include <xrayon/ml/models/multilayer_perceptron_options.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon::ml {

/// @brief A feed-forward network of dense layers: ReLU or tanh, dropout, softmax with cross-entropy or squared loss; float or double.
///
/// `net.forward(X)` gives a row of outputs per row of X (probabilities, or values with the squared loss), `net.predict(X)` labels,
/// `net.gradient(X, y)` the gradient of the mean loss over the rows, for data_parallel_step, mean_gradient or a loop of one's own. A
/// network is a model for batch_inference and batch_inference_into as it stands; handed a stream, one with dropout for
/// batch_inference_with_uncertainty.
///
/// **What a row's result depends on.** That row, the parameters, and with dropout the stream and the row's number in its batch. Not on
/// the other rows of the batch, nor on how many there are, on strides, threads, compilers, or how wide the processor's vectors are:
/// zero bits of difference (array/packed_matrix.hpp; exp and tanh are ours). A gradient is likewise one chain of sums over the rows in
/// order.
///
/// **Parameters.** A vector of matrices, {W1, b1, W2, b2, ...}: weights inputs x outputs, biases 1 x outputs; a row of X becomes
/// `x W1 + b1`. A gradient has the same form. Initial weights are random numbers of options.seed, the same everywhere; biases are 0.
///
/// **Values that are not finite** are not looked for: NaN in a row makes its outputs NaN, and its label 0. Infinities too become NaN
/// or 0 or 1, as arithmetic has it; other rows do not notice.
///
/// **Threads.** All const members may be called by many threads at once. forward and its kin share tiles of 64 rows among the threads
/// of the pool, also inside an item of batch_inference; gradient runs on the calling thread, because its batches are what is shared.
///
/// **Cost.** Weights are kept three times (as they are; packed; packed the other way round for gradients). forward_into and
/// gradient_into allocate nothing once every thread has been there: a call borrows tile buffers of 64 x the widest layer, a gradient
/// 128 rows of every layer. An object that was moved from can only be assigned to and destroyed.
///
/// **Example.**
/// @code
/// xrayon::ml::multilayer_perceptron net({.layers = {64, 32, 10}});
/// auto gradient = net.gradient(X, labels);
/// auto probabilities = xrayon::ml::batch_inference(xrayon::batches(X, 256), net);
/// @endcode
/// Runs as examples/070_train_a_network.cpp. @see batch_inference, data_parallel_step, batch_inference_with_uncertainty
template <std::floating_point Real = double>
    requires(std::same_as<Real, float> || std::same_as<Real, double>)
class multilayer_perceptron {
public:
    using value_type = Real;
    using matrix = xt::xtensor<Real, 2, xt::layout_type::row_major>;
    using labels = xt::xtensor<int, 1, xt::layout_type::row_major>;
    /// {W1, b1, W2, b2, ...}
    using parameters_type = std::vector<matrix>;

    /// What a batch has in common for all samples of its dropout: what the first layer gives, before the first units are dropped.
    class prepared {
    public:
        [[nodiscard]] std::size_t rows() const noexcept { return first_.shape(0); }

    private:
        friend class multilayer_perceptron;
        explicit prepared(matrix&& first) : first_(std::move(first)) {}
        matrix first_;
    };

    /// @throws argument_error  if options.layers has fewer than two numbers, one below 1, or makes more weights than memory can hold; if
    ///                         options.dropout has other than none, one or one number per hidden layer, or one outside of [0, 1).
    explicit multilayer_perceptron(const multilayer_perceptron_options& options) : net_(detail::checked_network_options(options)) {}

    [[nodiscard]] const multilayer_perceptron_options& options() const noexcept { return net_.options; }
    [[nodiscard]] std::size_t inputs() const noexcept { return net_.layers.inputs(); }
    [[nodiscard]] std::size_t outputs() const noexcept { return net_.layers.outputs(); }

    [[nodiscard]] const parameters_type& parameters() const noexcept { return net_.layers.parameters(); }
    /// @brief Takes other values for all parameters, of the same number and shapes; copies and packs them.
    /// @throws argument_error, shape_error  if number or shapes differ; then nothing has changed.
    void set_parameters(const parameters_type& parameters) { net_.layers.assign(parameters); }

    /// @name forward
    /// @brief The outputs for each row of X (n x inputs): n x outputs. Probabilities that sum to 1, or values with the squared loss.
    ///
    /// The call operator is the same, so that a network is a model; with an array as second argument it is forward_into.
    /// @param x    What view_of takes, any strides.
    /// @param out  n x outputs, any strides; must not overlap X.
    /// @throws shape_error     if X has other columns than the first layer, or `out` another shape than the result
    /// @throws argument_error  if `out` overlaps X, or itself
    /// A probability below 1e-307 (float: 1e-37) is 0.
    /// @{
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] matrix forward(const X& x) const { return fresh("multilayer_perceptron.forward", x, nullptr); }
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] matrix operator()(const X& x) const { return fresh("multilayer_perceptron", x, nullptr); }
    template <class X, class Out>
        requires viewable_as<const X&, 2> && viewable_as<Out, 2>
    void forward_into(const X& x, Out&& out) const { fill("multilayer_perceptron.forward_into", view_of<2>(x), view_of<2>(out), nullptr); }
    template <class X, class Out>
        requires viewable_as<const X&, 2> && viewable_as<Out, 2>
    void operator()(const X& x, Out&& out) const { fill("multilayer_perceptron", view_of<2>(x), view_of<2>(out), nullptr); }
    /// @}

    /// @brief A label for each row of X: the first of the largest outputs of forward(X).
    /// @throws shape_error  as forward
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] labels predict(const X& x) const {
        const array_view<const Real, 2> rows = view_of<2>(x);
        check_columns("multilayer_perceptron.predict", rows);
        labels result = labels::from_shape({rows.shape(0)});
        int* const out = result.data();
        each_tile(0, rows, nullptr, [&](const index_block& tile, Real* values, detail::forward_workspace<Real>& work) {
            finish(values, tile.size(), work);
            for (std::size_t i = 0; i < tile.size(); ++i) {
                const Real* const row = values + i * outputs();
                out[tile.begin + i] = static_cast<int>(std::max_element(row, row + outputs()) - row);
            }
        });
        return result;
    }

    /// @name predict_with_dropout
    /// @brief As forward, with units of the hidden layers switched off at random: one sample of Monte Carlo dropout (Gal and
    /// Ghahramani, "Dropout as a Bayesian approximation", 2016).
    ///
    /// Unit u of hidden layer l (from 0) is kept for row r of this batch where number r * width + u of the stream `source / l`, as
    /// fill_bernoulli gives it, is a hit of probability 1 - p; what is kept is multiplied by 1 / (1 - p). `source` itself is not moved on.
    ///
    /// Of many samples for one batch, the part below the first dropout is the same: `prepare(X)` does it once. `net(net.prepare(X),
    /// source)` gives the bits of `net.predict_with_dropout(X, source)`.
    /// @throws shape_error, argument_error  as forward; shape_error if a batch was prepared by a network with another first layer
    /// @{
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] matrix predict_with_dropout(const X& x, const stream& source) const {
        return fresh("multilayer_perceptron.predict_with_dropout", x, &source);
    }
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] matrix operator()(const X& x, const stream& source) const { return fresh("multilayer_perceptron", x, &source); }
    template <class X, class Out>
        requires viewable_as<const X&, 2> && viewable_as<Out, 2>
    void predict_with_dropout_into(const X& x, const stream& source, Out&& out) const {
        fill("multilayer_perceptron.predict_with_dropout_into", view_of<2>(x), view_of<2>(out), &source);
    }
    template <class X>
        requires viewable_as<const X&, 2>
    [[nodiscard]] prepared prepare(const X& x) const {
        const array_view<const Real, 2> rows = view_of<2>(x);
        check_columns("multilayer_perceptron.prepare", rows);
        matrix first = matrix::from_shape({rows.shape(0), net_.layers.width(1)});
        Real* const out = first.data();
        each_block(rows.shape(0), [&](const index_block& tile) {
            detail::apply_layer(net_, 0, rows.slice(tile.begin, tile.end), out + tile.begin * net_.layers.width(1));
        });
        return prepared(std::move(first));
    }
    [[nodiscard]] matrix operator()(const prepared& batch, const stream& source) const {
        check_prepared("multilayer_perceptron", batch);
        matrix out = matrix::from_shape({batch.rows(), outputs()});
        fill(1, view_of(batch.first_), view_of(out), &source);
        return out;
    }
    /// What batch_inference_with_uncertainty asks for, to have samples written where it wants them.
    [[nodiscard]] std::array<std::size_t, 2> sample_shape(const prepared& batch) const noexcept { return {batch.rows(), outputs()}; }
    void operator()(const prepared& batch, const stream& source, const array_view<Real, 2>& out) const {
        predict_with_dropout_into(batch, source, out);
    }
    template <class Out>
        requires viewable_as<Out, 2>
    void predict_with_dropout_into(const prepared& batch, const stream& source, Out&& out) const {
        const array_view<Real, 2> to = view_of<2>(out);
        check_prepared("multilayer_perceptron.predict_with_dropout_into", batch);
        check_out("multilayer_perceptron.predict_with_dropout_into", batch.rows(), to);
        fill(1, view_of(batch.first_), to, &source);
    }
    /// @}

    /// @name loss
    /// @brief The mean loss over the rows of X, without dropout.
    /// @param y  With softmax_cross_entropy n labels, whole numbers in [0, outputs); with the squared loss n x outputs targets of type
    ///           Real, or n of them for a network of one output.
    /// @throws shape_error     as forward; if X and y differ in rows; if targets differ in columns from the outputs
    /// @throws argument_error  if X has no row; if a label is out of range; if labels are given with the squared loss, or targets without
    ///                         it
    template <class X, detail::network_targets<Real> Y>
        requires viewable_as<const X&, 2>
    [[nodiscard]] double loss(const X& x, const Y& y) const {
        constexpr std::string_view op = "multilayer_perceptron.loss";
        const array_view<const Real, 2> rows = view_of<2>(x);
        const auto targets = checked_targets(op, rows, y);
        std::vector<double> losses(rows.shape(0));
        each_tile(0, rows, nullptr, [&](const index_block& tile, Real* values, detail::forward_workspace<Real>& work) {
            targets.losses(values, tile, work.sums.room_for(tile.size()), losses.data() + tile.begin);
        });
        double sum = 0;
        for (const double each : losses) {
            sum += each;
        }
        return sum / static_cast<double>(losses.size());
    }

    /// @name gradient
    /// @brief The gradient of the mean loss over the rows of X (`loss(X, y)`) by all parameters, in their form; with a stream, of the
    /// loss under dropout as in predict_with_dropout.
    ///
    /// gradient_into writes to a gradient that is there, and gives it the shapes where it has others. add_gradient adds to one, as
    /// data_parallel_step and mean_gradient like it best: sums over rows begin with what it holds. Both return the loss.
    /// @param y  As for loss.
    /// @throws shape_error, argument_error  as loss, and shape_error if a gradient to add to has other shapes; it is as it was then
    ///
    /// Runs on the calling thread. Where batches are of different size, weight their gradients by it to get that of all rows.
    /// @{
    template <class X, detail::network_targets<Real> Y>
        requires viewable_as<const X&, 2>
    [[nodiscard]] parameters_type gradient(const X& x, const Y& y) const {
        parameters_type out;
        (void)backward("multilayer_perceptron.gradient", view_of<2>(x), y, nullptr, out, false);
        return out;
    }
    template <class X, detail::network_targets<Real> Y>
        requires viewable_as<const X&, 2>
    [[nodiscard]] parameters_type gradient(const X& x, const Y& y, const stream& source) const {
        parameters_type out;
        (void)backward("multilayer_perceptron.gradient", view_of<2>(x), y, &source, out, false);
        return out;
    }
    template <class X, detail::network_targets<Real> Y>
        requires viewable_as<const X&, 2>
    double gradient_into(const X& x, const Y& y, parameters_type& gradient) const {
        return backward("multilayer_perceptron.gradient_into", view_of<2>(x), y, nullptr, gradient, false);
    }
    template <class X, detail::network_targets<Real> Y>
        requires viewable_as<const X&, 2>
    double gradient_into(const X& x, const Y& y, const stream& source, parameters_type& gradient) const {
        return backward("multilayer_perceptron.gradient_into", view_of<2>(x), y, &source, gradient, false);
    }
    template <class X, detail::network_targets<Real> Y>
        requires viewable_as<const X&, 2>
    double add_gradient(const X& x, const Y& y, parameters_type& gradient) const {
        return backward("multilayer_perceptron.add_gradient", view_of<2>(x), y, nullptr, gradient, true);
    }
    template <class X, detail::network_targets<Real> Y>
        requires viewable_as<const X&, 2>
    double add_gradient(const X& x, const Y& y, const stream& source, parameters_type& gradient) const {
        return backward("multilayer_perceptron.add_gradient", view_of<2>(x), y, &source, gradient, true);
    }
    /// @}

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        out.text("type", type_name());
        const multilayer_perceptron_options& o = options();
        out.array("layers", std::vector<std::uint64_t>(o.layers.begin(), o.layers.end()));
        out.number("activation", o.activation);
        out.array("dropout", o.dropout);
        out.number("loss", o.loss);
        out.number("seed", o.seed);
        for (std::size_t p = 0; p < parameters().size(); ++p) {
            out.array("parameters" + to_text(p), parameters()[p].data(), parameters()[p].shape(0), parameters()[p].shape(1));
        }
    }
    [[nodiscard]] static multilayer_perceptron load_from(const model_reader& in) {
        in.expect_type(type_name());
        multilayer_perceptron_options o;
        const auto widths = in.array<std::uint64_t>("layers");
        o.layers.assign(widths.begin(), widths.end());
        o.activation = in.number("activation", activation_function::tanh);
        o.dropout = in.array<double>("dropout");
        o.loss = in.number("loss", loss_function::squared);
        o.seed = in.number<std::uint64_t>("seed");
        // Before memory for the weights is asked for: they must be there.
        parameters_type values;
        for (std::size_t l = 0; l + 1 < o.layers.size(); ++l) {
            values.push_back(in.template matrix<Real>("parameters" + to_text(2 * l), o.layers[l], o.layers[l + 1]));
            values.push_back(in.template matrix<Real>("parameters" + to_text(2 * l + 1), 1, o.layers[l + 1]));
        }
        multilayer_perceptron out(o);
        out.set_parameters(values);
        return out;
    }
    [[nodiscard]] static std::string type_name() { return "multilayer_perceptron" + std::string(detail::real_name<Real>); }
    /// @}

private:
    [[nodiscard]] bool is_classifier() const noexcept { return net_.options.loss == loss_function::softmax_cross_entropy; }

    void check_columns(std::string_view op, const array_view<const Real, 2>& x) const {
        check_shapes(x.shape(1) == inputs(), op, "X", x.shape(), "the first layer", std::array{inputs(), net_.layers.width(1)});
    }
    /// That it fits; with weights of another network of the same layers it gives what mixing the two gives.
    void check_prepared(std::string_view op, const prepared& batch) const {
        check_shapes(batch.first_.shape(1) == net_.layers.width(1), op, "the prepared batch", batch.first_.shape(), "the first layer",
                     std::array{inputs(), net_.layers.width(1)});
    }
    void check_out(std::string_view op, std::size_t rows, const array_view<Real, 2>& out) const {
        check_same_shape(op, "out", out.shape(), "the result", std::array{rows, outputs()});
        if (!elements_lie_apart(xrayon::rows(out))) [[unlikely]] {
            check(false, std::string(op) + ": every index of out must be an element of its own");
        }
    }

    template <class Y>
    [[nodiscard]] auto checked_targets(std::string_view op, const array_view<const Real, 2>& x, const Y& y) const {
        check_columns(op, x);
        if (x.shape(0) < 1) [[unlikely]] {
            check(false, std::string(op) + ": X must have at least 1 row", x.shape(0));
        }
        return detail::targets_of<Real>(op, x.shape(), y, outputs(), is_classifier());
    }

    /// Calls `f(block)` for tiles of rows, which threads share where there are several.
    template <class F>
    static void each_block(std::size_t rows, const F& f) {
        const auto tiles = row_blocks(rows, detail::network_tile);
        if (tiles.size() == 1) {
            f(tiles[0]);
        } else {
            for_each_index(tiles.size(), [&](std::size_t t) { f(tiles[t]); }, {.name = "multilayer_perceptron"});
        }
    }

    /// Calls `f(rows, values, work)` with what the last layer gives for tiles of rows, before softmax.
    template <class F>
    void each_tile(std::size_t first_layer, const array_view<const Real, 2>& in, const stream* source, const F& f) const {
        each_block(in.shape(0), [&](const index_block& tile) {
            const auto work = forward_scratch_.borrow();
            f(tile, detail::forward_tile(net_, first_layer, in.slice(tile.begin, tile.end), source, tile.begin, *work), *work);
        });
    }

    /// From what the last layer gives to outputs, in place.
    void finish(Real* values, std::size_t rows, detail::forward_workspace<Real>& work) const {
        if (is_classifier()) {
            detail::subtract_largest(values, rows, outputs());
            detail::softmax_shifted(values, rows, outputs(), work.sums.room_for(rows));
        }
    }

    void fill(std::size_t first_layer, const array_view<const Real, 2>& in, const array_view<Real, 2>& out, const stream* source) const {
        each_tile(first_layer, in, source, [&](const index_block& tile, Real* values, detail::forward_workspace<Real>& work) {
            finish(values, tile.size(), work);
            out.slice(tile.begin, tile.end).assign_from(array_view<const Real, 2>(values, {tile.size(), outputs()}));
        });
    }
    void fill(std::string_view op, const array_view<const Real, 2>& x, const array_view<Real, 2>& out, const stream* source) const {
        check_columns(op, x);
        check_out(op, x.shape(0), out);
        if (shared_bytes(xrayon::rows(out), xrayon::rows(x))) [[unlikely]] {
            check(false, std::string(op) + ": out must not overlap X");
        }
        fill(0, x, out, source);
    }
    template <class X>
    [[nodiscard]] matrix fresh(std::string_view op, const X& x, const stream* source) const {
        const array_view<const Real, 2> rows = view_of<2>(x);
        check_columns(op, rows);
        matrix out = matrix::from_shape({rows.shape(0), outputs()});
        fill(0, rows, view_of(out), source);
        return out;
    }

    template <class Y>
    double backward(std::string_view op, const array_view<const Real, 2>& x, const Y& y, const stream* source, parameters_type& gradient,
                    bool add) const {
        const auto targets = checked_targets(op, x, y);
        if (add) {
            net_.layers.check_shapes_of(op, gradient);
        } else {
            detail::shape_gradient(net_, gradient);
        }
        const auto work = gradient_scratch_.borrow();
        const std::size_t n = x.shape(0);
        const Real share = 1 / static_cast<Real>(n);
        double sum = 0;
        for (const index_block& block : row_blocks(n, detail::gradient_block)) {
            const auto output_error = [&](Real* values, detail::gradient_workspace<Real>& of) {
                double* const losses = of.losses.room_for(detail::gradient_block);
                targets.losses(values, block, of.sums.room_for(detail::gradient_block), losses);
                targets.errors(values, block, share);
                for (std::size_t i = 0; i < block.size(); ++i) {
                    sum += losses[i];
                }
            };
            detail::add_block_gradient(net_, x.slice(block.begin, block.end), source, block.begin, output_error, gradient,
                                       add || block.begin > 0, *work);
        }
        return sum / static_cast<double>(n);
    }

    detail::network<Real> net_;
    detail::model_scratch<detail::forward_workspace<Real>> forward_scratch_;
    detail::model_scratch<detail::gradient_workspace<Real>> gradient_scratch_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_MULTILAYER_PERCEPTRON_HPP
