// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_CHUNK_MEMORY_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_CHUNK_MEMORY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/array/aliasing.hpp>
#include <xrayon/array/array_view.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>

// Do two chunks of a list share memory? Most lists are answered by sorting where chunks begin and end; slices that interleave, such as blocks of
// columns, are looked at pair by pair.

namespace xrayon::ml::detail {

/// The chunks of a call that writes to them: what lies in one block as references that are not const, everything else as it is.
template <class Chunks>
[[nodiscard]] decltype(auto) writable_chunks(Chunks& chunks) {
    if constexpr (std::ranges::contiguous_range<Chunks>) {
        return std::span(std::ranges::data(chunks), static_cast<std::size_t>(std::ranges::size(chunks)));
    } else {
        return (chunks);
    }
}

/// Bytes from the first to the last of a chunk's elements.
struct chunk_bytes {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;  // begin: none
    std::size_t index = 0;
};

template <class T, std::size_t N>
[[nodiscard]] chunk_bytes bytes_of_view(const array_view<T, N>& view) {
    if (view.empty()) {
        return {};
    }
    std::ptrdiff_t low = 0;
    std::ptrdiff_t high = 1;
    for (std::size_t axis = 0; axis < N; ++axis) {
        const std::ptrdiff_t last = view.stride(axis) * static_cast<std::ptrdiff_t>(view.shape(axis) - 1);
        (last < 0 ? low : high) += last;
    }
    const auto at = [&](std::ptrdiff_t offset) {
        return reinterpret_cast<std::uintptr_t>(view.data()) + static_cast<std::uintptr_t>(offset) * sizeof(T);
    };
    return {at(low), at(high), 0};
}

/// A type whose elements are looked at: a view, a vector, an xtensor container whose rank its type says.
template <class Chunk>
concept chunk_with_view = requires(Chunk& chunk) { view_of(chunk); };

template <class Chunk>
[[nodiscard]] chunk_bytes bytes_of_chunk(Chunk&& chunk) {
    using plain = std::remove_cvref_t<Chunk>;
    if constexpr (chunk_with_view<plain>) {
        return bytes_of_view(view_of(chunk));
    } else if constexpr (xtensor_expression<plain> && requires { chunk.storage().data(); }) {
        const auto first = reinterpret_cast<std::uintptr_t>(chunk.storage().data());
        return {first, first + chunk.storage().size() * sizeof(*chunk.storage().data()), 0};
    } else if constexpr (std::is_lvalue_reference_v<Chunk>) {
        const auto first = reinterpret_cast<std::uintptr_t>(std::addressof(chunk));
        return {first, first + sizeof(plain), 0};
    } else {
        return {};
    }
}

/// Whether two chunks whose outermost bytes meet share an element. Where it cannot be told, they do.
template <class A, class B>
[[nodiscard]] bool chunks_meet(A&& a, B&& b) {
    if constexpr (chunk_with_view<std::remove_cvref_t<A>>) {
        const auto x = view_of(a);
        const auto y = view_of(b);
        if constexpr (decltype(x)::rank == 1) {
            return shared_bytes(x, y).has_value();
        } else if constexpr (decltype(x)::rank == 2) {
            return shared_bytes(rows(x), rows(y)).has_value();
        } else {
            return true;
        }
    } else {
        return true;
    }
}

/// @throws argument_error  `<op>: chunks 2 and 5 overlap` for the first chunk that shares memory with one before it
template <class Chunks>
void check_chunks_apart(std::string_view op, const Chunks& chunks) {
    const std::size_t n = element_count(chunks);
    std::vector<chunk_bytes> all;
    all.reserve(n);
    for (std::size_t i = 0; i < n; ++i) {
        chunk_bytes bytes = bytes_of_chunk(element(chunks, i));
        if (bytes.begin != bytes.end) {
            bytes.index = i;
            all.push_back(bytes);
        }
    }
    std::sort(all.begin(), all.end(), [](const chunk_bytes& a, const chunk_bytes& b) { return a.begin != b.begin ? a.begin < b.begin : a.index < b.index; });
    std::size_t first = n;
    std::size_t second = n;
    for (std::size_t a = 0; a < all.size(); ++a) {
        for (std::size_t b = a + 1; b < all.size() && all[b].begin < all[a].end; ++b) {
            const std::size_t low = std::min(all[a].index, all[b].index);
            const std::size_t high = std::max(all[a].index, all[b].index);
            if ((high < second || (high == second && low < first)) && chunks_meet(element(chunks, low), element(chunks, high))) {
                first = low;
                second = high;
            }
        }
    }
    if (second != n) {
        const std::string which = to_text(first) + " and " + to_text(second);
        throw argument_error(std::string(op) + ": chunks " + which + " overlap", which);
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_CHUNK_MEMORY_HPP
