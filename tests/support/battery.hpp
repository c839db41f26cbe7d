// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_BATTERY_HPP
#define XRAYON_TESTS_SUPPORT_BATTERY_HPP

#include <algorithm>
#include <atomic>
#include <bit>
#include <cfenv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

#if defined(XRAYON_TEST_BLAS)
#include <xrayon/array/blas.hpp>
#endif

#include "battery_subject.hpp"
#include "catch.hpp"
#include "delays.hpp"
#include "fault_battery.hpp"
#include "thread_counts.hpp"

// The operator battery: what every public algorithm that calls a user's function must keep, checked for all of them in one way.
// An algorithm registers once, as a subject, and gets these checks free; so will the next one.

namespace xrayon::test {

/// A type that no library class converts to: only its own catch finds it.
struct battery_failure {
    std::size_t index;
};

namespace battery_detail {

inline std::vector<double> input_of(std::size_t n) {
    std::vector<double> input(n);
    for (std::size_t i = 0; i < n; ++i) {
        input[i] = static_cast<double>(i);
    }
    return input;
}

inline double smooth(double x) { return 1.0 / (1.0 + x) + 1e-3 * x; }

inline bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (std::bit_cast<std::uint64_t>(a[i]) != std::bit_cast<std::uint64_t>(b[i])) {
            return false;
        }
    }
    return true;
}

inline void values(const subject& s) {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100}, std::size_t{1000}}) {
        const std::vector<double> input = input_of(n);
        const std::vector<double> before = input;
        const std::vector<double> expected = s.plain(input, smooth);
        for (const std::size_t threads : thread_counts) {
            const pool workers(threads);
            for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1},
                                                           std::optional<std::size_t>{3}, std::optional<std::size_t>{n + 1}}) {
                for (const bool delayed : {false, true}) {
                    std::optional<random_delays> delays;
                    if (delayed) {
                        delays.emplace(n + threads, n < 50 ? 1 : 16);
                    }
                    std::vector<std::atomic<int>> calls(n);
                    const auto got = workers.install([&] {
                        return s.run(
                            input,
                            [&](double x) {
                                ++calls[static_cast<std::size_t>(x)];
                                return smooth(x);
                            },
                            grain, {});
                    });
                    INFO(s.name << ", n = " << n << ", threads = " << threads << ", grain = " << (grain ? *grain : 0)
                                << (delayed ? ", delayed" : ""));
                    REQUIRE(same_bits(got, expected));
                    REQUIRE(std::all_of(calls.begin(), calls.end(), [](const auto& c) { return c == 1; }));
                    REQUIRE(same_bits(input, before));
                }
            }
        }
    }
}

inline void failures(const subject& s) {
    const std::size_t n = 200;
    const std::vector<double> input = input_of(n);
    for (const std::size_t threads : thread_counts) {
        const pool workers(threads);
        for (const std::size_t lowest : {std::size_t{0}, std::size_t{1}, std::size_t{57}, n - 1}) {
            const random_delays delays(lowest + threads);
            const auto failing = [&](double x) {
                if (static_cast<std::size_t>(x) >= lowest && (static_cast<std::size_t>(x) - lowest) % 3 == 0) {
                    throw battery_failure{static_cast<std::size_t>(x)};
                }
                return smooth(x);
            };
            INFO(s.name << ", lowest failing item " << lowest << ", threads = " << threads);
            std::size_t caught = n;
            run_report report;
            try {
                workers.install([&] { return s.run(input, failing, 1, {.report = &report}); });
            } catch (const battery_failure& failure) {
                caught = failure.index;
            }
            REQUIRE(caught == lowest);
            REQUIRE(report.failed == lowest);
            REQUIRE(report.path == s.name + "[" + std::to_string(lowest) + "]");
            REQUIRE(report.total == n);
            REQUIRE(report.done < n);
            // Everything below the failure has run to its end.
            REQUIRE((lowest == 0 || (!report.completed.empty() && report.completed.front().begin == 0 && report.completed.front().end == lowest)));

            caught = n;
            try {
                workers.install([&] { return s.run(input, failing, {}, {.label = "job", .error = on_error::wrap}); });
            } catch (const task_error& error) {
                caught = error.index();
                CHECK(error.count() == n);
                CHECK(error.path() == "job[" + std::to_string(lowest) + "]");
                CHECK_THROWS_AS(std::rethrow_exception(error.nested_ptr()), battery_failure);
            }
            REQUIRE(caught == lowest);

            std::size_t failed = 0;
            try {
                workers.install([&] { return s.run(input, failing, {}, {.error = on_error::collect}); });
            } catch (const task_errors& errors) {
                failed = errors.errors().size();
                CHECK(errors.index() == lowest);
                CHECK(errors.errors().back().index == lowest + (n - 1 - lowest) / 3 * 3);
            }
            REQUIRE(failed == (n - 1 - lowest) / 3 + 1);
        }
        const std::vector<double> again = workers.install([&] { return s.run(input, smooth, {}, {}); });
        REQUIRE(same_bits(again, s.plain(input, smooth)));  // the pool is usable
    }
}

