// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/gradient/mean_gradient.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/core/canonical_tree.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/gradient/aggregate_gradients.hpp>
#include <xrayon/ml/gradient/compute_gradients.hpp>

using namespace xrayon;
using ml::mean_gradient;
using ml::sum_gradient;
namespace aggregate = ml::aggregate;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double number(std::uint64_t i) { return std::ldexp(static_cast<double>(test::mix(i) >> 11), -53) - 0.5; }

/// Doubles, floats and a scalar.
using network = std::tuple<xt::xtensor<double, 2>, std::vector<float>, double>;
using with_loss = ml::loss_and_gradient<network>;

network zero_network() { return {xt::zeros<double>({3, 5}), std::vector<float>(4), 0.0}; }
with_loss network_of(std::uint64_t batch) {
    network g = zero_network();
    for (std::size_t k = 0; k < 15; ++k) {
        std::get<0>(g).data()[k] = number(batch * 100 + k);
    }
    for (std::size_t k = 0; k < 4; ++k) {
        std::get<1>(g)[k] = static_cast<float>(number(batch * 77 + k));
    }
    std::get<2>(g) = number(batch);
    return {number(batch + 5000), g};
}

std::uint64_t hash_of(const network& g, std::uint64_t hash) {
    for (const double x : std::get<0>(g)) {
        hash = test::mix(hash ^ std::bit_cast<std::uint64_t>(x));
    }
    for (const float x : std::get<1>(g)) {
        hash = test::mix(hash ^ std::bit_cast<std::uint32_t>(x));
    }
    return test::mix(hash ^ std::bit_cast<std::uint64_t>(std::get<2>(g)));
}
std::uint64_t hash_of(const with_loss& g, std::uint64_t hash) { return test::mix(hash_of(g.gradient, hash) ^ std::bit_cast<std::uint64_t>(g.loss)); }

/// 0, 1, ..., n - 1.
auto numbers(std::size_t n) {
    struct at {
        std::size_t operator()(std::size_t i) const { return i; }
    };
    return indexed_view(n, at{});
}

/// Every way to the mean: of gradients, and of gradients that are added, each against the collected form.
void same_bits(const auto& thread_counts, std::uint64_t repeats) {
    for (const std::size_t n : {1u, 2u, 7u, 64u, 101u}) {
        const auto given = [](std::size_t i) { return network_of(i); };
        const auto added = [](std::size_t i, network& into) {
            const with_loss g = network_of(i);
            std::get<0>(into) += std::get<0>(g.gradient);
            for (std::size_t k = 0; k < 4; ++k) {
                std::get<1>(into)[k] += std::get<1>(g.gradient)[k];
            }
            std::get<2>(into) += std::get<2>(g.gradient);
            return g.loss;
        };
        std::vector<double> weights;
        for (std::size_t i = 0; i < n; ++i) {
            weights.push_back(static_cast<double>(1 + test::mix(i) % 9));
        }
        const auto all = ml::compute_gradients(numbers(n), given);
        const std::uint64_t mean = hash_of(ml::aggregate_gradients(all, aggregate::mean), 0);
        const std::uint64_t sum = hash_of(ml::aggregate_gradients(all, aggregate::sum), 0);
        const std::uint64_t weighted = hash_of(ml::aggregate_gradients(all, aggregate::weighted_mean{weights}), 0);
        for (const std::size_t threads : thread_counts) {
            const pool workers(threads);
            for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{5}}) {
                for (std::uint64_t repeat = 0; repeat < repeats; ++repeat) {
                    const test::random_delays delays(repeat * 31 + threads, 8);
                    std::size_t wrong = 0;
                    workers.install([&] {
                        wrong += hash_of(mean_gradient(numbers(n), given, {.grain = grain}), 0) != mean;
                        wrong += hash_of(sum_gradient(numbers(n), given, {.grain = grain}), 0) != sum;
                        wrong += hash_of(mean_gradient(numbers(n), given, {.weights = weights, .grain = grain}), 0) != weighted;
                        wrong += hash_of(mean_gradient(numbers(n), zero_network, added, {.grain = grain}), 0) != mean;
                        wrong += hash_of(sum_gradient(numbers(n), zero_network, added, {.grain = grain}), 0) != sum;
                        wrong += hash_of(mean_gradient(numbers(n), zero_network, added, {.weights = weights, .grain = grain}), 0) != weighted;
                    });
                    INFO("n = " << n << ", threads = " << threads << ", grain = " << (grain ? *grain : 0) << ", repeat " << repeat);
                    REQUIRE(wrong == 0);
                }
            }
        }
    }
}

