// SPDX-License-Identifier: Apache-2.0
// bench.ml.preprocess: is standardising a data set as fast as the memory allows, and is anybody faster? W4a: each chunk by its own column
// statistics, to fresh results in order. W4g: all by the statistics of all, into a given matrix. W4i: as W4a, in place. 50 chunks of 20,000 x 64
// doubles are 512 MB; --rows makes chunks smaller for a quick look. README.md says how to read the tables.
//
//     ./dev bench ml.preprocess [W4a W4g W4i] [--rows 20000] [--threads 1,2] [--pairs 30] [--seconds 300] [--markdown] [--csv FILE]
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "preprocess/chunks.hpp"
#include "support/contests.hpp"

namespace {

using namespace xrayon::bench;

std::size_t rows_per_chunk = 20'000;

std::vector<named_contest> contests(std::size_t threads) {
    const auto at = std::make_shared<venue>(threads);
    const auto data = chunks_of(rows_per_chunk);
    return {{"same", [=] { return same_pass(*at, *data); }},
            {"W4a", [=] { return fresh_results(*at, *data); }},
            {"W4g", [=] { return global_statistics(*at, *data); }},
            {"W4i", [=] { return in_place(*at, *data); }}};
}

} // namespace

int main(int argc, char** argv) {
    restart_with_sleeping_openmp_teams(argv);
    CLI::App app("Times standardising of chunks against a plain loop, oneTBB and OpenMP, in interleaved pairs.", "bench.ml.preprocess");
    app.add_option("--rows", rows_per_chunk, "Rows of each of the 50 chunks")->check(CLI::Range(100, 1'000'000))->capture_default_str();
    return run_contests(argc, argv, app, contests);
}
