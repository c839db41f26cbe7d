// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_LIFE_BATTERY_HPP
#define XRAYON_TESTS_SUPPORT_LIFE_BATTERY_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/run_options.hpp>

#include "catch.hpp"
#include "life_tracker.hpp"

// What every algorithm that keeps values of users must do with them, whatever their type, and whichever of their constructors, copies and
// moves throws: end with that very exception, and destroy what was made exactly once.

namespace xrayon::test {

/// How a value is handed over by the user's function.
enum class handing { built, copied, moved };

namespace life_detail {

/// The user's function: value `i`.
template <class Value>
struct giver {
    life_record& record;
    handing how;

    Value operator()(std::size_t i) const {
        if constexpr (std::is_copy_constructible_v<Value>) {
            if (how == handing::copied) {
                const Value mine(record, i);
                Value copy(mine);
                return copy;
            }
        }
        if constexpr (std::is_move_constructible_v<Value>) {
            if (how == handing::moved) {
                std::optional<Value> mine(std::in_place, record, i);
                return std::move(*mine);
            }
        }
        return Value(record, i);
    }
};

/// One call. What it threw, by the number of the value that did; nothing where it returned.
template <class Call, class Value>
std::optional<std::size_t> failing_number(const pool& workers, const Call& call, std::size_t n, const giver<Value>& give, std::optional<std::size_t> grain,
                                          run_report& report) {
    try {
        workers.install([&] {
            const auto result = call(n, give, grain, run_options{.report = &report});
            static_cast<void>(result);
        });
    } catch (const life_failure& failure) {
        return failure.number;
    }
    return std::nullopt;
}

} // namespace life_detail

/// Runs the checks for values of one type. `call(n, f, grain, run)` runs the algorithm on the values f(0) ... f(n - 1) and returns what
/// keeps them. `by_item`: each value is that of its own item all along, so that the number of one that throws is that of the item.
template <class Value, class Call>
void check_lives(const Call& call, bool by_item) {
    constexpr std::size_t n = 11;
    for (const std::size_t threads : std::array<std::size_t, 3>{1, 2, 5}) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}}) {
            for (const handing how : {handing::built, handing::copied, handing::moved}) {
                life_record record;
                const life_detail::giver<Value> give{record, how};
                run_report report;
                INFO("threads " << threads << ", grain " << (grain ? *grain : 0) << ", handed over " << static_cast<int>(how));
                REQUIRE_FALSE(life_detail::failing_number(workers, call, n, give, grain, report).has_value());
                REQUIRE(record.balanced());
                REQUIRE(record.count(life_event::construct) >= static_cast<long>(n));

                for (const life_event kind : {life_event::construct, life_event::copy, life_event::move}) {
                    bool fired = true;
                    for (long at = 1; fired; ++at) {
                        record.fail_at(kind, at);
                        const auto failed = life_detail::failing_number(workers, call, n, give, grain, report);
                        fired = record.fired();
                        record.fail_never();
                        INFO("event " << static_cast<int>(kind) << " number " << at << " throws");
                        REQUIRE(failed.has_value() == fired);
                        REQUIRE(record.balanced());
                        REQUIRE((!fired || !by_item || report.failed == failed));
                        REQUIRE(at < 1000);
                    }
                    // All from the 4th on: in order, the 4th is the one that is met, if any is.
                    if (by_item && record.count(kind) != 0) {
                        record.fail_from(kind, 4);
                        const auto failed = life_detail::failing_number(workers, call, n, give, grain, report);
                        record.fail_never();
                        REQUIRE((!failed || *failed == 4));
                        REQUIRE(report.failed == failed);
                        REQUIRE(record.balanced());
                    }
                }
                REQUIRE_FALSE(life_detail::failing_number(workers, call, n, give, grain, report).has_value());
                REQUIRE(record.balanced());
            }
        }
    }
}

/// The same for each kind of value that the algorithm takes: movable ones at least.
template <class Call>
void run_life_battery(const Call& call, bool by_item = true) {
    SECTION("of values that can be copied and moved") { check_lives<any_life>(call, by_item); }
    SECTION("of values that can be copied only") { check_lives<copy_only_life>(call, by_item); }
    SECTION("of values that can be moved only") { check_lives<move_only_life>(call, by_item); }
    SECTION("of values aligned to 64 bytes") { check_lives<aligned_life>(call, by_item); }
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_LIFE_BATTERY_HPP
