// SPDX-License-Identifier: Apache-2.0
// What runs out of memory: every algorithm of the library, on small inputs. An operation's items allocate too where a user's would.
#include "operations.hpp"

#include <array>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <new>
#include <numeric>
#include <optional>
#include <span>

#include <fcntl.h>
#include <unistd.h>

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
#include <xrayon/exec/scratch.hpp>
#include <xrayon/io/atomic_file.hpp>
#include <xrayon/io/csv.hpp>
#include <xrayon/io/npy.hpp>
#include <xrayon/io/write_csv.hpp>
#include <xrayon/io/write_npy.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/split/k_fold.hpp>
#include <xrayon/ml/train_test_split.hpp>
#include <xrayon/par/bridge.hpp>
#include <xrayon/par/broadcast.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/join.hpp>
#include <xrayon/par/ordered.hpp>
#include <xrayon/par/scope.hpp>
#include <xrayon/par/sequence.hpp>
#include <xrayon/par/spawn.hpp>
#include <xrayon/par/tree.hpp>
#include <xrayon/random/bernoulli.hpp>
#include <xrayon/random/exponential.hpp>
#include <xrayon/random/integer.hpp>
#include <xrayon/random/normal.hpp>
#include <xrayon/random/sample.hpp>
#include <xrayon/random/shuffle.hpp>
#include <xrayon/random/uniform.hpp>
#include <xrayon/random/weighted.hpp>
#include <xrayon/schedule/cost_model.hpp>
#include <xrayon/schedule/invoke_all.hpp>

#if defined(XRAYON_TEST_BLAS)
#include <xrayon/array/blas.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#endif

#include "../support/delays.hpp"
#include "../support/fixture_root.hpp"

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

/// The bytes of a file, read without allocating.
std::uint64_t bits_of_file(const std::string& path) {
    fingerprint bits;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = ::read(file, piece.data(), piece.size())) > 0;) {
        bits.add(std::string_view(piece.data(), static_cast<std::size_t>(got)));
    }
    ::close(file);
    return bits.value();
}

/// Names and bytes of what is in a folder, and how many files the process has open.
std::uint64_t bits_of_folder(const std::string& path) {
    std::uint64_t bits = 0;
    for (const auto& each : std::filesystem::directory_iterator(path)) {
        bits += bits_of(each.path().filename().string(), bits_of_file(each.path().string()));
    }
    const auto open_files = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
    return bits_of(bits, open_files);
}

