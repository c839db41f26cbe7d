// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/life_tracker.hpp"
#include "../support/sequences.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <compare>
#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <xrayon/core/error.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/join.hpp>

// What Rayon's own tests ask of its iterators, asked of ours: see their names in rayon's tests/ and src/iter/test.rs.

using namespace xrayon;

namespace {

using numbers = std::vector<int>;

constexpr std::size_t huge = std::size_t{1} << 62;

/// Every step-th element of [first, last), by a plain loop.
numbers picked(const numbers& v, std::size_t first, std::size_t last, std::size_t step) {
    numbers out;
    for (std::size_t i = first; i < std::min(last, v.size()); i += step) {
        out.push_back(v[i]);
    }
    return out;
}
numbers backwards(numbers v) {
    std::reverse(v.begin(), v.end());
    return v;
}

/// Behind a cut of the source, stages that need to know positions count from the cut: `cut(par(v))` has the items `plain(v)`.
template <class Cut, class Plain>
void check_positions_behind(const Cut& cut, const Plain& plain) {
    const pool workers(3);
    for (std::size_t n = 0; n < 24; ++n) {
        const numbers v = test::numbers(n);
        const numbers items = plain(v);
        const numbers other = test::numbers(7);
        const std::size_t m = items.size();
        std::vector<std::pair<std::size_t, int>> indexed;
        std::vector<std::pair<int, int>> zipped;
        numbers woven, folded;
        std::vector<numbers> chunks;
        for (std::size_t i = 0; i < std::max(m, other.size()); ++i) {
            if (i < m) {
                indexed.emplace_back(i, items[i]);
                zipped.emplace_back(items[i], items[m - 1 - i]);
                woven.push_back(items[i]);
                if (i % 4 == 0) {
                    chunks.emplace_back();
                    folded.push_back(1);
                }
                chunks.back().push_back(items[i]);
                folded.back() = folded.back() * 3 % 997 + items[i];
            }
            if (i < other.size()) {
                woven.push_back(other[i]);
            }
        }
        const numbers last = picked(items, m < 3 ? 0 : m - 3, m, 1);
        for (const std::size_t grain : {1u, 2u, 5u, 100u}) {
            const loop_options options{.grain = grain};
            const auto items_again = [&] { return cut(par(v).with(options)); };
            const test::random_delays delays(n, 8);
            INFO("n " << n << ", grain " << grain);
            workers.install([&] {
                REQUIRE(items_again().to_vector() == items);
                REQUIRE(items_again().enumerate().map([](std::size_t i, int x) { return std::pair(i, x); }).to_vector() == indexed);
                REQUIRE(items_again().zip(cut(par(v)).rev()).map([](int a, int b) { return std::pair(a, b); }).to_vector() == zipped);
                REQUIRE(items_again().interleave(other).to_vector() == woven);
                REQUIRE(items_again().chunks(4).to_vector() == chunks);
                REQUIRE(items_again()
                            .fold_chunks(
                                4, [] { return 1; }, [](int a, int x) { return a * 3 % 997 + x; })
                            .to_vector()
                        == folded);
                REQUIRE(items_again().skip(m < 3 ? 0 : m - 3).to_vector() == last);
            });
        }
    }
}

} // namespace

TEST_CASE("rayon's tests: positions are right wherever a source is cut, and whatever its items are claimed by", "[par][sequence]") {
    check_positions_behind([](auto&& items) { return std::move(items).skip(3); },
                           [](const numbers& v) { return picked(v, 3, v.size(), 1); });
    check_positions_behind([](auto&& items) { return std::move(items).take(9); }, [](const numbers& v) { return picked(v, 0, 9, 1); });
    check_positions_behind([](auto&& items) { return std::move(items).rev(); }, [](const numbers& v) { return backwards(v); });
    check_positions_behind([](auto&& items) { return std::move(items).skip(1).rev().skip(2); },
                           [](const numbers& v) { return picked(backwards(picked(v, 1, v.size(), 1)), 2, v.size(), 1); });
    check_positions_behind([](auto&& items) { return std::move(items).chain(iota(5)).skip(4).take(12); },
                           [](const numbers& v) {
                               numbers all = v;
                               all.insert(all.end(), {0, 1, 2, 3, 4});
                               return picked(all, 4, 16, 1);
                           });
}

