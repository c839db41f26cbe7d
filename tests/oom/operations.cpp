// SPDX-License-Identifier: Apache-2.0
// What runs out of memory: every algorithm of the library, on small inputs. An operation's items allocate too where a user's would.
#include "operations.hpp"

#include <array>
#include <cstddef>
#include <exception>
#include <functional>
#include <new>
#include <numeric>
#include <span>

#include <xrayon/analyze/amdahl_fit.hpp>
#include <xrayon/analyze/json.hpp>
#include <xrayon/analyze/scalability_benchmark.hpp>
#include <xrayon/analyze/statistics.hpp>
#include <xrayon/analyze/summary.hpp>
#include <xrayon/analyze/table.hpp>
#include <xrayon/array/assign.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/runtime_info.hpp>
#include <xrayon/io/csv.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/split/k_fold.hpp>
#include <xrayon/ml/train_test_split.hpp>
#include <xrayon/par/index.hpp>

#if defined(XRAYON_TEST_BLAS)
#include <xrayon/array/blas.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#endif

#include "../support/delays.hpp"

namespace xrayon::test {

namespace {

std::vector<double> numbers(std::size_t n) {
    std::vector<double> all(n);
    for (std::size_t i = 0; i < n; ++i) {
        all[i] = static_cast<double>(mix(i + 1) % 1000) / 8.0;
    }
    return all;
}

xt::xtensor<double, 2> matrix(std::size_t rows, std::size_t columns) {
    xt::xtensor<double, 2> all = xt::xtensor<double, 2>::from_shape({rows, columns});
    for (std::size_t i = 0; i < rows * columns; ++i) {
        all.data()[i] = static_cast<double>(mix(i + 7) % 1000) / 16.0;
    }
    return all;
}

/// What an item of a user's does: it allocates, computes and gives a value that owns memory.
std::vector<double> item_of(double x) { return {x, x + 1, 0.5 * x}; }

bool is_bad_alloc(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
        return true;
    } catch (...) {
        return false;
    }
}

/// The text of the error that `f` ends with, unless it tells of memory that an item did not get.
template <class Error, class F>
std::uint64_t text_of(const F& f) {
    try {
        f();
    } catch (const Error& error) {
        bool no_memory = false;
        if constexpr (std::is_same_v<Error, task_errors>) {
            for (const item_error& each : error.errors()) {
                no_memory = no_memory || is_bad_alloc(each.error);
            }
        } else if constexpr (std::is_same_v<Error, task_error>) {
            no_memory = is_bad_alloc(error.nested_ptr());
        }
        if (no_memory) {
            throw std::bad_alloc();
        }
        return bits_of(std::string_view(error.what()));
    }
    return 0;
}

analyze::scalability_report small_report() {
    return analyze::summarize_runs({{.threads = 1, .seconds = {1.0, 1.1}, .cpu_seconds = {1.0, 1.1}},
                                    {.threads = 2, .seconds = {0.6, 0.61}, .cpu_seconds = {1.1, 1.15}},
                                    {.threads = 4, .seconds = {0.2, 0.21}, .cpu_seconds = {1.2, 1.25}}},
                                   {.label = "a workload with a name that fills a string", .cores = 2, .bootstrap = {.resamples = 4}});
}

using list = std::vector<operation>;

void add_par(list& all) {
    all.push_back(on("for_each_index", numbers(100), [](const auto& in) {
        std::array<double, 100> out{};
        for_each_index(in.size(), [&](std::size_t i) { out[i] = item_of(in[i]).back(); });
        return bits_of(out);
    }));
    all.push_back(on("map_index", numbers(60), [](const auto& in) {
        return bits_of(map_index(in.size(), [&](std::size_t i) { return item_of(in[i]); }, {.grain = 1}));
    }));
    all.push_back(on("map_index, wrapped, with a report", numbers(30), [](const auto& in) {
        run_report report;
        return bits_of(map_index(in.size(), [&](std::size_t i) { return item_of(in[i]); },
                                 {.grain = 1, .run = {.label = "a label too long for a short string", .error = on_error::wrap, .report = &report}}));
    }));
    all.push_back(on("map_index, collecting", numbers(20), [](const auto& in) {
        return bits_of(map_index(in.size(), [&](std::size_t i) { return item_of(in[i]); }, {.grain = 1, .run = {.error = on_error::collect}}));
    }));
    all.push_back(on("map_index to a std::vector", numbers(20), [](const auto& in) {
        auto results = map_index(in.size(), [&](std::size_t i) { return item_of(in[i]); });
        const auto copy = results;
        return bits_of(copy, std::move(results).to_vector());
    }));
    all.push_back(on("fold_index", numbers(50), [](const auto& in) {
        return bits_of(fold_index(
            in.size(), 2, [&](std::size_t begin, std::size_t end) { return std::vector<double>(in.begin() + static_cast<std::ptrdiff_t>(begin), in.begin() + static_cast<std::ptrdiff_t>(end)); },
            [](std::vector<double> left, const std::vector<double>& right) {
                left.insert(left.end(), right.begin(), right.end());
                return left;
            },
            {.grain = 1}));
    }));
    all.push_back(on("a failing item", numbers(40), [](const auto& in) {
        run_report report;
        return text_of<task_error>([&] {
            for_each_index(
                in.size(), [&](std::size_t i) { check(i < 20, "an item's own rule, with a text of some length", i); },
                {.grain = 1, .run = {.error = on_error::wrap, .report = &report}});
        });
    }));
    all.push_back(on("items that fail and are collected", numbers(20), [](const auto& in) {
        try {
            return text_of<task_errors>([&] {
                for_each_index(
                    in.size(), [&](std::size_t i) { check(i % 2 == 0, "an item's own rule", i); }, {.grain = 1, .run = {.error = on_error::collect}});
            });
        } catch (const task_error&) {
            throw std::bad_alloc();  // no memory for the list of errors: the call ends with one of them
        }
    }));
}

void add_exec(list& all) {
    all.push_back(serial("a pool is made and used", [] {
        const pool workers({.threads = 3, .name = "a name too long for a short string"});
        return workers.install([] {
            std::array<double, 16> out{};
            for_each_index(16, [&](std::size_t i) { out[i] = item_of(static_cast<double>(i)).front(); }, {.grain = 1});
            return bits_of(out);
        });
    }));
    all.push_back(serial("the global pool is replaced", [] {
        configure_global_pool({.threads = 2});
        return bits_of(current_num_threads() != 0);
    }));
    all.push_back(serial("describe_runtime", [] {
        const runtime_info info = describe_runtime();
        return bits_of(info.version, info.tbb_version, info.usable_cores);
    }));
    all.push_back(serial("errors of arguments", [] {
        return bits_of(text_of<argument_error>([] { const pool none(1025); }), text_of<argument_error>([] { const pool none({.name = ""}); }),
                       text_of<argument_error>([] { for_each_index(5, [](std::size_t) {}, {.grain = 0}); }));
    }));
}

void add_array(list& all) {
    all.push_back(on("rows and batches", matrix(24, 5), [](const auto& in) {
        const auto sums = map_index(element_count(rows(in)), [&](std::size_t i) {
            const auto row = element(rows(in), i);
            return std::vector<double>(row.begin(), row.end());
        });
        const auto tiles = map_index(element_count(batches(in, 7)), [&](std::size_t i) {
            return xt::xtensor<double, 2>(as_xtensor(element(batches(in, 7), i)) * 2.0);
        });
        return bits_of(sums, tiles);
    }));
    all.push_back(on("lazy results are kept evaluated", matrix(12, 6), [](const auto& in) {
        return bits_of(map_index(12, [&](std::size_t i) { return as_xtensor(element(rows(in), i)) + 1.0; }));
    }));
    all.push_back(on("assign_array and its errors", matrix(6, 4), [](const auto& in) {
        std::array<double, 24> out{};
        const array_view<double, 2> slot(out.data(), {6, 4});
        assign_array("test", slot, in + 1.0);
        assign_array("test", slot, in);
        return bits_of(out, text_of<shape_error>([&] { assign_array("test", slot.slice(0, 3), in); }));
    }));
#if defined(XRAYON_TEST_BLAS)
    all.push_back(on("gemm and gemv, with operands that are copied", matrix(16, 16), [](const auto& in) {
        std::array<double, 64> c{};
        std::array<double, 8> y{};
        const array_view<double, 2> out(c.data(), {8, 8});
        const auto odd = view_of(in).template slice<0>(0, 8).template slice<1>(0, 8);
        const auto reversed = xt::view(in, xt::range(0, 16, 2), xt::range(0, 16, 2));
        gemm(1.0, odd, reversed, 0.0, out);
        gemv(1.0, odd, odd[0], 0.0, array_view<double, 1>(y.data(), {8}));
        return bits_of(c, y);
    }));
#endif
}

void add_io(list& all) {
    std::string text = "first column,\"second, quoted \"\" column with a long name\",third\n";
    for (int i = 0; i < 40; ++i) {
        text += std::to_string(i) + ",-1e-3,1e300\n";
    }
    all.push_back(on("parse_csv", text, [](const auto& in) {
        const csv_table table = parse_csv(in, "a source with a name of some length");
        return bits_of(table.source, table.columns, table.values, table.integers("first column"),
                       text_of<argument_error>([&] { (void)table.column_index("fourth"); }));
    }));
    all.push_back(on("errors of parse_csv", text + "1,2\n", [](const auto& in) {
        return bits_of(text_of<data_error>([&] { (void)parse_csv(in, "a source with a name of some length"); }),
                       text_of<data_error>([] { (void)parse_csv("a,b\n1,x\xff\n", "short"); }),
                       text_of<argument_error>([&] { (void)parse_csv(in, "s", {.delimiter = '"'}); }));
    }));
}

void add_ml(list& all) {
    all.push_back(on("batch_inference", numbers(40), [](const auto& in) { return bits_of(ml::batch_inference(in, item_of)); }));
    all.push_back(on("batch_inference_into", matrix(32, 3), [](const auto& in) {
        std::array<double, 96> out{};
        const array_view<double, 2> slots(out.data(), {32, 3});
        ml::batch_inference_into(batches(in, 5), [](const auto& batch) { return xt::xtensor<double, 2>(as_xtensor(batch) * 3.0); }, batches(slots, 5));
        return bits_of(out);
    }));
    all.push_back(serial("train_test_split", [] {
        const auto [train, test] = ml::train_test_split(50, {.test_size = 0.3, .seed = 3});
        return bits_of(train, test, text_of<argument_error>([] { (void)ml::train_test_split(50, {.test_size = 1.5}); }));
    }));
    all.push_back(serial("k_fold", [] {
        fingerprint all_folds;
        for (const auto& [train, test] : ml::k_fold{.folds = 4, .shuffle = true, .seed = 5}.split(30)) {
            all_folds.add(train).add(test);
        }
        return bits_of(all_folds.value(), text_of<argument_error>([] { (void)ml::k_fold{.folds = 40}.split(30); }));
    }));
    all.push_back(on("accuracy", numbers(10'000), [](const auto& in) {
        return bits_of(ml::accuracy(in, in), text_of<shape_error>([&] { (void)ml::accuracy(in, std::vector<double>{1.0}); }));
    }));
#if defined(XRAYON_TEST_BLAS)
    all.push_back(on("k_nearest_neighbors", matrix(130, 4), [](const auto& in) {
        std::array<int, 130> labels{};
        for (std::size_t i = 0; i < labels.size(); ++i) {
            labels[i] = static_cast<int>(i % 3);
        }
        ml::k_nearest_neighbors<double> model({.k = 3});
        model.fit(in, labels);
        return bits_of(model.predict(in), model.predict_left_out({0, 70}));
    }));
#endif
}

void add_analyze(list& all) {
    all.push_back(serial("scalability_benchmark", [] {
        std::array<double, 50> out{};
        const auto report = analyze::scalability_benchmark(
            {1, 2},
            [&] {
                for_each_index(50, [&](std::size_t i) { out[i] = item_of(static_cast<double>(i)).back(); });
                return std::accumulate(out.begin(), out.end(), 0.0);
            },
            {.repetitions = 1, .warmup = 0, .min_time = std::chrono::nanoseconds(1), .label = "small", .bootstrap = {.resamples = 5}});
        return bits_of(report.points.size(), report.answers_agree, report.answer_checked);
    }));
    all.push_back(serial("amdahl_fit", [] {
        const auto fit = analyze::amdahl_fit({{1, 1.0}, {2, 0.6}, {4, 0.4}, {8, 0.9}}, {.trusted_error = 0.01});
        return bits_of(fit.serial_seconds, fit.parallel_seconds, fit.superlinear, fit.slowdown, fit.reason,
                       text_of<argument_error>([] { (void)analyze::amdahl_fit({{1, 1.0}}); }));
    }));
    all.push_back(on("statistics", numbers(30), [](const auto& in) {
        const auto interval = analyze::median_interval(in, {.resamples = 10});
        return bits_of(analyze::median(in), analyze::quantile(in, 0.3), interval.lower, interval.upper);
    }));
    all.push_back(serial("summarize_runs", [] {
        const auto report = small_report();
        return bits_of(report.points.back().median, report.notes);
    }));
    all.push_back(serial("to_table", [report = small_report()] { return bits_of(analyze::to_table(report)); }));
    all.push_back(serial("to_summary", [report = small_report()] { return bits_of(analyze::to_summary(report)); }));
    all.push_back(serial("to_json", [report = small_report()] { return bits_of(analyze::to_json(report)); }));
}

} // namespace

ending end_of(const std::function<std::uint64_t()>& f, std::uint64_t& bits) noexcept {
    try {
        bits = f();
        return ending::value;
    } catch (const std::bad_alloc&) {
        return ending::no_memory;
    } catch (const resource_error&) {
        return ending::refused;
    } catch (const task_errors& errors) {
        for (const item_error& each : errors.errors()) {
            if (!is_bad_alloc(each.error)) {
                return ending::other_error;
            }
        }
        return ending::no_memory;
    } catch (const task_error& error) {
        return is_bad_alloc(error.nested_ptr()) ? ending::no_memory : ending::other_error;
    } catch (...) {
        return ending::other_error;
    }
}

std::vector<operation> operations() {
    list all;
    add_par(all);
    add_exec(all);
    add_array(all);
    add_io(all);
    add_ml(all);
    add_analyze(all);
    return all;
}

} // namespace xrayon::test
