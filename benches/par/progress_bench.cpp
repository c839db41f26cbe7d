// SPDX-License-Identifier: Apache-2.0
// What does it cost to be looked at? The same call without and with progress (a function that does nothing, so that no terminal is
// timed): trivial items in claims of the library's choice, the same one by one, and a call of a single item, which is the cost of the
// thread. Aim: below 5 ns an item.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

namespace {

void run(benchmark::State& state, const xrayon::loop_options& options) {
    const auto n = static_cast<std::size_t>(state.range(0));
    std::vector<std::uint64_t> y(n);
    const xrayon::pool workers(static_cast<std::size_t>(state.range(1)));
    workers.install([&] {
        for (auto _ : state) {
            xrayon::for_each_index(n, [&](std::size_t i) { y[i] = i * 6364136223846793005U + 1442695040888963407U; }, options);
            benchmark::ClobberMemory();
        }
    });
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

const xrayon::progress_function nothing = [](const xrayon::progress_state&) {};

void off(benchmark::State& state) { run(state, {}); }
void on(benchmark::State& state) { run(state, {.run = {.on_progress = nothing}}); }
void off_one_by_one(benchmark::State& state) { run(state, {.grain = 1}); }
void on_one_by_one(benchmark::State& state) { run(state, {.grain = 1, .run = {.on_progress = nothing}}); }

void sizes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"items", "threads"})->ArgsProduct({{1, 10'000'000}, {1, 2}})->UseRealTime();
}
BENCHMARK(off)->Apply(sizes);
BENCHMARK(on)->Apply(sizes);
BENCHMARK(off_one_by_one)->Apply(sizes);
BENCHMARK(on_one_by_one)->Apply(sizes);

} // namespace
