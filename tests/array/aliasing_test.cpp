// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/aliasing.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <xrayon/array/xtensor.hpp>

using namespace xrayon;

namespace {

using view = array_view<double, 2>;

std::set<const double*> addresses(const view& v) {
    std::set<const double*> out;
    for (std::size_t i = 0; i < v.shape(0); ++i) {
        for (std::size_t j = 0; j < v.shape(1); ++j) {
            out.insert(&v(i, j));
        }
    }
    return out;
}

bool share(const view& a, const view& b) {
    const auto in_b = addresses(b);
    const auto in_a = addresses(a);
    return std::any_of(in_a.begin(), in_a.end(), [&](const double* p) { return in_b.contains(p); });
}

} // namespace

TEST_CASE("aliasing: overlap of steps agrees with a search over all elements", "[array][aliasing]") {
    // Every offset, with steps 1 to 4 in a row of 12, forwards and backwards, 3 rows and their transposes.
    std::vector<double> memory(12 * 9);
    std::size_t missed = 0, false_alarms = 0, found = 0, apart = 0;
    const view a(&memory[3 * 12 + 2], {3, 4}, {12, 2});
    for (std::ptrdiff_t step : {1, 2, 3, 4, -1, -2, -4}) {
        for (std::size_t row : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{5}, std::size_t{6}}) {
            for (std::size_t column = 0; column < 12; ++column) {
                const std::ptrdiff_t last = static_cast<std::ptrdiff_t>(column) + 2 * step;
                if (last < 0 || last >= 12) {
                    continue;
                }
                const view straight(&memory[row * 12 + column], {3, 3}, {12, step});
                for (const view& b : {straight, straight.transposed()}) {
                    const bool expected = share(a, b);
                    const bool got = detail::overlap(a, b);
                    REQUIRE(detail::overlap(b, a) == got);
                    missed += expected && !got;
                    false_alarms += !expected && got && step % 2 == 0;  // steps of 3 are the documented exception
                    (expected ? found : apart) += 1;
                }
            }
        }
    }
    REQUIRE(missed == 0);
    REQUIRE(false_alarms == 0);
    REQUIRE(found > 50);
    REQUIRE(apart > 50);
}

