// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/split.hpp>

#include "../support/catch.hpp"
#include "../support/from_rayon.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

// docs/guide/from-rayon.md shows the lines; cmake/check_from_rayon.cmake holds it against these tests.

using namespace xrayon;
using namespace xrayon::test::from_rayon;

namespace {

std::vector<int> part(std::size_t begin, std::size_t end) {
    return {xs.begin() + static_cast<long>(begin), xs.begin() + static_cast<long>(end)};
}

/// Pieces of `length` that begin at 0, `stride`, 2 `stride` ...; a shorter one at the end unless `exact`.
std::vector<std::vector<int>> pieces_of(std::size_t length, std::size_t stride, bool exact) {
    std::vector<std::vector<int>> out;
    for (std::size_t i = 0; i < xs.size() && (!exact || i + length <= xs.size()); i += stride) {
        out.push_back(part(i, std::min(i + length, xs.size())));
    }
    return out;
}

} // namespace

TEST_CASE("rayon: par_split", "[par][rayon]") {
    std::vector<std::vector<int>> expected(1);
    for (const int x : xs) {
        if (large(x)) {
            expected.emplace_back();
        } else {
            expected.back().push_back(x);
        }
    }
    everywhere(expected, [] { return par_split(xs, large).map(listed).to_vector(); });
}

TEST_CASE("rayon: par_split_inclusive", "[par][rayon]") {
    std::vector<std::vector<int>> expected;
    bool open = false;
    for (const int x : xs) {
        if (!open) {
            expected.emplace_back();
        }
        expected.back().push_back(x);
        open = !large(x);
    }
    everywhere(expected, [] { return par_split_inclusive(xs, large).map(listed).to_vector(); });
}

TEST_CASE("rayon: par_windows", "[par][rayon]") {
    everywhere(pieces_of(3, 1, true), [] { return par_windows(xs, 3).map(listed).to_vector(); });
}

TEST_CASE("rayon: par_array_windows", "[par][rayon]") {
    std::vector<int> expected;
    for (std::size_t i = 2; i < xs.size(); ++i) {
        expected.push_back(xs[i - 2] + xs[i - 1] + xs[i]);
    }
    everywhere(expected,
               [] { return par_array_windows<3>(xs).map([](std::span<const int, 3> w) { return w[0] + w[1] + w[2]; }).to_vector(); });
}

TEST_CASE("rayon: par_chunks", "[par][rayon]") {
    everywhere(pieces_of(7, 7, false), [] { return par_chunks(xs, 7).map(listed).to_vector(); });
}

TEST_CASE("rayon: par_chunks_exact", "[par][rayon]") {
    everywhere(pieces_of(7, 7, true), [] { return par_chunks_exact(xs, 7).map(listed).to_vector(); });
}

TEST_CASE("rayon: par_rchunks", "[par][rayon]") {
    std::vector<std::vector<int>> expected;
    for (std::size_t end = xs.size(); end != 0; end -= std::min<std::size_t>(end, 7)) {
        expected.push_back(part(end - std::min<std::size_t>(end, 7), end));
    }
    everywhere(expected, [] { return par_rchunks(xs, 7).map(listed).to_vector(); });
}

TEST_CASE("rayon: par_rchunks_exact", "[par][rayon]") {
    std::vector<std::vector<int>> expected;
    for (std::size_t end = xs.size(); end >= 7; end -= 7) {
        expected.push_back(part(end - 7, end));
    }
    everywhere(expected, [] { return par_rchunks_exact(xs, 7).map(listed).to_vector(); });
}

TEST_CASE("rayon: par_chunk_by", "[par][rayon]") {
    std::vector<std::vector<int>> expected;
    for (std::size_t i = 0; i < xs.size(); ++i) {
        if (i == 0 || xs[i] % 2 != xs[i - 1] % 2) {
            expected.emplace_back();
        }
        expected.back().push_back(xs[i]);
    }
    everywhere(expected, [] { return par_chunk_by(xs, same_parity).map(listed).to_vector(); });
}

TEST_CASE("rayon: par_split_mut", "[par][rayon]") {
    auto expected = xs;
    for (auto begin = expected.begin(); begin != expected.end();) {
        const auto end = std::find_if(begin, expected.end(), large);
        std::sort(begin, end);
        begin = end == expected.end() ? end : end + 1;
    }
    everywhere(expected, [] {
        auto v = xs;
        par_split(v, large).for_each([](std::span<int> part) { std::ranges::sort(part); });
        return v;
    });
}

TEST_CASE("rayon: par_split_inclusive_mut", "[par][rayon]") {
    auto expected = xs;
    for (auto begin = expected.begin(); begin != expected.end();) {
        auto end = std::find_if(begin, expected.end(), large);
        end += end == expected.end() ? 0 : 1;
        std::reverse(begin, end);
        begin = end;
    }
    everywhere(expected, [] {
        auto v = xs;
        par_split_inclusive(v, large).for_each([](std::span<int> part) { std::ranges::reverse(part); });
        return v;
    });
}

TEST_CASE("rayon: par_chunks_mut", "[par][rayon]") {
    auto expected = xs;
    for (std::size_t i = 0; i < xs.size(); i += 7) {
        std::reverse(expected.begin() + static_cast<long>(i), expected.begin() + static_cast<long>(std::min(i + 7, xs.size())));
    }
    everywhere(expected, [] {
        auto v = xs;
        par_chunks(v, 7).for_each([](std::span<int> part) { std::ranges::reverse(part); });
        return v;
    });
}

TEST_CASE("rayon: par_chunks_exact_mut", "[par][rayon]") {
    auto expected = xs;
    for (std::size_t i = 0; i + 7 <= xs.size(); i += 7) {
        std::reverse(expected.begin() + static_cast<long>(i), expected.begin() + static_cast<long>(i + 7));
    }
    everywhere(expected, [] {
        auto v = xs;
        par_chunks_exact(v, 7).for_each([](std::span<int> part) { std::ranges::reverse(part); });
        return v;
    });
}

TEST_CASE("rayon: par_rchunks_mut", "[par][rayon]") {
    auto expected = xs;
    for (std::size_t end = xs.size(); end != 0; end -= std::min<std::size_t>(end, 7)) {
        std::reverse(expected.begin() + static_cast<long>(end - std::min<std::size_t>(end, 7)), expected.begin() + static_cast<long>(end));
    }
    everywhere(expected, [] {
        auto v = xs;
        par_rchunks(v, 7).for_each([](std::span<int> part) { std::ranges::reverse(part); });
        return v;
    });
}

TEST_CASE("rayon: par_rchunks_exact_mut", "[par][rayon]") {
    auto expected = xs;
    for (std::size_t end = xs.size(); end >= 7; end -= 7) {
        std::reverse(expected.begin() + static_cast<long>(end - 7), expected.begin() + static_cast<long>(end));
    }
    everywhere(expected, [] {
        auto v = xs;
        par_rchunks_exact(v, 7).for_each([](std::span<int> part) { std::ranges::reverse(part); });
        return v;
    });
}

TEST_CASE("rayon: par_chunk_by_mut", "[par][rayon]") {
    auto expected = xs;
    for (std::size_t i = 0; i < xs.size(); ++i) {
        if (i == 0 || xs[i] % 2 != xs[i - 1] % 2) {
            expected[i] = -1;
        }
    }
    everywhere(expected, [] {
        auto v = xs;
        par_chunk_by(v, same_parity).for_each([](std::span<int> part) { part.front() = -1; });
        return v;
    });
}
