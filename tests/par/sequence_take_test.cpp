// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/sequences.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace xrayon;

namespace {

bool odd(int x) { return x % 2 != 0; }

std::vector<int> kept_of(const std::vector<int>& input) {
    std::vector<int> kept;
    std::copy_if(input.begin(), input.end(), std::back_inserter(kept), odd);
    return kept;
}

std::vector<int> first_of(std::vector<int> items, std::size_t n) {
    items.resize(std::min(n, items.size()));
    return items;
}

} // namespace

TEST_CASE("sequence: take_any and skip_any cut what comes out at the same place at every thread count", "[par][sequence][take]") {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{255}, std::size_t{10'000}}) {
        const auto input = test::numbers(n);
        const auto kept = kept_of(input);
        for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{100}, kept.size(), kept.size() + 5}) {
            test::require_everywhere(first_of(kept, k), [&](const loop_options& o) { return par(input).filter(odd).with(o).take_any(k).to_vector(); });
            test::require_everywhere(first_of(input, k), [&](const loop_options& o) { return par(input).with(o).take_any(k).to_vector(); });
            const std::vector<int> rest(kept.begin() + static_cast<std::ptrdiff_t>(std::min(k, kept.size())), kept.end());
            test::require_everywhere(rest, [&](const loop_options& o) { return par(input).filter(odd).with(o).skip_any(k).to_vector(); });
        }
        // Several items out of one: the cut may lie between them.
        const auto twice = [](int x) { return std::vector<int>{x, -x}; };
        std::vector<int> both;
        for (const int x : input) {
            both.insert(both.end(), {x, -x});
        }
        for (const std::size_t k : {std::size_t{1}, std::size_t{3}, std::size_t{501}}) {
            test::require_everywhere(first_of(both, k), [&](const loop_options& o) { return par(input).flat_map(twice).with(o).take_any(k).to_vector(); });
        }
    }
}

TEST_CASE("sequence: take_any stops: of 2^62 items it looks at those up to the last one wanted and few behind them", "[par][sequence][take]") {
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            const auto first = par(iota(std::size_t{1} << 61)).filter([](std::size_t i) { return i % 1000 == 999; }).take_any(5).to_vector();
            REQUIRE(first == std::vector<std::size_t>{999, 1999, 2999, 3999, 4999});
            const auto before = par(iota(std::size_t{1} << 61)).map([](std::size_t i) { return i * 2; }).take_any_while([](std::size_t x) { return x < 20'000; }).count();
            REQUIRE(before == 10'000);
            const auto some = repeat(1).enumerate().map([](std::size_t i, int) { return i < 7000 ? std::optional(i) : std::nullopt; }).while_some().count();
            REQUIRE(some == 7000);
        });
    }
}

TEST_CASE("sequence: take_any throws what a plain loop would have thrown before it had enough, and nothing else", "[par][sequence][take]") {
    const std::size_t n = 3000;
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t bad : {std::size_t{0}, std::size_t{10}, std::size_t{297}, std::size_t{299}, std::size_t{300}, std::size_t{303}, std::size_t{2000}}) {
            const test::random_delays delays(threads + bad, 16);
            const auto item = [bad](std::size_t i) {
                if (i == bad) {
                    throw std::runtime_error("item " + std::to_string(i));
                }
                return i;
            };
            // 100 multiples of 3 have come out once 297 has been looked at.
            for (const auto error : {on_error::rethrow, on_error::collect}) {
                std::string text;
                std::vector<std::size_t> items;
                try {
                    items = workers.install([&] {
                        return par(iota(n)).map(item).filter([](std::size_t i) { return i % 3 == 0; }).with({.run = {.error = error}}).take_any(100).to_vector();
                    });
                } catch (const task_errors& failures) {
                    text = "item " + std::to_string(failures.errors().front().index);
                } catch (const std::runtime_error& failure) {
                    text = failure.what();
                }
                INFO("threads " << threads << ", bad " << bad);
                REQUIRE(text == (bad <= 297 ? "item " + std::to_string(bad) : ""));
                REQUIRE(items.size() == (bad <= 297 ? 0u : 100u));
            }
        }
    }
}

