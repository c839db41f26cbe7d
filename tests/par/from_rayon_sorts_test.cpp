// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sort.hpp>

#include "../support/catch.hpp"
#include "../support/from_rayon.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

// docs/guide/from-rayon.md shows the lines; cmake/check_from_rayon.cmake holds it against these tests.

using namespace xrayon;
using namespace xrayon::test::from_rayon;

namespace {

template <class Less>
std::vector<int> sorted_by(const Less& less) {
    auto out = xs;
    std::stable_sort(out.begin(), out.end(), less);
    return out;
}

} // namespace

TEST_CASE("rayon: par_sort", "[par][rayon]") {
    everywhere(sorted_by(std::less<>{}), [] {
        auto v = xs;
        par_sort(v);
        return v;
    });
}

TEST_CASE("rayon: par_sort_by", "[par][rayon]") {
    everywhere(sorted_by(by_last_digit), [] {
        auto v = xs;
        par_sort_by(v, by_last_digit);
        return v;
    });
}

TEST_CASE("rayon: par_sort_by_key", "[par][rayon]") {
    everywhere(sorted_by(by_last_digit), [] {
        auto v = xs;
        par_sort_by_key(v, last_digit);
        return v;
    });
}

TEST_CASE("rayon: par_sort_by_cached_key", "[par][rayon]") {
    const auto by_text = [](int a, int b) { return std::to_string(a) < std::to_string(b); };
    everywhere(sorted_by(by_text), [] {
        auto v = xs;
        par_sort_by_cached_key(v, [](int x) { return std::to_string(x); });
        return v;
    });
}

TEST_CASE("rayon: par_sort_unstable", "[par][rayon]") {
    everywhere(sorted_by(std::less<>{}), [] {
        auto v = xs;
        par_sort_unstable(v);
        return v;
    });
}

TEST_CASE("rayon: par_sort_unstable_by", "[par][rayon]") {
    everywhere(sorted_by(std::greater<>{}), [] {
        auto v = xs;
        par_sort_unstable_by(v, std::greater<>{});
        return v;
    });
}

TEST_CASE("rayon: par_sort_unstable_by_key", "[par][rayon]") {
    everywhere(sorted_by(std::greater<>{}), [] {
        auto v = xs;
        par_sort_unstable_by_key(v, [](int x) { return -x; });
        return v;
    });
}
