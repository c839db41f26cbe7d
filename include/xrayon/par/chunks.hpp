// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_CHUNKS_HPP
#define XRAYON_PAR_CHUNKS_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/par/sequence.hpp>
#include <xrayon/par/source/subranges.hpp>

// Pieces of contiguous ranges, as sequences of spans: to be written to unless the range is const. The range must outlive the sequence.
// Every function throws argument_error if n is 0.

namespace xrayon {

/// A range whose elements lie side by side.
template <class Range>
concept spannable = requires(Range& range) { std::span(range); };

namespace detail {

/// The sequence of `count(size)` pieces of n elements.
template <class Cut, spannable Range, class Count>
auto par_cut(Range& range, std::size_t n, std::string_view name, const Count& count) {
    if (n == 0) [[unlikely]] {
        check(false, std::string(name) + ": length must be >= 1", n);
    }
    const std::span span(range);
    return sequence(span_source<typename decltype(span)::element_type, Cut>(span, count(span.size()), Cut{span.size(), n}));
}

inline constexpr auto pieces = [](std::size_t n) { return [n](std::size_t size) { return size / n + (size % n != 0); }; };
inline constexpr auto whole_pieces = [](std::size_t n) { return [n](std::size_t size) { return size / n; }; };

} // namespace detail

/// Spans of n elements, the last one may be shorter.
template <spannable Range>
auto par_chunks(Range& range, std::size_t n) {
    return detail::par_cut<detail::cut_forwards>(range, n, "par_chunks", detail::pieces(n));
}
/// par_chunks without the last one if that is shorter.
template <spannable Range>
auto par_chunks_exact(Range& range, std::size_t n) {
    return detail::par_cut<detail::cut_forwards>(range, n, "par_chunks_exact", detail::whole_pieces(n));
}
/// par_chunks from the end of the range: the last one is the shorter one, and begins where the range does.
template <spannable Range>
auto par_rchunks(Range& range, std::size_t n) {
    return detail::par_cut<detail::cut_backwards>(range, n, "par_rchunks", detail::pieces(n));
}
/// par_rchunks without the last one if that is shorter.
template <spannable Range>
auto par_rchunks_exact(Range& range, std::size_t n) {
    return detail::par_cut<detail::cut_backwards>(range, n, "par_rchunks_exact", detail::whole_pieces(n));
}
/// Const spans of n elements that begin at 0, 1, 2 ...; none if there are fewer than n.
template <spannable Range>
auto par_windows(const Range& range, std::size_t n) {
    return detail::par_cut<detail::cut_windows>(range, n, "par_windows", [n](std::size_t size) { return size < n ? 0 : size - n + 1; });
}
/// par_windows whose spans have a length that is known when compiling.
template <std::size_t N, spannable Range>
auto par_array_windows(const Range& range) {
    static_assert(N >= 1, "xrayon: par_array_windows: length must be >= 1");
    return par_windows(range, N).map([](const auto& window) { return window.template first<N>(); });
}

} // namespace xrayon

#endif // XRAYON_PAR_CHUNKS_HPP
