// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sort.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/life_tracker.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/exec/pool.hpp>

// Rayon's "sort_panic_safe": whatever throws, and whenever a sort is stopped, every value is there, once.

using namespace xrayon;
using test::mix;

namespace {

struct comparison_failed {
    int a;
    int b;
    friend bool operator==(const comparison_failed&, const comparison_failed&) = default;
};

std::vector<int> values_of(std::size_t n) {
    std::vector<int> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        values[i] = static_cast<int>(mix(i + 1) % (n + 1));
    }
    return values;
}

std::vector<int> sorted(std::vector<int> values) {
    std::sort(values.begin(), values.end());
    return values;
}

/// A value that only moves, and does so without throwing.
struct owner {
    std::unique_ptr<int> value;
};

std::vector<owner> owners_of(const std::vector<int>& values) {
    std::vector<owner> owners;
    for (const int value : values) {
        owners.push_back({std::make_unique<int>(value)});
    }
    return owners;
}

/// What the owners have, those that have something.
std::vector<int> numbers(const std::vector<owner>& owners) {
    std::vector<int> out;
    for (const owner& each : owners) {
        if (each.value) {
            out.push_back(*each.value);
        }
    }
    return out;
}

std::vector<int> numbers(const std::vector<int>& values) { return values; }

int number_of(int value) { return value; }
int number_of(const owner& value) { return *value.value; }

std::vector<int> input_like(const std::vector<int>& values, const std::vector<int>&) { return values; }
std::vector<owner> input_like(const std::vector<int>& values, const std::vector<owner>&) { return owners_of(values); }

template <class Value>
std::vector<Value> input_of(const std::vector<int>& values) {
    return input_like(values, std::vector<Value>());
}

/// Asks for a stop before the n-th item of any call.
class stop_at_item final : public item_hook {
public:
    stop_at_item(std::stop_source stop, long at) : stop_(std::move(stop)), left_(at), before_(set_item_hook(this)) {}
    ~stop_at_item() { set_item_hook(before_); }
    stop_at_item(const stop_at_item&) = delete;
    stop_at_item& operator=(const stop_at_item&) = delete;

    void before(const call_frame&) noexcept override {
        if (left_.fetch_sub(1) == 1) {
            stop_.request_stop();
        }
    }
    void after(const call_frame&) noexcept override {}
    [[nodiscard]] bool fired() const noexcept { return left_ <= 0; }

private:
    std::stop_source stop_;
    std::atomic<long> left_;
    item_hook* before_;
};

} // namespace

TEMPLATE_TEST_CASE("par_sort_by: if the n-th comparison throws, for every n, each value is there once", "[par][sort][exceptions]", int,
                   owner) {
    for (const std::size_t n : {2u, 3u, 4u, 7u, 16u, 33u, 90u}) {
        const std::vector<int> input = values_of(n);
        bool fired = true;
        long throws = 0;
        for (long at = 1; fired; ++at) {
            std::vector<TestType> values = input_of<TestType>(input);
            long left = at;
            fired = false;
            try {
                par_sort_by(values, [&](const TestType& a, const TestType& b) {
                    if (--left == 0) {
                        throw comparison_failed{};
                    }
                    return number_of(a) < number_of(b);
                });
            } catch (const comparison_failed&) {
                fired = true;
                ++throws;
            }
            INFO("n = " << n << ", comparison " << at);
            REQUIRE(sorted(numbers(values)) == sorted(input));
            REQUIRE((fired || std::is_sorted(values.begin(), values.end(), [](const TestType& a, const TestType& b) {
                         return number_of(a) < number_of(b);
                     })));
        }
        REQUIRE(throws >= static_cast<long>(n) - 1);
    }
}

TEMPLATE_TEST_CASE("par_sort_by: a comparison that throws in a large sort leaves each value there once, at every thread count",
                   "[par][sort][exceptions]", int, owner) {
    const std::vector<int> input = values_of(3000);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        bool fired = true;
        for (long at = 1; fired; at += std::min(at / 3 + 1, 900L)) {
            std::vector<TestType> values = input_of<TestType>(input);
            std::atomic<long> left{at};
            fired = false;
            try {
                workers.install([&] {
                    par_sort_by(values, [&](const TestType& a, const TestType& b) {
                        if (left.fetch_sub(1) == 1) {
                            throw comparison_failed{};
                        }
                        return number_of(a) < number_of(b);
                    });
                });
            } catch (const comparison_failed&) {
                fired = true;
            }
            INFO("threads " << threads << ", comparison " << at);
            REQUIRE(fired == (left <= 0));
            REQUIRE(sorted(numbers(values)) == sorted(input));
        }
    }
}

