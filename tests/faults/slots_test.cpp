// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using ml::batch_inference_into;

namespace {

using matrix = xt::xtensor<double, 2>;
using batch_view = array_view<const double, 2>;
using slot_view = array_view<double, 2>;

matrix table(std::size_t rows, std::size_t columns) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = 1.0 / static_cast<double>(3 * i + 1);
    }
    return x;
}

std::vector<std::uint64_t> bits(std::span<const double> values) {
    std::vector<std::uint64_t> out;
    for (const double value : values) {
        out.push_back(std::bit_cast<std::uint64_t>(value));
    }
    return out;
}
std::vector<std::uint64_t> bits(const matrix& x) { return bits(std::span(x.data(), x.size())); }

/// Each element and the last one of its row: cannot be worked out element by element in place.
matrix with_last(const batch_view& batch) {
    matrix out = matrix::from_shape({batch.shape(0), batch.shape(1)});
    for (std::size_t i = 0; i < batch.shape(0); ++i) {
        for (std::size_t j = 0; j < batch.shape(1); ++j) {
            out(i, j) = 2.0 * batch(i, j) + batch(i, batch.shape(1) - 1 - j);
        }
    }
    return out;
}

std::string refusal(const std::function<void()>& call) {
    try {
        call();
    } catch (const argument_error& error) {
        return error.what();
    }
    return "no argument_error";
}

struct slot_failure {
    std::size_t index;
};

} // namespace

TEST_CASE("slots: one too few or too many is an error that has both numbers, at every thread count", "[faults][B33]") {
    std::atomic<int> calls{0};
    const std::vector<double> source(10, 1.0);
    const auto model = [&](double x) { ++calls; return x; };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t count : {std::size_t{0}, std::size_t{9}, std::size_t{11}}) {
            std::vector<double> out(count, 7.0);
            for (const bool transactional : {false, true}) {
                std::string text;
                try {
                    workers.install([&] { batch_inference_into(source, model, std::span<double>(out), {.transactional = transactional}); });
                } catch (const shape_error& error) {
                    text = error.what();
                    CHECK(error.lhs() == shape_error::shape{count});
                    CHECK(error.rhs() == shape_error::shape{10});
                }
                REQUIRE(text == "batch_inference_into: slots has shape (" + std::to_string(count) + ",), batches has (10,)");
            }
            REQUIRE(out == std::vector(count, 7.0));
        }
        REQUIRE(calls == 0);
        std::vector<double> out(10);
        workers.install([&] { batch_inference_into(source, [](double x) { return 2 * x; }, std::span<double>(out)); });
        REQUIRE(out == std::vector(10, 2.0));
    }
}

TEST_CASE("slots: an overlap with the batches is refused with the bytes, before anything runs", "[faults][B34]") {
    std::atomic<int> calls{0};
    const auto count = [&](double x) { ++calls; return x; };
    std::vector<double> memory(200, 3.0);
    const std::span<double> all(memory);
    const auto text = [&](std::span<double> batches, std::span<double> slots, aliasing allowed) {
        return refusal([&] { batch_inference_into(batches, count, slots, {.aliasing = allowed}); });
    };
    const std::string undeclared = "batch_inference_into: slots must not overlap batches without aliasing::same_slice, got overlap in ";
    const std::string partly =
        "batch_inference_into: with aliasing::same_slice each slot must be its batch or lie apart from all, got overlap in ";
    REQUIRE(text(all.first(200), all.first(200), aliasing::none) == undeclared + "bytes 0 to 1600");
    REQUIRE(text(all.first(120), all.subspan(80, 120), aliasing::none) == undeclared + "bytes 640 to 960");
    REQUIRE(text(all.subspan(80, 120), all.first(120), aliasing::none) == undeclared + "bytes 0 to 320");
    REQUIRE(text(all.first(120), all.subspan(80, 120), aliasing::same_slice) == partly + "bytes 640 to 960");
    REQUIRE(text(all.subspan(1, 199), all.first(199), aliasing::same_slice) == partly + "bytes 0 to 1584");

    matrix x = table(24, 6);
    const matrix before = x;
    const auto model = [&](const batch_view& batch) { ++calls; return with_last(batch); };
    const auto in_matrix = [&](const auto& batches, const auto& slots, aliasing allowed) {
        return refusal([&] { batch_inference_into(batches, model, slots, {.aliasing = allowed}); });
    };
    const slot_view whole = view_of(x);
    // Batch i is rows 4i to 4i + 3, slot i one row further.
    REQUIRE(in_matrix(batches(whole.slice(0, 20), 4), batches(whole.slice(1, 21), 4), aliasing::same_slice)
            == partly + "bytes " + std::to_string(6 * 8) + " to " + std::to_string(20 * 6 * 8));
    REQUIRE(in_matrix(batches(whole, 4), batches(whole, 4), aliasing::none) == undeclared + "bytes 0 to 1152");
    // The same rows, cut differently, or in another order.
    REQUIRE(in_matrix(batches(whole.slice(0, 12), 6), batches(whole.slice(0, 8), 4), aliasing::same_slice) == partly + "bytes 0 to 384");
    const slot_view upside_down(&x(23, 0), {24, 6}, {-6, 1});
    REQUIRE(in_matrix(batches(whole, 4), batches(upside_down, 4), aliasing::same_slice) == partly + "bytes 0 to 1152");
    REQUIRE(calls == 0);
    REQUIRE(bits(x) == bits(before));
    REQUIRE(memory == std::vector(200, 3.0));

    // Slots that share elements with each other.
    const slot_view repeated(&x(0, 0), {6, 6}, {0, 1});
    REQUIRE(refusal([&] { batch_inference_into(std::vector<int>(6), [](int, const array_view<double, 1>&) {}, rows(repeated)); })
            == "batch_inference_into: slots must not overlap each other");
    REQUIRE(refusal([&] {
                batch_inference_into(std::vector<int>(6), [](int, const array_view<double, 1>&) {}, rows(repeated), {.transactional = true});
            })
            == "batch_inference_into: slots must not overlap each other");
}

