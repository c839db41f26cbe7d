// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"
#include "sample_finder.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/random/uniform.hpp>

using namespace xrayon;
using ml::batch_inference_with_uncertainty;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
const std::vector<std::size_t> batches{0, 1, 2, 3, 4};

struct failed_at {
    std::size_t batch, sample;
};

/// 5 batches, each of whose samples is what `f(batch, sample)` says.
template <class F>
auto run(const F& f, ml::uncertainty_options options) {
    const test::sample_finder finder(options.seed, batches.size(), options.samples);
    return batch_inference_with_uncertainty(batches, [&](std::size_t batch, stream& s) { return f(batch, finder.sample(s)); }, options);
}

/// That options are refused before the model is called.
void refused(const ml::uncertainty_options& options, const std::string& text) {
    std::atomic<int> calls{0};
    REQUIRE_THROWS_WITH(batch_inference_with_uncertainty(batches, [&](std::size_t, stream&) { return ++calls; }, options), text);
    REQUIRE_THROWS_AS(batch_inference_with_uncertainty(batches, [&](std::size_t, stream&) { return ++calls; }, options), argument_error);
    REQUIRE(calls == 0);
}

} // namespace

TEST_CASE("uncertainty: says which option is wrong, before the model is called", "[ml][uncertainty][errors][U1][U2][U3][U11]") {
    refused({.samples = 0}, "batch_inference_with_uncertainty: samples must be >= 1, got 0");
    refused({.samples = 1, .ddof = 1}, "batch_inference_with_uncertainty: ddof 1 needs samples >= 2, got 1");
    refused({.samples = SIZE_MAX}, "batch_inference_with_uncertainty: samples must be <= 2^62, got 18446744073709551615");
    refused({.samples = std::size_t{1} << 60, .quantiles = {0.5}},
            "batch_inference_with_uncertainty: samples must be <= 2^58 with quantiles, got 1152921504606846976");
    refused({.quantiles = {0.5, not_a_number}}, "batch_inference_with_uncertainty: quantiles must be inside [0, 1], got nan");
    refused({.quantiles = {1.5}}, "batch_inference_with_uncertainty: quantiles must be inside [0, 1], got 1.5");
    refused({.keys = {1, 2}}, "batch_inference_with_uncertainty: keys has shape (2,), batches has (5,)");
    refused({.until = {{}}}, "batch_inference_with_uncertainty: until.half_width must be > 0, got 0");
    refused({.until = {{.half_width = not_a_number}}}, "batch_inference_with_uncertainty: until.half_width must be > 0, got nan");
    refused({.until = {{.half_width = 1, .level = 95}}}, "batch_inference_with_uncertainty: until.level must be inside (0, 1), got 95");
    refused({.grain = 0}, "batch_inference_with_uncertainty: options.grain must be >= 1, got 0");
    refused({.run = {.memory_budget = 1 << 20, .item_bytes = [](std::size_t) { return std::size_t{1} << 31; }}},
            "batch_inference_with_uncertainty: item 0 must fit into options.run.memory_budget (1048576 bytes), got 2147483648");
}

TEST_CASE("uncertainty: the first failing sample of the first failing batch comes out, with its path", "[ml][uncertainty][errors][U17]") {
    const auto failing = [](std::size_t batch, std::size_t sample) {
        if ((batch == 2 && (sample == 3 || sample == 9 || sample == 70)) || (batch == 3 && sample == 0) || (batch == 4 && sample == 50)) {
            throw failed_at{batch, sample};
        }
        return 1.0;
    };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t grain : {1u, 8u, 1000u}) {
            const test::random_delays delays(threads * grain, 8);
            INFO("threads " << threads << ", grain " << grain);
            run_report report;
            const auto with = [&](on_error error) {
                workers.install([&] { (void)run(failing, {.samples = 100, .grain = grain, .run = {.error = error, .report = &report}}); });
            };
            try {
                with(on_error::rethrow);
                FAIL("nothing was thrown");
            } catch (const failed_at& error) {
                REQUIRE(error.batch == 2);
                REQUIRE(error.sample == 3);
            }
            REQUIRE(report.total == 5);
            REQUIRE(report.failed == 2u);
            REQUIRE(report.path == "batch_inference_with_uncertainty[2] > sample[3]");
            try {
                with(on_error::wrap);
                FAIL("nothing was thrown");
            } catch (const task_error& error) {
                REQUIRE(error.path() == "batch_inference_with_uncertainty[2] > sample[3]");
                REQUIRE(error.index() == 2);
                REQUIRE(error.count() == 5);
                REQUIRE(std::string(error.what()) == "batch_inference_with_uncertainty: item 2 of 5 failed: non-std exception");
                REQUIRE_THROWS_AS(error.rethrow_nested(), failed_at);
            }
            try {
                with(on_error::collect);  // one error a batch: its first
                FAIL("nothing was thrown");
            } catch (const task_errors& errors) {
                REQUIRE(errors.path() == "batch_inference_with_uncertainty[2] > sample[3]");
                REQUIRE(errors.errors().size() == 3);
                const std::size_t samples[] = {3, 0, 50};
                for (std::size_t i = 0; i < 3; ++i) {
                    REQUIRE(errors.errors()[i].index == 2 + i);
                    try {
                        std::rethrow_exception(errors.errors()[i].error);
                    } catch (const failed_at& error) {
                        REQUIRE(error.sample == samples[i]);
                    }
                }
            }
            // In a later round of a call that may end early the sample has its own number too.
            const auto late = [](std::size_t, std::size_t sample) { return sample == 70 ? throw failed_at{0, sample} : static_cast<double>(sample); };
            REQUIRE_THROWS_AS(workers.install([&] { return run(late, {.samples = 100, .until = {{.half_width = 1e-9}}, .run = {.report = &report}}); }),
                              failed_at);
            REQUIRE(report.path == "batch_inference_with_uncertainty[0] > sample[70]");
        }
    }
}