/// An operation on files of a folder: `run(path of the folder)`. It may leave no file behind there, nor an open one.
template <class Run>
operation on_files(std::string name, const std::shared_ptr<const fixture_root>& folder, bool parallel, Run run) {
    return {std::move(name), [folder, path = folder->path() + "/", run] { return run(path); },
            [folder] { return bits_of_folder(folder->path()); }, parallel};
}

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
    all.push_back(on("items that allocate nothing", numbers(300), [](const auto& in) {
        std::vector<double> out(in.size());
        for_each_index(in.size(), [&](std::size_t i) { out[i] = in[i] * in[i]; }, {.grain = 1});
        return bits_of(out);
    }));
    all.push_back(on("calls a hundred deep", numbers(100), [](const auto& in) {
        std::array<double, 100> out{};
        const std::function<void(std::size_t)> descend = [&](std::size_t depth) {
            for_each_index(
                3,
                [&](std::size_t i) {
                    if (i == 0 && depth + 1 < in.size()) {
                        descend(depth + 1);
                    } else if (i == 1) {
                        out[depth] = item_of(in[depth]).back();
                    }
                },
                {.grain = 1});
        };
        descend(0);
        return bits_of(out);
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
    all.push_back(on("a scope whose tasks spawn", numbers(40), [](const auto& in) {
        std::array<double, 40> out{};
        scope([&](scope_t& s) {
            for (std::size_t i = 0; i < in.size(); i += 2) {
                s.spawn([&, i](scope_t& inner) {
                    inner.spawn([&, i] { out[i + 1] = item_of(in[i + 1]).back(); });
                    out[i] = item_of(in[i]).back();
                });
            }
        });
        return bits_of(out);
    }));
    all.push_back(on("a scope that fails, wrapped, with a report", numbers(20), [](const auto& in) {
        run_report report;
        return text_of<task_error>([&] {
            scope_fifo(
                [&](scope_t& s) {
                    for (std::size_t i = 0; i < in.size(); ++i) {
                        s.spawn([i](scope_t& inner) { inner.spawn([i] { check(i < 10, "a task's own rule, with a text of some length", i); }); });
                    }
                },
                {.error = on_error::wrap, .report = &report});
        });
    }));
    all.push_back(on("spawned tasks that are waited for", numbers(20), [](const auto& in) {
        std::array<double, 20> out{};
        struct wait_at_the_end {  // tasks refer to what is here
            ~wait_at_the_end() {
                try {
                    wait_spawned();
                } catch (...) {
                    // Of a call that has no memory anyway.
                }
            }
        };
        const wait_at_the_end wait;
        for (std::size_t i = 0; i < in.size(); ++i) {
            spawn([&, i] { out[i] = item_of(in[i]).back(); });
        }
        wait_spawned();
        return bits_of(out);
    }));
    all.push_back(on("broadcast", numbers(1), [](const auto& in) {
        const auto all_of = broadcast([&](broadcast_context context) { return item_of(in[0] + static_cast<double>(context.index)); });
        return bits_of(all_of);
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
    all.push_back(on("scratch", numbers(60), [](const auto& in) {
        scratch<std::vector<double>> buffers([] { return std::vector<double>(3); });
        std::array<double, 60> out{};
        for_each_index(
            in.size(),
            [&](std::size_t i) {
                const auto outer = buffers.borrow();
                const auto inner = buffers.borrow();
                *outer = item_of(in[i]);
                *inner = *outer;
                out[i] = inner->back();
            },
            {.grain = 1});
        return bits_of(out);
    }));
    all.push_back(on("progress that a function is told", numbers(40), [](const auto& in) {
        const progress_function tell = [](const progress_state& state) { (void)std::string(100 + state.done, 'x'); };
        return bits_of(map_index(in.size(), [&](std::size_t i) { return item_of(in[i]); },
                                 {.grain = 1, .run = {.on_progress = tell, .label = "a label too long for a short string"}}));
    }));
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

void add_sequences(list& all) {
    const auto item = [](double x) { return item_of(x); };
    all.push_back(on("a sequence, mapped and collected", numbers(60), [item](const auto& in) { return bits_of(par(in).map(item).collect()); }));
    all.push_back(on("a sequence, filtered and collected", numbers(60), [item](const auto& in) {
        return bits_of(par(in).map(item).filter([](const auto& x) { return x.back() > 0.1; }).collect());
    }));
    all.push_back(on("a sequence of numbers, filtered by bits", numbers(20'000), [](const auto& in) { return bits_of(par(in).filter([](double x) { return x > 0.5; }).collect()); }));
    all.push_back(on("a sequence, partitioned", numbers(60), [item](const auto& in) {
        const auto [a, b] = par(in).map(item).partition([](const auto& x) { return x.back() > 0.1; });
        return bits_of(a, b);
    }));
    all.push_back(on("sums and reductions of a sequence", numbers(5000), [item](const auto& in) {
        const auto longer = [](auto a, auto b) { return a.size() < b.size() ? b : a; };
        return bits_of(par(in).sum(), *par(in).take(50).map(item).reduce_with(longer),
                       par(in).map([](double x) { return std::optional(x); }).try_reduce_with([](double a, double b) { return std::optional(a + b); })->value());
    }));
    all.push_back(on("searches of a sequence", numbers(300), [item](const auto& in) {
        return bits_of(*par(in).map(item).find_first([](const auto& x) { return !x.empty(); }), par(in).position_last([](double x) { return x > 2; }).value_or(0));
    }));
    all.push_back(on("the first items behind a filter", numbers(300), [item](const auto& in) {
        return bits_of(par(in).map(item).filter([](const auto& x) { return !x.empty(); }).take_any(50).collect());
    }));
    all.push_back(on("a bridge", numbers(100), [item](const auto& in) { return bits_of(par_bridge(in, {.block = 20}).map(item).to_vector()); }));
    all.push_back(on("a tree", numbers(100), [](const auto& in) {
        const auto below = [n = in.size()](std::size_t x) { return 2 * x + 2 < n ? std::vector<std::size_t>{2 * x + 1, 2 * x + 2} : std::vector<std::size_t>{}; };
        return bits_of(walk_tree(std::size_t{0}, below).to_vector());
    }));
    all.push_back(on("join", numbers(2), [](const auto& in) {
        const auto [a, b] = join([&] { return item_of(in[0]); }, [&] { return item_of(in[1]); });
        return bits_of(a, b);
    }));
    all.push_back(on("a memory budget", numbers(40), [](const auto& in) {
        return bits_of(map_index(in.size(), [&](std::size_t i) { return item_of(in[i]); }, {.run = {.memory_budget = 3, .item_bytes = [](std::size_t i) { return 1 + i % 3; }}}));
    }));
}

void add_schedule(list& all) {
    all.push_back(on("map_index_in_order", numbers(40), [](const auto& in) {
        std::vector<std::size_t> order(in.size());
        std::iota(order.rbegin(), order.rend(), std::size_t{0});
        return bits_of(map_index_in_order(order, [&](std::size_t i) { return item_of(in[i]); }, {.grain = 1}));
    }));
    all.push_back(on("map_index_in_order, items that fail and are collected", numbers(20), [](const auto& in) {
        std::vector<std::size_t> order(in.size());
        std::iota(order.rbegin(), order.rend(), std::size_t{0});
        const auto failing = [&](std::size_t i) { return i % 3 == 1 ? throw std::runtime_error("an item that is meant to fail") : item_of(in[i]); };
        try {
            return text_of<task_errors>([&] { (void)map_index_in_order(order, failing, {.grain = 1, .run = {.error = on_error::collect}}); });
        } catch (const task_error&) {
            throw std::bad_alloc();  // no memory for the list of errors: the call ends with one of them
        }
    }));
    all.push_back(on("invoke_all, with costs that are learned", numbers(20), [](const auto& in) {
        std::vector<std::function<std::vector<double>()>> tasks;
        for (const double x : in) {
            tasks.push_back([x] { return item_of(x); });
        }
        cost_model model;
        balance_stats balance;
        const auto first = invoke_all(tasks, {.costs = in, .model = &model, .key = "a key too long for a short string", .balance = &balance});
        const auto second = invoke_all(tasks, {.costs = in, .model = &model, .key = "a key too long for a short string"});
        return bits_of(first, second);
    }));
    all.push_back(serial("a cost model as text", [] {
        cost_model model;
        for (std::uint64_t i = 0; i < 5; ++i) {
            model.observe(i % 2 == 0 ? "a key too long for a short string" : "another one of these long keys", i, 1, 0.5);
        }
        const cost_model copy = cost_model::from_text(model.to_text());
        return bits_of(copy.to_text());
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

/// A table as text. Zeros before the numbers: long lines, few values.
std::string csv_text(int lines, int zeros) {
    std::string text = "first column,\"second, quoted \"\" column with a long name\",third\n";
    for (int i = 0; i < lines; ++i) {
        text += std::to_string(i) + "," + std::string(static_cast<std::size_t>(zeros), '0') + "1e-3,1e300\n";
    }
    return text;
}

void add_random(list& all) {
    all.push_back(on("random numbers, by the item", numbers(20), [](const auto& in) {
        const stream source(7);
        return bits_of(map_index(in.size(), [&](std::size_t i) {
            stream own = source / "a key too long for a short string" / i;
            std::vector<double> drawn(60);
            fill_uniform(own, std::span(drawn).first(10));
            fill_normal(own, std::span(drawn).subspan(10, 10));
            fill_exponential(own, std::span(drawn).subspan(20, 10), 2.0);
            fill_uniform_at(own, 5, std::span(drawn).subspan(30, 10));
            std::vector<int> whole(10);
            fill_integers(own, whole, 1, 6);
            fill_bernoulli(own, std::span(whole).first(5), 0.5);
            drawn[40] = whole.back() + static_cast<double>(draw_weighted(own, in));
            return drawn;
        }));
    }));
    all.push_back(serial("samples and permutations", [] {
        const stream source(3);
        std::vector<std::size_t> items = permutation(source / 0, 100);
        shuffle(source / 1, items);
        return bits_of(items, sample_indices(source / 2, std::size_t{1} << 20, 50), sample_indices(source / 3, 100, 50));
    }));
    all.push_back(serial("errors of random numbers", [] {
        std::array<double, 4> out{};
        const auto no_weights = [] { (void)draw_weighted(stream(1), std::vector<double>{0.0, -1.0}); };
        return bits_of(text_of<argument_error>([] { (void)sample_indices(stream(1), 4, 5); }),
                       text_of<argument_error>([&] { fill_uniform(stream(1), out, 2.0, 1.0); }),
                       text_of<argument_error>([&] { fill_normal(stream(1), out, 0.0, -1.0); }), text_of<argument_error>(no_weights),
                       text_of<argument_error>([] { (void)stream(-1); }));
    }));
}

void add_io(list& all) {
    const std::string text = csv_text(40, 0);
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

    // Longer than 256 KiB: three chunks, which threads share.
    const std::string longer = csv_text(2'500, 100);
    std::string faulty = longer;
    faulty.insert(faulty.size() - 30, "x\n");
    faulty.insert(faulty.size() / 2, "x");
    all.push_back(on("parse_csv, in chunks", longer, [](const auto& in) {
        const csv_table table = parse_csv(in, "a source with a name of some length");
        return bits_of(table.source, table.columns, table.values);
    }));
    all.push_back(on("errors of parse_csv, in chunks", faulty, [](const auto& in) {
        return text_of<data_error>([&] { (void)parse_csv(in, "a source with a name of some length"); });
    }));

    const auto table = std::make_shared<const xt::xtensor<double, 2>>(matrix(20, 3));
    const std::vector<std::string> names{"a column with a long name", "one with a \" quote", "c"};
    const auto folder = std::make_shared<fixture_root>();
    write_csv(folder->path() + "/written.csv", *table, names, {.durable = false});
    write_npy(folder->path() + "/written.npy", xt::view(*table, xt::all(), 1), {.durable = false});
    folder->file("long.csv", longer).file("faulty.csv", faulty).file("bytes", "some bytes").file("table.npy", npy_bytes(*table));
    folder->file("short.npy", npy_bytes(*table).substr(0, 200));
    all.push_back(on_files("read_csv", folder, true, [](const std::string& at) {
        const csv_table got = read_csv(at + "long.csv");
        return bits_of(got.columns, got.values);
    }));
    all.push_back(on_files("errors of read_csv", folder, true, [](const std::string& at) {
        return bits_of(text_of<data_error>([&] { (void)read_csv(at + "faulty.csv"); }),
                       text_of<io_error>([&] { (void)read_csv(at + "no such file, and a long name"); }));
    }));
    all.push_back(on_files("write_csv", folder, false, [table, names](const std::string& at) {
        write_csv(at + "written.csv", *table, names, {.durable = false});
        return bits_of_file(at + "written.csv");
    }));
    all.push_back(on_files("write_npy and npy_bytes", folder, false, [table](const std::string& at) {
        write_npy(at + "written.npy", xt::view(*table, xt::all(), 1), {.durable = false});
        return bits_of(npy_bytes(*table + 1.0), bits_of_file(at + "written.npy"));
    }));
    all.push_back(on_files("read_npy", folder, false, [](const std::string& at) {
        return bits_of(read_npy<double>(at + "table.npy"),
                       read_npy<float, 2, xt::layout_type::column_major>(at + "table.npy", {.convert = true}),
                       read_npy_header(at + "table.npy").shape, text_of<data_error>([&] { (void)read_npy<double>(at + "short.npy"); }),
                       text_of<argument_error>([&] { (void)read_npy<int>(at + "table.npy"); }));
    }));
    all.push_back(on("parse_npy", npy_bytes(*table), [](const auto& in) {
        return bits_of(parse_npy<double, 2>(in, "a source with a name of some length"),
                       text_of<data_error>([&] { (void)parse_npy<double>(in.substr(0, 90), "a source with a name of some length"); }),
                       text_of<shape_error>([&] { (void)parse_npy<double, 3>(in, "a source with a name of some length"); }));
    }));
    all.push_back(on_files("atomic_file", folder, false, [](const std::string& at) {
        atomic_file file(at + "bytes", {.durable = false});
        file.write("some ");
        file.write("bytes");
        file.commit();
        return bits_of(bits_of_file(at + "bytes"), text_of<io_error>([&] { const atomic_file none(at + "no such folder/bytes"); }));
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
    all.push_back(on("batch_inference_into, transactional", matrix(32, 3), [](const auto& in) {
        std::array<double, 96> out{};
        const array_view<double, 2> slots(out.data(), {32, 3});
        const auto model = [](const auto& batch) { return xt::xtensor<double, 2>(as_xtensor(batch) * 3.0); };
        try {
            ml::batch_inference_into(batches(in, 5), model, batches(slots, 5), {.transactional = true});
        } catch (...) {
            check(out == std::array<double, 96>{}, "a slot was written by a call that failed");
            throw;
        }
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
    add_sequences(all);
    add_exec(all);
    add_schedule(all);
    add_array(all);
    add_random(all);
    add_io(all);
    add_ml(all);
    add_analyze(all);
    return all;
}

} // namespace xrayon::test
