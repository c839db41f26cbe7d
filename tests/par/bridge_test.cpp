// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/bridge.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/sequences.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

using namespace xrayon;

namespace {

/// 0, 1 ... n - 1, to be read once, from the front; tells who reads, and throws or calls what it is asked to.
class counter {
public:
    explicit counter(std::size_t n, std::function<void(std::size_t)> on_read = {}) : n_(n), on_read_(std::move(on_read)) {}

    class iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using difference_type = std::ptrdiff_t;
        using value_type = std::size_t;
        iterator() = default;
        explicit iterator(counter& from) : from_(&from) {}
        std::size_t operator*() const { return from_->read(); }
        iterator& operator++() {
            ++from_->next_;
            return *this;
        }
        void operator++(int) { ++from_->next_; }
        friend bool operator==(const iterator& at, std::default_sentinel_t) { return at.from_->ended(); }

    private:
        counter* from_ = nullptr;
    };
    [[nodiscard]] iterator begin() { return iterator(*this); }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }
    [[nodiscard]] bool ended() const { return next_ == n_; }

    std::atomic<std::size_t> highest{0};
    std::atomic<bool> entered_twice{false};

private:
    std::size_t read() {
        if (reading_.exchange(true)) {
            entered_twice = true;
        }
        highest = std::max<std::size_t>(highest, next_);
        if (on_read_) {
            const auto leave = std::unique_ptr<std::atomic<bool>, void (*)(std::atomic<bool>*)>(&reading_, [](std::atomic<bool>* flag) { *flag = false; });
            on_read_(next_);
        }
        reading_ = false;
        return next_;
    }

    std::size_t n_;
    std::function<void(std::size_t)> on_read_;
    std::size_t next_ = 0;
    std::atomic<bool> reading_{false};
};

} // namespace

TEST_CASE("bridge: items come out in order, and every sink gives what a plain loop would", "[par][bridge]") {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{16}, std::size_t{17}, std::size_t{3000}}) {
        std::vector<std::size_t> squares, odd;
        std::size_t sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            squares.push_back(i * i);
            sum += i;
            if (i % 2 == 1) {
                odd.insert(odd.end(), {i, i + 1});
            }
        }
        for (const std::size_t block : {std::size_t{1}, std::size_t{7}, std::size_t{1024}}) {
            const auto bridge_of = [&](counter& items, const loop_options& o) { return par_bridge(items, {.block = block, .loop = o}); };
            test::require_everywhere(squares, [&](const loop_options& o) {
                counter items(n);
                auto out = bridge_of(items, o).map([](std::size_t i) { return i * i; }).collect();
                REQUIRE_FALSE(items.entered_twice);
                return out;
            });
            test::require_everywhere(odd, [&](const loop_options& o) {
                counter items(n);
                return bridge_of(items, o).filter([](std::size_t i) { return i % 2 == 1; }).flat_map([](std::size_t i) { return std::vector<std::size_t>{i, i + 1}; }).to_vector();
            });
            test::require_everywhere(sum, [&](const loop_options& o) {
                counter items(n);
                return bridge_of(items, o).sum();
            });
        }
        counter items(n);
        REQUIRE(par_bridge(items).filter_map([](std::size_t i) { return i % 3 == 0 ? std::optional(i) : std::nullopt; }).count() == (n + 2) / 3);
    }
}

TEST_CASE("bridge: sums of floating point are the same bits at every thread count and grain", "[par][bridge]") {
    const auto tenth = [](std::size_t i) { return 0.1 * static_cast<double>(i % 77); };
    const double expected = pool(1).install([&] {
        counter items(5000);
        return par_bridge(items).map(tenth).sum();
    });
    test::require_everywhere(expected, [&](const loop_options& o) {
        counter items(5000);
        return par_bridge(items, {.loop = o}).map(tenth).sum();
    });
    test::require_everywhere(std::optional<std::string>("0123456789101112131415161718192021"), [&](const loop_options& o) {
        counter items(22);
        return par_bridge(items, {.block = 5, .loop = o}).map([](std::size_t i) { return std::to_string(i); }).reduce_with(std::plus<>{});
    });
}

