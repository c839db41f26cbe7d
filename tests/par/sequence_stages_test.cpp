// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/chunks.hpp>
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/sequences.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

using namespace xrayon;

namespace {

const std::size_t sizes[] = {0, 1, 2, 3, 7, 64, 1000};

} // namespace

TEST_CASE("sequence: map, inspect and update see each item once, in a plain loop's place", "[par][sequence]") {
    for (const std::size_t n : sizes) {
        const auto input = test::numbers(n);
        std::vector<std::string> expected;
        for (const int x : input) {
            expected.push_back(std::to_string(x) + "!");
        }
        test::require_everywhere(expected, [&](const loop_options& options) {
            std::atomic<std::size_t> seen{0};
            auto out = par(input)
                           .with(options)
                           .map([](int x) { return std::to_string(x); })
                           .inspect([&seen](const std::string&) { ++seen; })
                           .update([](std::string& text) { text += '!'; })
                           .to_vector();
            REQUIRE(seen == n);
            return out;
        });
    }
}

TEST_CASE("sequence: filter, filter_map and flat_map keep order, however many items come out", "[par][sequence]") {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{256}, std::size_t{5000}}) {
        const auto input = test::numbers(n);
        std::vector<int> expected;
        for (const int x : input) {
            if (x % 3 == 0 && x > 10) {
                for (int k = 0; k < x % 5; ++k) {
                    expected.push_back(x + k);
                }
            }
        }
        const auto repeat = [](int x) {
            std::vector<int> out;
            for (int k = 0; k < x % 5; ++k) {
                out.push_back(x + k);
            }
            return out;
        };
        test::require_everywhere(expected, [&](const loop_options& options) {
            return par(input)
                .with(options)
                .filter([](int x) { return x % 3 == 0; })
                .filter_map([](int x) { return x > 10 ? std::optional<int>(x) : std::nullopt; })
                .flat_map(repeat)
                .to_vector();
        });
        test::require_everywhere(expected, [&](const loop_options& options) {
            return par(input).with(options).filter([](int x) { return x % 3 == 0 && x > 10; }).map(repeat).flatten().to_vector();
        });
    }
}

TEST_CASE("sequence: a filter that keeps all, or nothing, is the loop's", "[par][sequence]") {
    const auto input = test::numbers(3000);
    test::require_everywhere(input, [&](const loop_options& options) { return par(input).with(options).filter([](int) { return true; }).to_vector(); });
    test::require_everywhere(std::vector<int>{}, [&](const loop_options& options) { return par(input).with(options).filter([](int) { return false; }).to_vector(); });
}

TEST_CASE("sequence: take, skip, step_by and rev pick what their indices say, also past the end and after each other", "[par][sequence]") {
    for (const std::size_t n : sizes) {
        const auto input = test::numbers(n);
        for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{63}, std::size_t{2000}}) {
            std::vector<int> taken, skipped, stepped, mixed;
            for (std::size_t i = 0; i < n; ++i) {
                if (i < k) taken.push_back(input[i]);
                if (i >= k) skipped.push_back(input[i]);
                if (i % (k + 1) == 0) stepped.push_back(input[n - 1 - i]);
            }
            // Backwards, without the first k, every third, and those backwards again.
            for (std::size_t i = k; i < n; i += 3) {
                mixed.insert(mixed.begin(), input[n - 1 - i]);
            }
            REQUIRE(par(input).take(k).to_vector() == taken);
            REQUIRE(par(input).skip(k).to_vector() == skipped);
            REQUIRE(par(input).rev().step_by(k + 1).to_vector() == stepped);
            REQUIRE(par(input).rev().skip(k).step_by(3).rev().to_vector() == mixed);
            REQUIRE(par(input).skip(k).size() == skipped.size());
        }
    }
    REQUIRE_THROWS_WITH(par(test::numbers(3)).step_by(0), "step_by: step must be >= 1, got 0");
}

