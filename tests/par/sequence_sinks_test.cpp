// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;

namespace {

double smooth(std::size_t i) { return 1.0 / (1.0 + static_cast<double>(i)) - 1e-3; }

/// The sum by its definition (par/sink/sum.hpp, docs/design/sequences.md), written down apart from the library.
template <class Keep>
double defined_sum(std::size_t n, const Keep& keep) {
    const auto leaf = [&](std::size_t l) {
        std::array<double, 8> lane{};
        for (std::size_t i = l * 1024; i < std::min(n, (l + 1) * 1024); ++i) {
            if (keep(i)) {
                lane[i % 8] += smooth(i);
            }
        }
        return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    };
    const auto tree = [&](const auto& self, std::size_t lo, std::size_t hi) -> double {
        if (hi - lo == 1) {
            return leaf(lo);
        }
        std::size_t half = 1;
        while (half * 2 < hi - lo) {
            half *= 2;
        }
        return self(self, lo, lo + half) + self(self, lo + half, hi);
    };
    return n == 0 ? 0.0 : tree(tree, 0, (n + 1023) / 1024);
}

std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

} // namespace

TEST_CASE("sequence: a sum has the bits of its definition at every thread count and grain", "[par][sequence][law]") {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{1023}, std::size_t{1025}, std::size_t{50'000}}) {
        const auto all = bits(defined_sum(n, [](std::size_t) { return true; }));
        const auto odd = bits(defined_sum(n, [](std::size_t i) { return i % 3 == 1; }));
        for (const std::size_t threads : test::thread_counts) {
            const pool workers(threads);
            for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{5000}}) {
                const test::random_delays delays(threads * n + grain.value_or(0), 4);
                INFO("n " << n << ", threads " << threads << ", grain " << grain.value_or(0));
                workers.install([&] {
                    REQUIRE(bits(par(iota(n)).with({.grain = grain}).map(smooth).sum()) == all);
                    REQUIRE(bits(par(iota(n)).with({.grain = grain}).filter([](std::size_t i) { return i % 3 == 1; }).map(smooth).sum()) == odd);
                });
            }
        }
    }
}

TEST_CASE("sequence: sums and products of other types", "[par][sequence]") {
    REQUIRE(par(iota(1, 21)).map([](int x) { return static_cast<std::uint64_t>(x); }).product() == 2'432'902'008'176'640'000u);  // 20!
    REQUIRE(par(iota(0)).product() == 1);
    REQUIRE(par(std::vector<std::int8_t>(300, 100)).sum() == 30'000);  // in the type of x + x: int
    REQUIRE(par(std::vector<bool>{true, false, true}).map([](bool b) { return b; }).sum() == 2);
    const std::vector<std::string> words{"a", "b", "c", "d", "e"};
    REQUIRE(par(words).sum() == "abcde");
    REQUIRE(par(std::vector<std::string>{}).sum().empty());
    REQUIRE(par(std::vector<float>{1.5f, 2.25f}).sum() == 3.75f);
}

TEST_CASE("sequence: reduce and reduce_with join in order", "[par][sequence]") {
    const auto join = [](std::string a, const std::string& b) { return std::move(a) + b; };
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{100}, std::size_t{2000}}) {
        std::vector<std::string> words;
        std::string expected;
        for (std::size_t i = 0; i < n; ++i) {
            words.push_back(std::to_string(i) + " ");
            expected += words.back();
        }
        for (const std::size_t threads : test::thread_counts) {
            const pool workers(threads);
            const test::random_delays delays(threads, 16);
            workers.install([&] {
                REQUIRE(par(words).reduce([] { return std::string(); }, join) == expected);
                REQUIRE(par(words).reduce_with(join).value_or("") == expected);
                REQUIRE(par(words).reduce_with(join).has_value() == (n != 0));
                REQUIRE(par(words).filter([](const std::string& w) { return w == "1 "; }).reduce_with(join).has_value() == (n > 1));
            });
        }
    }
}

