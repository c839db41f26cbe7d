// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include <array>
#include <cstddef>
#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../support/catch.hpp"
#include "../support/life_battery.hpp"
#include "../support/life_tracker.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

TEST_CASE("life: a tracker notices what is destroyed twice, used when it is gone, or moved as bytes", "[par][life]") {
    test::life_record record;
    alignas(test::any_life) std::array<std::byte, sizeof(test::any_life)> here;
    alignas(test::any_life) std::array<std::byte, sizeof(test::any_life)> there;
    auto* const value = ::new (static_cast<void*>(here.data())) test::any_life(record, 3);
    REQUIRE(record.alive() == 1);
    there = here;
    const auto* const torn_off = std::launder(reinterpret_cast<const test::any_life*>(there.data()));
    static_cast<void>(torn_off->number());
    REQUIRE(record.misused() == 1);
    value->~life_tracker();
    REQUIRE(record.alive() == 0);
    REQUIRE(record.misused() == 1);
    static_cast<void>(value->number());
    REQUIRE(record.misused() == 2);
    value->~life_tracker();
    REQUIRE(record.misused() == 3);
    REQUIRE(record.alive() == 0);
    REQUIRE_FALSE(record.balanced());

    test::life_record leaky;
    ::new (static_cast<void*>(here.data())) test::any_life(leaky, 0);
    REQUIRE_FALSE(leaky.balanced());
    leaky.fail_at(test::life_event::copy, 2);
    const test::any_life source(leaky, 5);
    const test::any_life first(source);
    REQUIRE_THROWS_AS(test::any_life(source), test::life_failure);
    REQUIRE(leaky.count(test::life_event::copy) == 2);
    REQUIRE(leaky.alive() == 3);
}

TEST_CASE("life: results of map_index are destroyed once, whichever constructor, copy or move throws", "[par][life][B14][B15]") {
    test::run_life_battery([](std::size_t n, const auto& f, auto grain, const auto& run) { return map_index(n, f, {.grain = grain, .run = run}); });
}

TEST_CASE("life: results moved to a std::vector, and copied, are destroyed once, whatever throws", "[par][life][B14]") {
    const auto to_vector = [](std::size_t n, const auto& f, auto grain, const auto& run) {
        return map_index(n, f, {.grain = grain, .run = run}).to_vector();
    };
    // A move or copy after the call is nobody's item.
    SECTION("moved") { test::check_lives<test::move_only_life>(to_vector, false); }
    SECTION("copied") {
        test::check_lives<test::any_life>(
            [](std::size_t n, const auto& f, auto grain, const auto& run) {
                const auto results = map_index(n, f, {.grain = grain, .run = run});
                return std::make_unique<std::remove_const_t<decltype(results)>>(results);
            },
            false);
    }
}

TEST_CASE("life: what a loop's function returns, and drops, is destroyed once, whatever throws", "[par][life][B14]") {
    test::run_life_battery([](std::size_t n, const auto& f, auto grain, const auto& run) {
        for_each_index(n, [&](std::size_t i) { return f(i).number(); }, {.grain = grain, .run = run});
        return 0;
    });
}

TEST_CASE("life: partial results of a fold are destroyed once, whatever throws, its merges and the moves between them too",
          "[par][life][B14][R20]") {
    test::run_life_battery(
        [](std::size_t n, const auto& f, auto grain, const auto& run) {
            using value = decltype(f(0));
            return fold_index(
                n, 1, [&](std::size_t begin, std::size_t) { return f(begin); },
                // A merge makes a value, and may throw at that.
                [](value left, const value& right) { return value(left.record(), std::max(left.number(), right.number())); },
                {.grain = grain, .run = run});
        },
        false);
}

TEST_CASE("life: a merge that throws ends the fold with its exception, at the place where a plain fold would meet it", "[par][life][R20]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::size_t bad = 1; bad < 20; ++bad) {
            run_report report;
            std::string text;
            try {
                (void)workers.install([&] {
                    return fold_index(
                        20, 1, [](std::size_t i, std::size_t) { return std::vector<std::size_t>{i}; },
                        [&](std::vector<std::size_t> left, const std::vector<std::size_t>& right) {
                            left.insert(left.end(), right.begin(), right.end());
                            if (right.back() >= bad) {
                                throw std::runtime_error("merge up to " + std::to_string(right.back()));
                            }
                            return left;
                        },
                        {.grain = 1, .run = {.report = &report}});
                });
            } catch (const std::runtime_error& error) {
                text = error.what();
            }
            // The first merge, in the order of a plain evaluation, whose last leaf is `bad` or later: an odd leaf merges at once, an even
            // one only with the leaf after it, the last one of 20 (16 to 19) likewise.
            const std::size_t expected = bad % 2 == 1 ? bad : bad + 1;
            INFO("threads " << threads << ", bad from leaf " << bad);
            REQUIRE(text == "merge up to " + std::to_string(expected));
            REQUIRE(report.failed == expected);
        }
    }
}