TEST_CASE("bridge: what a function or the range throws comes in order, and what was read before is worked on", "[par][bridge]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t function_bad : {std::size_t{3}, std::size_t{500}, std::size_t{9999}}) {
            for (const std::size_t range_bad : {std::size_t{0}, std::size_t{4}, std::size_t{499}, std::size_t{501}, std::size_t{1999}}) {
                const test::random_delays delays(threads + function_bad, 64);
                counter items(2000, [&](std::size_t i) {
                    if (i == range_bad) {
                        throw std::runtime_error("range " + std::to_string(i));
                    }
                });
                std::atomic<std::size_t> done{0};
                run_report report;
                std::string text;
                try {
                    workers.install([&] {
                        par_bridge(items, {.loop = {.grain = 3, .run = {.report = &report}}}).for_each([&](std::size_t i) {
                            if (i == function_bad) {
                                throw std::runtime_error("function " + std::to_string(i));
                            }
                            ++done;
                        });
                    });
                } catch (const std::runtime_error& error) {
                    text = error.what();
                }
                const bool function_first = function_bad < range_bad;
                REQUIRE(text == (function_first ? "function " + std::to_string(function_bad) : "range " + std::to_string(range_bad)));
                REQUIRE(done >= std::min(function_bad, range_bad));
                REQUIRE(report.done == done);
                REQUIRE(report.failed == (function_first ? std::optional(function_bad) : std::nullopt));
            }
        }
    }
}

TEST_CASE("bridge: reading is bounded, and ends with a search", "[par][bridge]") {
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            std::atomic<std::size_t> worst{0};
            std::atomic<std::size_t> finished{0};
            counter items(5000, [&](std::size_t i) {
                const std::size_t ahead = i + 1 - std::min<std::size_t>(i + 1, finished);
                for (std::size_t seen = worst; ahead > seen && !worst.compare_exchange_weak(seen, ahead);) {
                }
            });
            par_bridge(items, {.block = 32}).for_each([&](std::size_t) { ++finished; });
            REQUIRE(worst <= 64);
            counter searched(1'000'000'000);
            REQUIRE(par_bridge(searched, {.block = 32}).find_first([](std::size_t i) { return i >= 1000; }) == 1000);
            REQUIRE(searched.highest < 1100);
            counter some(1'000'000'000), none(1000), all(1'000'000'000);
            REQUIRE(par_bridge(some).any([](std::size_t i) { return i == 99; }));
            REQUIRE_FALSE(par_bridge(none).any([](std::size_t i) { return i == 1000; }));
            REQUIRE_FALSE(par_bridge(all).all([](std::size_t i) { return i < 99; }));
        });
    }
}

TEST_CASE("bridge: a range that makes parallel calls of its own does not hang, nor is it entered twice", "[par][bridge][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            for (int round = 0; round < 20; ++round) {
                std::atomic<std::size_t> inner{0};
                counter items(300, [&](std::size_t) { inner += par(iota(64)).map([](int x) { return x; }).count(); });
                REQUIRE(par_bridge(items, {.block = 16}).map([](std::size_t i) { return par(iota(i)).count(); }).sum() == 300 * 299 / 2);
                REQUIRE(inner == 300 * 64);
                REQUIRE_FALSE(items.entered_twice);
            }
        });
    }
}

TEST_CASE("bridge: streams and lists are input ranges; an rvalue is taken over", "[par][bridge]") {
    std::istringstream words("one two three four");
    const auto lengths = par_bridge(std::ranges::istream_view<std::string>(words)).map([](const std::string& word) { return word.size(); }).collect();
    REQUIRE(lengths == std::vector<std::size_t>{3, 3, 5, 4});
    const std::list<int> list{1, 2, 3};
    REQUIRE(par_bridge(list).inspect([](int) {}).sum() == 6);
    REQUIRE(par_bridge(std::list<int>{4, 5}).sum() == 9);
}

TEST_CASE("bridge: stops when asked to, and says what it cannot do", "[par][bridge]") {
    std::stop_source stop;
    counter items(100'000, [&](std::size_t i) {
        if (i == 2000) {
            stop.request_stop();
        }
    });
    REQUIRE_THROWS_AS(par_bridge(items, {.block = 64, .loop = {.run = {.stop = stop.get_token()}}}).count(), cancelled);
    REQUIRE(items.highest < 2200);
    counter slow(1'000'000'000);
    REQUIRE_THROWS_AS(par_bridge(slow, {.loop = {.run = {.deadline = std::chrono::milliseconds(20)}}}).map([](std::size_t i) { return i; }).count(), cancelled);
    REQUIRE_THROWS_WITH(par_bridge(slow, {.block = 0}).count(), "par_bridge: options.block must be >= 1, got 0");
    REQUIRE_THROWS_AS(par_bridge(slow, {.loop = {.run = {.error = on_error::collect}}}).count(), argument_error);
}