TEST_CASE("rayon's tests: step_by takes every step-th item where the length is no multiple, behind other cuts too", "[par][sequence]") {
    for (std::size_t n = 0; n < 14; ++n) {
        const numbers v = test::numbers(n);
        for (std::size_t step = 1; step < n + 3; ++step) {
            for (std::size_t skip = 0; skip < n + 2; ++skip) {
                INFO("n " << n << ", step " << step << ", skip " << skip);
                const numbers rest = picked(v, skip, n, 1);
                REQUIRE(par(v).skip(skip).step_by(step).to_vector() == picked(v, skip, n, step));
                REQUIRE(par(v).step_by(step).skip(skip).to_vector() == picked(picked(v, 0, n, step), skip, n, 1));
                REQUIRE(par(v).skip(skip).rev().step_by(step).to_vector() == picked(backwards(rest), 0, n, step));
                REQUIRE(par(v).skip(skip).step_by(step).rev().to_vector() == backwards(picked(v, skip, n, step)));
            }
        }
    }
    REQUIRE(par(iota(10)).step_by(std::numeric_limits<std::size_t>::max()).to_vector() == numbers{0});
}

TEST_CASE("rayon's tests: lengths, skips, chunks and claims larger than anything there is", "[par][sequence]") {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    const numbers v = test::numbers(100);
    for (const std::size_t n : {std::size_t{1}, std::size_t{99}, std::size_t{100}, std::size_t{101}, most / 2, most - 1, most}) {
        INFO(n);
        REQUIRE(par(v).take(n).count() == std::min(n, v.size()));
        REQUIRE(par(v).skip(n).count() == v.size() - std::min(n, v.size()));
        REQUIRE(par(v).chunks(n).map([](const numbers& part) { return part.size(); }).sum() == v.size());
        REQUIRE(par(v).chunks(n).size() == (n >= v.size() ? 1 : n == 1 ? v.size() : 2));
        REQUIRE(par(v)
                    .fold_chunks(
                        n, [] { return std::size_t{0}; }, [](std::size_t count, int) { return count + 1; })
                    .sum()
                == v.size());
        REQUIRE(par(v).with_min_len(n).map([](int x) { return x; }).to_vector() == v);
        REQUIRE(par(v).with_max_len(n).filter([](int) { return true; }).to_vector() == v);
        REQUIRE(par(v).with_min_len(n).with_max_len(2).rev().rev().to_vector() == v);
    }
}

TEST_CASE("rayon's tests: a sequence of 2^64 items or more is refused, and does not become an empty one", "[par][sequence][errors]") {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    const auto three = [] { return repeat(1).chain(repeat(2)).chain(repeat(3)); };  // of 2^62 each
    REQUIRE(three().size() == 3 * huge);
    REQUIRE_THROWS_WITH(three().chain(repeat(4)),
                        "chain: there must be fewer than 2^64 items, got 13835058055282163712 + 4611686018427387904");
    REQUIRE(three().chain(iota(5)).size() == 3 * huge + 5);
    const auto kept = [](std::size_t) { return true; };
    REQUIRE_THROWS_WITH(par(iota(most)).filter(kept).chain(par(iota(std::size_t{1})).filter(kept)),
                        "chain: there must be fewer than 2^64 items, got 18446744073709551615 + 1");
    REQUIRE_THROWS_AS(par(iota(most)).interleave(iota(std::size_t{1})), argument_error);
    REQUIRE(par(iota(most)).interleave(iota(std::size_t{0})).size() == most);
    REQUIRE(par(iota(most)).interleave_shortest(iota(std::size_t{1})).size() == 3);
    REQUIRE(par(iota(most)).interleave_shortest(iota(most / 2)).size() == most);
    REQUIRE_THROWS_WITH(par(iota(most / 2 + 1)).interleave_shortest(iota(most)),
                        "interleave_shortest: there must be fewer than 2^64 items, got 9223372036854775808 + 9223372036854775808");
    REQUIRE_THROWS_AS(par(iota(most)).interleave_shortest(iota(most / 2 + 1)), argument_error);
    REQUIRE(par(iota(most / 2 + 1)).intersperse(std::size_t{7}).size() == most);
    REQUIRE_THROWS_WITH(par(iota(most / 2 + 2)).intersperse(std::size_t{7}),
                        "intersperse: there must be fewer than 2^64 items, got 9223372036854775809 + 9223372036854775808");
}