namespace {

struct sharing_fails {
    int prepare(std::size_t batch) const { return batch == 1 ? throw std::runtime_error("prepare") : 1; }
    double operator()(int, stream&) const { return 0; }
};

} // namespace

TEST_CASE("uncertainty: what prepare throws is the batch's", "[ml][uncertainty][errors][U17]") {
    run_report report;
    REQUIRE_THROWS_WITH(batch_inference_with_uncertainty(batches, sharing_fails{}, {.run = {.report = &report}}), "prepare");
    REQUIRE(report.path == "batch_inference_with_uncertainty[1]");
}

TEST_CASE("uncertainty: a sample of another shape than sample 0 is a shape_error, whichever ends first", "[ml][uncertainty][errors][U4]") {
    const std::string of_3 = "batch_inference_with_uncertainty: sample 3 of batch 2 has shape (4,), sample 0 has (5,)";
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t round = 0; round < 20; ++round) {
            const test::random_delays delays(round + threads, 2);  // sample 0 is often the last
            INFO("threads " << threads << ", round " << round);
            run_report report;
            const auto shapes = [&](const auto& size, std::size_t thrown = SIZE_MAX) {
                return workers.install([&] {
                    return run(
                        [&](std::size_t batch, std::size_t sample) {
                            return sample == thrown ? throw failed_at{batch, sample} : std::vector<double>(batch == 2 ? size(sample) : 3, 1.0);
                        },
                        {.samples = 20, .grain = 1, .run = {.report = &report}});
                });
            };
            const auto odd_3 = [](std::size_t sample) { return sample == 3 ? 4u : 5u; };
            REQUIRE_THROWS_WITH(shapes(odd_3), of_3);
            REQUIRE(report.path == "batch_inference_with_uncertainty[2] > sample[3]");
            REQUIRE_THROWS_WITH(shapes([](std::size_t sample) { return sample < 3 ? 5u : 4u; }), of_3);
            REQUIRE_THROWS_WITH(shapes([](std::size_t sample) { return sample == 0 ? 5u : 4u; }),
                                "batch_inference_with_uncertainty: sample 1 of batch 2 has shape (4,), sample 0 has (5,)");
        }
    }
    // Against a throw: in order, the lower of the two is met first. One batch, so that no other one throws.
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const test::sample_finder finder(42, 1, 20);
        for (std::uint64_t round = 0; round < 20; ++round) {
            const test::random_delays delays(round + threads, 2);
            const auto one = [&](std::size_t thrown) {
                return workers.install([&] {
                    return batch_inference_with_uncertainty(
                        std::vector{0},
                        [&](int, stream& s) {
                            const std::size_t sample = finder.sample(s);
                            return sample == thrown ? throw failed_at{0, sample} : std::vector<double>(sample == 3 ? 4 : 5, 1.0);
                        },
                        {.samples = 20, .grain = 1});
                });
            };
            REQUIRE_THROWS_AS(one(2), failed_at);
            REQUIRE_THROWS_AS(one(4), shape_error);
            REQUIRE_THROWS_AS(one(0), failed_at);
        }
    }
}

