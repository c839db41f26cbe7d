// SPDX-License-Identifier: Apache-2.0
// bench.par.sequence: are Rayon's iterators over our core as fast as plain loops, oneTBB, OpenMP and std::execution by hand, and as Rayon
// itself? Each contest over 10^7 numbers (memory) and 10^5 (in cache), interleaved, in pairs; README.md says how to read the tables.
//
//     ./dev bench par.sequence [CONTEST...] [--threads 1,2] [--pairs 30] [--seconds 300] [--markdown] [--csv FILE]
#include <cstddef>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "sequence/collects.hpp"
#include "sequence/loops.hpp"
#include "sequence/rayon_process.hpp"
#include "sequence/stage.hpp"
#include "sequence/sums.hpp"
#include "support/contests.hpp"

namespace {

using namespace xrayon::bench;

#if defined(XRAYON_BENCH_RAYON)
std::shared_ptr<rayon_process> start_rayon(std::size_t threads) { return std::make_shared<rayon_process>(XRAYON_BENCH_RAYON, threads); }
#else
std::shared_ptr<rayon_process> start_rayon(std::size_t) {
    std::cout << "Rayon is left out: " << XRAYON_BENCH_RAYON_MISSING << "\n";
    return nullptr;
}
#endif

/// The plain loop against itself: what this says is what the machine and the method cannot tell apart.
contest same(const stage& on) {
    contest c("same" + on.label, "a plain sum against itself: must come out level, or the machine is too noisy now", on.at->threads, on.n, "item");
    const auto sum = [x = on.x] {
        double all = 0;
        for (const double v : *x) {
            all += v;
        }
        return all;
    };
    c.add("plain loop", [](double all) { return all; }, sum);
    c.add("plain loop again", [](double all) { return all; }, sum);
    return c;
}

std::vector<named_contest> contests(std::size_t threads) {
    const auto at = std::make_shared<venue>(threads);
    const auto rayon = start_rayon(threads);
    std::vector<named_contest> all;
    for (const std::size_t n : {std::size_t{10'000'000}, std::size_t{100'000}}) {
        const auto on = std::make_shared<stage>(n, at, rayon);
        const auto add = [&](const std::string& name, contest (*make)(const stage&)) {
            all.push_back({name + on->label, [on, make] { return make(*on); }});
        };
        add("same", same);
        add("sum", sum_numbers);
        add("map_sum", sum_squares);
        add("map_filter_map_sum", sum_of_some);
        add("max", greatest);
        add("filter_collect", filter_numbers);
        add("zip_map_collect", products);
        add("map_collect", generated);
        add("for_each", for_each_number);
        add("nested", for_each_nested);
        if (n == 100'000) {
            all.push_back({"small_calls", [on] { return for_each_small(*on); }});
        }
    }
    return all;
}

} // namespace

int main(int argc, char** argv) {
    restart_with_sleeping_openmp_teams(argv);
    CLI::App app("Times sequences against plain loops, oneTBB, OpenMP, std::execution and Rayon, in interleaved pairs.", "bench.par.sequence");
    return run_contests(argc, argv, app, contests);
}
