// SPDX-License-Identifier: Apache-2.0
#include "../support/catch.hpp"

#if __has_include(<range/v3/view/zip.hpp>)
#include <range/v3/view/cartesian_product.hpp>
#include <range/v3/view/chunk.hpp>
#include <range/v3/view/concat.hpp>
#include <range/v3/view/filter.hpp>
#include <range/v3/view/iota.hpp>
#include <range/v3/view/reverse.hpp>
#include <range/v3/view/sliding.hpp>
#include <range/v3/view/stride.hpp>
#include <range/v3/view/take.hpp>
#include <range/v3/view/transform.hpp>
#include <range/v3/view/zip.hpp>

#include <xrayon/par/bridge.hpp>
#include <xrayon/par/sequence.hpp>

#include "../support/sequences.hpp"

#include <cstddef>
#include <string>
#include <vector>

using namespace xrayon;
namespace views = ranges::views;

namespace {

/// What a plain loop over the range gives.
template <class Range>
auto plain(Range&& range) {
    std::vector<std::remove_cvref_t<decltype(*ranges::begin(range))>> out;
    for (auto&& each : range) {
        out.emplace_back(each);
    }
    return out;
}

} // namespace

TEST_CASE("range-v3: views of random access and known size are sources", "[par][range_v3]") {
    const auto input = test::numbers(1000);
    const auto twice = [](int x) { return 2 * x; };
    test::require_everywhere(plain(input | views::transform(twice)), [&](const loop_options& o) { return par(input | views::transform(twice)).with(o).to_vector(); });
    test::require_everywhere(plain(input | views::reverse | views::stride(3) | views::take(100)),
                             [&](const loop_options& o) { return par(input | views::reverse | views::stride(3) | views::take(100)).with(o).to_vector(); });
    test::require_everywhere(plain(views::concat(input, input)), [&](const loop_options& o) { return par(views::concat(input, input)).with(o).to_vector(); });
    int dot = 0;
    for (const auto& [a, b] : views::zip(input, views::iota(0, 1000))) {
        dot += a * b;
    }
    test::require_everywhere(dot, [&](const loop_options& o) {
        return par(views::zip(input, views::iota(0, 1000))).with(o).map([](const auto& pair) { return std::get<0>(pair) * std::get<1>(pair); }).sum();
    });
    std::vector<int> sums;
    for (auto&& chunk : input | views::chunk(7)) {
        int total = 0;
        for (const int x : chunk) {
            total += x;
        }
        sums.push_back(total);
    }
    const auto total_of = [](auto&& part) {
        int total = 0;
        for (const int x : part) {
            total += x;
        }
        return total;
    };
    test::require_everywhere(sums, [&](const loop_options& o) { return par(input | views::chunk(7)).with(o).map(total_of).to_vector(); });
    REQUIRE(par(input | views::sliding(2)).map(total_of).count() == 999);
    REQUIRE(par(views::cartesian_product(input, input)).count() == 1'000'000);
}

TEST_CASE("range-v3: what is only known one after the other goes through a bridge", "[par][range_v3]") {
    const auto input = test::numbers(1000);
    const auto odd = [](int x) { return x % 2 == 1; };
    REQUIRE(par_bridge(input | views::filter(odd)).collect() == plain(input | views::filter(odd)));
}

TEST_CASE("range-v3: nothing is moved out of what a view looks at", "[par][range_v3]") {
    std::vector<std::string> names(100, "a name that is too long to be kept inside of a string");
    const auto before = names;
    REQUIRE(par(names | views::reverse).to_vector() == before);
    REQUIRE(par(iota(1)).flat_map([&](int) { return names | views::reverse; }).to_vector() == before);
    REQUIRE(names == before);
    REQUIRE(par(std::move(names)).to_vector() == before);
    REQUIRE(names.empty());
}

#else

TEST_CASE("range-v3: left out, the package is not installed", "[par][range_v3]") { WARN("needs range-v3"); }

#endif