TEST_CASE("slots: may lie beside the batches in the same array, interleaved too", "[faults][B34]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    matrix x = table(23, 8);
    const matrix before = x;
    const slot_view whole = view_of(x);
    const auto fill = [&](const auto& batches, const auto& slots) {
        workers.install([&] { batch_inference_into(batches, with_last, slots); });
    };
    fill(batches(whole.slice<1>(0, 4), 5), batches(whole.slice<1>(4, 8), 5));  // left half to right half
    for (std::size_t i = 0; i < 23; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
            REQUIRE(x(i, 4 + j) == 2.0 * before(i, j) + before(i, 3 - j));
        }
    }
    x = before;
    const slot_view even(&x(0, 0), {23, 4}, {8, 2}), odd(&x(0, 1), {23, 4}, {8, 2});
    fill(batches(even, 5), batches(odd, 5));
    for (std::size_t i = 0; i < 23; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
            REQUIRE(x(i, 2 * j + 1) == 2.0 * before(i, 2 * j) + before(i, 6 - 2 * j));
            REQUIRE(x(i, 2 * j) == before(i, 2 * j));
        }
    }
    x = before;
    fill(batches(whole.slice(0, 11), 2), batches(whole.slice(12, 23), 2));  // upper rows to lower rows
    REQUIRE(x(12, 0) == 2.0 * before(0, 0) + before(0, 7));
}

TEST_CASE("slots: in place it gives what it gives out of place", "[faults][B35]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const matrix input = table(103, 6);
    matrix expected = matrix::from_shape({103, 6});
    batch_inference_into(batches(input, 10), with_last, batches(expected, 10));
    const auto in_place = [&](const auto& model) {
        for (const bool transactional : {false, true}) {
            matrix x = input;
            const test::random_delays delays(threads);
            workers.install([&] {
                batch_inference_into(batches(x, 10), model, batches(x, 10),
                                     {.grain = 1, .aliasing = aliasing::same_slice, .transactional = transactional});
            });
            REQUIRE(bits(x) == bits(expected));
        }
    };
    in_place(with_last);
    in_place([](const batch_view& batch, const slot_view& slot) {
        const matrix made = with_last(batch);
        slot.assign_from(view_of(made));
    });
    // Lazy: element (i, j) of the expression reads element (i, 5 - j) of the batch, which in place would be overwritten.
    in_place([](const batch_view& batch) {
        const batch_view reversed(batch.data() + 5, batch.shape(), {batch.stride(0), -1});
        return 2.0 * as_xtensor(batch) + as_xtensor(reversed);
    });

    std::vector<double> numbers(50, 3.0);
    const std::span<double> all(numbers);
    workers.install([&] { batch_inference_into(all, [](double x) { return 2.0 * x; }, all, {.aliasing = aliasing::same_slice}); });
    REQUIRE(numbers == std::vector(50, 6.0));
    // Apart is allowed as well.
    std::vector<double> out(50);
    workers.install(
        [&] { batch_inference_into(all, [](double x) { return 0.5 * x; }, std::span<double>(out), {.aliasing = aliasing::same_slice}); });
    REQUIRE(out == std::vector(50, 3.0));
}

