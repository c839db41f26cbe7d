// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_COMBINE_BLOCKS_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_COMBINE_BLOCKS_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/ensemble/detail/column_kernels.hpp>
#include <xrayon/ml/ensemble/detail/combiner.hpp>
#include <xrayon/ml/ensemble/detail/model_list.hpp>
#include <xrayon/ml/ensemble/detail/model_output.hpp>
#include <xrayon/ml/ensemble/detail/row_combiner.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

template <class Aggregation>
inline constexpr bool combines_rows =
    std::same_as<Aggregation, ensemble::soft_vote> || std::same_as<Aggregation, ensemble::mean_probability>;
/// One result for each row.
template <class Aggregation>
inline constexpr bool gives_labels = std::same_as<Aggregation, ensemble::soft_vote>;

/// Where results go: elements in row-major order from number `offset` on.
template <class Result>
struct result_target {
    Result* direct = nullptr;  ///< Element 0, where they lie without gaps; else null, and `write` puts them where they belong.
    const void* view = nullptr;
    void (*write)(const void* view, std::size_t begin, std::size_t count, const Result* from) = nullptr;
    std::size_t offset = 0;
};

template <class Result, std::size_t N>
[[nodiscard]] result_target<Result> target_of(const array_view<Result, N>& view) {
    const auto write = [](const void* to, std::size_t begin, std::size_t count, const Result* from) {
        const auto all = elements(*static_cast<const array_view<Result, N>*>(to));
        for (std::size_t i = 0; i < count; ++i) {
            element(all, begin + i) = from[i];
        }
    };
    return {view.is_contiguous() ? view.data() : nullptr, &view, write, 0};
}

/// The shape that all predictions have, and what follows from it.
struct prediction_extent {
    prediction_shape shape;
    std::size_t elements = 1;
    std::size_t columns = 1;  ///< Elements of a row.

    explicit prediction_extent(prediction_shape of) : shape(std::move(of)), elements(element_count_of(shape)) {
        for (std::size_t axis = 1; axis < shape.size(); ++axis) {
            columns *= shape[axis];
        }
    }
};

[[nodiscard]] inline shape_error unlike_predictions(std::size_t model, const prediction_shape& got, const prediction_shape& first,
                                                    const std::string& where = {}) {
    return shape_error(
        "ensemble_predict: model " + to_text(model) + " gave " + shape_text(got) + where + ", model 0 gave " + shape_text(first), got,
        first);
}

/// @throws shape_error  naming the first model whose prediction has another shape than model 0's
template <class Aggregation, class Kept>
[[nodiscard]] prediction_extent common_extent(const Kept& all, const std::string& where = {}) {
    std::optional<prediction_shape> first;
    std::size_t model = 0;
    for_each_prediction(all, [&](const auto& each) {
        prediction_shape shape = shape_of_prediction(each);
        if (!first) {
            first = std::move(shape);
        } else if (shape != *first) [[unlikely]] {
            throw unlike_predictions(model, shape, *first, where);
        }
        ++model;
    });
    if (combines_rows<Aggregation> && (first->size() != 2 || (*first)[1] == 0)) [[unlikely]] {
        throw shape_error("ensemble_predict: probabilities must be (rows, classes), model 0 gave " + shape_text(*first), *first, {});
    }
    return prediction_extent(*std::move(first));
}

template <class Value, class Kept>
[[nodiscard]] std::vector<prediction_source<Value>> sources_of(const Kept& all) {
    std::vector<prediction_source<Value>> sources;
    for_each_prediction(all, [&](const auto& each) { sources.push_back(source_of<Value>(each)); });
    return sources;
}

/// What a thread needs while it combines blocks.
template <class Value, class Result>
struct block_memory {
    strip_memory strip;
    std::vector<Value> converted;
    std::vector<const Value*> x;
    std::vector<Result> out;
};

/// Combines elements [begin, end) of the predictions: whole rows where the aggregation looks at rows.
/// @param first  Number of the predictions' element 0 in the whole, for messages.
template <class Aggregation, class Combiner, class Value = typename Combiner::value, class Result = typename Combiner::result>
void combine_block(const Combiner& combiner, std::span<const prediction_source<Value>> sources, const prediction_extent& extent,
                   std::size_t begin, std::size_t end, std::size_t first, const result_target<Result>& target,
                   block_memory<Value, Result>& memory) {
    const std::size_t unit = combines_rows<Aggregation> ? extent.columns : 1;
    const std::size_t each = std::max<std::size_t>(1, strip_elements / unit) * unit;
    memory.x.resize(sources.size());
    memory.converted.resize(sources.size() * each);
    memory.out.resize(target.direct == nullptr ? each : 0);
    for (std::size_t i = begin; i < end; i += each) {
        const std::size_t count = std::min(each, end - i);
        for (std::size_t k = 0; k < sources.size(); ++k) {
            memory.x[k] = sources[k].values(i, count, memory.converted.data() + k * each);
        }
        const std::size_t results = gives_labels<Aggregation> ? count / extent.columns : count;
        const std::size_t at = target.offset + (gives_labels<Aggregation> ? i / extent.columns : i);
        Result* const out = target.direct == nullptr ? memory.out.data() : target.direct + at;
        combiner.run(memory.x.data(), count, out, memory.strip, {first + i, extent.columns, extent.shape.size()});
        if (target.direct == nullptr) {
            target.write(target.view, at, results, out);
        }
    }
}

/// Combines all elements; in parallel, where there are more than a few thousand.
template <class Aggregation, class Combiner, class Value = typename Combiner::value, class Result = typename Combiner::result>
void combine_all(const Combiner& combiner, std::span<const prediction_source<Value>> sources, const prediction_extent& extent,
                 const result_target<Result>& target, const loop_options& loop) {
    constexpr std::size_t block_elements = 4096;
    const std::size_t unit = combines_rows<Aggregation> ? extent.columns : 1;
    const std::size_t each = std::max<std::size_t>(1, block_elements / unit) * unit;
    const std::size_t blocks = extent.elements / each + (extent.elements % each != 0);
    using memory = block_memory<Value, Result>;
    if (blocks <= 1) {
        memory mine;
        combine_block<Aggregation>(combiner, sources, extent, 0, extent.elements, 0, target, mine);
        return;
    }
    scratch<memory> memories;
    const auto block = [&](std::size_t i) {
        const auto mine = memories.borrow();
        combine_block<Aggregation>(combiner, sources, extent, i * each, std::min(extent.elements, (i + 1) * each), 0, target, *mine);
    };
    for_each_index(blocks, block_body(block), loop);
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_COMBINE_BLOCKS_HPP