TEST_CASE("sequence: min is the first of the smallest, max the last of the greatest, NaN behind everything", "[par][sequence]") {
    using pair = std::pair<int, int>;
    std::vector<pair> items;
    for (int i = 0; i < 1000; ++i) {
        items.push_back({static_cast<int>(test::mix(static_cast<std::uint64_t>(i)) % 10), i});
    }
    const auto first = [](const pair& a, const pair& b) { return a.first < b.first; };
    const auto smallest = *std::min_element(items.begin(), items.end(), first);
    pair greatest = items[0];
    for (const pair& each : items) {
        if (!first(each, greatest)) {
            greatest = each;
        }
    }
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        workers.install([&] {
            REQUIRE(par(items).min_by(first) == smallest);
            REQUIRE(par(items).max_by(first) == greatest);
            REQUIRE(par(items).min_by_key([](const pair& p) { return p.first; }) == smallest);
            REQUIRE(par(items).max_by_key([](const pair& p) { return p.first; }) == greatest);
            REQUIRE(par(items).min() == *std::min_element(items.begin(), items.end()));
            REQUIRE(par(items).max() == *std::max_element(items.begin(), items.end()));
        });
    }
    REQUIRE_FALSE(par(std::vector<int>{}).min().has_value());
    REQUIRE_FALSE(par(iota(10)).filter([](int x) { return x > 20; }).max().has_value());
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(par(std::vector<double>{nan, 2, 1, nan}).min() == 1.0);
    REQUIRE(std::isnan(*par(std::vector<double>{1, nan, 2}).max()));
    REQUIRE(std::isnan(*par(std::vector<double>{nan, nan}).min()));
}

TEST_CASE("sequence: items that refer to their source are kept as values", "[par][sequence]") {
    const std::vector<std::int64_t> keys{3, 1, 2, 1, 3};
    const auto pairs = [&keys] {
        const std::vector<double> short_lived{0.5, 1.5, 2.5, 3.5, 4.5};
        return par(short_lived).zip(keys).collect();
    }();
    STATIC_REQUIRE(std::is_same_v<decltype(pairs), const results<std::tuple<double, std::int64_t>>>);
    REQUIRE(pairs[4] == std::tuple(4.5, std::int64_t{3}));
    const std::vector<std::string> words{"of", "the", "and", "a", "in"};
    STATIC_REQUIRE(std::is_same_v<decltype(par(words).enumerate().to_vector()), std::vector<std::pair<std::size_t, std::string>>>);
    // By key, ties: the first of the smallest, the last of the greatest.
    const auto key = [](const auto& item) { return std::get<1>(item); };
    const auto less = [](const auto& a, const auto& b) { return std::get<1>(a) < std::get<1>(b); };
    using item = std::optional<std::tuple<std::string, std::int64_t>>;
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            const bool as_expected = par(words).zip(keys).min_by_key(key) == item({"the", 1}) && par(words).zip(keys).max_by_key(key) == item({"in", 3})
                                     && par(words).zip(keys).min_by(less) == item({"the", 1}) && par(words).zip(keys).max_by(less) == item({"in", 3})
                                     && par(words).zip(keys).min() == item({"a", 1}) && par(words).zip(keys).max() == item({"the", 1});
            REQUIRE(as_expected);
        });
    }
}

TEST_CASE("sequence: pairs that refer to a source compare with pairs of values", "[par][sequence]") {
    const std::vector<double> numbers{0.5, 1.5, std::numeric_limits<double>::quiet_NaN()};
    const std::vector<int> marks{7, 8, 9};
    auto pairs = par(numbers).zip(marks).enumerate().to_vector();
    STATIC_REQUIRE(std::is_same_v<decltype(pairs), std::vector<std::pair<std::size_t, std::tuple<double, int>>>>);
    const auto items = [&] { return par(numbers).zip(marks).enumerate(); };
    REQUIRE_FALSE(items().eq(par(pairs)));  // NaN is not equal to itself
    REQUIRE(items().partial_cmp(par(pairs)) == std::partial_ordering::unordered);
    REQUIRE(items().take(2).eq(par(pairs).take(2)));
    std::get<1>(pairs[1].second) = 10;
    REQUIRE(items().take(2).cmp(par(pairs)) == std::partial_ordering::less);
    pairs[1].first = 0;
    REQUIRE(items().gt(par(pairs)));
    REQUIRE(items().take(1).cmp(par(pairs)) == std::partial_ordering::less);
    REQUIRE(par(marks).enumerate().cmp(par(marks).enumerate()) == std::strong_ordering::equal);
}

