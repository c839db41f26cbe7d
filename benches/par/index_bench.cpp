// SPDX-License-Identifier: Apache-2.0
// What does one call of the guarded core cost, before any item does work? Items are trivial; 1 and 64 of them stay on the calling
// thread, 100,000 are shared at 2 threads. Beside raw oneTBB and a plain loop; paired ratios are bench.rivals's.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

namespace {

using range = tbb::blocked_range<std::size_t>;

constexpr auto item = [](std::size_t i) -> std::uint64_t { return i * 6364136223846793005U + 1442695040888963407U; };

std::size_t items_of(const benchmark::State& state) { return static_cast<std::size_t>(state.range(0)); }
std::size_t threads_of(const benchmark::State& state) { return static_cast<std::size_t>(state.range(1)); }
void count_items(benchmark::State& state) { state.SetItemsProcessed(state.iterations() * state.range(0)); }

void plain_loop(benchmark::State& state) {
    const std::size_t n = items_of(state);
    std::vector<std::uint64_t> y(n);
    for (auto _ : state) {
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = item(i);
        }
        benchmark::ClobberMemory();
    }
    count_items(state);
}
BENCHMARK(plain_loop)->ArgName("items")->Arg(1)->Arg(64)->Arg(100'000)->UseRealTime();

void raw_tbb(benchmark::State& state) {
    const std::size_t n = items_of(state);
    std::vector<std::uint64_t> y(n);
    tbb::task_arena arena(static_cast<int>(threads_of(state)));
    arena.execute([&] {
        for (auto _ : state) {
            tbb::parallel_for(range(0, n), [&](const range& r) {
                for (std::size_t i = r.begin(); i != r.end(); ++i) {
                    y[i] = item(i);
                }
            });
            benchmark::ClobberMemory();
        }
    });
    count_items(state);
}

void for_each_index(benchmark::State& state) {
    const std::size_t n = items_of(state);
    std::vector<std::uint64_t> y(n);
    const xrayon::pool workers(threads_of(state));
    workers.install([&] {
        for (auto _ : state) {
            xrayon::for_each_index(n, [&](std::size_t i) { y[i] = item(i); });
            benchmark::ClobberMemory();
        }
    });
    count_items(state);
}

void map_index(benchmark::State& state) {
    const std::size_t n = items_of(state);
    const xrayon::pool workers(threads_of(state));
    workers.install([&] {
        for (auto _ : state) {
            auto y = xrayon::map_index(n, item);
            benchmark::DoNotOptimize(y.data());
        }
    });
    count_items(state);
}

/// Leaves of 16 items.
void fold_index(benchmark::State& state) {
    const std::size_t n = items_of(state);
    const xrayon::pool workers(threads_of(state));
    const auto leaf = [](std::size_t begin, std::size_t end) {
        std::uint64_t sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            sum += item(i);
        }
        return sum;
    };
    workers.install([&] {
        for (auto _ : state) {
            benchmark::DoNotOptimize(xrayon::fold_index(n, 16, leaf, [](std::uint64_t a, std::uint64_t b) { return a + b; }));
        }
    });
    count_items(state);
}

void with_all_sizes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"items", "threads"})->ArgsProduct({{1, 64, 100'000}, {1, 2}})->UseRealTime();
}
BENCHMARK(raw_tbb)->Apply(with_all_sizes);
BENCHMARK(for_each_index)->Apply(with_all_sizes);
BENCHMARK(map_index)->Apply(with_all_sizes);
BENCHMARK(fold_index)->Apply(with_all_sizes);

/// Entering a pool and leaving it, from outside and from inside of it.
void install(benchmark::State& state) {
    const xrayon::pool workers(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(workers.install([] { return 1; }));
    }
}
BENCHMARK(install)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

void install_inside(benchmark::State& state) {
    const xrayon::pool workers(static_cast<std::size_t>(state.range(0)));
    workers.install([&] {
        for (auto _ : state) {
            benchmark::DoNotOptimize(workers.install([] { return 1; }));
        }
    });
}
BENCHMARK(install_inside)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

} // namespace
