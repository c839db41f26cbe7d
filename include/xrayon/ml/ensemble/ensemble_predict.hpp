// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_ENSEMBLE_PREDICT_HPP
#define XRAYON_ML_ENSEMBLE_ENSEMBLE_PREDICT_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/array/aliasing.hpp>
#include <xrayon/array/array_view.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/detail/late_rows.hpp>
#include <xrayon/ml/ensemble/aggregation.hpp>
#include <xrayon/ml/ensemble/detail/combine_blocks.hpp>
#include <xrayon/ml/ensemble/detail/model_input.hpp>
#include <xrayon/ml/ensemble/detail/model_list.hpp>
#include <xrayon/ml/ensemble/detail/row_tiles.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/schedule/cost_model.hpp>
#include <xrayon/schedule/invoke_options.hpp>
#include <xrayon/schedule/task_costs.hpp>

namespace xrayon::ml {

/// Models for an input: a range of one type (pointers, std::function, any_model included) or a std::tuple of several. Each can be called by
/// several threads at once, as const, with the input or with the array_view of it, and gives a number or an array of numbers.
template <class Models, class Input>
concept ensemble_models =
    detail::model_list<Models>::template fits<Input> && !std::is_void_v<typename detail::model_list<Models>::template element_type<Input>>;

/// A way to make one prediction of those of such models (ml/ensemble/aggregation.hpp).
template <class Aggregation, class Models, class Input>
concept ensemble_aggregation = requires {
    typename detail::combiner<typename detail::model_list<Models>::template element_type<Input>, Aggregation>::result;
}
&&(!detail::combines_rows<Aggregation> || detail::model_list<Models>::template rank<Input> == 2
   || detail::model_list<Models>::template rank<Input> == -1);

struct ensemble_options {
    task_costs costs = {};          ///< What each model costs, in any unit: the dearest begin first. Not used where rows go in tiles.
    cost_model* learned = nullptr;  ///< Knows costs from earlier calls, and learns; must outlive the call (schedule/cost_model.hpp).
    std::string_view key = {};      ///< What `learned` knows these models by.
    /// Rows of a tile: each tile goes through all models and is combined at once. 0: the whole input goes to each model, but see row_wise.
    std::size_t tile_rows = 0;
    /// The models treat rows independently: then tiles of a size that is found for you where there are 512 rows or more.
    bool row_wise = false;
    std::optional<std::size_t> grain = {};  ///< Tiles, or blocks of results, that a thread claims at once, >= 1.
    run_options run = {};  ///< Without tiles, items are models: a deadline is for them, and predictions that are there are combined whatever the time.
};

namespace detail {

template <class Aggregation, class Models, class Input>
using ensemble_combiner = combiner<typename model_list<Models>::template element_type<Input>, Aggregation>;

template <class Result, std::ptrdiff_t Rank>
constexpr auto array_of_rank() {
    if constexpr (Rank == 0) {
        return std::type_identity<Result>{};
    } else if constexpr (Rank == -1) {
        return std::type_identity<xt::xarray<Result, xt::layout_type::row_major>>{};
    } else {
        return std::type_identity<xt::xtensor<Result, static_cast<std::size_t>(Rank), xt::layout_type::row_major>>{};
    }
}
template <class Aggregation, class Models, class Input>
using ensemble_result_t = typename decltype(array_of_rank < typename ensemble_combiner<Aggregation, Models, Input>::result,
                                            gives_labels<Aggregation> ? 1 : model_list<Models>::template rank < Input >> ())::type;

/// What both forms do before any model is called.
template <class Models, class Input>
class ensemble_call {
public:
    ensemble_call(const Input& input, const Models& models, const ensemble_options& options)
        : list_(models), input_(input), options_(options) {
        if (list_.size() == 0) [[unlikely]] {
            throw argument_error("ensemble_predict: 0 models", "0");
        }
        if (const std::size_t k = list_.first_empty(); k != list_.size()) [[unlikely]] {
            throw argument_error("ensemble_predict: model " + to_text(k) + " is empty", to_text(k));
        }
        check(!options.grain || *options.grain >= 1, "ensemble_predict: options.grain must be >= 1", options.grain.value_or(1));
        check(can_take_tiles<Models, Input>() || (options.tile_rows == 0 && !options.row_wise),
              "ensemble_predict: options.tile_rows and row_wise need models that take the array_view of some of the input's rows");
        if constexpr (can_take_tiles<Models, Input>()) {
            const std::size_t n = input_.rows().shape(0);
            std::size_t tile_rows = options.tile_rows;
            if (tile_rows == 0 && (options.row_wise || list_.row_wise())) {
                tile_rows = default_tile_rows(n);
            }
            tile_rows_ = tile_rows < n ? tile_rows : 0;
        }
    }