TEST_CASE("slots: a view of the batch itself can be the result in place", "[faults][B35]") {
    for (const std::size_t threads : test::thread_counts) {
        matrix x = table(20, 5);
        const matrix before = x;
        pool(threads).install([&] {
            batch_inference_into(
                batches(x, 5), [](const batch_view& batch) { return batch.transposed(); }, batches(x, 5), {.aliasing = aliasing::same_slice});
        });
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < 20; ++i) {
            for (std::size_t j = 0; j < 5; ++j) {
                wrong += x(i, j) != before(i / 5 * 5 + j, i % 5);
            }
        }
        REQUIRE(wrong == 0);
    }
}

TEST_CASE("slots: after a failure the report tells the written ones exactly", "[faults][B36]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const std::vector<double> source(40, 2.0);
    for (std::uint64_t round = 0; round < 20; ++round) {
        const test::random_delays delays(round, 2);
        std::vector<double> out(40, -1.0);
        std::atomic<std::size_t> next{0};
        run_report report;
        std::size_t caught = 40;
        const std::span<double> slots(out);
        try {
            workers.install([&] {
                batch_inference_into(
                    source,
                    [&](const double& x) {
                        const auto i = static_cast<std::size_t>(&x - source.data());
                        if (i == 5 || i == 30) {
                            throw slot_failure{i};
                        }
                        ++next;
                        return 3.0 * x;
                    },
                    slots, {.grain = 1, .run = {.report = &report}});
            });
        } catch (const slot_failure& failure) {
            caught = failure.index;
        }
        REQUIRE(caught == 5);
        std::vector<double> expected(40, -1.0);
        for (const index_block& block : report.completed) {
            for (std::size_t i = block.begin; i < block.end; ++i) {
                expected[i] = 6.0;
            }
        }
        REQUIRE(out == expected);
        REQUIRE(report.done == next);
        REQUIRE(report.completed.front() == index_block{0, 5});
    }
}

TEST_CASE("slots: transactional, a call that fails or is stopped has not changed one bit", "[faults][B37]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const matrix x = table(60, 4);
    const matrix blank = table(60, 4) * -1.0;
    std::stop_source stop;
    const auto by_slot = [&](const batch_view& batch, const slot_view& slot) {
        slot.fill(99.0);  // half done when it throws
        if (batch.data() >= &x(15, 0) && batch.data() < &x(18, 0)) {
            throw slot_failure{5};
        }
        slot.assign_from(batch);
    };
    const auto by_result = [&](const batch_view& batch) {
        return batch.data() == &x(15, 0) ? matrix(matrix::from_shape({3, 5})) : with_last(batch);
    };
    for (std::uint64_t round = 0; round < 10; ++round) {
        const test::random_delays delays(round, 2);
        matrix y = blank;
        run_report report;
        REQUIRE_THROWS_AS(workers.install([&] {
            batch_inference_into(batches(x, 3), by_slot, batches(y, 3), {.grain = 1, .run = {.report = &report}, .transactional = true});
        }),
                          slot_failure);
        REQUIRE(report.failed == 5u);
        REQUIRE(bits(y) == bits(blank));
        REQUIRE_THROWS_WITH(
            workers.install([&] { batch_inference_into(batches(x, 3), by_result, batches(y, 3), {.transactional = true}); }),
            "batch_inference_into: the result has shape (3, 5), its slot has (3, 4)");
        REQUIRE(bits(y) == bits(blank));
        for (const on_error mode : {on_error::wrap, on_error::collect}) {
            REQUIRE_THROWS_AS(workers.install([&] {
                batch_inference_into(batches(x, 3), by_slot, batches(y, 3), {.run = {.error = mode}, .transactional = true});
            }),
                              task_error);
            REQUIRE(bits(y) == bits(blank));
        }
        std::stop_source in_the_middle;
        REQUIRE_THROWS_AS(workers.install([&] {
            batch_inference_into(
                batches(x, 3),
                [&](const batch_view& batch, const slot_view& slot) {
                    slot.assign_from(batch);
                    if (batch.data() == &x(6, 0)) {
                        in_the_middle.request_stop();
                    }
                    while (batch.data() > &x(6, 0) && !in_the_middle.stop_requested()) {
                    }
                },
                batches(y, 3), {.grain = 1, .run = {.stop = in_the_middle.get_token()}, .transactional = true});
        }),
                          cancelled);
        REQUIRE(bits(y) == bits(blank));
    }
    matrix y = blank;
    workers.install([&] { batch_inference_into(batches(x, 3), with_last, batches(y, 3), {.transactional = true}); });
    matrix expected = blank;
    batch_inference_into(batches(x, 3), with_last, batches(expected, 3));
    REQUIRE(bits(y) == bits(expected));
}

