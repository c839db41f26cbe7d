// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/life_battery.hpp"
#include "../support/life_tracker.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

using namespace xrayon;

namespace {

bool odd(const auto& value) { return value.number() % 2 == 1; }

} // namespace

// The values of the function are those of its items; after a filter each is moved on, and a move that throws then is no item's.

TEST_CASE("life: what a sequence collects is destroyed once, whatever throws", "[par][sequence][life]") {
    test::run_life_battery([](std::size_t n, const auto& f, auto grain, const auto& run) { return par(iota(n)).map(f).with({.grain = grain, .run = run}).collect(); });
}

TEST_CASE("life: what a sequence collects behind a filter is destroyed once, whatever throws", "[par][sequence][life]") {
    test::run_life_battery(
        [](std::size_t n, const auto& f, auto grain, const auto& run) {
            return par(iota(n)).map(f).filter([](const auto& x) { return odd(x); }).with({.grain = grain, .run = run}).collect();
        },
        false);
}

TEST_CASE("life: both sides of a partition are destroyed once, whatever throws", "[par][sequence][life]") {
    test::run_life_battery(
        [](std::size_t n, const auto& f, auto grain, const auto& run) {
            return par(iota(n)).map(f).with({.grain = grain, .run = run}).partition([](const auto& x) { return odd(x); });
        },
        false);
}

TEST_CASE("life: what is reduced is destroyed once, whatever throws", "[par][sequence][life]") {
    test::run_life_battery(
        [](std::size_t n, const auto& f, auto grain, const auto& run) {
            return std::make_shared<decltype(f(0))>(*par(iota(n)).map(f).with({.grain = grain, .run = run}).reduce_with([](auto a, const auto& b) {
                return decltype(a)(a.record(), a.number() + b.number());
            })) != nullptr;
        },
        false);
}

TEST_CASE("life: what is taken up to a number of items is destroyed once, whatever throws", "[par][sequence][life]") {
    test::run_life_battery(
        [](std::size_t n, const auto& f, auto grain, const auto& run) {
            return par(iota(n)).map(f).filter([](const auto& x) { return !odd(x); }).with({.grain = grain, .run = run}).take_any(6).collect();  // 0, 2 ... 10
        },
        false);
}

TEST_CASE("life: what try_collect has gathered is destroyed once, whatever throws, also when an item fails", "[par][sequence][life]") {
    test::run_life_battery(
        [](std::size_t n, const auto& f, auto grain, const auto& run) {
            using value = decltype(f(0));
            const auto item = [&](std::size_t i) {
                auto made = std::make_unique<value>(f(i));
                return i + 1 < n ? std::make_optional(std::move(made)) : std::nullopt;
            };
            auto none = par(iota(n)).map(item).with({.grain = grain, .run = run}).try_collect();
            return none.has_value();
        },
        false);
}

TEST_CASE("life: what is searched for is destroyed once, whatever throws", "[par][sequence][life]") {
    test::run_life_battery(
        [](std::size_t n, const auto& f, auto grain, const auto& run) {
            const auto last = [](const auto& x) { return x.number() == 10; };
            return par(iota(n)).map([&](std::size_t i) { return std::make_shared<decltype(f(0))>(f(i)); }).with({.grain = grain, .run = run}).find_first([&](const auto& x) { return last(*x); });
        });
}
