// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_CHUNKS_HPP
#define XRAYON_PAR_STAGE_CHUNKS_HPP

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/flow.hpp>

namespace xrayon::detail {

/// Vectors of `length` items each; the last one may have fewer.
template <indexed_source Source>
class chunk_source {
public:
    chunk_source(Source source, std::size_t length) : source_(std::move(source)), length_(length) {}
    [[nodiscard]] std::size_t size() const { return source_.size() / length_ + (source_.size() % length_ != 0); }
    [[nodiscard]] auto open() const {
        return [read = source_.open(), length = length_, items = source_.size()](std::size_t i) mutable {
            const std::size_t begin = i * length;
            const std::size_t count = std::min(length, items - begin);
            std::vector<stored_t<source_item_t<Source>>> chunk;
            chunk.reserve(count);
            for (std::size_t k = 0; k < count; ++k) {
                chunk.emplace_back(read(begin + k));
            }
            return chunk;
        };
    }

private:
    Source source_;
    std::size_t length_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_CHUNKS_HPP