inline void stops(const subject& s) {
    const std::size_t n = 200;
    const std::vector<double> input = input_of(n);
    for (const std::size_t threads : thread_counts) {
        const pool workers(threads);
        INFO(s.name << ", threads = " << threads);
        {
            std::stop_source stop;
            stop.request_stop();
            std::atomic<int> calls{0};
            std::string text;
            try {
                workers.install([&] { return s.run(input, [&](double x) { ++calls; return x; }, {}, {.stop = stop.get_token()}); });
            } catch (const cancelled& end) {
                text = end.what();
                CHECK(end.reason() == cancel_reason::stop_requested);
                CHECK(end.done() == 0);
                CHECK(end.total() == n);
            }
            REQUIRE(text == s.name + ": stop requested, 0 of 200 done");
            REQUIRE(calls == 0);
        }
        {
            std::stop_source stop;
            std::atomic<std::size_t> finished{0};
            std::size_t done = n + 1;
            try {
                workers.install([&] {
                    return s.run(
                        input,
                        [&](double x) {
                            if (x == 20) {
                                stop.request_stop();
                            }
                            // Nothing above it ends before the stop, so that there is something left to stop.
                            const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
                            while (x > 20 && !stop.stop_requested() && std::chrono::steady_clock::now() < give_up) {
                                std::this_thread::yield();
                            }
                            ++finished;
                            return x;
                        },
                        1, {.stop = stop.get_token()});
                });
            } catch (const cancelled& end) {
                done = end.done();
            }
            REQUIRE(done == finished);
            REQUIRE(done < n);
            REQUIRE(done >= 1);
        }
        {
            bool caught = false;
            try {
                workers.install([&] {
                    return s.run(
                        input,
                        [&](double x) {
                            const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
                            while (std::chrono::steady_clock::now() < until) {
                            }
                            return x;
                        },
                        {}, {.deadline = std::chrono::milliseconds(5)});
                });
            } catch (const cancelled& end) {
                caught = end.reason() == cancel_reason::deadline;
            }
            REQUIRE(caught);
        }
    }
}

inline void nesting(const subject& s) {
    const std::vector<double> input = input_of(40);
    const std::vector<double> expected = s.plain(input, smooth);
    for (const std::size_t threads : thread_counts) {
        const pool workers(threads);
        INFO(s.name << ", threads = " << threads);
        // In itself, and in every item of a loop: the same bits.
        const auto in_itself = workers.install([&] {
            return s.run(
                input, [&](double x) { return same_bits(s.run(input, smooth, {}, {}), expected) ? smooth(x) : -1.0; }, {}, {});
        });
        REQUIRE(same_bits(in_itself, expected));

        // In an outer call that fails: it ends whole or says `cancelled`, never short.
        std::atomic<int> wrong{0};
        for (int round = 0; round < 5; ++round) {
            const random_delays delays(static_cast<std::uint64_t>(round));
            REQUIRE_THROWS_AS(workers.install([&] {
                for_each_index(
                    30,
                    [&](std::size_t i) {
                        if (i == 11) {
                            throw battery_failure{i};
                        }
                        try {
                            if (!same_bits(s.run(input, smooth, {}, {}), expected)) {
                                ++wrong;
                            }
                        } catch (const cancelled& end) {
                            if (end.reason() != cancel_reason::outer_call || i < 11) {
                                ++wrong;
                            }
                            throw;
                        }
                    },
                    {.grain = 1});
            }),
                              battery_failure);
        }
        REQUIRE(wrong == 0);
    }
}

inline void arguments_and_state(const subject& s) {
    const std::vector<double> input = input_of(10);
    std::atomic<int> calls{0};
    const item_function count = [&](double x) { ++calls; return x; };
    for (const std::size_t n : {std::size_t{0}, std::size_t{10}}) {
        REQUIRE_THROWS_WITH(s.run(input_of(n), count, 0, {}), s.name + ": options.grain must be >= 1, got 0");
    }
    REQUIRE(calls == 0);
#if defined(XRAYON_TEST_BLAS)
    // A BLAS that is linked, and set to another number than the guard's.
    const double two = 2;
    double product = 0;
    gemm(1.0, array_view<const double, 2>(&two, {1, 1}), array_view<const double, 2>(&two, {1, 1}), 0.0, array_view<double, 2>(&product, {1, 1}));
    REQUIRE(product == 4.0);
    if (const auto set = xrayon::detail::find_symbol<void (*)(int)>("openblas_set_num_threads")) {
        set(2);
    }
    REQUIRE_FALSE(loaded_blas().empty());
#endif

    const int rounding = std::fegetround();
    const auto blas = loaded_blas();
    const auto unchanged = [&] {
        REQUIRE(std::fegetround() == rounding);
        REQUIRE(current_call() == nullptr);
        const auto now = loaded_blas();
        REQUIRE(now.size() == blas.size());
        for (std::size_t i = 0; i < now.size(); ++i) {
            REQUIRE(now[i].threads == blas[i].threads);
        }
    };
    (void)s.run(input, smooth, {}, {});
    unchanged();
    try {
        (void)s.run(input, [](double) -> double { throw battery_failure{0}; }, {}, {});
    } catch (const battery_failure&) {
    }
    unchanged();
}

} // namespace battery_detail

/// Runs every check of the battery on one algorithm; call it in a test case of its own.
inline void run_battery(const subject& s) {
    SECTION("gives the plain loop's bits at every thread count and grain, calls each item once, leaves its input alone") { battery_detail::values(s); }
    SECTION("ends with the exception of the lowest failing item, by its own type, and leaves the pool usable") { battery_detail::failures(s); }
    SECTION("can be stopped, before and in the middle, and by a deadline") { battery_detail::stops(s); }
    SECTION("nests in itself, and is never cut short without saying so") { battery_detail::nesting(s); }
    SECTION("checks its arguments first and changes nothing around it") { battery_detail::arguments_and_state(s); }
    run_fault_battery(s);
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_BATTERY_HPP