TEST_CASE("sequence: take_any_while, skip_any_while and while_some cut at the first item that says so", "[par][sequence][take]") {
    const auto input = test::numbers(5000);
    for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{2500}, std::size_t{4999}, std::size_t{5000}}) {
        auto marked = input;
        for (std::size_t i = cut; i < marked.size(); i += 97) {
            marked[i] = 1001;
        }
        const auto plain = [](int x) { return x <= 1000; };
        const std::vector<int> head(marked.begin(), marked.begin() + static_cast<std::ptrdiff_t>(cut));
        const std::vector<int> tail(marked.begin() + static_cast<std::ptrdiff_t>(cut), marked.end());
        const auto same = [](int x) { return x; };
        test::require_everywhere(head, [&](const loop_options& o) { return par(marked).with(o).take_any_while(plain).to_vector(); });
        test::require_everywhere(head, [&](const loop_options& o) { return par(marked).map(same).with(o).take_any_while(plain).to_vector(); });
        test::require_everywhere(tail, [&](const loop_options& o) { return par(marked).with(o).skip_any_while(plain).to_vector(); });
        test::require_everywhere(tail, [&](const loop_options& o) { return par(marked).map(same).with(o).skip_any_while(plain).to_vector(); });
        test::require_everywhere(kept_of(head), [&](const loop_options& o) {
            return par(marked).filter([](int x) { return odd(x) || x > 1000; }).with(o).take_any_while(plain).to_vector();
        });
        test::require_everywhere(head, [&](const loop_options& o) {
            return par(marked).map([](int x) { return x > 1000 ? std::nullopt : std::optional(x); }).with(o).while_some().to_vector();
        });
    }
    // The stop of a search is prompt for others too, and a lower exception wins.
    REQUIRE_THROWS_WITH(par(iota(1000)).map([](int x) { return x < 10 ? x : throw std::runtime_error("ten"); }).take_any_while([](int x) { return x < 11; }).count(), "ten");
    REQUIRE(par(iota(1000)).map([](int x) { return x < 10 ? x : throw std::runtime_error("ten"); }).take_any_while([](int x) { return x < 9; }).count() == 9);
    // Elements that may be written to stay so.
    std::vector<int> written(100, 1);
    par_mut(written).take_any_while([](int x) { return x == 1; }).for_each([](int& x) { x = 2; });
    REQUIRE(written == std::vector<int>(100, 2));
}

TEST_CASE("sequence: find_last and find_map_last give the last one, and of one item's the last", "[par][sequence][find]") {
    const auto input = test::numbers(2000);
    for (const int wanted : {3, 500, 999, 5000}) {
        const auto matches = [wanted](int x) { return x >= wanted && x % 5 == 3; };
        std::optional<std::size_t> last;
        for (std::size_t i = 0; i < input.size(); ++i) {
            last = matches(input[i]) ? std::optional(i) : last;
        }
        const auto expected = last ? std::optional(input[*last]) : std::nullopt;
        test::require_everywhere(expected, [&](const loop_options& o) { return par(input).with(o).find_last(matches); });
        test::require_everywhere(expected, [&](const loop_options& o) { return par(input).filter(odd).chain(par(input)).with(o).find_last(matches); });
        std::optional<int> last_of_two;
        for (const int x : input) {
            for (const int y : {x, x + 5}) {
                last_of_two = matches(y) ? std::optional(-y) : last_of_two;
            }
        }
        test::require_everywhere(last_of_two, [&](const loop_options& o) {
            return par(input).flat_map([](int x) { return std::vector<int>{x, x + 5}; }).with(o).find_map_last([&](int y) {
                return matches(y) ? std::optional(-y) : std::nullopt;
            });
        });
    }
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([] {
            REQUIRE(par(iota(std::size_t{1} << 62)).find_last([](std::size_t x) { return x % 2 == 0; }) == (std::size_t{1} << 62) - 2);
            // What throws in front of the last hit is not come to.
            REQUIRE(par(iota(100)).map([](int x) { return x > 50 ? x : throw std::runtime_error("early"); }).find_last([](int x) { return x < 60; }) == 59);
            REQUIRE_THROWS_WITH(par(iota(100)).map([](int x) { return x < 70 ? x : throw std::runtime_error(std::to_string(x)); }).find_last([](int x) { return x < 60; }), "99");
        });
    }
}

