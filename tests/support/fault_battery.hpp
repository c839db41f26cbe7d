// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_FAULT_BATTERY_HPP
#define XRAYON_TESTS_SUPPORT_FAULT_BATTERY_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <locale>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>

#include <xrayon/core/error.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

#include "battery_subject.hpp"
#include "catch.hpp"
#include "thread_counts.hpp"

// The part of the operator battery that is about faults: odd exceptions, odd arguments, odd surroundings. Row numbers are those of
// docs/design/faults.md. Every check ends with a good call on the same pool.

/// Tags of a test case that runs the battery: the rows of docs/design/faults.md that it covers.
#define XRAYON_BATTERY_ROWS "[B6][B8][B9][B10][B11][B12][B21][B22][B23][B24][B25][B26][B27][B28][B40][B43]"

namespace xrayon::test {

namespace fault_battery_detail {

struct copy_throws {
    int value = 11;
    copy_throws() = default;
    copy_throws(const copy_throws& other) : value(other.value) { throw std::logic_error("copied"); }
};
struct silent : std::exception {
    const char* what() const noexcept override { return nullptr; }
};
struct battery_number {
    double value;
};
struct not_standard {
    std::string text;
};

inline std::vector<double> counted_up(std::size_t n) {
    std::vector<double> input(n);
    for (std::size_t i = 0; i < n; ++i) {
        input[i] = static_cast<double>(i);
    }
    return input;
}
inline double half(double x) { return 0.5 * x; }

/// How an exception of this type is caught. A pointer by value: what clang makes of a reference to one reads past an exception that was
/// rethrown from a std::exception_ptr.
template <class Error>
using as_caught = std::conditional_t<std::is_pointer_v<Error>, Error, const Error&>;

/// What the call ends with, caught by its own type; REQUIREs that it is thrown.
template <class Error, class Call>
void ends_with(const Call& call, const std::function<void(const Error&)>& look) {
    bool caught = false;
    try {
        call();
    } catch (as_caught<Error> error) {
        caught = true;
        look(error);
    }
    REQUIRE(caught);
}

/// B9 to B12: the object that was thrown comes out, in every policy, and `text` is what the wrapping error says of it.
template <class Error, class Raise>
void odd_exception(const subject& s, const pool& workers, const Raise& raise, const std::string& text,
                   const std::function<bool(const Error&)>& is_it) {
    const std::size_t n = 100;
    const std::vector<double> input = counted_up(n);
    const auto failing = [&](double x) {
        if (x >= 40) {
            raise();
        }
        return half(x);
    };
    const auto run = [&](on_error error) {
        return [&, error] { workers.install([&] { return s.run(input, failing, {}, {.error = error}); }); };
    };
    const auto is_nested = [&](const std::exception_ptr& nested) {
        try {
            std::rethrow_exception(nested);
        } catch (as_caught<Error> error) {
            return is_it(error);
        } catch (...) {
        }
        return false;
    };
    ends_with<Error>(run(on_error::rethrow), [&](const Error& error) { REQUIRE(is_it(error)); });
    ends_with<task_error>(run(on_error::wrap), [&](const task_error& error) {
        REQUIRE(std::string(error.what()) == s.name + ": item 40 of 100 failed: " + text);
        REQUIRE(error.index() == 40);
        REQUIRE(is_nested(error.nested_ptr()));
    });
    ends_with<task_errors>(run(on_error::collect), [&](const task_errors& error) {
        REQUIRE(std::string(error.what()) == s.name + ": 60 of 100 items failed, item 40 first: " + text);
        REQUIRE(error.errors().size() == 60);
        for (std::size_t k = 0; k < 60; ++k) {
            REQUIRE(error.errors()[k].index == 40 + k);
            REQUIRE(is_nested(error.errors()[k].error));
        }
    });
    REQUIRE(workers.install([&] { return s.run(input, half, {}, {}); }) == s.plain(input, half));
}

inline void odd_exceptions(const subject& s) {
    for (const std::size_t threads : thread_counts) {
        INFO(s.name << ", threads = " << threads);
        const pool workers(threads);
        static const char words[] = "words";
        odd_exception<std::runtime_error>(s, workers, [] { throw std::runtime_error("why"); }, "why",
                                          [](const auto& e) { return std::string(e.what()) == "why"; });
        odd_exception<int>(s, workers, [] { throw 7; }, "non-std exception", [](int e) { return e == 7; });
        odd_exception<const char*>(s, workers, [] { throw static_cast<const char*>(words); }, "non-std exception",
                                   [](const char* e) { return e == words; });
        odd_exception<not_standard>(s, workers, [] { throw not_standard{"own"}; }, "non-std exception",
                                    [](const auto& e) { return e.text == "own"; });
        odd_exception<std::bad_alloc>(s, workers, [] { throw std::bad_alloc(); }, std::bad_alloc().what(), [](const auto&) { return true; });
        odd_exception<copy_throws>(s, workers, [] { throw copy_throws(); }, "non-std exception", [](const auto& e) { return e.value == 11; });
        odd_exception<silent>(s, workers, [] { throw silent(); }, "(no text)", [](const auto& e) { return e.what() == nullptr; });
    }
}

/// B8: every item throws. The first one's own exception, or all of them in order.
inline void all_items_fail(const subject& s) {
    const std::size_t n = 150;
    const std::vector<double> input = counted_up(n);
    const auto failing = [](double x) -> double { throw battery_number{x}; };
    for (const std::size_t threads : thread_counts) {
        INFO(s.name << ", threads = " << threads);
        const pool workers(threads);
        const auto run = [&](on_error error) {
            return [&, error] { workers.install([&] { return s.run(input, failing, {}, {.error = error}); }); };
        };
        ends_with<battery_number>(run(on_error::rethrow), [](const battery_number& number) { REQUIRE(number.value == 0.0); });
        ends_with<task_error>(run(on_error::wrap), [](const task_error& error) { REQUIRE(error.index() == 0); });
        ends_with<task_errors>(run(on_error::collect), [&](const task_errors& error) {
            REQUIRE(error.errors().size() == n);
            for (std::size_t i = 0; i < n; ++i) {
                REQUIRE(error.errors()[i].index == i);
                try {
                    std::rethrow_exception(error.errors()[i].error);
                } catch (const battery_number& number) {
                    REQUIRE(number.value == static_cast<double>(i));
                }
            }
        });
        REQUIRE(workers.install([&] { return s.run(input, half, {}, {}); }) == s.plain(input, half));
    }
}

/// B28: a grain beyond the number of items, up to the largest, is one claim.
inline void large_grains(const subject& s) {
    const std::vector<double> input = counted_up(50);
    for (const std::size_t threads : thread_counts) {
        INFO(s.name << ", threads = " << threads);
        const pool workers(threads);
        for (const std::size_t grain : {std::size_t{51}, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX}) {
            REQUIRE(workers.install([&] { return s.run(input, half, grain, {}); }) == s.plain(input, half));
        }
    }
}

/// B22: a mutex held across a nested call of the same operation. A thread that waited there and took up another item would lock twice.
inline void locks(const subject& s) {
    const std::vector<double> input = counted_up(40);
    const std::vector<double> inner = counted_up(12);
    const std::vector<double> expected = s.plain(inner, half);
    for (const std::size_t threads : thread_counts) {
        INFO(s.name << ", threads = " << threads);
        const pool workers(threads);
        std::mutex mutex;
        std::atomic<int> wrong{0};
        const auto got = workers.install([&] {
            return s.run(
                input,
                [&](double x) {
                    const std::lock_guard lock(mutex);
                    wrong += s.run(inner, half, 1, {}) != expected;
                    return half(x);
                },
                1, {});
        });
        REQUIRE(got == s.plain(input, half));
        REQUIRE(wrong == 0);
    }
    // What a thread that waits would do wrong, without a lock to hang on: an item finds the thread's own scratch in use. It takes helpers
    // of the outer call that have not begun when an inner one has a long tail, so there are many short outer calls.
    static thread_local bool in_use = false;
    const pool workers(8);
    std::atomic<int> entered_twice{0};
    const auto wait_for = [](std::chrono::microseconds time) {
        const auto until = std::chrono::steady_clock::now() + time;
        do {
            std::this_thread::yield();
        } while (std::chrono::steady_clock::now() < until);
    };
    for (int round = 0; round < 40; ++round) {
        (void)workers.install([&] {
            return s.run(
                std::vector<double>(24),
                [&](double) {
                    entered_twice += in_use;
                    in_use = true;
                    (void)s.run(
                        counted_up(6),
                        [&](double x) {
                            wait_for(std::chrono::microseconds(6 + static_cast<int>(20 * x)));
                            return x;
                        },
                        1, {});
                    in_use = false;
                    return 0.0;
                },
                1, {});
        });
    }
    REQUIRE(entered_twice == 0);
}

/// B23, B24: items that never end by themselves, but ask whether their call is over. Each then ends in `cancelled`, which is no result.
inline void deadlines(const subject& s) {
    const std::vector<double> input = counted_up(20);
    for (const std::size_t threads : thread_counts) {
        INFO(s.name << ", threads = " << threads);
        const pool workers(threads);
        std::atomic<std::size_t> ended{0};
        std::atomic<std::size_t> waiting{0};
        std::string text;
        run_report report;
        try {
            workers.install([&] {
                return s.run(
                    input,
                    [&](double x) {
                        if (x < 5) {
                            ++ended;
                            return x;
                        }
                        // A barrier of more parties than there are threads: nobody else will come.
                        ++waiting;
                        while (waiting <= threads) {
                            for_each_index(1, [](std::size_t) {});  // throws `cancelled` once the deadline has passed
                        }
                        return x;
                    },
                    1, {.deadline = std::chrono::milliseconds(60), .report = &report});
            });
        } catch (const cancelled& end) {
            text = end.what();
            CHECK(end.reason() == cancel_reason::deadline);
            CHECK(end.done() == ended);
            CHECK(end.total() == 20);
        }
        REQUIRE(text == s.name + ": deadline passed, " + std::to_string(ended) + " of 20 done");
        REQUIRE(report.done == ended);
        REQUIRE(waiting <= threads);
        REQUIRE(workers.install([&] { return s.run(input, half, {}, {}); }) == s.plain(input, half));
    }
}

/// B40: inside a oneTBB group of the program's own that is being cancelled, the result is whole.
inline void foreign_cancellation(const subject& s) {
    namespace tbb = oneapi::tbb;
    const std::vector<double> input = counted_up(60);
    const std::vector<double> expected = s.plain(input, half);
    std::atomic<int> shorter{0};
    for (int round = 0; round < 10; ++round) {
        tbb::task_group_context context;
        tbb::parallel_for(
            0, 16,
            [&](int i) {
                if (i == 3) {
                    context.cancel_group_execution();
                }
                // On the global pool, and on the threads of the arena that the group itself runs in.
                const auto run = [&] { return s.run(input, half, 1, {}); };
                shorter += (i % 2 == 0 ? run() : pool::attach_current_arena().install(run)) != expected;
            },
            tbb::simple_partitioner{}, context);
    }
    REQUIRE(shorter == 0);
}

/// B43: a global locale with a decimal comma and grouped digits. The C side needs one that is installed; a facet always works for C++.
inline void locales(const subject& s) {
    struct comma : std::numpunct<char> {
        char do_decimal_point() const override { return ','; }
        char do_thousands_sep() const override { return '.'; }
        std::string do_grouping() const override { return "\3"; }
    };
    struct global_locale {
        std::locale before = std::locale::global(std::locale(std::locale::classic(), new comma));
        ~global_locale() { std::locale::global(before); }
    };
    const std::size_t n = 4321;
    const std::vector<double> input = counted_up(n);
    const auto failing = [](double x) { return x == 1234 ? throw std::runtime_error("x") : half(x); };
    const std::vector<double> expected = s.plain(input, half);
    for (const std::size_t threads : thread_counts) {
        INFO(s.name << ", threads = " << threads);
        const pool workers(threads);
        const global_locale german;
        std::string text;
        std::string path;
        try {
            workers.install([&] { return s.run(input, failing, {}, {.error = on_error::wrap}); });
        } catch (const task_error& error) {
            text = error.what();
            path = error.path();
        }
        REQUIRE(text == s.name + ": item 1234 of 4321 failed: x");
        REQUIRE(path == s.name + "[1234]");
        REQUIRE(workers.install([&] { return s.run(input, half, {}, {}); }) == expected);
    }
}

} // namespace fault_battery_detail

/// The fault checks of the battery; battery.hpp runs them with the others.
inline void run_fault_battery(const subject& s) {
    SECTION("B6, B9 to B12: exceptions of any kind come out as the object that was thrown") { fault_battery_detail::odd_exceptions(s); }
    SECTION("B8: when every item throws, the first one's exception comes out, or all in order") { fault_battery_detail::all_items_fail(s); }
    SECTION("B22: a lock held across a nested call does not hang") { fault_battery_detail::locks(s); }
    SECTION("B23, B24: a deadline ends items that would wait for ever") { fault_battery_detail::deadlines(s); }
    SECTION("B28: any grain above the number of items is one claim") { fault_battery_detail::large_grains(s); }
    SECTION("B40: a foreign group that is cancelled leaves nothing undone") { fault_battery_detail::foreign_cancellation(s); }
    SECTION("B43: the locale of the program changes no text and no value") { fault_battery_detail::locales(s); }
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_FAULT_BATTERY_HPP