TEST_CASE("sequence: zip pairs up to the shortest, of any number of ranges and sequences", "[par][sequence]") {
    for (const std::size_t n : sizes) {
        const auto a = test::numbers(n);
        const auto b = test::numbers(n / 2 + 1);
        std::vector<int> expected;
        for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
            expected.push_back(a[i] * 3 - (b[i] + 1) + static_cast<int>(i));
        }
        const auto join = [](int x, int y, std::size_t i) { return x * 3 - y + static_cast<int>(i); };
        test::require_everywhere(expected, [&](const loop_options& options) {
            return par(a).with(options).zip(par(b).map([](int x) { return x + 1; }), iota(n)).map(join).to_vector();
        });
        REQUIRE(zip(a, par(b).map([](int x) { return x + 1; }), iota(n)).map(join).to_vector() == expected);
    }
    // A function may take the tuple instead of its elements, and elements are references to what was zipped.
    std::vector<int> a{1, 2, 3};
    const std::vector<int> b{10, 20, 30};
    par_mut(a).zip(b).for_each([](const auto& both) { std::get<0>(both) += std::get<1>(both); });
    REQUIRE(a == std::vector<int>{11, 22, 33});
    REQUIRE(par(a).zip_eq(b).count() == 3);
    REQUIRE_THROWS_WITH(par(a).zip_eq(iota(2)), "zip_eq: the other sequence must have 3 items, got 2");
}

TEST_CASE("sequence: chain and interleave lay two sequences out as their names say", "[par][sequence]") {
    for (const std::size_t n : sizes) {
        for (const std::size_t m : {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{64}, std::size_t{65}}) {
            const auto a = test::numbers(n);
            auto b = test::numbers(m);
            for (int& x : b) {
                x += 10'000;
            }
            std::vector<int> chained = a;
            chained.insert(chained.end(), b.begin(), b.end());
            std::vector<int> woven, shortest;
            for (std::size_t i = 0; i < std::max(n, m); ++i) {
                if (i < n) woven.push_back(a[i]);
                if (i < m) woven.push_back(b[i]);
            }
            // Stops at the first turn of a side that has none left.
            for (std::size_t i = 0; i < n; ++i) {
                shortest.push_back(a[i]);
                if (i == m) break;
                shortest.push_back(b[i]);
            }
            REQUIRE(par(a).chain(b).to_vector() == chained);
            REQUIRE(par(a).interleave(b).to_vector() == woven);
            REQUIRE(par(a).interleave_shortest(b).to_vector() == shortest);
        }
    }
}

TEST_CASE("sequence: enumerate gives the index of each item where it stands", "[par][sequence]") {
    const auto input = test::numbers(500);
    test::require_everywhere(true, [&](const loop_options& options) {
        return par(input).with(options).enumerate().all([&](std::size_t i, int x) { return x == input[i]; });
    });
    REQUIRE(par(input).skip(10).enumerate().map([](std::size_t i, int) { return i; }).to_vector().front() == 0);
    REQUIRE(par(input).enumerate().skip(10).map([](std::size_t i, int) { return i; }).to_vector().front() == 10);
}

TEST_CASE("sequence: chunks and windows cover a range, uneven ends and empty ranges included", "[par][sequence]") {
    using piece = std::vector<int>;
    for (const std::size_t n : sizes) {
        auto input = test::numbers(n);
        for (const std::size_t k : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{1001}}) {
            std::vector<piece> pieces, exact, from_end, from_end_exact, windows;
            for (std::size_t i = 0; i < n; i += k) {
                pieces.emplace_back(input.begin() + static_cast<std::ptrdiff_t>(i), input.begin() + static_cast<std::ptrdiff_t>(std::min(n, i + k)));
                if (pieces.back().size() == k) exact.push_back(pieces.back());
                from_end.emplace_back(input.end() - static_cast<std::ptrdiff_t>(std::min(n, i + k)), input.end() - static_cast<std::ptrdiff_t>(i));
                if (from_end.back().size() == k) from_end_exact.push_back(from_end.back());
            }
            for (std::size_t i = 0; i + k <= n; ++i) {
                windows.emplace_back(input.begin() + static_cast<std::ptrdiff_t>(i), input.begin() + static_cast<std::ptrdiff_t>(i + k));
            }
            const auto copy = [](std::span<const int> span) { return piece(span.begin(), span.end()); };
            REQUIRE(par(input).chunks(k).to_vector() == pieces);
            REQUIRE(par_chunks(input, k).map(copy).to_vector() == pieces);
            REQUIRE(par_chunks_exact(input, k).map(copy).to_vector() == exact);
            REQUIRE(par_rchunks(input, k).map(copy).to_vector() == from_end);
            REQUIRE(par_rchunks_exact(input, k).map(copy).to_vector() == from_end_exact);
            REQUIRE(par_windows(input, k).map(copy).to_vector() == windows);
        }
    }
    std::vector<int> input{1, 2, 3, 4, 5};
    par_chunks(input, 2).enumerate().for_each([](std::size_t i, std::span<int> part) {
        for (int& x : part) {
            x += 10 * static_cast<int>(i);
        }
    });
    REQUIRE(input == std::vector<int>{1, 2, 13, 14, 25});
    REQUIRE_THROWS_WITH(par(input).chunks(0), "chunks: length must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_chunks(input, 0), "par_chunks: length must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_chunks_exact(input, 0), "par_chunks_exact: length must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_rchunks(input, 0), "par_rchunks: length must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_rchunks_exact(input, 0), "par_rchunks_exact: length must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_windows(input, 0), "par_windows: length must be >= 1, got 0");
}

