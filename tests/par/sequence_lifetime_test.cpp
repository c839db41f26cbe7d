// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/sequences.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/xtensor.hpp>

using namespace xrayon;

namespace {

std::string long_text(int x) { return "a text that is too long to be kept inside of a string: " + std::to_string(x); }

} // namespace

TEST_CASE("sequence: what refers to an item that was made for the call is kept before it is gone", "[par][sequence][lifetime]") {
    const auto input = test::numbers(300);
    std::vector<std::string> texts;
    std::vector<double> sums;
    for (const int x : input) {
        texts.push_back(long_text(x));
        sums.push_back(6.0 * x + 3.0);
    }
    // std::identity, and a pointer to a member, give an rvalue reference into the item.
    test::require_everywhere(texts, [&](const loop_options& o) { return par(input).with(o).map(long_text).map(std::identity{}).to_vector(); });
    using pair = std::pair<int, std::string>;
    const auto make_pair = [](int x) { return pair(x, long_text(x)); };
    test::require_everywhere(texts, [&](const loop_options& o) { return par(input).with(o).map(make_pair).map(&pair::second).to_vector(); });
    test::require_everywhere(texts, [&](const loop_options& o) {
        return par(input).with(o).filter([](int) { return true; }).map(make_pair).map(&pair::second).to_vector();
    });
    test::require_everywhere(texts, [&](const loop_options& o) {
        return par(input).with(o).map(make_pair).map_with(0, [](int&, pair&& p) -> std::string&& { return std::move(p.second); }).to_vector();
    });
    // A lazy expression refers to the vector that it was given.
    const auto vector_of = [](int x) { return xt::xtensor<double, 1>{1.0 * x, 2.0 * x, 3.0 * x}; };
    const auto lazy = [](const xt::xtensor<double, 1>& v) { return v + 1.0; };
    static_assert(!std::is_same_v<decltype(lazy(vector_of(0))), xt::xtensor<double, 1>>);
    const auto sum_of = [](const auto& v) { return v(0) + v(1) + v(2); };
    test::require_everywhere(sums, [&](const loop_options& o) { return par(input).with(o).map(vector_of).map(lazy).map(sum_of).to_vector(); });
    test::require_everywhere(sums, [&](const loop_options& o) {
        return par(input).with(o).filter([](int) { return true; }).map(vector_of).map(lazy).map(sum_of).to_vector();
    });
}

TEST_CASE("sequence: a reference to what lives elsewhere stays one", "[par][sequence][lifetime]") {
    std::vector<int> values(10, 1);
    par(iota(std::size_t{10})).map([&](std::size_t i) -> int& { return values[i]; }).for_each([](int& x) { x = 2; });
    REQUIRE(values == std::vector<int>(10, 2));
    REQUIRE(par(values).map([](const int& x) -> const int& { return x; }).count() == 10);
}

TEST_CASE("sequence: a range that is handed to chain behind a filter is taken over, and its elements moved", "[par][sequence][lifetime]") {
    std::vector<std::unique_ptr<int>> first;
    std::vector<std::unique_ptr<int>> second;
    first.push_back(std::make_unique<int>(1));
    second.push_back(std::make_unique<int>(2));
    auto items = par(std::move(first)).filter([](const std::unique_ptr<int>&) { return true; }).chain(std::move(second));
    second.clear();
    const auto kept = std::move(items).to_vector();
    REQUIRE(kept.size() == 2);
    REQUIRE(*kept[0] + *kept[1] == 3);
    const std::vector<int> borrowed{3, 4};
    REQUIRE(par(borrowed).filter([](int) { return true; }).chain(borrowed).to_vector() == std::vector<int>{3, 4, 3, 4});
}

TEST_CASE("sequence: the elements of a std::vector<bool> that was made for an item are kept as bools", "[par][sequence][lifetime]") {
    const auto bits = [](int i) { return std::vector<bool>{i % 3 == 0, true}; };
    const auto kept = par(iota(300)).flat_map(bits).collect();
    static_assert(std::is_same_v<decltype(kept), const results<bool>>);
    std::vector<bool> expected;
    for (int i = 0; i < 300; ++i) {
        expected.push_back(i % 3 == 0);
        expected.push_back(true);
    }
    REQUIRE(std::equal(expected.begin(), expected.end(), kept.begin(), kept.end()));
    REQUIRE(par(expected).to_vector() == expected);
}

TEST_CASE("sequence: a const range that is handed over is copied", "[par][sequence][lifetime]") {
    const std::vector<std::string> texts{long_text(1), long_text(2)};
    REQUIRE(par(std::move(texts)).to_vector() == texts);
}