TEST_CASE("rayon's tests: a search over more items than there is time for ends, through every stage", "[par][sequence]") {
    const auto many = [] { return par(iota(huge)); };
    const auto always = [](const auto&...) { return true; };
    const auto above_eight = [](std::size_t i) { return i > 8; };
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            REQUIRE(many().find_first(always) == 0u);
            REQUIRE(many().find_last(always) == huge - 1);
            REQUIRE(many().find_any([](std::size_t i) { return i % 1000 == 999; }) == 999u);
            REQUIRE(many().rev().find_first(always) == huge - 1);
            REQUIRE(many().rev().find_last(always) == 0u);
            REQUIRE(many().filter([](std::size_t i) { return i % 100 == 7; }).find_first([](std::size_t i) { return i > 500; }) == 507u);
            REQUIRE(many().filter([](std::size_t i) { return i % 128 == 7; }).find_last(always) == huge - 128 + 7);
            REQUIRE(many().map([](std::size_t i) { return i / 2; }).position_first([](std::size_t i) { return i == 50; }) == 100u);
            REQUIRE(many().flat_map([](std::size_t i) { return std::vector{i, i + 1}; }).find_first(above_eight) == 9u);
            REQUIRE(many().enumerate().find_map_first([](std::size_t i, std::size_t x) {
                return i + x == 64 ? std::optional(x) : std::nullopt;
            }) == 32u);
            REQUIRE(many().zip(many().rev()).any([](std::size_t a, std::size_t b) { return b + a == huge - 1 && a == 300; }));
            REQUIRE(many().chain(many()).position_last([](std::size_t i) { return i == huge - 1; }) == 2 * huge - 1);
            REQUIRE(many().interleave(many()).position_first([](std::size_t i) { return i == 20; }) == 40u);
            REQUIRE(many().step_by(3).find_last(always) == (huge - 1) / 3 * 3);
            REQUIRE(many().chunks(64).map([](const auto& part) { return part[0]; }).find_first(above_eight) == 64u);
            REQUIRE(many()
                        .fold_chunks(
                            10, [] { return std::size_t{0}; }, [](std::size_t a, std::size_t x) { return a + x; })
                        .find_first([](std::size_t sum) { return sum > 100; })
                    == 145u);  // 10 + ... + 19
            REQUIRE_FALSE(many().all([](std::size_t i) { return i < 2000; }));
            REQUIRE(many().map([](std::size_t i) { return i < 300 ? std::optional(i) : std::nullopt; }).while_some().count() == 300);
            REQUIRE(many().take_any_while([](std::size_t i) { return i < 77; }).count() == 77);
            REQUIRE(many().skip(huge - 3).to_vector() == std::vector{huge - 3, huge - 2, huge - 1});
            REQUIRE((many().cmp(iota(std::size_t{1}, huge)) < 0));
            REQUIRE(many().ne(iota(huge - 1)));
            REQUIRE_FALSE(many().map([](std::size_t i) { return i < 500 ? std::optional(i) : std::nullopt; }).try_collect().has_value());
            REQUIRE(many().zip(repeat(1u)).map([](std::size_t i, unsigned one) { return i + one; }).find_first(always) == 1u);
        });
    }
}

TEST_CASE("rayon's tests: comparisons with NaN are those of the standard library, for all short sequences", "[par][sequence]") {
    const double values[] = {1.0, std::numeric_limits<double>::quiet_NaN(), 2.0};
    std::vector<std::vector<double>> all{{}};
    for (std::size_t k = 0; k < all.size() && all[k].size() < 3; ++k) {
        for (const double x : values) {
            all.push_back(all[k]);
            all.back().push_back(x);
        }
    }
    REQUIRE(all.size() == 1 + 3 + 9 + 27);
    const pool workers(3);
    for (const auto& a : all) {
        for (const auto& b : all) {
            const std::partial_ordering order = std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
            const bool equal = std::equal(a.begin(), a.end(), b.begin(), b.end());
            workers.install([&] {
                REQUIRE((par(a).partial_cmp(b) == order));
                REQUIRE(par(a).lt(b) == (order < 0));
                REQUIRE(par(a).le(b) == (order <= 0));
                REQUIRE(par(a).gt(b) == (order > 0));
                REQUIRE(par(a).ge(b) == (order >= 0));
                REQUIRE(par(a).eq(b) == equal);
                REQUIRE(par(a).ne(b) == !equal);
            });
        }
    }
}

TEST_CASE("rayon's tests: a comparison is decided by the first difference, and what throws behind it does not matter", "[par][sequence]") {
    numbers a(5000), b(5000);
    a[100] = 1;
    const auto look = [](int i) { return i == 4000 ? throw std::runtime_error("behind") : i; };
    const auto value = [&](const numbers& v) {
        return par(iota(5000)).map([&v, look](int i) { return v[static_cast<std::size_t>(look(i))]; });
    };
    for (const std::size_t threads : test::thread_counts) {
        const test::random_delays delays(threads, 64);
        pool(threads).install([&] {
            REQUIRE((value(a).cmp(value(b)) > 0));
            REQUIRE_FALSE(value(a).eq(value(b)));
            REQUIRE(value(b).lt(value(a)));
            REQUIRE_THROWS_WITH(value(a).eq(value(a)), "behind");
            REQUIRE_THROWS_WITH(value(a).cmp(a), "behind");
        });
    }
}