TEST_CASE("slots: transactional, of any layout and type; a model sees what its slot holds", "[faults][B37]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const matrix x = table(24, 5);
    // Rows 1, 3, 5 ... of columns 2 to 6 in a larger array, each added to; and the rows between stay.
    matrix large = table(49, 9);
    const matrix before = large;
    const slot_view inside(&large(1, 2), {24, 5}, {18, 1});
    workers.install([&] {
        batch_inference_into(
            batches(x, 7),
            [](const batch_view& batch, const slot_view& slot) {
                for (std::size_t i = 0; i < batch.shape(0); ++i) {
                    for (std::size_t j = 0; j < batch.shape(1); ++j) {
                        slot(i, j) += batch(i, j);
                    }
                }
            },
            batches(inside, 7), {.transactional = true});
    });
    matrix expected = before;
    for (std::size_t i = 0; i < 24; ++i) {
        for (std::size_t j = 0; j < 5; ++j) {
            expected(2 * i + 1, j + 2) += x(i, j);
        }
    }
    REQUIRE(bits(large) == bits(expected));

    // Objects: texts, and arrays of texts.
    std::vector<std::string> texts(30, std::string(40, 'a'));
    const std::vector<int> source(30, 4);
    const auto lengthen = [&](int bad) {
        return [&, bad](const int& n, std::string& text) {
            text += std::string(static_cast<std::size_t>(n), 'b');
            if (&n - source.data() == bad) {
                throw slot_failure{};
            }
        };
    };
    const std::span<std::string> slots(texts);
    REQUIRE_THROWS_AS(workers.install([&] { batch_inference_into(source, lengthen(17), slots, {.transactional = true}); }), slot_failure);
    REQUIRE(texts == std::vector(30, std::string(40, 'a')));
    workers.install([&] { batch_inference_into(source, lengthen(-1), slots, {.transactional = true}); });
    REQUIRE(texts == std::vector(30, std::string(40, 'a') + "bbbb"));
    const array_view<std::string, 2> pairs(texts.data(), {15, 2});
    const std::vector<int> fifteen(15, 1);
    workers.install([&] {
        batch_inference_into(
            fifteen, [](int, const array_view<std::string, 1>& pair) { pair[1] = "second"; }, rows(pairs), {.transactional = true});
    });
    REQUIRE(texts[0].size() == 44);
    REQUIRE(texts[29] == "second");

    // Batches and slots may overlap in any way: everything is read before anything is written.
    std::vector<double> numbers(100);
    for (std::size_t i = 0; i < 100; ++i) {
        numbers[i] = static_cast<double>(i);
    }
    const std::span<double> all(numbers);
    workers.install([&] { batch_inference_into(all.first(99), [](double v) { return v; }, all.subspan(1), {.transactional = true}); });
    REQUIRE(numbers[0] == 0.0);
    REQUIRE(numbers[1] == 0.0);
    REQUIRE(numbers[99] == 98.0);
}

TEST_CASE("slots: what cannot be copied cannot be transactional, and says so before anything runs", "[faults][B37]") {
    std::atomic<int> calls{0};
    std::vector<std::unique_ptr<int>> owners(3);
    const auto make = [&](int i) {
        ++calls;
        return std::make_unique<int>(i);
    };
    const std::vector<int> source{1, 2, 3};
    REQUIRE(refusal([&] { batch_inference_into(source, make, std::span(owners), {.transactional = true}); })
            == "batch_inference_into: with transactional, slots must be views or references of what can be copied");
    REQUIRE(calls == 0);
    batch_inference_into(source, make, std::span(owners));
    REQUIRE(*owners[2] == 3);
}

TEST_CASE("slots: transactional with no batch, one batch and slots without elements", "[faults][B37]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        workers.install([&] {
            batch_inference_into(std::vector<double>{}, [](double v) { return v; }, std::span<double>{}, {.transactional = true});
            double one = 5.0;
            batch_inference_into(std::vector{2.0}, [](double v) { return v; }, std::span<double>(&one, 1), {.transactional = true});
            REQUIRE(one == 2.0);
            matrix empty = matrix::from_shape({4, 0});
            batch_inference_into(
                std::vector<int>(4), [](int) { return std::vector<double>{}; }, rows(empty), {.transactional = true});
        });
    }
}
