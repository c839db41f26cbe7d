// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <xrayon/core/canonical_tree.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/property.hpp"

using namespace xrayon;
using test::draws;

namespace {

/// One pool per thread count, kept.
const pool& pool_of(std::size_t threads) {
    static std::map<std::size_t, pool> pools;
    return pools.try_emplace(threads, threads).first->second;
}

const pool& draw_pool(draws& draw) { return pool_of(draw.one_of<std::size_t>("threads", 1, 2, 3, 5, 8, 16)); }

std::optional<std::size_t> draw_grain(draws& draw, std::size_t n) {
    const std::size_t grain = draw.between("grain", 0, n + 1);
    return grain == 0 ? std::nullopt : std::optional(grain);
}

double value_of(std::size_t i, std::size_t salt) { return 1.0 / (1.0 + static_cast<double>(test::mix(i * 31 + salt) % 1000)); }

/// The canonical tree by its definition, as text: node [lo, hi) splits at lo + the largest power of two below hi - lo.
std::string tree_text(std::size_t lo, std::size_t hi) {
    if (hi - lo == 1) {
        return std::to_string(lo);
    }
    std::size_t half = 1;
    while (2 * half < hi - lo) {
        half *= 2;
    }
    return "(" + tree_text(lo, lo + half) + " " + tree_text(lo + half, hi) + ")";
}

std::string loops_equal_serial(draws& draw) {
    const std::size_t n = draw.between("n", 0, 400);
    const pool& workers = draw_pool(draw);
    const loop_options options{.grain = draw_grain(draw, n)};
    const std::size_t salt = draw.between("salt", 0, 1000);
    const test::random_delays delays(salt, 8 + n);
    std::vector<std::atomic<int>> calls(n);
    const auto item = [&](std::size_t i) {
        ++calls[i];
        return value_of(i, salt);
    };
    std::vector<double> out(n, -1.0);
    workers.install([&] { for_each_index(n, [&](std::size_t i) { out[i] = item(i); }, options); });
    const auto mapped = workers.install([&] { return map_index(n, item, options); });
    for (std::size_t i = 0; i < n; ++i) {
        if (calls[i] != 2) {
            return "item " + std::to_string(i) + " ran " + std::to_string(calls[i]) + " times in two calls";
        }
        const auto expected = std::bit_cast<std::uint64_t>(value_of(i, salt));
        if (std::bit_cast<std::uint64_t>(out[i]) != expected || std::bit_cast<std::uint64_t>(mapped[i]) != expected) {
            return "item " + std::to_string(i) + " has other bits than alone";
        }
    }
    return mapped.size() == n ? "" : "not n results";
}

std::string fold_follows_the_tree(draws& draw) {
    const std::size_t n = draw.between("n", 1, 500);
    const std::size_t leaf = draw.between("leaf", 1, 20);
    const pool& workers = draw_pool(draw);
    const std::size_t leaves = (n + leaf - 1) / leaf;
    const loop_options options{.grain = draw_grain(draw, leaves)};
    const test::random_delays delays(n * 31 + leaf, 8 + leaves);
    const std::string text = workers.install([&] {
        return fold_index(
            n, leaf, [&](std::size_t begin, std::size_t end) { return begin % leaf == 0 && (end == n || end - begin == leaf) ? std::to_string(begin / leaf) : "?"; },
            [](const std::string& left, const std::string& right) { return "(" + left + " " + right + ")"; }, options);
    });
    const std::string expected = tree_text(0, leaves);
    const std::string serial = canonical_fold(
        0, leaves, [](std::size_t i) { return std::to_string(i); },
        [](const std::string& left, const std::string& right) { return "(" + left + " " + right + ")"; });
    return text == expected && serial == expected ? "" : "the fold is " + text + ", its serial definition " + serial;
}

std::string nodes_agree_with_splits(draws& draw) {
    const std::size_t leaves = draw.between("leaves", 1, 100'000);
    canonical_node node{draw.between("leaf", 0, leaves - 1), 0};
    // From a leaf upwards by node arithmetic, from the root downwards by the definition: the same intervals.
    std::set<std::pair<std::size_t, std::size_t>> up{{node.begin, node.end(leaves)}};
    const std::size_t leaf = node.begin;
    while (!node.is_root(leaves)) {
        const canonical_node parent = node.parent();
        if (!node.alone(leaves) && node.sibling().parent() != parent) {
            return "a sibling has another parent";
        }
        node = parent;
        up.insert({node.begin, node.end(leaves)});
    }
    std::set<std::pair<std::size_t, std::size_t>> down;
    for (std::size_t lo = 0, hi = leaves;;) {
        down.insert({lo, hi});
        if (hi - lo == 1) {
            break;
        }
        std::size_t half = 1;
        while (2 * half < hi - lo) {
            half *= 2;
        }
        (leaf < lo + half ? hi : lo) = lo + half;
    }
    return up == down ? "" : "the nodes above the leaf are not those of the definition";
}

struct item_failed {
    std::size_t index;
};

std::string lowest_failure_wins(draws& draw) {
    const std::size_t n = draw.between("n", 1, 300);
    const pool& workers = draw_pool(draw);
    const loop_options options{.grain = draw_grain(draw, n)};
    std::set<std::size_t> bad;
    for (std::size_t k = draw.between("failing items", 1, 6); k > 0; --k) {
        bad.insert(draw.between("fails", 0, n - 1));
    }
    const int operation = draw.one_of("operation", 0, 1, 2);
    const test::random_delays delays(n + *bad.begin(), 8);
    std::vector<std::atomic<int>> calls(n);
    const auto item = [&](std::size_t i) {
        ++calls[i];
        if (bad.contains(i)) {
            throw item_failed{i};
        }
        return std::string(20, 'x');
    };
    std::size_t caught = n;
    try {
        workers.install([&] {
            if (operation == 0) {
                for_each_index(n, item, options);
            } else if (operation == 1) {
                (void)map_index(n, item, options);
            } else {
                (void)fold_index(n, 1, [&](std::size_t begin, std::size_t) { return item(begin); },
                                 [](const std::string& left, const std::string& right) { return left + right; }, options);
            }
        });
    } catch (const item_failed& failure) {
        caught = failure.index;
    }
    if (caught != *bad.begin()) {
        return "item " + std::to_string(caught) + " won";
    }
    for (std::size_t i = 0; i < n; ++i) {
        if (calls[i] > 1 || (i < caught && calls[i] != 1)) {
            return "item " + std::to_string(i) + " ran " + std::to_string(calls[i]) + " times";
        }
    }
    return "";
}

} // namespace

XRAYON_PROPERTY("property: loops and maps call each item once and give a plain loop's bits", "[par][property]", loops_equal_serial)
XRAYON_PROPERTY("property: a fold is the canonical tree over its leaves, at any thread count and grain", "[par][property]", fold_follows_the_tree)
XRAYON_PROPERTY("property: node arithmetic and the definition of the canonical tree agree", "[par][property]", nodes_agree_with_splits)
XRAYON_PROPERTY("property: the lowest of the failing items wins, and all below it have run", "[par][property]", lowest_failure_wins)

TEST_CASE("property: a property that fails is shown at its smallest case, and its seed makes it again", "[par][property]") {
    const auto fails_from_17 = [](draws& draw) {
        const std::size_t n = draw.between("n", 0, 1000);
        const std::size_t other = draw.between("other", 5, 9);
        return n >= 17 && other >= 6 ? std::string("too large") : std::string();
    };
    const auto verdict = test::try_property(fails_from_17, 100, 1);
    REQUIRE(verdict.wrong == "too large");
    REQUIRE(verdict.smallest == "n = 17, other = 6");
    const auto again = test::try_property(fails_from_17, 100, 1);
    REQUIRE(again.cases == verdict.cases);
    const auto throws = test::try_property([](draws& draw) -> std::string { throw std::runtime_error("at " + std::to_string(draw.between("n", 3, 9))); }, 5, 1);
    REQUIRE(throws.wrong == "throws: at 3");
    const auto holds = test::try_property([](draws& draw) { return draw.between("n", 2, 3) < 2 ? "small" : ""; }, 50, 1);
    REQUIRE(holds.wrong.empty());
    REQUIRE(holds.cases == 50);
}
