// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/scan.hpp>

#include "../support/catch.hpp"
#include "../support/life_tracker.hpp"
#include "../support/sequences.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using test::mix;

namespace {

constexpr std::array<std::size_t, 12> sizes{0, 1, 2, 3, 100, 1023, 1024, 1025, 2048, 2049, 10'000, 40'001};

std::vector<double> fractions(std::size_t n) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        values[i] = static_cast<double>(mix(i + 1) >> 11) * 0x1p-53 - 0.25;
    }
    return values;
}

/// The definition at the head of par/scan.hpp, written down apart from it: what goes into each leaf of 1,024, then along it. With a start.
template <class T, class Op>
std::vector<T> defined_scan(const std::vector<T>& x, std::optional<T> start, const Op& op, bool inclusive) {
    std::vector<T> out;
    std::optional<T> into = start;
    for (std::size_t leaf = 0; leaf < x.size(); leaf += 1024) {
        const std::size_t end = std::min(x.size(), leaf + 1024);
        std::optional<T> running = into;
        T total = x[leaf];
        for (std::size_t i = leaf; i < end; ++i) {
            if (!inclusive) {
                out.push_back(*running);
            }
            running = running ? op(*running, x[i]) : x[i];
            if (inclusive) {
                out.push_back(*running);
            }
            if (i != leaf) {
                total = op(total, x[i]);
            }
        }
        into = into ? op(*into, total) : total;
    }
    return out;
}

std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
    std::vector<std::uint64_t> bits;
    for (const double x : values) {
        bits.push_back(std::bit_cast<std::uint64_t>(x));
    }
    return bits;
}

struct failed_at {
    long total;
    friend bool operator==(const failed_at&, const failed_at&) = default;
};

} // namespace

TEST_CASE("scan: of integers what std::inclusive_scan and std::exclusive_scan give, at every thread count and grain", "[par][scan][law]") {
    for (const std::size_t n : sizes) {
        const std::vector<int> x = test::numbers(n);
        std::vector<long> inclusive(n);
        std::vector<long> exclusive(n);
        std::inclusive_scan(x.begin(), x.end(), inclusive.begin(), std::plus<long>{}, 7L);
        std::exclusive_scan(x.begin(), x.end(), exclusive.begin(), 7L, std::plus<long>{});
        INFO("n = " << n);
        test::require_everywhere(inclusive, [&](const loop_options& options) { return scan(x, 7L, std::plus<>{}, options).to_vector(); });
        test::require_everywhere(exclusive,
                                 [&](const loop_options& options) { return scan_exclusive(x, 7L, std::plus<>{}, options).to_vector(); });
        test::require_everywhere(inclusive, [&](const loop_options& options) {
            std::vector<long> out(n, -1);
            scan_into(x, out, 7L, std::plus<>{}, options);
            return out;
        });
        test::require_everywhere(exclusive, [&](const loop_options& options) {
            std::vector<long> out(n, -1);
            scan_exclusive_into(x, std::span(out), 7L, std::plus<>{}, options);
            return out;
        });
        std::vector<int> running(n);
        std::inclusive_scan(x.begin(), x.end(), running.begin());
        std::vector<int> before(n);
        std::exclusive_scan(x.begin(), x.end(), before.begin(), 3);
        test::require_everywhere(running, [&](const loop_options& options) {
            std::vector<int> y = x;
            par_scan(y, std::plus<>{}, options);
            return y;
        });
        test::require_everywhere(before, [&](const loop_options& options) {
            std::vector<int> y = x;
            par_scan_exclusive(y, 3, std::plus<>{}, options);
            return y;
        });
        test::require_everywhere(inclusive, [&](const loop_options& options) {  // out is the range itself
            std::vector<long> y(x.begin(), x.end());
            scan_into(y, y, 7L, std::plus<>{}, options);
            return y;
        });
        test::require_everywhere(exclusive, [&](const loop_options& options) {
            std::vector<long> y(x.begin(), x.end());
            scan_exclusive_into(y, y, 7L, std::plus<>{}, options);
            return y;
        });
    }
}

