// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/from_rayon.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

// docs/guide/from-rayon.md shows the lines; cmake/check_from_rayon.cmake holds it against these tests.

using namespace xrayon;
using namespace xrayon::test::from_rayon;

TEST_CASE("rayon: collect_into_vec", "[par][rayon]") {
    everywhere(plain(xs, square), [] {
        std::vector<int> v{1, 2, 3};
        par(xs).map(square).collect_into_vec(v);
        return v;
    });
}

TEST_CASE("rayon: unzip_into_vecs", "[par][rayon]") {
    std::vector<std::size_t> counted(xs.size());
    std::iota(counted.begin(), counted.end(), std::size_t{0});
    everywhere(std::pair(counted, xs), [] {
        std::vector<std::size_t> indices{9};
        std::vector<int> values{8, 7};
        par(xs).enumerate().unzip_into_vecs(indices, values);
        return std::pair(indices, values);
    });
}

TEST_CASE("rayon: zip", "[par][rayon]") {
    std::vector<int> expected;
    for (std::size_t i = 0; i < ys.size(); ++i) {
        expected.push_back(xs[i] - ys[i]);
    }
    everywhere(expected, [] { return par(xs).zip(ys).map([](int x, int y) { return x - y; }).to_vector(); });
}

TEST_CASE("rayon: zip_eq", "[par][rayon]") {
    std::vector<int> expected;
    for (std::size_t i = 0; i < 600; ++i) {
        expected.push_back(xs[i] - static_cast<int>(i));
    }
    everywhere(expected, [] { return par(xs).zip_eq(iota(600)).map([](int x, int i) { return x - i; }).to_vector(); });
    REQUIRE_THROWS_WITH(par(xs).zip_eq(ys).count(), "zip_eq: the other sequence must have 600 items, got 250");
}

TEST_CASE("rayon: interleave", "[par][rayon]") {
    std::vector<int> expected;
    for (std::size_t i = 0; i < xs.size(); ++i) {
        expected.push_back(xs[i]);
        if (i < ys.size()) {
            expected.push_back(ys[i]);
        }
    }
    everywhere(expected, [] { return par(xs).interleave(ys).to_vector(); });
}

TEST_CASE("rayon: interleave_shortest", "[par][rayon]") {
    std::vector<int> expected;
    for (std::size_t i = 0; i < ys.size(); ++i) {
        expected.push_back(xs[i]);
        expected.push_back(ys[i]);
    }
    expected.push_back(xs[ys.size()]);  // only then does the other side turn out to be at its end
    everywhere(expected, [] { return par(xs).interleave_shortest(ys).to_vector(); });
}

TEST_CASE("rayon: chunks", "[par][rayon]") {
    std::vector<std::vector<int>> expected;
    for (std::size_t i = 0; i < xs.size(); i += 7) {
        expected.emplace_back(xs.begin() + static_cast<long>(i), xs.begin() + static_cast<long>(std::min(i + 7, xs.size())));
    }
    everywhere(expected, [] { return par(xs).chunks(7).to_vector(); });
}

TEST_CASE("rayon: fold_chunks", "[par][rayon]") {
    std::vector<int> expected;
    for (std::size_t i = 0; i < xs.size(); ++i) {
        if (i % 7 == 0) {
            expected.push_back(1);
        }
        expected.back() = expected.back() * 3 % 1009 + xs[i];
    }
    everywhere(expected, [] {
        return par(xs)
            .fold_chunks(
                7, [] { return 1; }, [](int a, int x) { return a * 3 % 1009 + x; })
            .to_vector();
    });
}

TEST_CASE("rayon: fold_chunks_with", "[par][rayon]") {
    std::vector<int> expected;
    for (std::size_t i = 0; i < xs.size(); ++i) {
        if (i % 7 == 0) {
            expected.push_back(1);
        }
        expected.back() = expected.back() * 3 % 1009 + xs[i];
    }
    everywhere(expected, [] { return par(xs).fold_chunks_with(7, 1, [](int a, int x) { return a * 3 % 1009 + x; }).to_vector(); });
}

TEST_CASE("rayon: cmp", "[par][rayon]") {
    everywhere(std::lexicographical_compare(xs.begin(), xs.end(), ys.begin(), ys.end()), [] { return par(xs).cmp(ys) < 0; });
    REQUIRE(par(xs).cmp(xs) == std::strong_ordering::equal);
}