TEST_CASE("aliasing: sharing is never missed, whatever the strides", "[array][aliasing][B34]") {
    // Also windows that slide over each other, with and without gaps between their elements: against a search over all elements.
    std::vector<double> memory(64);
    const auto all = [&](std::ptrdiff_t limit) {
        std::vector<view> views;
        for (std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
            for (std::size_t columns : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
                for (std::ptrdiff_t outer = 0; outer <= limit; ++outer) {
                    for (std::ptrdiff_t inner = -3; inner <= limit; ++inner) {
                        views.push_back(view(&memory[16], {rows, columns}, {outer, inner}));
                    }
                }
            }
        }
        return views;
    };
    const auto first = all(6);
    std::size_t missed = 0;
    std::size_t found = 0;
    for (const view& a : first) {
        for (std::size_t i = 0; i < first.size(); i += 7) {
            for (std::size_t offset = 0; offset < 8; ++offset) {
                const view b(&memory[14 + offset], {first[i].shape(0), first[i].shape(1)}, {first[i].stride(0), first[i].stride(1)});
                if (share(a, b)) {
                    ++found;
                    missed += !detail::overlap(a, b) || !detail::overlap(b, a);
                }
            }
        }
    }
    REQUIRE(found > 10'000);
    REQUIRE(missed == 0);
}

TEST_CASE("aliasing: elements of different size that interleave are told apart", "[array][aliasing]") {
    struct pair {
        double first;
        float second;
        float third;
    };
    std::vector<pair> memory(10);
    const array_view<double, 1> doubles(&memory[0].first, {10}, {2});
    const array_view<float, 1> floats(&memory[0].second, {10}, {4});
    const array_view<float, 1> thirds(&memory[0].third, {10}, {4});
    const array_view<float, 1> inside(reinterpret_cast<float*>(&memory[0].first), {10}, {4});
    REQUIRE_FALSE(shared_bytes(doubles, floats));
    REQUIRE_FALSE(shared_bytes(floats, doubles));
    REQUIRE_FALSE(shared_bytes(floats, thirds));
    REQUIRE(shared_bytes(inside, doubles));
}

TEST_CASE("aliasing: shared bytes are counted from the start of the second range", "[array][aliasing]") {
    std::vector<double> memory(100);
    const std::span<double> all(memory);
    REQUIRE(shared_bytes(all.first(10), all.subspan(5, 20)) == byte_range{0, 40});
    REQUIRE(shared_bytes(all.subspan(5, 20), all.first(10)) == byte_range{40, 80});
    REQUIRE(shared_bytes(memory, all) == byte_range{0, 800});
    REQUIRE_FALSE(shared_bytes(all.first(10), all.subspan(10)));
    REQUIRE_FALSE(shared_bytes(all.first(0), all));

    const view m(memory.data(), {10, 10});
    REQUIRE(shared_bytes(rows(m), batches(m, 3)) == byte_range{0, 800});
    REQUIRE(shared_bytes(rows(m.slice(2, 4)), elements(m)) == byte_range{160, 320});
    REQUIRE_FALSE(shared_bytes(rows(m.slice<1>(0, 5)), rows(m.slice<1>(5, 10))));
    REQUIRE(shared_bytes(view_of(memory), rows(m)) == byte_range{0, 800});
    const array_view<double, 3> cube(memory.data(), {4, 5, 5});
    REQUIRE(shared_bytes(rows(cube.slice(1, 3)), rows(cube)) == byte_range{200, 600});
    REQUIRE(shared_bytes(batches(cube.slice(1, 3), 1), rows(cube.slice(2, 4))) == byte_range{0, 200});
    REQUIRE_FALSE(shared_bytes(rows(cube.slice(0, 2)), rows(cube.slice(2, 4))));
    // What is not known is not said.
    REQUIRE_FALSE(shared_bytes(rows(cube.slice<2>(0, 3)), rows(cube.slice<2>(2, 5))));
    REQUIRE_FALSE(shared_bytes(row_blocks(10, 3), rows(m)));
}

TEST_CASE("aliasing: slices are the same when every element is the same memory", "[array][aliasing]") {
    std::vector<double> memory(100);
    const view m(memory.data(), {10, 10});
    const std::span<double> all(memory);
    REQUIRE(same_slices(rows(m), rows(m)));
    REQUIRE(same_slices(batches(m, 3), batches(array_view<const double, 2>(m), 3)));
    REQUIRE_FALSE(same_slices(batches(m, 3), batches(m, 4)));
    REQUIRE_FALSE(same_slices(batches(m, 3), batches(m.transposed(), 3)));
    REQUIRE_FALSE(same_slices(batches(m, 4), rows(m.slice(0, 3))));
    REQUIRE_FALSE(same_slices(rows(m), rows(m.slice<1>(0, 9))));
    REQUIRE(same_slices(all, memory));
    REQUIRE(same_slices(elements(m), all));
    REQUIRE_FALSE(same_slices(all.first(9), all.subspan(1, 9)));
    REQUIRE_FALSE(same_slices(all.first(10), rows(m)));
    REQUIRE(same_slices(all.first(0), all.last(0)));
}

TEST_CASE("aliasing: elements lie apart unless strides bring them together", "[array][aliasing]") {
    std::vector<double> memory(100);
    REQUIRE(elements_lie_apart(memory));
    REQUIRE(elements_lie_apart(rows(view(memory.data(), {10, 10}))));
    REQUIRE(elements_lie_apart(rows(view(memory.data(), {5, 5}, {20, 2}))));
    REQUIRE_FALSE(elements_lie_apart(rows(view(memory.data(), {10, 10}, {0, 1}))));
    REQUIRE_FALSE(elements_lie_apart(rows(view(memory.data(), {10, 10}, {5, 1}))));
    REQUIRE_FALSE(elements_lie_apart(array_view<double, 1>(memory.data(), {10}, {0})));
    REQUIRE(elements_lie_apart(array_view<double, 1>(memory.data(), {1}, {0})));
    REQUIRE(elements_lie_apart(array_view<double, 1>(memory.data(), {0}, {0})));
}