TEST_CASE("scan: of floating point the bits of its definition, and up to 1,024 elements those of std::inclusive_scan", "[par][scan][law]") {
    for (const std::size_t n : sizes) {
        const std::vector<double> x = fractions(n);
        const std::plus<> op;
        INFO("n = " << n);
        test::require_everywhere(bits_of(defined_scan<double>(x, 0.5, op, true)),
                                 [&](const loop_options& options) { return bits_of(scan(x, 0.5, op, options).to_vector()); });
        test::require_everywhere(bits_of(defined_scan<double>(x, 0.5, op, false)),
                                 [&](const loop_options& options) { return bits_of(scan_exclusive(x, 0.5, op, options).to_vector()); });
        test::require_everywhere(bits_of(defined_scan<double>(x, std::nullopt, op, true)), [&](const loop_options& options) {
            std::vector<double> y = x;
            par_scan(y, op, options);
            return bits_of(y);
        });
        if (n <= 1024) {
            std::vector<double> plain(n);
            std::inclusive_scan(x.begin(), x.end(), plain.begin());
            std::vector<double> y = x;
            par_scan(y, op);
            REQUIRE(bits_of(y) == bits_of(plain));
        }
    }
}

TEST_CASE("scan: of more than a million elements, which go in several parts", "[par][scan][law]") {
    const std::size_t n = 3 * (std::size_t{1} << 20) + 5;
    const std::vector<double> x = fractions(n);
    const std::plus<> op;
    const auto inclusive = bits_of(defined_scan<double>(x, 0.5, op, true));
    const auto exclusive = bits_of(defined_scan<double>(x, 0.5, op, false));
    const auto in_place = bits_of(defined_scan<double>(x, std::nullopt, op, true));
    for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
        const pool workers(threads);
        std::vector<double> y = x;
        workers.install([&] { par_scan(y, op); });
        REQUIRE(bits_of(y) == in_place);
        REQUIRE(bits_of(workers.install([&] { return scan(x, 0.5, op); }).to_vector()) == inclusive);
        REQUIRE(bits_of(workers.install([&] { return scan_exclusive(x, 0.5, op); }).to_vector()) == exclusive);
    }
}

TEST_CASE("scan: of an operation that does not commute, elements stay in order", "[par][scan]") {
    std::vector<std::string> words(2500);
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = static_cast<char>('a' + mix(i) % 26);
    }
    const auto join = [](const std::string& a, const std::string& b) {
        return a.size() + b.size() <= 40 ? a + b : (a + b).substr(a.size() + b.size() - 40);
    };
    std::vector<std::string> expected(words.size());
    std::inclusive_scan(words.begin(), words.end(), expected.begin(), join);  // the last 40 letters of all so far: associative
    test::require_everywhere(expected, [&](const loop_options& options) { return scan(words, std::string(), join, options).to_vector(); });
    test::require_everywhere(expected, [&](const loop_options& options) {
        auto y = words;
        par_scan(y, join, options);
        return y;
    });
}

TEST_CASE("scan: results have the type of the operation, and computed ranges are read", "[par][scan]") {
    const std::vector<double> halves(3, 0.5);
    const auto totals = scan(halves, 0, std::plus<>{});
    static_assert(std::same_as<decltype(totals)::value_type, double>);
    REQUIRE(totals[2] == 1.5);
    const auto squares = std::views::iota(1, 2001) | std::views::transform([](int i) { return i * i; });
    REQUIRE(scan(squares, 0L, std::plus<>{})[1999] == 2000L * 2001 * 4001 / 6);
    REQUIRE(scan(std::vector<int>{3, 1, 4, 1, 5}, 0, [](int a, int b) { return std::max(a, b); }).to_vector()
            == std::vector<int>{3, 3, 4, 4, 5});
}

