// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/sequences.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

using namespace xrayon;

namespace {

/// What std::expected of C++23 is, as far as try_traits look.
template <class E>
struct unexpected {
    E reason;
    explicit unexpected(E e) : reason(std::move(e)) {}
};

template <class T, class E>
class expected {
public:
    using unexpected_type = unexpected<E>;
    expected() = default;
    expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: as std::expected
    expected(unexpected_type failed) : state_(std::in_place_index<1>, std::move(failed.reason)) {}  // NOLINT
    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    [[nodiscard]] T& operator*() & { return std::get<0>(state_); }
    [[nodiscard]] T&& operator*() && { return std::get<0>(std::move(state_)); }
    [[nodiscard]] const E& error() const { return std::get<1>(state_); }

private:
    std::variant<T, E> state_;
};

/// Of a void value.
template <class E>
class expected<void, E> {
public:
    using unexpected_type = unexpected<E>;
    expected() = default;
    expected(unexpected_type failed) : failed_(std::move(failed.reason)) {}  // NOLINT
    [[nodiscard]] bool has_value() const { return !failed_; }
    void operator*() const {}
    [[nodiscard]] const E& error() const { return *failed_; }

private:
    std::optional<E> failed_;
};

using number = expected<int, std::string>;

number fail(std::size_t i) { return unexpected<std::string>("item " + std::to_string(i)); }

} // namespace

TEST_CASE("sequence: try_for_each gives the lowest item's failure and calls what stands before it", "[par][sequence][try]") {
    const auto input = test::numbers(1000);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const test::random_delays delays(threads, 64);
        workers.install([&] {
            for (const std::size_t bad : {std::size_t{0}, std::size_t{1}, std::size_t{500}, std::size_t{999}}) {
                std::vector<std::atomic<int>> calls(1000);
                const auto result = par(input).enumerate().with({.grain = 3}).try_for_each([&](std::size_t i, int) {
                    ++calls[i];
                    return i == bad || i == 999 || i == bad + 7 ? expected<void, std::string>(unexpected<std::string>("item " + std::to_string(i)))
                                                               : expected<void, std::string>();
                });
                REQUIRE_FALSE(result.has_value());
                REQUIRE(result.error() == "item " + std::to_string(bad));
                for (std::size_t i = 0; i <= bad; ++i) {
                    REQUIRE(calls[i] == 1);
                }
            }
            REQUIRE(par(input).try_for_each([](int) { return std::error_code(); }) == std::error_code());
            REQUIRE(par(input).try_for_each([](int x) { return x < 1000 ? std::error_code() : std::make_error_code(std::errc::timed_out); }) == std::error_code());
            REQUIRE(par(input).try_for_each([](int) { return std::make_error_code(std::errc::timed_out); }) == std::errc::timed_out);
            REQUIRE(par(input).filter([](int x) { return x > 2000; }).try_for_each([](int) { return std::optional<int>(); }) == std::optional(0));
            REQUIRE_FALSE(par(input).try_for_each([](int) { return std::optional<int>(); }).has_value());
        });
    }
}

TEST_CASE("sequence: a failed result and an exception are the same kind of event: the lowest wins", "[par][sequence][try]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t thrown : {std::size_t{3}, std::size_t{400}, std::size_t{700}}) {
            for (const std::size_t failed : {std::size_t{4}, std::size_t{399}, std::size_t{701}}) {
                const test::random_delays delays(threads * 7 + thrown, 64);
                const auto item = [&](std::size_t i) -> number {
                    if (i == thrown) {
                        throw std::runtime_error("thrown");
                    }
                    return i == failed ? fail(i) : number(1);
                };
                const auto plus = [](int a, int b) { return number(a + b); };
                std::string each, whole, all, parts;
                workers.install([&] {
                    const auto options = loop_options{.grain = 2};
                    const auto text = [](const auto& make) -> std::string {
                        try {
                            auto result = make();
                            return result.has_value() ? "value" : result.error();
                        } catch (const std::runtime_error& error) {
                            return error.what();
                        }
                    };
                    each = text([&] { return par(iota(std::size_t{1000})).with(options).try_for_each(item); });
                    whole = text([&] { return par(iota(std::size_t{1000})).with(options).map(item).try_reduce([] { return 0; }, plus); });
                    all = text([&] { return par(iota(std::size_t{1000})).with(options).map(item).try_collect(); });
                    parts = text([&] { return *par(iota(std::size_t{1000})).with(options).map(item).try_reduce_with(plus); });
                });
                const std::string expected = thrown < failed ? "thrown" : "item " + std::to_string(failed);
                REQUIRE(each == expected);
                REQUIRE(whole == expected);
                REQUIRE(all == expected);
                REQUIRE(parts == expected);
            }
        }
    }
}