TEST_CASE("sequence: chain joins what filters leave open on either side", "[par][sequence]") {
    const auto a = test::numbers(700);
    const auto b = test::numbers(40);
    const auto kept_a = kept_of(a);
    const auto kept_b = kept_of(b);
    const auto joined = [](std::vector<int> first, const std::vector<int>& second) {
        first.insert(first.end(), second.begin(), second.end());
        return first;
    };
    test::require_everywhere(joined(kept_a, b), [&](const loop_options& o) { return par(a).filter(odd).chain(b).with(o).to_vector(); });
    test::require_everywhere(joined(a, kept_b), [&](const loop_options& o) { return par(a).chain(par(b).filter(odd)).with(o).to_vector(); });
    test::require_everywhere(joined(kept_a, kept_b), [&](const loop_options& o) { return par(a).filter(odd).chain(par(b).filter(odd)).with(o).to_vector(); });
    test::require_everywhere(joined(kept_b, kept_a), [&](const loop_options& o) {
        return par(b).filter(odd).map([](int x) { return x + 1; }).chain(par(a).filter(odd).map([](int x) { return x + 1; })).map([](int x) { return x - 1; }).with(o).to_vector();
    });
}

TEST_CASE("sequence: intersperse works behind a filter", "[par][sequence]") {
    const auto input = test::numbers(500);
    std::vector<int> expected;
    for (const int x : kept_of(input)) {
        if (!expected.empty()) {
            expected.push_back(-1);
        }
        expected.push_back(x);
    }
    test::require_everywhere(expected, [&](const loop_options& o) { return par(input).filter(odd).with(o).intersperse(-1).to_vector(); });
}

TEST_CASE("sequence: flat_map evaluates a sequence within an item, and moves out of what an item made", "[par][sequence]") {
    std::vector<int> expected;
    for (int i = 0; i < 50; ++i) {
        for (int k = 0; k < i; ++k) {
            if (odd(k)) {
                expected.push_back(i * k);
            }
        }
    }
    test::require_everywhere(expected, [&](const loop_options& o) {
        return par(iota(50)).with(o).flat_map([](int i) { return par(iota(i)).filter(odd).map([i](int k) { return i * k; }); }).to_vector();
    });
    const auto pointers = par(iota(10)).flat_map([](int i) {
        std::vector<std::unique_ptr<int>> made;
        made.push_back(std::make_unique<int>(i));
        return made;
    }).to_vector();
    REQUIRE(*pointers[9] == 9);
}

TEST_CASE("sequence: partition_map, unzip_into_vecs, collect_into_vec and collect_vec_list give all items in order", "[par][sequence]") {
    const auto input = test::numbers(3000);
    std::vector<int> small;
    std::vector<std::string> large;
    for (const int x : input) {
        if (x < 400) {
            small.push_back(x);
        } else {
            large.push_back(std::to_string(x));
        }
    }
    test::require_everywhere(std::pair(small, large), [&](const loop_options& o) {
        auto [a, b] = par(input).with(o).partition_map([](int x) -> std::variant<int, std::string> {
            if (x < 400) {
                return x;
            }
            return std::to_string(x);
        });
        return std::pair(std::move(a).to_vector(), std::move(b).to_vector());
    });
    std::vector<int> numbers{1, 2, 3};
    std::vector<std::string> texts{"before"};
    REQUIRE_THROWS(par(input).map([](int x) { return x < 999 ? std::pair(x, std::to_string(x)) : throw std::runtime_error("no"); }).unzip_into_vecs(numbers, texts));
    REQUIRE_THROWS(par(input).map([](int x) { return x < 999 ? x : throw std::runtime_error("no"); }).collect_into_vec(numbers));
    REQUIRE(numbers == std::vector<int>{1, 2, 3});
    REQUIRE(texts == std::vector<std::string>{"before"});
    par(input).map([](int x) { return std::pair(x, std::to_string(x)); }).unzip_into_vecs(numbers, texts);
    REQUIRE(numbers == input);
    REQUIRE(texts[2999] == std::to_string(input[2999]));
    par(input).filter(odd).collect_into_vec(numbers);
    REQUIRE(numbers == kept_of(input));
    test::require_everywhere(kept_of(input), [&](const loop_options& o) {
        std::vector<int> all;
        for (const auto& block : par(input).filter(odd).with(o).collect_vec_list()) {
            all.insert(all.end(), block.begin(), block.end());
        }
        return all;
    });
}