TEST_CASE("uncertainty: NaN is passed on, refused or left out", "[ml][uncertainty][errors][U5][U6][U7]") {
    const auto model = [](std::size_t batch, std::size_t sample) {
        std::vector<double> out(20, static_cast<double>(sample));
        if (batch == 2 && sample == 3) {
            out[17] = not_a_number;
        }
        if (batch == 4) {
            out[5] = not_a_number;
        }
        return out;
    };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        INFO("threads " << threads);
        const auto with = [&](ml::nan_policy policy, run_report* report = nullptr) {
            return workers.install(
                [&] { return run(model, {.samples = 7, .nan = policy, .quantiles = {0, 0.5, 1}, .grain = 1, .run = {.report = report}}); });
        };
        const auto passed = with(ml::nan_policy::propagate);
        for (std::size_t i = 0; i < 20; ++i) {
            REQUIRE(std::isnan(passed[2].mean(i)) == (i == 17));
            REQUIRE(std::isnan(passed[2].stddev(i)) == (i == 17));
            REQUIRE(std::isnan(passed[2].quantiles[1](i)) == (i == 17));
            REQUIRE(passed[2].count(i) == 7);
            REQUIRE((i == 17 || passed[2].mean(i) == 3));
        }
        run_report report;
        REQUIRE_THROWS_WITH(with(ml::nan_policy::raise, &report),
                            "batch_inference_with_uncertainty: with nan_policy::raise samples must be numbers, got NaN at element 17 of sample 3 of batch 2");
        REQUIRE(report.path == "batch_inference_with_uncertainty[2] > sample[3]");

        const auto left_out = with(ml::nan_policy::omit);
        REQUIRE(left_out[2].count(17) == 6);
        REQUIRE(left_out[2].count(16) == 7);
        REQUIRE(left_out[2].mean(17) == 3);  // of 0, 1, 2, 4, 5, 6
        REQUIRE(left_out[2].stddev(17) == test::approx(std::sqrt(28.0 / 6)).epsilon(1e-15));
        REQUIRE(left_out[2].quantiles[1](17) == 3);
        REQUIRE(left_out[2].standard_error()(17) == test::approx(std::sqrt(28.0 / 5 / 6)).epsilon(1e-15));
        REQUIRE(left_out[4].count(5) == 0);
        REQUIRE(std::isnan(left_out[4].mean(5)));
        REQUIRE(std::isnan(left_out[4].stddev(5)));
        REQUIRE(std::isnan(left_out[4].quantiles[0](5)));
        REQUIRE(std::isnan(left_out[4].interval(0.9).upper(5)));
        REQUIRE(left_out[4].mean(6) == 3);

        // The same of numbers.
        const auto number = [](std::size_t batch, std::size_t sample) { return batch == 1 && sample == 2 ? not_a_number : 1.0; };
        const auto numbers = [&](ml::nan_policy policy) { return workers.install([&] { return run(number, {.samples = 4, .nan = policy}); }); };
        REQUIRE(std::isnan(numbers(ml::nan_policy::propagate)[1].mean));
        REQUIRE(numbers(ml::nan_policy::omit)[1].count == 3);
        REQUIRE_THROWS_WITH(numbers(ml::nan_policy::raise), test::contains("got NaN at element 0 of sample 2 of batch 1"));
    }
}

TEST_CASE("uncertainty: infinities of both signs have no mean, of one sign theirs", "[ml][uncertainty][U8]") {
    const auto model = [](std::size_t, std::size_t sample) {
        return std::vector<double>{sample == 3 ? infinity : sample == 5 ? -infinity : 1.0, sample == 3 ? infinity : 1.0, 1.0};
    };
    for (const ml::nan_policy policy : {ml::nan_policy::propagate, ml::nan_policy::omit}) {
        const auto got = run(model, {.samples = 10, .nan = policy});
        REQUIRE(std::isnan(got[0].mean(0)));
        REQUIRE(got[0].mean(1) == infinity);
        REQUIRE(got[0].mean(2) == 1);
        REQUIRE(std::isnan(got[0].stddev(0)));
        REQUIRE(std::isnan(got[0].stddev(1)));
        REQUIRE(got[0].stddev(2) == 0);
    }
}

TEST_CASE("uncertainty: a stream that has no numbers left says so", "[ml][uncertainty][errors][U15]") {
    const auto model = [](std::size_t batch, stream& draws) {
        draws.seek(batch == 3 ? stream::capacity : 0);
        return draw_uniform(draws);
    };
    REQUIRE_THROWS_WITH(batch_inference_with_uncertainty(batches, model), "stream: all numbers are drawn, got 18446744073709551600");
}

TEST_CASE("uncertainty: a stop ends the call between two samples, however many there are", "[ml][uncertainty][U3]") {
    for (const std::size_t threads : test::thread_counts) {
        std::stop_source source;
        std::atomic<std::size_t> calls{0};
        const auto model = [&](std::size_t, stream&) {
            if (++calls == 1000) {
                source.request_stop();
            }
            return 1.0;
        };
        const auto long_run = [&] {
            return batch_inference_with_uncertainty(batches, model, {.samples = std::size_t{1} << 31, .run = {.stop = source.get_token()}});
        };
        REQUIRE_THROWS_WITH(pool(threads).install(long_run), "batch_inference_with_uncertainty: stop requested, 0 of 5 done");
    }
}