TEST_CASE("sequence: try_reduce ends where a join fails, at the join that a plain evaluation would come to first", "[par][sequence][try]") {
    // Leaves of one item each up to 256 items, joined along the canonical tree: a join fails as soon as both sides hold 3 items or more.
    for (const std::size_t n : {std::size_t{5}, std::size_t{16}, std::size_t{100}, std::size_t{255}}) {
        test::require_everywhere(std::string("4..7"), [&](const loop_options& options) {
            const auto join = [](const std::string& a, const std::string& b) -> expected<std::string, std::string> {
                const std::string both = a.substr(0, a.find('.')) + ".." + b.substr(b.rfind('.') + 1);
                const auto length = [](const std::string& text) { return std::stoul(text.substr(text.rfind('.') + 1)) - std::stoul(text) + 1; };
                if (std::stoul(a) == 4 && length(a) == 2) {
                    return unexpected<std::string>(both);
                }
                return both;
            };
            const auto item = [](std::size_t i) { return expected<std::string, std::string>(std::to_string(i) + ".." + std::to_string(i)); };
            const auto result = par(iota(std::max<std::size_t>(n, 8))).with(options).map(item).try_reduce_with(join);
            return result->has_value() ? std::string("value") : result->error();
        });
    }
    REQUIRE_FALSE(par(std::vector<number>{}).try_reduce_with([](int a, int b) { return number(a + b); }).has_value());
    REQUIRE(*par(std::vector<number>{}).try_reduce([] { return 7; }, [](int a, int b) { return number(a + b); }) == 7);
}

TEST_CASE("sequence: try_reduce and try_fold without a failure are reduce and fold", "[par][sequence][try]") {
    const auto input = test::numbers(3000);
    long sum = 0;
    for (const int x : input) {
        sum += x;
    }
    const auto add = [](long a, long b) { return std::optional<long>(a + b); };
    test::require_everywhere(std::optional<long>(sum), [&](const loop_options& options) {
        return par(input).with(options).map([](int x) { return std::optional<long>(x); }).try_reduce([] { return 0L; }, add);
    });
    test::require_everywhere(std::optional<long>(sum), [&](const loop_options& options) {
        return par(input).with(options).try_fold([] { return 0L; }, add).try_reduce([] { return 0L; }, add);
    });
    test::require_everywhere(std::optional<long>(sum), [&](const loop_options& options) { return *par(input).with(options).try_fold_with(0L, add).try_reduce_with(add); });
    // An accumulator that failed takes in nothing more.
    test::require_everywhere(std::vector<std::string>{"0", "2", "4"}, [&](const loop_options& options) {
        std::vector<std::atomic<int>> calls(3000);
        const auto step = [&](std::size_t count, std::size_t i) -> expected<std::size_t, std::string> {
            ++calls[i];
            if (i % 11 == 2 * (i / 11)) {
                return unexpected(std::to_string(i / 11 * 2));
            }
            return count + 1;
        };
        const auto results = par(iota(std::size_t{2816})).with(options).try_fold([] { return std::size_t{0}; }, step).to_vector();
        REQUIRE(results.size() == 256);  // leaves of 11
        std::vector<std::string> failed;
        for (std::size_t k = 0; k < results.size(); ++k) {
            if (!results[k].has_value()) {
                failed.push_back(results[k].error());
                for (std::size_t i = 0; i < 11; ++i) {
                    REQUIRE(calls[k * 11 + i] == (i <= 2 * k ? 1 : 0));
                }
            }
        }
        failed.resize(3);
        return failed;
    });
}

TEST_CASE("sequence: try_collect gives all values, or the lowest item's reason, and destroys the rest", "[par][sequence][try]") {
    using shared = expected<std::shared_ptr<int>, std::string>;
    const auto counter = std::make_shared<int>(0);
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{300}, std::size_t{5000}}) {
        test::require_everywhere(n, [&](const loop_options& options) {
            auto all = par(iota(n)).with(options).map([&](std::size_t) { return shared(counter); }).try_collect();
            REQUIRE(all.has_value());
            REQUIRE(counter.use_count() == static_cast<long>(n) + 1);
            return (*all).size();
        });
        REQUIRE(counter.use_count() == 1);
        if (n > 200) {
            test::require_everywhere(std::string("item 200"), [&](const loop_options& options) {
                auto failed = par(iota(n)).with(options).map([&](std::size_t i) { return i < 200 ? shared(counter) : shared(unexpected("item " + std::to_string(i))); }).try_collect();
                REQUIRE(counter.use_count() == 1);
                return failed.error();
            });
        }
    }
    const auto squares = par(iota(4)).map([](int x) { return std::optional<int>(x * x); }).try_collect();
    REQUIRE((*squares)[3] == 9);
    REQUIRE_FALSE(par(iota(4)).map([](int x) { return x < 3 ? std::optional<int>(x) : std::nullopt; }).try_collect().has_value());
}

TEST_CASE("sequence: try_for_each_init and its kin lend scratch, and stop", "[par][sequence][try]") {
    const auto input = test::numbers(500);
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            std::atomic<int> made{0};
            const auto init = [&made] {
                ++made;
                return std::vector<int>();
            };
            const auto result = par(input).enumerate().try_for_each_init(init, [](std::vector<int>& scratch, const std::pair<std::size_t, const int&>& each) {
                scratch.push_back(each.second);
                return each.first >= 321 ? expected<void, std::string>(unexpected<std::string>(std::to_string(each.first))) : expected<void, std::string>();
            });
            REQUIRE(result.error() == "321");
            REQUIRE(made <= static_cast<int>(threads));
            REQUIRE(par(input).try_for_each_with(3, [](int& scratch, int) { return std::optional<int>(scratch); }).has_value());
            std::atomic<long> total{0};
            par(input).for_each_init(init, [&](std::vector<int>&, int x) { total += x; });
            par(input).filter([](int x) { return x >= 0; }).for_each_with(1, [&](int& one, int) { total += one; });
            long expected_total = 500;
            for (const int x : input) {
                expected_total += x;
            }
            REQUIRE(total == expected_total);
        });
    }
}