TEST_CASE("life: a move that throws while values wait for their neighbours leaves the counts of the report right", "[par][life][B14]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const on_error error : {on_error::rethrow, on_error::collect}) {
            test::life_record record;
            bool fired = true;
            for (long n = 1; fired; ++n) {
                record.fail_at(test::life_event::move, n);
                run_report report;
                try {
                    (void)workers.install([&] {
                        return fold_index(
                            13, 1, [&](std::size_t i, std::size_t) { return test::move_only_life(record, i); },
                            [](test::move_only_life left, test::move_only_life right) { return left.number() < right.number() ? std::move(right) : std::move(left); },
                            {.grain = 1, .run = {.error = error, .report = &report}});
                    });
                } catch (const test::life_failure&) {
                } catch (const task_errors&) {
                }
                fired = record.fired();
                INFO("threads " << threads << ", move " << n);
                REQUIRE(report.done <= 13);
                std::size_t before = 0;
                std::size_t listed = 0;
                for (const index_block& block : report.completed) {
                    REQUIRE(before <= block.begin);
                    REQUIRE(block.begin < block.end);
                    REQUIRE(block.end <= 13);
                    before = block.end;
                    listed += block.size();
                }
                REQUIRE((!report.failed || *report.failed < 13));
                REQUIRE(listed <= report.done);  // a leaf that finished, and whose value was lost on the way up, is listed as failed
                REQUIRE(record.balanced());
            }
        }
    }
}

TEST_CASE("life: values that cannot be moved are built where they stay", "[par][life][B15]") {
    for (const std::size_t threads : test::thread_counts) {
        test::life_record record;
        {
            const auto results = pool(threads).install([&] { return map_index(100, [&](std::size_t i) { return test::unmovable_life(record, i); }); });
            for (std::size_t i = 0; i < 100; ++i) {
                REQUIRE(results[i].number() == i);
            }
            REQUIRE(record.alive() == 100);
        }
        REQUIRE(record.balanced());
        REQUIRE(record.count(test::life_event::construct) == 100);
    }
}

TEST_CASE("life: values of 1 MiB, and empty ones, are kept like any other", "[par][life][B15]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        test::life_record record;
        {
            const auto results =
                workers.install([&] { return map_index(6, [&](std::size_t i) { return std::make_unique<test::huge_life>(record, i); }, {.grain = 1}); });
            REQUIRE(results[5]->number() == 5);
        }
        {
            const auto results = workers.install([&] { return map_index(6, [&](std::size_t i) { return test::huge_life(record, i); }, {.grain = 1}); });
            REQUIRE(results[5].number() == 5);
        }
        REQUIRE(record.balanced());
        {
            const auto results = workers.install([&] { return map_index(500, [&](std::size_t) { return test::empty_life(); }); });
            REQUIRE(results.size() == 500);
            REQUIRE(test::empty_life::alive == 500);
        }
        REQUIRE(test::empty_life::alive == 0);
    }
}

TEST_CASE("life: what install returns is moved out or built once", "[par][life][B14]") {
    test::life_record record;
    const pool workers(2);
    {
        const auto value = workers.install([&] { return test::move_only_life(record, 7); });
        REQUIRE(value.number() == 7);
    }
    REQUIRE(record.balanced());
    record.fail_at(test::life_event::move, 1);
    REQUIRE_THROWS_AS(workers.install([&] { return test::move_only_life(record, 7); }), test::life_failure);
    REQUIRE(record.balanced());
}

namespace {

struct arena_is_full {};

/// An allocator of the user's that gives a few blocks only.
template <class T>
struct bounded_allocator {
    using value_type = T;
    std::atomic<int>* left;

    explicit bounded_allocator(std::atomic<int>& blocks) : left(&blocks) {}
    template <class U>
    explicit(false) bounded_allocator(const bounded_allocator<U>& other) : left(other.left) {}

    T* allocate(std::size_t count) {
        if (left->fetch_sub(1) <= 0) {
            throw arena_is_full{};
        }
        return std::allocator<T>().allocate(count);
    }
    void deallocate(T* data, std::size_t count) noexcept { std::allocator<T>().deallocate(data, count); }
    friend bool operator==(const bounded_allocator& a, const bounded_allocator& b) { return a.left == b.left; }
};

} // namespace

TEST_CASE("life: an exception from a user's allocator comes out as it is", "[par][life][R17]") {
    using bounded_vector = std::vector<double, bounded_allocator<double>>;
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<int> blocks{30};
        const auto item = [&](std::size_t i) { return bounded_vector(3, static_cast<double>(i), bounded_allocator<double>(blocks)); };
        run_report report;
        REQUIRE_THROWS_AS(workers.install([&] { return map_index(50, item, {.grain = 1, .run = {.report = &report}}); }), arena_is_full);
        REQUIRE(report.done < 50);
        REQUIRE(report.failed.has_value());
        blocks = 50;
        REQUIRE(workers.install([&] { return map_index(50, item); })[49].back() == 49.0);
    }
}