    [[nodiscard]] const model_list<Models>& models() const noexcept { return list_; }
    [[nodiscard]] const model_input<Input>& input() const noexcept { return input_; }
    /// 0: no tiles.
    [[nodiscard]] std::size_t tile_rows() const noexcept { return tile_rows_; }
    [[nodiscard]] loop_options tile_loop() const { return {.grain = options_.grain, .run = options_.run, .name = "ensemble_predict"}; }

    /// What each model gives for the whole input.
    [[nodiscard]] auto predictions() const {
        invoke_options how{.costs = options_.costs, .model = options_.learned, .key = options_.key, .run = options_.run};
        if (how.run.label.empty()) {
            how.run.label = "ensemble_predict";
        }
        return list_.predict(input_, how);
    }

    /// Combines such predictions.
    template <class Aggregation, class Combiner, class Kept>
    void combine(const Combiner& how, const Kept& all, const prediction_extent& extent,
                 const result_target<typename Combiner::result>& target) const {
        const auto sources = sources_of<typename Combiner::value>(all);
        const loop_options loop{.grain = options_.grain, .run = {.stop = options_.run.stop}, .name = "ensemble_predict"};
        combine_all<Aggregation>(how, std::span<const prediction_source<typename Combiner::value>>(sources), extent, target, loop);
    }

private:
    model_list<Models> list_;
    model_input<Input> input_;
    const ensemble_options& options_;
    std::size_t tile_rows_ = 0;
};

[[nodiscard]] inline prediction_shape result_shape(const prediction_extent& extent, bool labels) {
    return labels ? prediction_shape{extent.shape[0]} : extent.shape;
}

template <class Array>
[[nodiscard]] Array array_of_shape(const prediction_shape& of) {
    typename Array::shape_type shape{};
    if constexpr (requires { shape.resize(std::size_t{}); }) {
        shape.resize(of.size());
    }
    std::copy(of.begin(), of.end(), shape.begin());
    return Array::from_shape(shape);
}

} // namespace detail

/// @brief The predictions of several models for one input, as one.
///
/// @param input        Anything that the models take: a matrix of rows, one sample, a struct. Only read, alive until the call returns. A
///                     model that does not take it as it is gets `view_of(input)`.
/// @param models       A range of one type, or a std::tuple of several; each is called as const, by several threads at once. They may stand
///                     behind pointers or in std::function, std::optional, any_model.
/// @param aggregation  `ensemble::mean{}`, `weighted_mean{{2, 1, 1}}`, `median{}`, `vote{}`, `soft_vote{}`, `trimmed_mean{1}`, `min{}`,
///                     `max{}`, ...: see ml/ensemble/aggregation.hpp, also for the type of the result.
/// @returns            A number where models give numbers; an xt::xtensor of their rank; an xt::xarray if one of them gives an array whose
///                     rank is not known to the compiler. `soft_vote`: an xt::xtensor<int, 1>.
/// @throws argument_error  before any model is called: `0 models`, `model 2 is empty`, weights or parameters that do not fit the models,
///                     options.tile_rows for models that cannot take tiles. After: labels or probabilities that are none, naming the lowest
///                     element and of it the first model.
/// @throws shape_error     `model 2 gave (10, 3), model 0 gave (10, 4)`: nothing is broadcast, also not (n, 1) to (n,).
/// @throws ...             what the first model that failed threw, in the models' order; options.run.report says which.
///
/// Same at every thread count: the result, bit for bit, because models are combined in their order, element by element; and the exception.
/// One model alone gives its own predictions.
///
/// **Whole input or tiles.** By default each model is called once, with the whole input: models run side by side, the dearest first if
/// options say what they cost, and all their predictions are in memory before they are combined. With options.tile_rows (or
/// row_wise, or where all models say that they are: ml/ensemble/row_wise.hpp) threads share the rows instead: a tile goes through all models
/// and is combined while it is in cache, in memory for threads x models x tile. The result is the same bits if row i of a model's result depends on
/// row i of its input alone. Models that call BLAS do so up to rounding only, and then the result is a function of tile_rows too.
/// Errors come in the order (tile, model) then.
///
/// **Cost.** Each model once, or once for each tile. The combination: about 1 ns an element and model; a median takes a sorting network up
/// to 32 models.
///
/// **Example.**
/// @code
/// auto y = xrayon::ml::ensemble_predict(X, models, xrayon::ml::ensemble::weighted_mean{{0.5, 0.3, 0.2}});
/// @endcode
/// Runs as examples/060_ensemble.cpp. @see ensemble_predict_into, any_model, row_wise
template <class Input, class Models, class Aggregation = ensemble::mean>
    requires ensemble_models<Models, Input> && ensemble_aggregation<Aggregation, Models, Input>
[[nodiscard]] auto ensemble_predict(const Input& input, const Models& models, const Aggregation& aggregation = {},
                                    const ensemble_options& options = {}) -> detail::ensemble_result_t<Aggregation, Models, Input> {
    using array = detail::ensemble_result_t<Aggregation, Models, Input>;
    using combiner = detail::ensemble_combiner<Aggregation, Models, Input>;
    using result = typename combiner::result;
    constexpr bool labels = detail::gives_labels<Aggregation>;
    const detail::ensemble_call<Models, Input> call(input, models, options);
    const combiner how(aggregation, call.models().size());
    if constexpr (detail::can_take_tiles<Models, Input>()) {
        if (call.tile_rows() != 0) {
            detail::late_rows<array> rows(call.input().rows().shape(0));
            const auto place = [&](std::size_t tile, std::size_t first, const detail::prediction_extent& extent) {
                const std::span<const std::size_t> row(extent.shape.data() + 1, labels ? 0 : extent.shape.size() - 1);
                return detail::result_target<result>{rows.place(tile, first, row)};
            };
            detail::combine_tiles<Aggregation>(how, call.models(), call.input().rows(), call.tile_rows(), place, call.tile_loop());
            if (const auto odd = rows.odd()) [[unlikely]] {
                throw shape_error("ensemble_predict: models gave rows of shape " + shape_text(odd->got) + " for tile " + to_text(odd->item)
                                      + ", " + shape_text(odd->first) + " for tile 0",
                                  odd->got, odd->first);
            }
            return *std::move(rows).take();
        }
    }
    const auto all = call.predictions();
    const detail::prediction_extent extent = detail::common_extent<Aggregation>(all);
    if constexpr (std::is_arithmetic_v<array>) {
        array out{};
        call.template combine<Aggregation>(how, all, extent, {&out});
        return out;
    } else {
        array out = detail::array_of_shape<array>(detail::result_shape(extent, labels));
        call.template combine<Aggregation>(how, all, extent, {out.data()});
        return out;
    }
}

/// @brief As ensemble_predict, into memory that exists.
///
/// @param out  A mutable array_view, or an xtensor container, adaptor or view (std::vector where results have one axis), of the result's element
///             type and shape; any layout, but each index an element of its own. No model may give a view of it.
/// @throws shape_error     if out has another shape than the result; nothing was written then.
/// @throws argument_error  as ensemble_predict; and where rows go in tiles, if out overlaps the input. If predictions are no labels or
///                         probabilities, or a model fails in a later tile, out has been written in part.
template <class Input, class Models, class Aggregation, class Out>
    requires ensemble_models<Models, Input> && ensemble_aggregation<Aggregation, Models, Input> && viewable<Out&> && std::same_as<
        typename decltype(view_of(std::declval<Out&>()))::element_type,
        typename detail::ensemble_combiner<Aggregation, Models, Input>::result>
void ensemble_predict_into(const Input& input, const Models& models, const Aggregation& aggregation, Out&& out,
                           const ensemble_options& options = {}) {
    using combiner = detail::ensemble_combiner<Aggregation, Models, Input>;
    constexpr bool labels = detail::gives_labels<Aggregation>;
    const auto view = view_of(out);
    const detail::ensemble_call<Models, Input> call(input, models, options);
    const combiner how(aggregation, call.models().size());
    check(elements_lie_apart(batches(view, std::size_t{1})), "ensemble_predict_into: every index of out must be an element of its own");
    const auto target = detail::target_of(view);
    const auto check_out = [&](const detail::prediction_shape& result, const detail::prediction_shape& shape) {
        check_same_shape("ensemble_predict_into", "the result", result, "out", shape);
    };
    const detail::prediction_shape out_shape(view.shape().begin(), view.shape().end());
    if constexpr (detail::can_take_tiles<Models, Input>()) {
        if (call.tile_rows() != 0) {
            const auto& rows = call.input().rows();
            check(!shared_bytes(batches(view, std::size_t{1}), batches(rows, std::size_t{1})),
                  "ensemble_predict_into: out must not overlap the input where rows go in tiles");
            if (rows.shape(0) != out_shape[0]) [[unlikely]] {
                throw shape_error(
                    "ensemble_predict_into: out has shape " + shape_text(out_shape) + ", the input has " + to_text(rows.shape(0)) + " rows",
                    out_shape, {rows.shape(0)});
            }
            const auto place = [&](std::size_t, std::size_t first, const detail::prediction_extent& extent) {
                detail::prediction_shape shape = detail::result_shape(extent, labels);
                shape[0] = out_shape[0];
                check_out(shape, out_shape);
                auto part = target;
                part.offset = labels ? first : first * extent.columns;
                return part;
            };
            detail::combine_tiles<Aggregation>(how, call.models(), rows, call.tile_rows(), place, call.tile_loop());
            return;
        }
    }
    const auto all = call.predictions();
    const detail::prediction_extent extent = detail::common_extent<Aggregation>(all);
    check_out(detail::result_shape(extent, labels), out_shape);
    call.template combine<Aggregation>(how, all, extent, target);
}

} // namespace xrayon::ml

#endif // XRAYON_ML_ENSEMBLE_ENSEMBLE_PREDICT_HPP
