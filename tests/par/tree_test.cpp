// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/tree.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/sequences.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace xrayon;

namespace {

/// A tree of numbers whose shape looks random: the children of x are k x + 1 ... as far as they stay below `limit`, none for some.
std::vector<std::size_t> children(std::size_t x, std::size_t limit) {
    std::vector<std::size_t> out;
    if (test::mix(x) % 4 != 0 || x < 3) {
        for (std::size_t k = 0; k < 1 + test::mix(x) % 3; ++k) {
            const std::size_t child = 3 * x + 1 + k;
            if (child < limit) {
                out.push_back(child);
            }
        }
    }
    return out;
}

/// By recursion, as the definition says.
void walk(std::size_t x, std::size_t limit, bool prefix, std::vector<std::size_t>& out) {
    if (prefix) {
        out.push_back(x);
    }
    for (const std::size_t child : children(x, limit)) {
        walk(child, limit, prefix, out);
    }
    if (!prefix) {
        out.push_back(x);
    }
}

using span = std::pair<std::size_t, std::size_t>;

std::pair<span, std::optional<span>> halves(span s) {
    if (s.second - s.first <= 3) {
        return {s, std::nullopt};
    }
    const std::size_t middle = s.first + 1 + (s.second - s.first) / 3;
    return {{s.first, middle}, span(middle, s.second)};
}

} // namespace

TEST_CASE("tree: walks give the order of a recursive walk, at every thread count", "[par][tree]") {
    for (const std::size_t limit : {std::size_t{1}, std::size_t{2}, std::size_t{50}, std::size_t{20'000}}) {
        std::vector<std::size_t> prefix, postfix;
        walk(0, limit, true, prefix);
        walk(0, limit, false, postfix);
        const auto below = [limit](std::size_t x) { return children(x, limit); };
        test::require_everywhere(prefix, [&](const loop_options& o) { return walk_tree_prefix(std::size_t{0}, below, o).to_vector(); });
        test::require_everywhere(prefix, [&](const loop_options& o) { return walk_tree(std::size_t{0}, below, o).to_vector(); });
        test::require_everywhere(postfix, [&](const loop_options& o) { return walk_tree_postfix(std::size_t{0}, below, o).to_vector(); });
    }
    // As Rayon's: a chain of 10,000 nodes, and one node with 10,000 children.
    const auto chain = [](std::size_t x) { return x < 10'000 ? std::vector<std::size_t>{x + 1} : std::vector<std::size_t>{}; };
    REQUIRE(walk_tree_prefix(std::size_t{0}, chain).count() == 10'001);
    REQUIRE(walk_tree_postfix(std::size_t{0}, chain).to_vector().front() == 10'000);
    const auto fan = [](std::size_t x) { return x == 0 ? iota(std::size_t{1}, std::size_t{10'001}) : iota(std::size_t{0}); };
    REQUIRE(walk_tree(std::size_t{0}, fan).sum() == 10'000 * 10'001 / 2);
}

TEST_CASE("tree: a walk throws what a recursive one would have thrown first", "[par][tree]") {
    const std::size_t limit = 3000;
    std::vector<std::size_t> prefix;
    walk(0, limit, true, prefix);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::size_t seed = 0; seed < 60; ++seed) {
            const auto fails = [seed](std::size_t x) { return test::mix(x + 1000 * seed) % 200 == 0; };
            const auto first = std::find_if(prefix.begin(), prefix.end(), fails);
            std::string text = "none";
            try {
                workers.install([&] {
                    const auto below = [&](std::size_t x) { return fails(x) ? throw std::runtime_error(std::to_string(x)) : children(x, limit); };
                    const auto nodes = walk_tree_postfix(std::size_t{0}, below, {.grain = 2}).to_vector();
                    REQUIRE(nodes.size() == prefix.size());
                });
            } catch (const std::runtime_error& error) {
                text = error.what();
            }
            REQUIRE(text == (first == prefix.end() ? "none" : std::to_string(*first)));
        }
    }
}

TEST_CASE("tree: split gives the pieces from left to right, and throws as a plain one would", "[par][tree]") {
    std::vector<span> expected;
    const std::function<void(span)> apart = [&](span s) {
        const auto [left, right] = halves(s);
        if (right) {
            apart(left);
            apart(*right);
        } else {
            expected.push_back(left);
        }
    };
    apart({0, 5000});
    test::require_everywhere(expected, [&](const loop_options& o) { return split(span(0, 5000), halves, o).to_vector(); });
    REQUIRE(split(span(0, 2), halves).to_vector() == std::vector<span>{{0, 2}});
    // One element at a time from the left: as many levels as pieces.
    const auto peel = [](span s) -> std::pair<span, std::optional<span>> {
        return s.second - s.first == 1 ? std::pair(s, std::optional<span>()) : std::pair(span(s.first, s.first + 1), std::optional(span(s.first + 1, s.second)));
    };
    REQUIRE(split(span(0, 20'000), peel).count() == 20'000);
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            const auto failing = [&](span s) {
                // Deep on the left, or shallow on the right: from left to right the deep one comes first.
                if (s == span(0, 3) || s.first > 3000) {
                    throw std::runtime_error(std::to_string(s.first));
                }
                return halves(s);
            };
            REQUIRE_THROWS_WITH(split(span(0, 5000), failing, {.grain = 1}), "0");
        });
    }
    std::stop_source stop;
    stop.request_stop();
    REQUIRE_THROWS_AS(split(span(0, 5000), halves, {.run = {.stop = stop.get_token()}}), cancelled);
}

TEST_CASE("walk_tree: a deadline is that of the whole walk, and a call that is cancelled within a node is an item that failed", "[par][tree]") {
    // A path of a thousand nodes, one a level, each of which ends long before the deadline of its level would.
    const auto endless = [](int x) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
        while (std::chrono::steady_clock::now() < until) {
        }
        return x < 1'000 ? std::vector<int>{x + 1} : std::vector<int>{};
    };
    loop_options options;
    options.run.deadline = std::chrono::milliseconds(100);
    REQUIRE_THROWS_AS(walk_tree(0, endless, options), cancelled);

    // 2 is on the second level, 3 below 1, which a plain walk comes to before.
    const auto fails = [](int x) {
        switch (x) {
        case 0: return std::vector<int>{1, 2};
        case 1: return std::vector<int>{3};
        case 2: throw cancelled("of its own", cancel_reason::deadline, 0, 1);
        default: throw std::runtime_error("first");
        }
    };
    REQUIRE_THROWS_WITH(walk_tree(0, fails), "first");
}
