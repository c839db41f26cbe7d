// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_NEAREST_HPP
#define XRAYON_ML_MODELS_DETAIL_NEAREST_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <xrayon/core/index_block.hpp>

namespace xrayon::ml::detail {

/// The k training rows nearest to each of a few query rows, kept sorted by (distance, index) while distances come in blocks of
/// ascending training index. Almost every distance loses to the k-th so far, so that comparison is all that most of them cost.
template <class Real>
class nearest {
public:
    nearest(std::size_t queries, std::size_t k)
        : k_(k), distances_(queries * k, std::numeric_limits<Real>::infinity()), indices_(queries * k, 0) {}

    /// Training rows `block` for one query: `products[j]` is -2 q.x of row block.begin + j. Row `left_out` is passed over.
    void offer(std::size_t query, const Real* products, const Real* norms, Real query_norm, const index_block& block, std::size_t left_out) {
        Real* const distances = distances_.data() + query * k_;
        std::size_t* const indices = indices_.data() + query * k_;
        const Real* const block_norms = norms + block.begin;
        Real worst = distances[k_ - 1];
        for (std::size_t first = 0; first < block.size(); first += lanes) {
            const std::size_t last = std::min(first + lanes, block.size());
            // A block of candidates at a time: this loop vectorises, and nearly always finds nothing.
            bool any = false;
            for (std::size_t j = first; j < last; ++j) {
                any |= products[j] + query_norm + block_norms[j] < worst;
            }
            if (!any) {
                continue;
            }
            for (std::size_t j = first; j < last; ++j) {
                // Rounding can make the distance of equal rows a little less than nothing.
                const Real distance = std::max(Real{0}, products[j] + query_norm + block_norms[j]);
                if (distance < worst && block.begin + j != left_out) {
                    insert(distances, indices, distance, block.begin + j);
                    worst = distances[k_ - 1];
                }
            }
        }
    }

    [[nodiscard]] std::span<const std::size_t> indices(std::size_t query) const { return {indices_.data() + query * k_, k_}; }

private:
    static constexpr std::size_t lanes = 16;

    /// Indices ascend, so an equal distance stands behind those that are there: ties go to the lowest index.
    void insert(Real* distances, std::size_t* indices, Real distance, std::size_t index) const {
        std::size_t at = k_ - 1;
        for (; at > 0 && distance < distances[at - 1]; --at) {
            distances[at] = distances[at - 1];
            indices[at] = indices[at - 1];
        }
        distances[at] = distance;
        indices[at] = index;
    }

    std::size_t k_;
    std::vector<Real> distances_;
    std::vector<std::size_t> indices_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_NEAREST_HPP