TEST_CASE("sequence: searches give the first hit, whatever is found first", "[par][sequence]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::size_t round = 0; round < 15; ++round) {
            const std::size_t n = 1 + test::mix(round) % 1000;
            const std::size_t every = 1 + test::mix(round + 77) % 200;
            const std::size_t from = test::mix(round + 99) % (2 * n);  // often past the end: nothing to be found
            const auto hit = [&](std::size_t i) { return i >= from && test::mix(i) % every == 0; };
            std::optional<std::size_t> first, last;
            for (std::size_t i = 0; i < n; ++i) {
                if (hit(i)) {
                    first = first.value_or(i);
                    last = i;
                }
            }
            const test::random_delays delays(round, 64);
            INFO("threads " << threads << ", round " << round);
            workers.install([&] {
                REQUIRE(par(iota(n)).find_first(hit) == first);
                REQUIRE(par(iota(n)).find_any(hit) == first);
                REQUIRE(par(iota(n)).position_first(hit) == first);
                REQUIRE(par(iota(n)).position_any(hit) == first);
                REQUIRE(par(iota(n)).position_last(hit) == last);
                REQUIRE(par(iota(n)).any(hit) == first.has_value());
                REQUIRE(par(iota(n)).all([&](std::size_t i) { return !hit(i); }) == !first.has_value());
                const auto label = [&](std::size_t i) { return hit(i) ? std::optional(std::to_string(i)) : std::nullopt; };
                REQUIRE(par(iota(n)).find_map_first(label) == (first ? std::optional(std::to_string(*first)) : std::nullopt));
                REQUIRE(par(iota(n)).filter([](std::size_t i) { return i % 2 == 0; }).find_first([&](std::size_t i) { return hit(i / 2); })
                        == (first && 2 * *first < n ? std::optional(2 * *first) : std::nullopt));
            });
        }
    }
}

