// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

/// The tree as text, by its definition; combine writes the brackets.
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

} // namespace

TEST_CASE("fold_index: combines along the canonical tree for every count, grain and thread count", "[par][fold_index]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::size_t n = 1; n < 70; ++n) {
            for (const std::size_t grain : {0u, 1u, 2u, 3u, 4u, 7u, 64u}) {
                const test::random_delays delays(n * grain, 16);
                loop_options options;
                if (grain != 0) {
                    options.grain = grain;
                }
                const std::string got = workers.install([&] {
                    return fold_index(
                        n, 1, [](std::size_t begin, std::size_t) { return std::to_string(begin); },
                        [](std::string left, std::string right) { return "(" + left + " " + right + ")"; }, options);
                });
                INFO("n = " << n << ", grain = " << grain << ", threads = " << threads);
                REQUIRE(got == tree_text(0, n));
            }
        }
    }
}

TEST_CASE("fold_index: leaves cover the items, the last one what is left", "[par][fold_index]") {
    using block = std::vector<std::pair<std::size_t, std::size_t>>;
    const block got = fold_index(
        10, 4, [](std::size_t begin, std::size_t end) { return block{{begin, end}}; },
        [](block left, const block& right) {
            left.insert(left.end(), right.begin(), right.end());
            return left;
        });
    REQUIRE(got == block{{0, 4}, {4, 8}, {8, 10}});
    REQUIRE(fold_index(0, 4, [](std::size_t begin, std::size_t end) { return block{{begin, end}}; }, [](block l, const block&) { return l; })
            == block{{0, 0}});
}

TEST_CASE("fold_index: says which argument is wrong", "[par][fold_index][errors]") {
    REQUIRE_THROWS_WITH(fold_index(3, 0, [](std::size_t, std::size_t) { return 1; }, std::plus<>{}), "fold_index: leaf_size must be >= 1, got 0");
}

TEST_CASE("fold_index: few partial results are alive, however many leaves there are", "[par][fold_index]") {
    struct partial {
        explicit partial(std::atomic<int>& a, std::atomic<int>& m) : alive(&a), most(&m) { count(); }
        partial(partial&& other) noexcept : alive(other.alive), most(other.most) { count(); }
        partial(const partial&) = delete;
        partial& operator=(partial&&) = delete;
        ~partial() { --*alive; }
        void count() const {
            const int now = ++*alive;
            int seen = *most;
            while (now > seen && !most->compare_exchange_weak(seen, now)) {
            }
        }
        std::atomic<int>* alive;
        std::atomic<int>* most;
    };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t grain : {0u, 1u, 16u}) {
            const test::random_delays delays(grain, 64);
            const std::size_t leaves = 4096;
            std::atomic<int> alive{0};
            std::atomic<int> most{0};
            loop_options options;
            if (grain != 0) {
                options.grain = grain;
            }
            workers.install([&] {
                (void)fold_index(
                    leaves, 1, [&](std::size_t, std::size_t) { return partial(alive, most); },
                    [](partial&& left, partial&&) { return partial(std::move(left)); }, options);
            });
            REQUIRE(alive == 0);
            // threads x (2 + log2 leaves), and per thread two more that only exist while one is being moved.
            REQUIRE(most <= static_cast<int>(threads * (2 + 12 + 2)));
        }
    }
}

