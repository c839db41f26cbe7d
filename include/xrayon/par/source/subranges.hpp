// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SOURCE_SUBRANGES_HPP
#define XRAYON_PAR_SOURCE_SUBRANGES_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include <xrayon/core/ranges.hpp>
#include <xrayon/par/detail/flow.hpp>

namespace xrayon::detail {

/// How a range is cut: `count` pieces, the k-th of which is [begin(k), end(k)).
struct cut_forwards {  // chunks, chunks_exact
    std::size_t items;
    std::size_t length;
    [[nodiscard]] std::size_t begin(std::size_t k) const noexcept { return k * length; }
    [[nodiscard]] std::size_t end(std::size_t k) const noexcept { return std::min(items, k * length + length); }
};
struct cut_backwards {  // rchunks, rchunks_exact
    std::size_t items;
    std::size_t length;
    [[nodiscard]] std::size_t begin(std::size_t k) const noexcept { return items - std::min(items, (k + 1) * length); }
    [[nodiscard]] std::size_t end(std::size_t k) const noexcept { return items - k * length; }
};
struct cut_windows {
    std::size_t items;
    std::size_t length;
    [[nodiscard]] std::size_t begin(std::size_t k) const noexcept { return k; }
    [[nodiscard]] std::size_t end(std::size_t k) const noexcept { return k + length; }
};

/// Pieces of a contiguous range that somebody else keeps alive, as spans.
template <class T, class Cut>
class span_source {
public:
    span_source(std::span<T> range, std::size_t count, Cut cut) : range_(range), count_(count), cut_(cut) {}
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] auto open() const {
        return [range = range_, cut = cut_](std::size_t k) { return range.subspan(cut.begin(k), cut.end(k) - cut.begin(k)); };
    }

private:
    std::span<T> range_;
    std::size_t count_;
    Cut cut_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_SOURCE_SUBRANGES_HPP