TEST_CASE("sequence: fold gives accumulators whose number depends on the size alone", "[par][sequence]") {
    const auto append = [](std::string text, int x) { return std::move(text) + std::to_string(x) + ","; };
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{10}, std::size_t{1000}, std::size_t{3000}}) {
        const auto input = test::numbers(n);
        const std::size_t leaf = std::max<std::size_t>(1, n / 256);  // below 262,144 items
        for (const bool chunks : {false, true}) {
            const std::size_t length = chunks ? 7 : leaf;
            std::vector<std::string> expected;
            for (std::size_t i = 0; i < n; ++i) {
                if (i % length == 0) expected.emplace_back();
                if (input[i] % 2 == 0) expected.back() = append(expected.back(), input[i]);
            }
            test::require_everywhere(expected, [&](const loop_options& options) {
                auto even = par(input).with(options).filter([](int x) { return x % 2 == 0; });
                const auto empty = [] { return std::string(); };
                return chunks ? std::move(even).fold_chunks(7, empty, append).to_vector() : std::move(even).fold(empty, append).to_vector();
            });
        }
    }
    REQUIRE_THROWS_WITH(par(test::numbers(3)).fold_chunks(0, [] { return 0; }, [](int a, int) { return a; }), "fold_chunks: length must be >= 1, got 0");
}

TEST_CASE("sequence: map_init makes no more scratch than is in use at once, and never lends it twice", "[par][sequence][nesting]") {
    struct buffer {
        std::atomic<int> users{0};
        std::vector<int> memory;
        buffer() = default;
        buffer(buffer&& other) noexcept : memory(std::move(other.memory)) {}
    };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<std::size_t> made{0};
        std::atomic<int> shared{0};
        const auto out = workers.install([&] {
            return par(iota(400))
                .with({.grain = 1})
                .map_init(
                    [&] {
                        ++made;
                        return buffer();
                    },
                    [&](buffer& mine, int i) {
                        shared += mine.users.fetch_add(1) != 0;
                        mine.memory.assign(3, i);
                        for_each_index(2, [](std::size_t) {});  // a thread that waits here must not begin another item with this buffer
                        shared += mine.memory[2] != i;
                        mine.users.fetch_sub(1);
                        return mine.memory[1];
                    })
                .to_vector();
        });
        REQUIRE(shared == 0);
        REQUIRE(made <= threads + 1);
        REQUIRE(out == par(iota(400)).to_vector());
    }
    const auto copies = par(iota(5)).map_with(std::string("x"), [](std::string& text, int i) { return text.substr(0, 1) + std::to_string(i); }).to_vector();
    REQUIRE(copies == std::vector<std::string>{"x0", "x1", "x2", "x3", "x4"});
}

TEST_CASE("sequence: an rvalue range is taken over and its elements are moved out, once each", "[par][sequence]") {
    std::vector<std::unique_ptr<int>> owners;
    for (int i = 0; i < 300; ++i) {
        owners.push_back(std::make_unique<int>(i));
    }
    const auto kept = par(std::move(owners)).filter([](const std::unique_ptr<int>& p) { return *p % 2 == 0; }).collect();
    REQUIRE(kept.size() == 150);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        REQUIRE(*kept[i] == static_cast<int>(2 * i));
    }
}

TEST_CASE("sequence: ranges of computed elements and of references are sources", "[par][sequence]") {
    REQUIRE(par(iota(-3, 4)).to_vector() == std::vector<int>{-3, -2, -1, 0, 1, 2, 3});
    REQUIRE(par(iota(std::int8_t{-128}, std::int8_t{127})).count() == 255);
    REQUIRE_THROWS_WITH(iota(-1), "iota: last must be >= first, got -1");
    std::vector<bool> flags{true, false, true};
    REQUIRE(par(flags).map([](bool b) { return b ? 1 : 0; }).sum() == 2);
    const std::span<int> none;
    REQUIRE(par(none).to_vector().empty());
    REQUIRE(par(par(iota(3))).to_vector() == std::vector<int>{0, 1, 2});
}