TEST_CASE("rayon's tests: what was made, or handed over, is destroyed once when an item throws", "[par][sequence][life]") {
    using life = test::any_life;
    constexpr std::size_t n = 300;
    for (const std::size_t threads : {1u, 3u}) {
        const pool workers(threads);
        for (const std::size_t bad : {std::size_t{0}, std::size_t{1}, std::size_t{150}, n - 1}) {
            const test::random_delays delays(bad, 16);
            test::life_record record;
            const auto make = [&](std::size_t i) { return i == bad ? throw std::out_of_range("bad") : life(record, i); };
            const auto unwinds = [&](const auto& call) {
                INFO("threads " << threads << ", bad " << bad);
                REQUIRE_THROWS_WITH(workers.install(call), "bad");
                REQUIRE(record.balanced());
                REQUIRE((bad == 0 || record.destroyed() > 0));
            };
            const auto made = [&] { return par(iota(n)).map(make); };
            const auto odd = [](const life& x) { return x.number() % 2 == 1; };
            unwinds([&] { return made().collect().size(); });
            unwinds([&] { return made().to_vector().size(); });
            unwinds([&] { return made().filter(odd).collect().size(); });
            unwinds([&] { return made().partition(odd).first.size(); });
            unwinds([&] { return made().collect_vec_list().size(); });
            unwinds([&] { return made().chunks(7).collect().size(); });
            unwinds([&] { return made().map([&](life x) { return std::pair(x, std::move(x)); }).unzip().first.size(); });
            const auto greater = [](life a, const life& b) { return a.number() > b.number() ? std::move(a) : b; };
            unwinds([&] { return made().reduce_with(greater).has_value(); });
            unwinds([&] { return made().max_by_key([](const life& x) { return x.number(); }).has_value(); });
            unwinds([&] { return made().intersperse(life(record, n)).collect().size(); });
            unwinds([&] { return made().flat_map([](life x) { return std::vector<life>(3, x); }).collect().size(); });
            unwinds([&] {
                std::vector<life> kept(2, life(record, n));
                try {
                    made().collect_into_vec(kept);
                } catch (const std::out_of_range&) {
                    if (kept.size() != 2 || kept[1].number() != n) {
                        throw std::logic_error("what was there before is not there any more");
                    }
                    throw;
                }
            });
            // Handed over: those that nobody came to as well.
            unwinds([&] {
                std::vector<life> mine;
                for (std::size_t i = 0; i < n; ++i) {
                    mine.emplace_back(record, i);
                }
                const auto pass_on = [&](life x) { return x.number() == bad ? throw std::out_of_range("bad") : std::move(x); };
                return par(std::move(mine)).map(pass_on).collect().size();
            });
            unwinds([&] {
                std::vector<life> mine(n, life(record, 1));
                return par(iota(n)).map(make).zip(std::move(mine)).collect().size();
            });
        }
    }
}

TEST_CASE("rayon's tests: what is left of two of uneven length is destroyed too", "[par][sequence][life]") {
    using life = test::any_life;
    for (const std::size_t threads : test::thread_counts) {
        test::life_record record;
        pool(threads).install([&] {
            std::vector<life> left(100, life(record, 1));
            std::vector<life> right(37, life(record, 2));
            const auto pairs = par(std::move(left)).zip(std::move(right)).collect();
            REQUIRE(pairs.size() == 37);
            REQUIRE(record.alive() >= 2 * 37);
        });
        REQUIRE(record.balanced());
    }
}

TEST_CASE("rayon's tests: a pool is called from another one whose threads are all busy", "[par][nesting]") {
    const pool busy(2);
    const pool other(2);
    const numbers v = test::numbers(500);
    int expected = 0;
    for (const int x : v) {
        expected += x;
    }
    std::atomic<bool> done{false};
    std::atomic<int> total{0};
    busy.install([&] {
        join(
            [&] {
                total = other.install([&] { return par(v).sum(); });
                done = true;
            },
            [&] {
                while (!done) {  // the first function is done by then, or is being done by the other thread
                    std::this_thread::yield();
                }
            });
    });
    REQUIRE(total == expected);
    const auto sum_elsewhere = [&](int) { return other.install([&] { return par(v).sum(); }); };
    REQUIRE(busy.install([&] { return par(iota(8)).map(sum_elsewhere).sum(); }) == 8 * expected);
}