/// Counts what is alive, and the most that ever was.
struct census {
    static inline std::atomic<long> alive{0};
    static inline std::atomic<long> most{0};
    static void add(long n) {
        const long now = alive += n;
        long seen = most;
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
    }
    static void restart() {
        alive = 0;
        most = 0;
    }
};

/// A gradient that adds itself and is counted while it holds something.
class counted {
public:
    explicit counted(double value) : value_(value), holds_(true) { census::add(1); }
    counted(counted&& other) noexcept : value_(other.value_), holds_(std::exchange(other.holds_, false)) {}
    counted& operator=(counted&& other) noexcept {
        std::swap(value_, other.value_);
        std::swap(holds_, other.holds_);
        return *this;
    }
    ~counted() { census::add(holds_ ? -1 : 0); }
    void accumulate(const counted& other) { value_ += other.value_; }
    void scale(double factor) { value_ *= factor; }
    [[nodiscard]] double value() const { return value_; }

private:
    double value_;
    bool holds_;
};

/// Memory that counts its bytes.
template <class T>
struct counting_allocator {
    using value_type = T;
    counting_allocator() = default;
    template <class U>
    counting_allocator(const counting_allocator<U>&) {}
    T* allocate(std::size_t n) {
        census::add(static_cast<long>(n * sizeof(T)));
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) {
        census::add(-static_cast<long>(n * sizeof(T)));
        std::allocator<T>().deallocate(p, n);
    }
    friend bool operator==(const counting_allocator&, const counting_allocator&) = default;
};
using counted_array = std::vector<double, counting_allocator<double>>;

long bound(std::size_t threads, std::size_t n) { return static_cast<long>(static_cast<double>(threads) * (2 + std::log2(static_cast<double>(n)))); }

} // namespace

TEST_CASE("mean_gradient: the bits of collected gradients, at every thread count and grain, whatever finishes first",
          "[ml][gradient][mean_gradient][G14]") {
    same_bits(test::thread_counts, 2);
}

