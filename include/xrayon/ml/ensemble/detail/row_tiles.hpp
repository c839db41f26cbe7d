// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_ROW_TILES_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_ROW_TILES_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/ensemble/detail/combine_blocks.hpp>
#include <xrayon/ml/ensemble/detail/model_input.hpp>
#include <xrayon/ml/ensemble/detail/model_list.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// Models that can be handed a tile of the input's rows instead of all of them, and give the same kind of thing.
template <class Models, class Input>
constexpr bool can_take_tiles() {
    if constexpr (model_input<Input>::has_view) {
        using tile = typename model_input<Input>::view;
        using list = model_list<Models>;
        if constexpr (list::template fits<tile>) {
            return std::same_as<typename list::template element_type<tile>,
                                typename list::template element_type<
                                    Input>> && list::template rank<tile> == list::template rank<Input> && list::template rank<tile> != 0;
        }
    }
    return false;
}

/// Rows of a tile where nobody says how many: a function of the number of rows alone, because BLAS's bits may depend on it. 0 where there are
/// too few rows to share them out.
[[nodiscard]] constexpr std::size_t default_tile_rows(std::size_t rows) noexcept {
    return rows < 512 ? 0 : std::min<std::size_t>(256, (rows / 32 + 31) / 32 * 32);
}

/// Each tile of rows goes through all models, one after the other, and is combined while it is in cache.
/// @param target_of_tile  `target_of_tile(tile, first_row, extent)`: where the tile's results go; without either pointer, nowhere.
template <class Aggregation, class Combiner, class List, class View, class Place>
void combine_tiles(const Combiner& combiner, const List& models, const View& rows, std::size_t tile_rows, const Place& target_of_tile,
                   const loop_options& loop) {
    using value = typename Combiner::value;
    using memory = block_memory<value, typename Combiner::result>;
    const std::size_t n = rows.shape(0);
    scratch<memory> memories;
    const auto tile = [&](std::size_t i) {
        const std::size_t begin = i * tile_rows;
        const std::size_t end = std::min(n, begin + tile_rows);
        const View part = rows.slice(begin, end);
        const auto all = models.predict_in_turn(model_input<View>(part));
        const prediction_extent extent = common_extent<Aggregation>(all, " for rows " + to_text(begin) + " to " + to_text(end));
        if (extent.shape.empty() || extent.shape[0] != end - begin) [[unlikely]] {
            throw shape_error("ensemble_predict: models that see tiles must give a row for each of theirs, model 0 gave "
                                  + shape_text(extent.shape) + " for rows " + to_text(begin) + " to " + to_text(end),
                              extent.shape, {end - begin});
        }
        const auto target = target_of_tile(i, begin, extent);
        if (target.direct != nullptr || target.write != nullptr) {
            const auto sources = sources_of<value>(all);
            const auto mine = memories.borrow();
            combine_block<Aggregation>(combiner, std::span<const prediction_source<value>>(sources), extent, 0, extent.elements,
                                       begin * extent.columns, target, *mine);
        }
    };
    for_each_index(n / tile_rows + (n % tile_rows != 0), block_body(tile), loop);
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_ROW_TILES_HPP
