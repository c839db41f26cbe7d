// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_DETAIL_BULK_HPP
#define XRAYON_RANDOM_DETAIL_BULK_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/check.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/random/detail/run_one.hpp>
#include <xrayon/random/detail/stream_words.hpp>
#include <xrayon/random/stream.hpp>

// Many numbers at once. Every number takes the same count of words, whatever its value, so number `i` of a fill stands at a known word:
// that is what makes a fill equal as many single draws, and equal itself however it is cut.

namespace xrayon::detail {

/// A range of numbers that can be written through a pointer.
template <class Range>
concept number_output = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range>
                        && !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<Range>>>;

template <class T>
concept real = std::same_as<T, float> || std::same_as<T, double>;

/// The word at which number `offset` begins, counted from where the stream stands, when each takes `words` (1 or 2). Throws where
/// `offset + count` numbers are not left.
[[nodiscard]] inline std::uint64_t first_word(const stream& source, std::string_view function, std::uint64_t words, std::uint64_t offset,
                                              std::uint64_t count) {
    const std::uint64_t from = source.position() + (words == 2 ? source.position() % 2 : 0);
    const std::uint64_t left = (stream::capacity - from) / words;
    if (offset > left || count > left - offset) [[unlikely]] {
        fail_check(std::string(function) + ": offset + count must be <= the numbers that the stream has left = " + to_text(left),
                   to_text(offset) + " + " + to_text(count));
    }
    return from + offset * words;
}

/// The same for the next `count` numbers, which the stream then has behind it.
[[nodiscard]] inline std::uint64_t take_words(stream& source, std::string_view function, std::uint64_t words, std::uint64_t count) {
    const std::uint64_t first = first_word(source, function, words, 0, count);
    source.seek(first + words * count);
    return first;
}

/// Calls `use(words, count, done)` for consecutive stretches of the `count` words from `first` on; `done` words were handed out before.
template <class Use>
void for_each_stretch(instruction_set set, const stream_address& address, std::uint64_t first, std::uint64_t count, Use use) {
    constexpr std::size_t buffer_words = 1024;  // stays in the first-level cache
    alignas(64) std::uint32_t buffer[buffer_words];
    for (std::uint64_t done = 0; done < count;) {
        const auto skipped = static_cast<std::size_t>((first + done) % 4);
        const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(count - done, buffer_words - skipped));
        stream_words(set, address, (first + done) / 4, (skipped + taken + 3) / 4, buffer);
        use(buffer + skipped, taken, done);
        done += taken;
    }
}

} // namespace xrayon::detail

#endif // XRAYON_RANDOM_DETAIL_BULK_HPP