TEMPLATE_TEST_CASE("par_sort_by: which exception comes out is the same at every thread count and grain", "[par][sort][exceptions][law]",
                   int, owner) {
    for (const std::size_t n : {50u, 3000u, 20'000u}) {
        const std::vector<int> input = values_of(n);
        std::size_t thrown = 0;
        for (const int every : {3, 50, 1000, 20'000, 400'000}) {
            const auto less = [every](const TestType& x, const TestType& y) {
                const int a = number_of(x), b = number_of(y);
                if (mix(static_cast<std::uint64_t>(a) * 1'000'003u + static_cast<std::uint64_t>(b)) % static_cast<unsigned>(every) == 0) {
                    throw comparison_failed{a, b};
                }
                return a < b;
            };
            std::optional<std::optional<comparison_failed>> first_failure;
            for (const std::size_t threads : test::thread_counts) {
                const pool workers(threads);
                for (const std::optional<std::size_t> grain :
                     {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{5}}) {
                    const test::random_delays delays(threads, 4);
                    std::vector<TestType> values = input_of<TestType>(input);
                    std::optional<comparison_failed> failure;
                    try {
                        workers.install([&] { par_sort_by(values, less, {.grain = grain}); });
                    } catch (const comparison_failed& each) {
                        failure = each;
                        ++thrown;
                    }
                    INFO("n = " << n << ", threads " << threads << ", one pair in " << every);
                    first_failure = first_failure ? first_failure : failure;
                    REQUIRE((*first_failure == failure));
                    REQUIRE(sorted(numbers(values)) == sorted(input));
                }
            }
        }
        REQUIRE(thrown > 0);
    }
}

TEMPLATE_TEST_CASE("par_sort_by: if the n-th move throws, for every n, each value is there once and none is lost or leaks",
                   "[par][sort][exceptions][life]", test::any_life, test::copy_only_life, test::move_only_life, test::aligned_life) {
    for (const std::size_t n : {2u, 5u, 24u}) {
        for (const test::life_event event : {test::life_event::move, test::life_event::copy}) {
            bool fired = true;
            for (long at = 1; fired; ++at) {
                test::life_record record;
                {
                    std::vector<TestType> values;
                    values.reserve(n);
                    for (std::size_t i = 0; i < n; ++i) {
                        values.emplace_back(record, static_cast<std::size_t>(mix(i + 1) % 1000));
                    }
                    std::vector<std::size_t> before;
                    for (const TestType& each : values) {
                        before.push_back(each.number());
                    }
                    const auto less = [](const TestType& a, const TestType& b) { return a.number() < b.number(); };
                    record.fail_at(event, at);
                    try {
                        par_sort_by(values, less);
                    } catch (const test::life_failure&) {}
                    fired = record.fired();
                    record.fail_never();
                    INFO("n = " << n << ", move " << at);
                    std::vector<std::size_t> after;
                    for (const TestType& each : values) {
                        after.push_back(each.number());
                    }
                    REQUIRE((fired || std::is_sorted(after.begin(), after.end())));
                    std::sort(before.begin(), before.end());
                    std::sort(after.begin(), after.end());
                    REQUIRE(after == before);
                    REQUIRE(record.alive() == static_cast<long>(n));
                }
                REQUIRE(record.balanced());
            }
        }
    }
}

TEST_CASE("par_sort_by_cached_key: if a key throws, the lowest one's exception comes out and the range is as it was",
          "[par][sort][exceptions]") {
    const std::vector<int> input = values_of(5000);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const test::random_delays delays(threads, 16);
        std::vector<owner> values = owners_of(input);
        const auto key = [](const owner& x) {
            if (*x.value % 100 == 7) {
                throw comparison_failed{*x.value, 0};
            }
            return *x.value;
        };
        const int lowest = *std::find_if(input.begin(), input.end(), [](int x) { return x % 100 == 7; });
        std::optional<comparison_failed> failure;
        try {
            workers.install([&] { par_sort_by_cached_key(values, key); });
        } catch (const comparison_failed& each) {
            failure = each;
        }
        REQUIRE((failure == comparison_failed{lowest, 0}));
        REQUIRE(numbers(values) == input);
    }
}