TEST_CASE("rayon: partial_cmp", "[par][rayon]") {
    const std::vector<double> rs{1, 2, std::numeric_limits<double>::quiet_NaN(), 3};
    everywhere(true, [&] { return par(rs).partial_cmp(rs) == std::partial_ordering::unordered; });
    const std::vector<double> sooner{1, 1, 7};
    REQUIRE(par(rs).partial_cmp(sooner) == std::partial_ordering::greater);
}

TEST_CASE("rayon: eq", "[par][rayon]") {
    everywhere(false, [] { return par(xs).eq(ys); });
    REQUIRE(par(xs).eq(std::vector(xs)));
}

TEST_CASE("rayon: ne", "[par][rayon]") {
    everywhere(true, [] { return par(xs).ne(ys); });
    REQUIRE_FALSE(par(xs).ne(std::vector(xs)));
}

TEST_CASE("rayon: lt", "[par][rayon]") {
    everywhere(ys < xs, [] { return par(ys).lt(xs); });
    REQUIRE_FALSE(par(xs).lt(xs));
}

TEST_CASE("rayon: le", "[par][rayon]") {
    everywhere(ys <= xs, [] { return par(ys).le(xs); });
    REQUIRE(par(xs).le(xs));
}

TEST_CASE("rayon: gt", "[par][rayon]") {
    everywhere(ys > xs, [] { return par(ys).gt(xs); });
    REQUIRE_FALSE(par(xs).gt(xs));
}

TEST_CASE("rayon: ge", "[par][rayon]") {
    everywhere(ys >= xs, [] { return par(ys).ge(xs); });
    REQUIRE(par(xs).ge(xs));
}

TEST_CASE("rayon: enumerate", "[par][rayon]") {
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < xs.size(); ++i) {
        if (even(xs[i])) {
            expected.push_back(i);
        }
    }
    everywhere(expected, [] {
        return par(xs).enumerate().filter_map([](std::size_t i, int x) { return even(x) ? std::optional(i) : std::nullopt; }).to_vector();
    });
}

TEST_CASE("rayon: step_by", "[par][rayon]") {
    std::vector<int> expected;
    for (std::size_t i = 0; i < xs.size(); i += 7) {
        expected.push_back(xs[i]);
    }
    everywhere(expected, [] { return par(xs).step_by(7).to_vector(); });
}

TEST_CASE("rayon: skip", "[par][rayon]") {
    everywhere(std::vector<int>(xs.begin() + 100, xs.end()), [] { return par(xs).skip(100).to_vector(); });
}

TEST_CASE("rayon: take", "[par][rayon]") {
    everywhere(std::vector<int>(xs.begin(), xs.begin() + 100), [] { return par(xs).take(100).to_vector(); });
}

TEST_CASE("rayon: position_any", "[par][rayon]") {
    everywhere(std::optional(static_cast<std::size_t>(std::find_if(xs.begin(), xs.end(), large) - xs.begin())),
               [] { return par(xs).position_any(large); });
}

TEST_CASE("rayon: position_first", "[par][rayon]") {
    everywhere(std::optional(static_cast<std::size_t>(std::find_if(xs.begin(), xs.end(), large) - xs.begin())),
               [] { return par(xs).position_first(large); });
}

TEST_CASE("rayon: position_last", "[par][rayon]") {
    everywhere(std::optional(static_cast<std::size_t>(xs.rend() - std::find_if(xs.rbegin(), xs.rend(), large) - 1)),
               [] { return par(xs).position_last(large); });
}

TEST_CASE("rayon: positions", "[par][rayon]") {
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < xs.size(); ++i) {
        if (large(xs[i])) {
            expected.push_back(i);
        }
    }
    everywhere(expected, [] { return par(xs).positions(large).to_vector(); });
}

TEST_CASE("rayon: rev", "[par][rayon]") {
    everywhere(std::vector<int>(xs.rbegin(), xs.rend()), [] { return par(xs).rev().to_vector(); });
}

TEST_CASE("rayon: with_min_len", "[par][rayon]") {
    everywhere(plain(xs, square), [] { return par(xs).with_min_len(64).map(square).to_vector(); });
}

TEST_CASE("rayon: with_max_len", "[par][rayon]") {
    everywhere(plain(xs, square), [] { return par(xs).with_max_len(8).map(square).to_vector(); });
}

TEST_CASE("rayon: len", "[par][rayon]") {
    everywhere(xs.size(), [] { return par(xs).map(square).size(); });
}