TEST_CASE("mean_gradient: ten thousand repeats, one result", "[ml][gradient][mean_gradient][G14][.soak]") { same_bits(test::soak_thread_counts, 10'000 / 105); }

TEST_CASE("mean_gradient: leaves of several batches are sums from left to right", "[ml][gradient][mean_gradient]") {
    const std::size_t n = 23;
    const auto add = [](std::size_t i, double& into) { into += number(i); };
    const auto zero = [] { return 0.0; };
    for (const std::size_t leaf : {1u, 2u, 5u, 23u, 100u}) {
        const auto of_leaf = [&](std::size_t l) {
            double sum = 0;
            for (std::size_t i = l * leaf; i < std::min(n, (l + 1) * leaf); ++i) {
                sum += number(i);
            }
            return sum;
        };
        const double expected = canonical_fold(0, (n + leaf - 1) / leaf, of_leaf, [](double a, double b) { return a + b; }) / 23;
        for (const std::size_t threads : test::thread_counts) {
            REQUIRE(pool(threads).install([&] { return mean_gradient(numbers(n), zero, add, {.leaf_size = leaf}); }) == expected);
        }
    }
}

TEST_CASE("mean_gradient: 10,000 batches keep threads x (2 + log2 batches) gradients at most", "[ml][gradient][mean_gradient][G11]") {
    const std::size_t n = 10'000;
    double expected = 0;
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const test::random_delays delays(threads, 500);
        // Gradients that are given: as objects.
        census::restart();
        const double objects =
            workers.install([&] { return sum_gradient(numbers(n), [](std::size_t i) { return counted(number(i)); }, {.grain = 1}).value(); });
        REQUIRE(census::alive == 0);
        REQUIRE(census::most <= bound(threads, n));
        if (threads == 1) {
            expected = objects;
        }
        REQUIRE(objects == expected);
        // As memory.
        const long bytes = 50 * sizeof(double);
        census::restart();
        const auto given = [](std::size_t i) {
            counted_array g(50);
            g[7] = number(i);
            return g;
        };
        REQUIRE(workers.install([&] { return sum_gradient(numbers(n), given)[7]; }) == expected);
        REQUIRE(census::alive == 0);
        REQUIRE(census::most <= bytes * bound(threads, n));
        // Gradients that are added to what is handed out: and made no oftener than that.
        census::restart();
        std::atomic<long> made{0};
        const auto zero = [&] {
            ++made;
            return counted_array(50);
        };
        REQUIRE(workers.install([&] { return sum_gradient(numbers(n), zero, [](std::size_t i, counted_array& into) { into[7] += number(i); })[7]; })
                == expected);
        REQUIRE(census::alive == 0);
        REQUIRE(census::most <= bytes * bound(threads, n));
        REQUIRE(made <= bound(threads, n));
    }
}

TEST_CASE("mean_gradient: a million batches", "[ml][gradient][mean_gradient][G11][.soak]") {
    const std::size_t n = 1'000'000;
    const double expected = canonical_fold(0, n, [](std::size_t i) { return number(i); }, [](double a, double b) { return a + b; });
    for (const std::size_t threads : test::soak_thread_counts) {
        census::restart();
        REQUIRE(pool(threads).install([&] { return sum_gradient(numbers(n), [](std::size_t i) { return counted(number(i)); }).value(); }) == expected);
        REQUIRE(census::most <= bound(threads, n));
    }
}

TEST_CASE("mean_gradient: a loss is averaged beside its gradient", "[ml][gradient][mean_gradient]") {
    const auto given = [](std::size_t i) { return ml::loss_and_gradient{static_cast<double>(i), std::vector<double>{1.0, static_cast<double>(2 * i)}}; };
    const auto mean = mean_gradient(numbers(5), given);
    REQUIRE(mean.loss == 2);
    REQUIRE(mean.gradient == std::vector<double>{1, 4});
    const auto weighted = mean_gradient(numbers(5), given, {.weights = {0, 0, 0, 1, 3}});
    REQUIRE(weighted.loss == 3.75);
    REQUIRE(weighted.gradient == std::vector<double>{1, 7.5});
    const auto added = sum_gradient(numbers(5), [] { return 0.0; }, [](std::size_t i, double& into) { return into += static_cast<double>(i), 1.0; });
    REQUIRE(added.loss == 5);
    REQUIRE(added.gradient == 10);
}

TEST_CASE("mean_gradient: floats are summed in double", "[ml][gradient][mean_gradient][G10]") {
    const float largest = std::numeric_limits<float>::max();
    REQUIRE(mean_gradient(numbers(4), [&](std::size_t) { return std::vector<float>{largest}; }) == std::vector<float>{largest});
    const std::vector<float> values{1, 1e8f, -1e8f, 1};
    REQUIRE(sum_gradient(values, [](float x) { return x; }) == 2);
    REQUIRE(sum_gradient(values, [] { return 0.0f; }, [](float x, float& into) { into += x; }) == 2);
}

TEST_CASE("mean_gradient: no batch, wrong weights and wrong options are told before any call", "[ml][gradient][mean_gradient][errors][G1][G8][G9]") {
    std::atomic<int> calls{0};
    const auto given = [&](std::size_t) { return static_cast<double>(++calls); };
    const auto added = [&](std::size_t, double& into) { into += ++calls; };
    const auto zero = [] { return 0.0; };
    REQUIRE_THROWS_AS(mean_gradient(numbers(0), given), argument_error);
    REQUIRE_THROWS_WITH(mean_gradient(numbers(0), given), "mean_gradient: 0 batches");
    REQUIRE_THROWS_WITH(sum_gradient(numbers(0), zero, added), "sum_gradient: 0 batches");
    REQUIRE_THROWS_WITH(mean_gradient(numbers(4), given, {.weights = {1, 2, 3}}), "mean_gradient: 3 weights for 4 batches");
    REQUIRE_THROWS_WITH(mean_gradient(numbers(3), given, {.weights = {1, 2, not_a_number}}), "mean_gradient: weight 2 is NaN");
    REQUIRE_THROWS_WITH(mean_gradient(numbers(2), zero, added, {.weights = {0, 0}}), "mean_gradient: weights sum to 0");
    REQUIRE_THROWS_WITH(mean_gradient(numbers(4), given, {.grain = 0}), "mean_gradient: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(mean_gradient(numbers(4), zero, added, {.leaf_size = 0}), "mean_gradient: options.leaf_size must be >= 1, got 0");
    REQUIRE_THROWS_WITH(mean_gradient(numbers(4), given, {.leaf_size = 2}), "mean_gradient: options.leaf_size must be 1 where f gives a gradient, got 2");
    REQUIRE_THROWS_WITH(sum_gradient(numbers(4), zero, added, {.nan = ml::nan_gradient::raise, .leaf_size = 2}),
                        "sum_gradient: options.leaf_size must be 1 where batches are searched for NaN, got 2");
    REQUIRE_THROWS_WITH(mean_gradient(numbers(2), zero, added, {.weights = {1, 1}, .leaf_size = 2}),
                        "mean_gradient: options.leaf_size must be 1 where batches have weights, got 2");
    REQUIRE(calls == 0);
}

TEST_CASE("mean_gradient: the lowest batch of another shape is told against the first one, as for collected gradients",
          "[ml][gradient][mean_gradient][errors][G2][G3]") {
    for (const std::size_t odd : {1u, 2u, 3u, 12u, 19u}) {
        // Every batch from `odd` on may differ, in ways of its own.
        const auto given = [odd](std::size_t i) {
            std::vector<xt::xarray<double>> g(3, xt::xarray<double>(xt::zeros<double>({5, 4})));
            if (i == odd || (i > odd && test::mix(i) % 2 == 0)) {
                g[2] = i % 2 == 0 ? xt::zeros<double>({4, 5}) : xt::zeros<double>({20, 1});
            } else if (i > odd && test::mix(i) % 3 == 0) {
                g.pop_back();
            }
            return g;
        };
        const std::string shape = odd % 2 == 0 ? "(4, 5)" : "(20, 1)";
        const std::string expected = ": batch " + std::to_string(odd) + " parameter 2 has shape " + shape + ", batch 0 has (5, 4)";
        const auto all = ml::compute_gradients(numbers(20), given);
        REQUIRE_THROWS_WITH(ml::aggregate_gradients(all, aggregate::mean), "aggregate_gradients" + expected);
        for (const std::size_t threads : test::thread_counts) {
            const test::random_delays delays(threads, 2);
            REQUIRE_THROWS_WITH(pool(threads).install([&] { return mean_gradient(numbers(20), given, {.grain = 1}); }), "mean_gradient" + expected);
        }
        REQUIRE_THROWS_AS(mean_gradient(numbers(20), given), shape_error);
    }
}

TEST_CASE("mean_gradient: a gradient that f gave another shape spoils no other batch", "[ml][gradient][mean_gradient][errors][G2]") {
    // Batches 5 and above may give what they are handed another shape; the places are used again by batches below.
    const auto zero = [] { return xt::xarray<double>(xt::zeros<double>({4})); };
    const auto zero_float = [] { return xt::xarray<float>(xt::zeros<float>({4})); };
    const auto adding = [](std::size_t i, auto& into) {
        if (into.size() != 4) {
            throw std::logic_error("batch " + std::to_string(i) + " was handed what another one had left");
        }
        if (i == 5 || (i > 5 && test::mix(i) % 2 == 0)) {
            into.resize({7});
            into.fill(1);
        } else {
            into += 1;
        }
    };
    for (const std::size_t threads : test::thread_counts) {
        const test::random_delays delays(threads, 2);
        pool(threads).install([&] {
            REQUIRE_THROWS_WITH(mean_gradient(numbers(60), zero, adding, {.grain = 1}),
                                "mean_gradient: batch 5 parameter 0 has shape (7,), batch 0 has (4,)");
            REQUIRE_THROWS_WITH(mean_gradient(numbers(60), zero_float, adding, {.grain = 1}),
                                "mean_gradient: batch 5 parameter 0 has shape (7,), batch 0 has (4,)");
        });
    }
}

TEST_CASE("mean_gradient: NaN is passed on, raised or skipped", "[ml][gradient][mean_gradient][errors][G5][G6][G7]") {
    const auto given = [](std::size_t i) {
        std::vector<std::vector<double>> g(3, std::vector<double>(20, static_cast<double>(i)));
        if (i % 4 == 3) {
            g[2][17] = not_a_number;
        }
        return g;
    };
    const auto add = [&](std::size_t i, std::vector<std::vector<double>>& into) {
        const auto g = given(i);
        for (std::size_t p = 0; p < 3; ++p) {
            for (std::size_t k = 0; k < 20; ++k) {
                into[p][k] += g[p][k];
            }
        }
    };
    const auto zero = [] { return std::vector<std::vector<double>>(3, std::vector<double>(20)); };
    const auto all = ml::compute_gradients(numbers(18), given);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const test::random_delays delays(threads, 3);
        workers.install([&] {
            const auto passed = mean_gradient(numbers(18), given);
            REQUIRE(std::isnan(passed[2][17]));
            REQUIRE(passed[2][16] == 8.5);
            const ml::mean_gradient_options raise{.nan = ml::nan_gradient::raise, .grain = 1};
            REQUIRE_THROWS_AS(mean_gradient(numbers(18), given, raise), argument_error);
            REQUIRE_THROWS_WITH(mean_gradient(numbers(18), given, raise), "mean_gradient: batch 3 parameter 2 element 17 is NaN");
            REQUIRE_THROWS_WITH(mean_gradient(numbers(18), zero, add, raise), "mean_gradient: batch 3 parameter 2 element 17 is NaN");

            ml::gradient_report report;
            ml::gradient_report collected;
            std::vector<double> weights(18, 2);
            weights[5] = 7;
            for (const bool weighted : {false, true}) {
                const ml::mean_gradient_options skip{.weights = weighted ? weights : std::vector<double>(), .nan = ml::nan_gradient::skip_batch, .report = &report};
                const ml::aggregate_gradients_options same{.nan = ml::nan_gradient::skip_batch, .report = &collected};
                const auto expected = weighted ? ml::aggregate_gradients(all, aggregate::weighted_mean{weights}, same)
                                               : ml::aggregate_gradients(all, aggregate::mean, same);
                for (const bool adds : {false, true}) {
                    REQUIRE((adds ? mean_gradient(numbers(18), zero, add, skip) : mean_gradient(numbers(18), given, skip)) == expected);
                    REQUIRE(report.skipped == std::vector<std::size_t>{3, 7, 11, 15});
                    REQUIRE(report.skipped == collected.skipped);
                    REQUIRE(report.used == 14);
                    REQUIRE(report.weight == (weighted ? 33 : 14));
                    REQUIRE(report.weight == collected.weight);
                }
            }
        });
    }
    const auto only_nan = [](std::size_t) { return not_a_number; };
    REQUIRE_THROWS_WITH(mean_gradient(numbers(3), only_nan, {.nan = ml::nan_gradient::skip_batch}), "mean_gradient: all 3 gradients hold NaN and were skipped");
    REQUIRE_THROWS_WITH(mean_gradient(numbers(2), [](std::size_t i) { return i == 0 ? not_a_number : 1; },
                                      {.weights = {1, 0}, .nan = ml::nan_gradient::skip_batch}),
                        "mean_gradient: weights sum to 0");
}

TEST_CASE("mean_gradient: the lowest failing batch's exception comes out as it is, and nothing stays alive", "[ml][gradient][mean_gradient][errors]") {
    const auto failing = [](std::size_t i) { return i == 9 || i == 30 ? throw std::domain_error("batch " + std::to_string(i)) : counted(1); };
    for (const std::size_t threads : test::thread_counts) {
        const test::random_delays delays(threads, 3);
        census::restart();
        run_report report;
        REQUIRE_THROWS_WITH(pool(threads).install([&] { return sum_gradient(numbers(50), failing, {.grain = 1, .run = {.report = &report}}); }), "batch 9");
        REQUIRE(report.path == "sum_gradient[9]");
        REQUIRE(census::alive == 0);
    }
    REQUIRE_THROWS_AS(mean_gradient(numbers(50), failing, {.run = {.error = on_error::wrap}}), task_error);
}
