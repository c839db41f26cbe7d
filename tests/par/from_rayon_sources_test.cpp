// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/tree.hpp>

#include "../support/catch.hpp"
#include "../support/from_rayon.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/par/bridge.hpp>
#include <xrayon/par/sequence.hpp>

// docs/guide/from-rayon.md shows the lines; cmake/check_from_rayon.cmake holds it against these tests.

using namespace xrayon;
using namespace xrayon::test::from_rayon;

namespace {

/// Of a binary tree of nine levels.
constexpr auto children = [](int node) { return node < 256 ? std::vector{2 * node, 2 * node + 1} : std::vector<int>{}; };

} // namespace

TEST_CASE("rayon: IntoParallelIterator", "[par][rayon]") {
    everywhere(words, [] {
        auto mine = words;
        return par(std::move(mine)).to_vector();
    });
}

TEST_CASE("rayon: IntoParallelRefIterator", "[par][rayon]") {
    std::size_t expected = 0;
    for (const std::string& word : words) {
        expected += word.size();
    }
    everywhere(expected, [] { return par(words).map([](const std::string& word) { return word.size(); }).sum(); });
}

TEST_CASE("rayon: IntoParallelRefMutIterator", "[par][rayon]") {
    everywhere(plain(words, [](const std::string& word) { return word + "!"; }), [] {
        auto mine = words;
        par_mut(mine).for_each([](std::string& word) { word += '!'; });
        return mine;
    });
}

TEST_CASE("rayon: FromParallelIterator", "[par][rayon]") {
    everywhere(false, [] {
        const auto halves = par(xs).map(half).try_collect();
        return halves.has_value();
    });
    const auto evens = plain(xs, itself, even);
    everywhere(plain(evens, [](int x) { return x / 2; }), [&] { return par(evens).map(half).try_collect().value().to_vector(); });
}

TEST_CASE("rayon: ParallelExtend", "[par][rayon]") {
    auto expected = xs;
    expected.insert(expected.end(), ys.begin(), ys.end());
    everywhere(expected, [] {
        auto v = xs;
        v.resize(xs.size() + ys.size());
        par(ys).collect_into(std::span(v).subspan(xs.size()));
        return v;
    });
}

TEST_CASE("rayon: ParallelDrainFull", "[par][rayon]") {
    everywhere(std::pair(words, std::vector<std::string>()), [] {
        auto mine = words;
        auto taken = par(std::exchange(mine, {})).to_vector();
        return std::pair(taken, mine);
    });
}

TEST_CASE("rayon: ParallelDrainRange", "[par][rayon]") {
    auto rest = words;
    rest.erase(rest.begin() + 2, rest.begin() + 32);
    everywhere(std::pair(std::vector(words.begin() + 2, words.begin() + 32), rest), [] {
        auto mine = words;
        auto taken = par(std::span(mine).subspan(2, 30)).map([](std::string& x) { return std::move(x); }).to_vector();
        mine.erase(mine.begin() + 2, mine.begin() + 32);
        return std::pair(taken, mine);
    });
}

TEST_CASE("rayon: ParallelBridge::par_bridge", "[par][rayon]") {
    const std::list<int> list(xs.begin(), xs.end());
    everywhere(plain(xs, square), [&] { return par_bridge(list).map(square).to_vector(); });
}

TEST_CASE("rayon: MultiZip", "[par][rayon]") {
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < ys.size(); ++i) {
        expected.push_back(words[i] + std::to_string(xs[i] * ys[i]));
    }
    everywhere(expected, [] {
        return zip(xs, ys, words).map([](int x, int y, const std::string& word) { return word + std::to_string(x * y); }).to_vector();
    });
}

TEST_CASE("rayon: iter::empty", "[par][rayon]") {
    everywhere(std::size_t{0}, [] { return empty<int>().count(); });
}

TEST_CASE("rayon: iter::once", "[par][rayon]") {
    auto expected = ys;
    expected.insert(expected.begin(), 7);
    everywhere(expected, [] { return once(7).chain(ys).to_vector(); });
}

TEST_CASE("rayon: iter::repeat", "[par][rayon]") {
    everywhere(plain(xs, [](int x) { return 3 * x; }),
               [] { return par(xs).zip(repeat(3)).map([](int x, int three) { return x * three; }).to_vector(); });
}

TEST_CASE("rayon: iter::repeat_n", "[par][rayon]") {
    everywhere(std::optional(std::string("ababababab")), [] { return repeat_n(std::string("ab"), 5).reduce_with(std::plus<>{}); });
}

TEST_CASE("rayon: iter::split", "[par][rayon]") {
    using piece = std::pair<int, int>;
    const auto halve = [](piece whole) -> std::pair<piece, std::optional<piece>> {
        const auto [begin, end] = whole;
        if (end - begin <= 8) {
            return {whole, std::nullopt};
        }
        return {piece(begin, (begin + end) / 2), piece((begin + end) / 2, end)};
    };
    std::vector<piece> expected;
    const auto descend = [&](const auto& self, piece whole) -> void {
        const auto [left, right] = halve(whole);
        if (!right) {
            expected.push_back(left);
            return;
        }
        self(self, left);
        self(self, *right);
    };
    descend(descend, {0, 100});
    everywhere(expected, [&] { return split(std::pair(0, 100), halve).to_vector(); });
}

TEST_CASE("rayon: iter::walk_tree", "[par][rayon]") {
    everywhere(511 * 512 / 2, [] { return walk_tree(1, children).sum(); });
}

TEST_CASE("rayon: iter::walk_tree_prefix", "[par][rayon]") {
    std::vector<int> expected;
    const auto descend = [&](const auto& self, int node) -> void {
        expected.push_back(node);
        for (const int child : children(node)) {
            self(self, child);
        }
    };
    descend(descend, 1);
    everywhere(expected, [] { return walk_tree_prefix(1, children).to_vector(); });
}

TEST_CASE("rayon: iter::walk_tree_postfix", "[par][rayon]") {
    std::vector<int> expected;
    const auto descend = [&](const auto& self, int node) -> void {
        for (const int child : children(node)) {
            self(self, child);
        }
        expected.push_back(node);
    };
    descend(descend, 1);
    everywhere(expected, [] { return walk_tree_postfix(1, children).to_vector(); });
}

TEST_CASE("rayon: vec_deque", "[par][rayon]") {
    const std::deque<int> deque(xs.begin(), xs.end());
    everywhere(plain(xs, square), [&] { return par(deque).map(square).to_vector(); });
}