TEST_CASE("sequence: accumulators are moved past items that are left out, never copied", "[par][sequence]") {
    const auto input = test::numbers(1000);
    const auto start = [] { return std::make_unique<int>(0); };
    const auto add = [](std::unique_ptr<int> acc, int x) {
        *acc += x;
        return acc;
    };
    const auto total = [](auto&& folded) {
        return std::forward<decltype(folded)>(folded).map([](const std::unique_ptr<int>& x) { return *x; }).sum();
    };
    int kept = 0;
    for (const int x : input) {
        kept += x % 3 == 0 ? x : 0;
    }
    REQUIRE(total(par(input).filter([](int x) { return x % 3 == 0; }).fold(start, add)) == kept);
    REQUIRE(total(par(input).filter_map([](int x) { return x % 3 == 0 ? std::optional(x) : std::nullopt; }).fold(start, add)) == kept);
    const auto sums = par(input)
                          .try_fold(start,
                                    [](std::unique_ptr<int> acc, int x) -> std::optional<std::unique_ptr<int>> {
                                        *acc += x;
                                        return acc;
                                    })
                          .map([](const std::optional<std::unique_ptr<int>>& x) { return **x; })
                          .sum();
    REQUIRE(sums == par(input).sum());
}

TEST_CASE("sequence: of items side by side the left one is evaluated first, and what it throws comes out", "[par][sequence]") {
    const auto fails = [](const char* side) {
        return [side](int x) { return x == 500 ? throw std::runtime_error(side) : x; };
    };
    const auto left = [&] { return par(iota(1000)).map(fails("left")); };
    const auto right = [&] { return par(iota(1000)).map(fails("right")); };
    REQUIRE_THROWS_WITH(zip(left(), right()).count(), "left");
    REQUIRE_THROWS_WITH(right().zip(left(), left()).count(), "right");
    REQUIRE_THROWS_WITH(left().eq(right()), "left");
    REQUIRE_THROWS_WITH(right().cmp(left()), "right");
}

TEST_CASE("sequence: more items than can be counted are an error, not fewer items", "[par][sequence]") {
    const auto half = [] { return par(iota(std::uint64_t{1} << 63)); };
    const std::string rule = ": there must be fewer than 2^64 items, got 9223372036854775808 + ";
    REQUIRE_THROWS_WITH(half().chain(half()), "chain" + rule + "9223372036854775808");
    REQUIRE_THROWS_WITH(half().filter([](std::uint64_t) { return true; }).chain(half()), "chain" + rule + "9223372036854775808");
    REQUIRE_THROWS_WITH(half().interleave(half()), "interleave" + rule + "9223372036854775808");
    REQUIRE_THROWS_WITH(half().interleave_shortest(half()), "interleave_shortest" + rule + "9223372036854775808");
    REQUIRE_THROWS_WITH(par(iota((std::uint64_t{1} << 63) + 1)).intersperse(0u),
                        "intersperse: there must be fewer than 2^64 items, got 9223372036854775809 + 9223372036854775808");
    REQUIRE(half().intersperse(0u).size() == ~std::uint64_t{0});
    REQUIRE(half().chain(par(iota((std::uint64_t{1} << 63) - 1))).size() == ~std::uint64_t{0});
    REQUIRE_THROWS_WITH(par(iota(~std::uint64_t{0})).filter([](std::uint64_t) { return true; }).take_any(3), "take_any: n must be at most 2^62, got 18446744073709551615");
}

TEST_CASE("sequence: options on a sequence beside another are refused, and not lost", "[par][sequence][errors]") {
    const std::vector<int> input{1, 2, 3};
    const std::string rule = "with: options stand on the sequence whose sink is called, not on one beside it (in zip, chain, cmp ...): they would be lost";
    REQUIRE_THROWS_WITH(zip(par(input).with({.grain = 1}), input), rule);
    REQUIRE_THROWS_WITH(par(input).chain(par(input).with({.grain = 1})), rule);
    REQUIRE_THROWS_WITH(par(input).eq(par(input).with({.grain = 1})), rule);
    REQUIRE(zip(par(input), input).with({.grain = 1}).count() == 3);
}