TEST_CASE("sequence: once, repeat, repeat_n and empty are sources", "[par][sequence]") {
    REQUIRE(once(5).map([](int x) { return x + 1; }).to_vector() == std::vector<int>{6});
    REQUIRE(repeat_n(std::string("ab"), 3).to_vector() == std::vector<std::string>{"ab", "ab", "ab"});
    REQUIRE(par(iota(3)).zip(repeat(7)).map([](int a, int b) { return a * b; }).to_vector() == std::vector<int>{0, 7, 14});
    REQUIRE(empty<int>().sum() == 0);
    REQUIRE(empty<int>().chain(once(3)).to_vector() == std::vector<int>{3});
    REQUIRE_THROWS_AS(repeat(1.0).collect(), argument_error);
}

TEST_CASE("sequence: the number of items is known before filters, and claims can be bounded", "[par][sequence]") {
    const auto input = test::numbers(100);
    REQUIRE(par(input).map([](int x) { return x; }).opt_len() == 100);
    REQUIRE_FALSE(par(input).filter(odd).opt_len());
    REQUIRE(par(input).with_min_len(7).with_max_len(9).to_vector() == input);
    REQUIRE_THROWS_WITH(par(input).with_min_len(0), "with_min_len: length must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par(input).with_max_len(0), "with_max_len: length must be >= 1, got 0");
    REQUIRE(par(input).fold_with(0, [](int n, int) { return n + 1; }).sum() == 100);
    REQUIRE(par(input).fold_chunks_with(30, 0, [](int n, int) { return n + 1; }).to_vector() == std::vector<int>{30, 30, 30, 10});
    REQUIRE_THROWS_WITH(par(input).fold_chunks_with(0, 0, [](int n, int) { return n; }), "fold_chunks_with: length must be >= 1, got 0");
}

TEST_CASE("sequence: stages pass on what cannot be copied, and count calls what they call", "[par][sequence]") {
    std::vector<std::unique_ptr<int>> owned;
    for (int i = 0; i < 300; ++i) {
        owned.push_back(std::make_unique<int>(i));
    }
    const auto kept = par(std::move(owned))
                          .inspect([](const std::unique_ptr<int>& x) { static_cast<void>(*x); })
                          .update([](std::unique_ptr<int>& x) { *x += 1; })
                          .map([](std::unique_ptr<int> x) { return x; })
                          .inspect([](const std::unique_ptr<int>&) {})
                          .filter([](const std::unique_ptr<int>& x) { return odd(*x); })
                          .to_vector();
    REQUIRE(kept.size() == 150);
    REQUIRE(*kept[149] == 299);
    REQUIRE_THROWS_WITH(par(iota(10)).map([](int x) { return x < 5 ? x : throw std::runtime_error("five"); }).count(), "five");
}

TEST_CASE("sequence: a search ends within the item of its hit, as a plain loop does", "[par][sequence]") {
    const auto two = [](int i) { return std::vector<int>{2 * i, 2 * i + 1}; };
    const auto evens = [](int x) { return odd(x) ? throw std::runtime_error("behind " + std::to_string(x - 1)) : x; };
    const auto items = [&](const loop_options& o) { return par(iota(600)).with(o).flat_map(two).map(evens); };
    test::require_everywhere(std::optional(0), [&](const loop_options& o) { return items(o).find_first([](int) { return true; }); });
    test::require_everywhere(true, [&](const loop_options& o) { return items(o).any([](int x) { return x == 0; }); });
    test::require_everywhere(false, [&](const loop_options& o) { return items(o).all([](int x) { return x != 0; }); });
    test::require_everywhere(std::vector<int>{0}, [&](const loop_options& o) { return items(o).take_any(1).to_vector(); });
    // 300 come out of the items before the last one, whose first one is the last that is wanted, and whose second one throws.
    const auto one_or_none = [](int i) { return i < 599 ? std::vector<int>(i % 2 == 0 ? 1 : 0) : std::vector<int>{0, 1}; };
    test::require_everywhere(std::vector<int>(301), [&](const loop_options& o) { return par(iota(600)).with(o).flat_map(one_or_none).map(evens).take_any(301).to_vector(); });
    REQUIRE_THROWS_WITH(items({}).find_first([](int x) { return x == 2; }), "behind 0");
    REQUIRE_THROWS_WITH(items({}).take_any(2).count(), "behind 0");
}