TEST_CASE("sequence: a search ends long before the end of a range that nobody could walk", "[par][sequence]") {
    const std::size_t endless = std::numeric_limits<std::size_t>::max();
    REQUIRE(par(iota(endless)).find_first([](std::size_t i) { return i > 1000; }) == 1001u);
    REQUIRE(par(iota(endless)).any([](std::size_t i) { return i == 12'345; }));
    REQUIRE_FALSE(par(iota(endless)).all([](std::size_t i) { return i < 5; }));
    REQUIRE(par(iota(endless)).position_last([=](std::size_t i) { return i < endless - 500; }) == endless - 501);
}

TEST_CASE("sequence: of a hit and a throw the lower one wins", "[par][sequence][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::size_t round = 0; round < 30; ++round) {
            const std::size_t n = 2000;
            const std::size_t hit = test::mix(round) % n;
            const std::size_t bad = test::mix(round + 1000) % n;
            if (hit == bad) {
                continue;
            }
            const test::random_delays delays(round, 16);
            const auto test = [&](std::size_t i) {
                if (i == bad || (i > bad && i % 97 == 0)) {
                    throw std::out_of_range(std::to_string(i));
                }
                return i == hit;
            };
            for (const on_error error : {on_error::rethrow, on_error::wrap, on_error::collect}) {
                INFO("threads " << threads << ", hit " << hit << ", bad " << bad);
                run_report report;
                const loop_options options{.run = {.error = error, .report = &report}};
                const auto search = [&] { return par(iota(n)).with(options).find_first(test); };
                if (hit < bad) {
                    REQUIRE(workers.install(search) == hit);
                    REQUIRE_FALSE(report.failed.has_value());
                } else if (error == on_error::rethrow) {
                    REQUIRE_THROWS_WITH(workers.install(search), std::to_string(bad));
                    REQUIRE(report.failed == bad);
                } else if (error == on_error::wrap) {
                    REQUIRE_THROWS_AS(workers.install(search), task_error);
                    REQUIRE(report.failed == bad);
                } else {
                    try {
                        workers.install(search);
                        FAIL("nothing was thrown");
                    } catch (const task_errors& all) {
                        REQUIRE(all.errors().front().index == bad);
                        REQUIRE(all.errors().back().index < hit);
                    }
                }
            }
        }
    }
}

TEST_CASE("sequence: what is thrown is the lowest item's, and the report says which item of the source", "[par][sequence][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::size_t round = 0; round < 30; ++round) {
            const std::size_t n = 1 + test::mix(round) % 20'000;
            const std::size_t bad = test::mix(round + 5) % n;
            const auto item = [&](std::size_t i) {
                if (i == bad || (i > bad && i % 53 == 0)) {
                    throw std::out_of_range(std::to_string(i));
                }
                return static_cast<double>(i);
            };
            run_report report;
            const loop_options options{.run = {.report = &report}};
            const auto fails = [&](const auto& call) {
                report = {};
                REQUIRE_THROWS_WITH(workers.install(call), std::to_string(bad));
                REQUIRE(report.failed == bad);
                REQUIRE(report.total == n);
            };
            INFO("threads " << threads << ", n " << n << ", bad " << bad);
            const auto keep = [](std::size_t i) { return i % 2 < 2; };
            fails([&] { (void)par(iota(n)).with(options).map(item).sum(); });
            fails([&] { (void)par(iota(n)).with(options).map(item).collect(); });
            fails([&] { (void)par(iota(n)).with(options).filter(keep).map(item).collect(); });
            fails([&] { (void)par(iota(n)).with(options).map(item).reduce([] { return 0.0; }, std::plus<>{}); });
            fails([&] { (void)par(iota(n)).with(options).map(item).max(); });
            fails([&] { par(iota(n)).with(options).filter(keep).for_each(item); });
            fails([&] { (void)par(iota(n)).with(options).filter(keep).map(item).count(); });
        }
    }
}

TEST_CASE("sequence: collect_into assigns in place and refuses another length", "[par][sequence]") {
    std::vector<double> out(100);
    par(iota(100)).map([](int i) { return i / 2.0; }).collect_into(out);
    REQUIRE(out[99] == 49.5);
    REQUIRE_THROWS_WITH(par(iota(99)).map([](int i) { return i / 2.0; }).collect_into(out), "collect_into: the output must have 99 elements, got 100");
}