TEST_CASE("fold_index: the lowest failure wins, be it a leaf or a merge", "[par][fold_index][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t round = 0; round < 40; ++round) {
            const test::random_delays delays(round, 4);
            const std::size_t n = 1 + test::mix(round) % 200;
            const std::size_t bad_leaf = test::mix(round + 1000) % n;
            const std::size_t bad_merge = test::mix(round + 2000) % n;  // merges whose last leaf this is fail
            // In order: the merges of nodes that end with leaf i come right after leaf i.
            const auto run = [&](bool parallel) -> std::string {
                const auto leaf = [&](std::size_t i) {
                    if (i == bad_leaf) {
                        throw std::runtime_error("leaf " + std::to_string(i));
                    }
                    return std::pair(i, i);
                };
                const auto merge = [&](std::pair<std::size_t, std::size_t> left, std::pair<std::size_t, std::size_t> right) {
                    if (right.second == bad_merge) {
                        throw std::runtime_error("merge " + std::to_string(left.first) + ".." + std::to_string(right.second));
                    }
                    return std::pair(left.first, right.second);
                };
                try {
                    if (parallel) {
                        workers.install([&] {
                            (void)fold_index(n, 1, [&](std::size_t begin, std::size_t) { return leaf(begin); }, merge);
                        });
                    } else {
                        // A plain loop in order, with a binary counter: what the tree is, evaluated as early as can be.
                        std::vector<std::pair<std::size_t, std::size_t>> stack;
                        for (std::size_t i = 0; i < n; ++i) {
                            stack.push_back(leaf(i));
                            for (std::size_t size = 1; (i + 1) % (2 * size) == 0; size *= 2) {
                                const auto right = stack.back();
                                stack.pop_back();
                                stack.back() = merge(stack.back(), right);
                            }
                        }
                        while (stack.size() > 1) {
                            const auto right = stack.back();
                            stack.pop_back();
                            stack.back() = merge(stack.back(), right);
                        }
                    }
                } catch (const std::runtime_error& error) {
                    return error.what();
                }
                return "ok";
            };
            INFO("n = " << n << ", leaf " << bad_leaf << ", merge " << bad_merge << ", threads " << threads);
            REQUIRE(run(true) == run(false));
        }
    }
}

TEST_CASE("fold_index: one bit pattern for the sum of ten million doubles", "[par][fold_index][determinism]") {
#if defined(__SANITIZE_ADDRESS__)
    const std::size_t n = 1'000'000;  // a minute and a half there
#else
    const std::size_t n = 10'000'000;
#endif
    const std::size_t leaf = 1024;
    std::vector<double> data(n);
    for (std::size_t i = 0; i < n; ++i) {
        data[i] = std::ldexp(static_cast<double>(test::mix(i) >> 11), -53) * std::pow(10.0, static_cast<double>(i % 13) - 6.0);
    }
    const auto leaf_sum = [&](std::size_t begin, std::size_t end) {
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            sum += data[i];
        }
        return sum;
    };
    // By definition, and not by the library: the tree over leaves.
    const std::size_t leaves = (n + leaf - 1) / leaf;
    const std::function<double(std::size_t, std::size_t)> tree = [&](std::size_t lo, std::size_t hi) {
        if (hi - lo == 1) {
            return leaf_sum(lo * leaf, std::min(n, hi * leaf));
        }
        std::size_t half = 1;
        while (2 * half < hi - lo) {
            half *= 2;
        }
        return tree(lo, lo + half) + tree(lo + half, hi);
    };
    const auto expected = std::bit_cast<std::uint64_t>(tree(0, leaves));
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{3},
                                                       std::optional<std::size_t>{n}}) {
            for (std::uint64_t repeat = 0; repeat < 20; ++repeat) {
                std::optional<test::random_delays> delays;
                if (repeat % 2 == 1) {
                    delays.emplace(repeat, 2048);
                }
                const double sum = workers.install([&] { return fold_index(n, leaf, leaf_sum, std::plus<>{}, {.grain = grain}); });
                REQUIRE(std::bit_cast<std::uint64_t>(sum) == expected);
            }
        }
    }
}

TEST_CASE("fold_index: one bit pattern, two hundred repeats, up to 64 threads", "[.soak][par][fold_index][determinism]") {
    const std::size_t n = 1'000'003;
    const auto leaf_sum = [](std::size_t begin, std::size_t end) {
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            sum += 1.0 / static_cast<double>(1 + i);
        }
        return sum;
    };
    const double expected = pool(1).install([&] { return fold_index(n, 1024, leaf_sum, std::plus<>{}); });
    for (const std::size_t threads : test::soak_thread_counts) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{3},
                                                       std::optional<std::size_t>{n}}) {
            for (std::uint64_t repeat = 0; repeat < 200; ++repeat) {
                const test::random_delays delays(repeat, 128);
                const double sum = workers.install([&] { return fold_index(n, 1024, leaf_sum, std::plus<>{}, {.grain = grain}); });
                REQUIRE(std::bit_cast<std::uint64_t>(sum) == std::bit_cast<std::uint64_t>(expected));
            }
        }
    }
}