TEST_CASE("par_sort: stopped before any item of any of its steps, it leaves each value there once", "[par][sort][exceptions]") {
    const auto sweep = [](std::size_t n, const auto& sort, const auto& make, const auto& read) {
        for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
            const pool workers(threads);
            const std::vector<int> input = values_of(n);
            bool stopped = true;
            long stops = 0;
            for (long at = 1; stopped; at += 1 + at / 12) {
                auto values = make(input);
                std::stop_source stop;
                bool fired = false;
                {
                    const stop_at_item hook(stop, at);
                    try {
                        workers.install([&] { sort(values, loop_options{.grain = 1, .run = {.stop = stop.get_token()}}); });
                    } catch (const cancelled& end) {
                        CHECK(end.reason() == cancel_reason::stop_requested);
                        ++stops;
                    }
                    fired = hook.fired();
                }
                stopped = fired;
                INFO("n = " << n << ", threads " << threads << ", item " << at);
                REQUIRE(sorted(read(values)) == sorted(input));
            }
            REQUIRE(stops > 10);
        }
    };
    const auto as_numbers = [](const auto& values) { return numbers(values); };
    const auto doubles = [](const std::vector<int>& input) { return std::vector<double>(input.begin(), input.end()); };
    const auto as_ints = [](const std::vector<double>& values) {
        std::vector<int> out;
        for (const double x : values) {
            out.push_back(static_cast<int>(x));
        }
        return out;
    };
    sweep(
        33'000, [](auto& x, const loop_options& options) { par_sort(x, options); }, doubles, as_ints);
    sweep(
        3000,
        [](auto& x, const loop_options& options) {
            par_sort_by(
                x, [](int a, int b) { return a < b; }, options);
        },
        [](const std::vector<int>& input) { return input; }, as_numbers);
    sweep(
        5000,
        [](auto& x, const loop_options& options) {
            par_sort_by(
                x, [](const owner& a, const owner& b) { return *a.value < *b.value; }, options);
        },
        owners_of, as_numbers);
    sweep(
        5000,
        [](auto& x, const loop_options& options) {
            par_sort_by_cached_key(
                x, [](const owner& a) { return std::to_string(*a.value); }, options);
        },
        owners_of, as_numbers);
    // Descending ones, which are turned round.
    const auto descending = [](const std::vector<int>& input) {
        std::vector<int> values = sorted(input);
        std::reverse(values.begin(), values.end());
        return values;
    };
    sweep(
        5000,
        [](auto& x, const loop_options& options) {
            par_sort_by(
                x, [](int a, int b) { return a < b; }, options);
        },
        descending, as_numbers);
}

TEST_CASE("par_sort: a stop or a deadline that has come before it begins leaves the range as it is", "[par][sort][exceptions]") {
    std::vector<int> values{3, 1, 2};
    std::stop_source stop;
    stop.request_stop();
    REQUIRE_THROWS_WITH(par_sort(values, {.run = {.stop = stop.get_token()}}), "par_sort: stop requested, 0 of 1 done");
    REQUIRE(values == std::vector<int>{3, 1, 2});
    std::vector<int> many = values_of(100'000);
    REQUIRE_THROWS_AS(par_sort_by(many, [](int a, int b) { return a < b; }, {.run = {.deadline = std::chrono::nanoseconds(1)}}), cancelled);
    REQUIRE(sorted(many) == sorted(values_of(100'000)));
}

TEST_CASE("par_sort: what reports, labels and wrapped errors say of it", "[par][sort][exceptions]") {
    std::vector<int> values = values_of(5000);
    const auto failing = [](int, int) -> bool { throw comparison_failed{}; };
    run_report report;
    REQUIRE_THROWS_AS(par_sort_by(values, failing, {.run = {.report = &report}}), comparison_failed);
    CHECK(report.total == 1);
    CHECK(report.done == 0);
    CHECK(report.path == "par_sort_by[0]");
    REQUIRE_THROWS_WITH(par_sort_by(values, failing, {.run = {.label = "ranking", .error = on_error::wrap}}),
                        "ranking: item 0 of 1 failed: non-std exception");
    REQUIRE_THROWS_AS(par_sort_by(values, failing, {.run = {.error = on_error::collect}}), task_errors);
    par_sort(values, {.run = {.report = &report}});
    CHECK(report.done == 1);
    CHECK(std::is_sorted(values.begin(), values.end()));
    par_sort(std::span<int>(), {.run = {.report = &report}});
    CHECK(report.total == 0);
}

TEST_CASE("sorts: say which argument is wrong", "[par][sort][errors]") {
    std::vector<int> x{2, 1};
    const auto less = [](int a, int b) { return a < b; };
    const auto key = [](int a) { return a; };
    const loop_options bad{.grain = 0};
    REQUIRE_THROWS_WITH(par_sort(x, bad), "par_sort: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_sort_by(x, less, bad), "par_sort_by: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_sort_by_key(x, key, bad), "par_sort_by_key: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_sort_by_cached_key(x, key, bad), "par_sort_by_cached_key: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_sort_unstable(x, bad), "par_sort_unstable: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_sort_unstable_by(x, less, bad), "par_sort_unstable_by: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_sort_unstable_by_key(x, key, bad), "par_sort_unstable_by_key: options.grain must be >= 1, got 0");
    REQUIRE(x == std::vector<int>{2, 1});
}

TEST_CASE("par_sort: inside an item of a call that fails it ends whole or says cancelled", "[par][sort][exceptions]") {
    const std::vector<int> input = values_of(4000);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const test::random_delays delays(threads);
        std::atomic<int> wrong{0};
        REQUIRE_THROWS_AS(workers.install([&] {
            for_each_index(12,
                           [&](std::size_t i) {
                               if (i == 5) {
                                   throw comparison_failed{};
                               }
                               std::vector<int> values = input;
                               try {
                                   par_sort_by(values, [](int a, int b) { return a < b; });
                                   wrong += values != sorted(input);
                               } catch (const cancelled& end) {
                                   wrong += end.reason() != cancel_reason::outer_call || i < 5 || sorted(values) != sorted(input);
                                   throw;
                               }
                           },
                           {.grain = 1});
        }),
                          comparison_failed);
        REQUIRE(wrong == 0);
    }
}