TEST_CASE("scan: the exception is the same at every thread count and grain", "[par][scan][law][exceptions]") {
    const std::vector<int> x = test::numbers(20'000);
    const auto checked = [](long a, long b) {
        if (a + b > 200'000 && (a + b) % 3 == 0) {
            throw failed_at{a + b};
        }
        return a + b;
    };
    std::optional<failed_at> first;
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}}) {
            const test::random_delays delays(threads, 4);
            for (const bool in_place : {false, true}) {
                std::optional<failed_at> failure;
                try {
                    workers.install([&] {
                        if (in_place) {
                            std::vector<long> y(x.begin(), x.end());
                            scan_into(y, y, 0L, checked, {.grain = grain});
                        } else {
                            static_cast<void>(scan(x, 0L, checked, {.grain = grain}));
                        }
                    });
                } catch (const failed_at& each) {
                    failure = each;
                }
                REQUIRE(failure.has_value());
                first = first ? first : failure;
                REQUIRE((failure == first));
            }
        }
    }
}

TEST_CASE("scan: if any construction, copy or move throws, all that was made is destroyed, once", "[par][scan][exceptions][life]") {
    const std::size_t n = 2060;
    for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
        const pool workers(threads);
        for (const test::life_event event : {test::life_event::construct, test::life_event::copy, test::life_event::move}) {
            bool fired = true;
            long throws = 0;
            for (long at = 1; fired; at += 1 + at / 5) {
                test::life_record record;
                {
                    std::vector<test::any_life> x;
                    x.reserve(n);
                    for (std::size_t i = 0; i < n; ++i) {
                        x.emplace_back(record, i % 3);
                    }
                    const test::any_life zero(record, 0);
                    const auto add = [&record](const test::any_life& a, const test::any_life& b) {
                        return test::any_life(record, a.number() + b.number());
                    };
                    record.fail_at(event, at);
                    try {
                        const auto out = workers.install([&] { return scan(x, zero, add); });
                        record.fail_never();
                        REQUIRE(out[n - 1].number() == 2059);
                    } catch (const test::life_failure&) {
                        ++throws;
                    }
                    fired = record.fired();
                    record.fail_never();
                    INFO("threads " << threads << ", event " << static_cast<int>(event) << ", number " << at);
                    REQUIRE(record.alive() == static_cast<long>(n) + 1);
                }
                REQUIRE(record.balanced());
            }
            REQUIRE(throws > 5);
        }
    }
}

TEST_CASE("scan: stops, deadlines and what is wrong with an argument", "[par][scan][errors]") {
    std::vector<int> x{1, 2, 3};
    std::vector<int> out(2);
    const std::plus<> op;
    REQUIRE_THROWS_WITH(scan_into(x, out, 0, op), "scan_into: out must have as many elements as the range (3), got 2");
    REQUIRE_THROWS_WITH(scan_exclusive_into(x, out, 0, op), "scan_exclusive_into: out must have as many elements as the range (3), got 2");
    REQUIRE_THROWS_WITH(scan(x, 0, op, {.grain = 0}), "scan: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(scan_exclusive(x, 0, op, {.grain = 0}), "scan_exclusive: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_scan(x, op, {.grain = 0}), "par_scan: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(par_scan_exclusive(x, 0, op, {.grain = 0}), "par_scan_exclusive: options.grain must be >= 1, got 0");
    std::stop_source stop;
    stop.request_stop();
    REQUIRE_THROWS_WITH(scan(x, 0, op, {.run = {.stop = stop.get_token()}}), "scan: stop requested, 0 of 1 done");
    const std::vector<double> many = fractions(100'000);
    REQUIRE_THROWS_AS(scan(many, 0.0, op, {.run = {.deadline = std::chrono::nanoseconds(1)}}), cancelled);
    REQUIRE(x == std::vector<int>{1, 2, 3});
}