TEST_CASE("sequence: nothing that was built is left over when collecting after a filter fails", "[par][sequence][errors]") {
    static std::atomic<int> alive;
    struct counted {
        explicit counted(std::size_t i) : value(i) { ++alive; }
        counted(counted&& other) noexcept : value(other.value) { ++alive; }
        ~counted() { --alive; }
        std::size_t value;
    };
    alive = 0;
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t bad : {std::size_t{0}, std::size_t{17}, std::size_t{4999}, std::size_t{9999}}) {
            const auto call = [&] {
                (void)par(iota(std::size_t{10'000}))
                    .filter([](std::size_t i) { return i % 3 != 1; })
                    .map([&](std::size_t i) { return i >= bad ? throw std::runtime_error("x") : counted(i); })
                    .collect();
            };
            REQUIRE_THROWS_WITH(workers.install(call), "x");
            REQUIRE(alive == 0);
        }
        const auto all = workers.install([] { return par(iota(std::size_t{10'000})).filter([](std::size_t i) { return i % 3 != 1; }).map([](std::size_t i) { return counted(i); }).collect(); });
        REQUIRE(all.size() == 6667);
        REQUIRE(alive == 6667);
    }
    REQUIRE(alive == 0);
}

TEST_CASE("sequence: a filter over many plain numbers keeps what the plain loop keeps, and fails where it fails", "[par][sequence]") {
    for (const std::size_t n : {std::size_t{16'383}, std::size_t{16'384}, std::size_t{16'385}, std::size_t{70'001}}) {
        std::vector<int> input(n);
        for (std::size_t i = 0; i < n; ++i) {
            input[i] = static_cast<int>(test::mix(i) % 1000);
        }
        for (const int limit : {0, 3, 500, 1000}) {
            std::vector<int> expected;
            std::copy_if(input.begin(), input.end(), std::back_inserter(expected), [&](int x) { return x < limit; });
            std::vector<int> backwards;
            for (std::size_t i = 0; 3 * i < n; ++i) {
                if (const int x = input[n - 1 - 3 * i]; x < limit) {
                    backwards.push_back(x);
                }
            }
            for (const std::size_t threads : test::thread_counts) {
                const pool workers(threads);
                const test::random_delays delays(threads, 16);
                std::atomic<std::size_t> asked{0};
                const auto keeps = [&](const int& x) {
                    ++asked;
                    return x < limit;
                };
                workers.install([&] {
                    REQUIRE(par(input).filter(keeps).to_vector() == expected);
                    REQUIRE(asked == n);  // once each
                    REQUIRE(par(input).rev().step_by(3).filter(keeps).to_vector() == backwards);
                });
            }
        }
        const std::size_t bad = n / 2;
        std::vector<std::size_t> indices = par(iota(n)).to_vector();
        run_report report;
        const auto fails = [&](std::size_t i) { return i >= bad ? throw std::out_of_range(std::to_string(i)) : i % 2 == 0; };
        REQUIRE_THROWS_WITH(par(indices).with({.run = {.report = &report}}).filter(fails).collect(), std::to_string(bad));
        REQUIRE(report.failed == bad);
    }
}

TEST_CASE("sequence: a stop token and a deadline end sinks with cancelled", "[par][sequence]") {
    std::stop_source stop;
    stop.request_stop();
    const loop_options stopped{.run = {.stop = stop.get_token()}};
    REQUIRE_THROWS_AS(par(iota(100)).with(stopped).sum(), cancelled);
    REQUIRE_THROWS_AS(par(iota(100)).with(stopped).filter([](int) { return true; }).collect(), cancelled);
    REQUIRE_THROWS_AS(par(iota(100)).with(stopped).find_first([](int i) { return i == 5; }), cancelled);
    REQUIRE_THROWS_WITH(par(iota(100)).with(stopped).min(), "min: stop requested, 0 of 100 done");
}

TEST_CASE("sequence: all searches give a predicate what check_predicate asks of it, a const item", "[par][sequence]") {
    const auto large = [](auto& x) {
        static_assert(std::is_const_v<std::remove_reference_t<decltype(x)>>);
        return x > 7;
    };
    REQUIRE(par(iota(10)).any(large));
    REQUIRE_FALSE(par(iota(10)).all(large));
    REQUIRE(par(iota(10)).position_first(large) == 8);
    REQUIRE(par(iota(10)).position_last(large) == 9);
    REQUIRE(par(iota(10)).find_first(large) == 8);
    REQUIRE(par(iota(10)).find_last(large) == 9);
}

TEST_CASE("sequence: pairs of enumerate have a smallest and a greatest one", "[par][sequence]") {
    const std::vector<int> values{3, 1, 2};
    using pair = std::pair<std::size_t, int>;
    REQUIRE(par(values).enumerate().max() == pair(2, 2));
    REQUIRE(par(values).enumerate().min() == pair(0, 3));
    REQUIRE(par(values).enumerate().map([](std::size_t i, const int& x) { return std::pair<int, const int&>(i == 2 ? 1 : x, x); }).max() == std::pair(3, 3));
}
