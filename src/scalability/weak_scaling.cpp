// SPDX-License-Identifier: Apache-2.0
#include "scalability/weak_scaling.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include <xrayon/analyze/detail/foreign_use.hpp>
#include <xrayon/analyze/summarize_runs.hpp>
#include <xrayon/exec/cpu_throttling.hpp>

namespace scalability {

xrayon::analyze::scalability_report measure_weak(const named_workload& named, const labelled_rows& data, const settings& asked,
                                                 std::vector<std::size_t> threads, const xrayon::analyze::scalability_options& how) {
    std::sort(threads.begin(), threads.end());
    threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
    std::vector<workload> sizes;
    std::vector<xrayon::analyze::measured_runs> runs;
    for (const std::size_t n : threads) {
        settings more = asked;
        more.copies = n;
        sizes.push_back(named.make(data, more));
        runs.push_back({.threads = n});
    }
    xrayon::analyze::scalability_options once = how;
    once.repetitions = 1;
    once.warmup = 0;
    once.bootstrap.resamples = 1;
    std::size_t cores = 0;
    std::size_t hardware_threads = 0;
    std::size_t calls = std::numeric_limits<std::size_t>::max();  // the fewest behind a time
    const xrayon::analyze::detail::foreign_use foreign;
    const std::size_t throttled_before = xrayon::read_throttled_periods();
    for (std::size_t round = 0; round < how.warmup + how.repetitions; ++round) {
        for (std::size_t k = 0; k < threads.size(); ++k) {
            const std::size_t i = (round + k) % threads.size();
            const auto one = sizes[i].runs.measure({threads[i]}, once);
            cores = one.cores;
            hardware_threads = one.hardware_threads;
            calls = std::min(calls, one.calls_per_repetition);
            runs[i].answer_matches = runs[i].answer_matches && one.answers_agree;
            if (round >= how.warmup) {
                runs[i].seconds.push_back(one.points.front().repetitions.front());
                if (!one.points.front().cpu_repetitions.empty()) {
                    runs[i].cpu_seconds.push_back(one.points.front().cpu_repetitions.front());
                }
            }
        }
        if (how.on_round) {
            how.on_round(round + 1, how.warmup + how.repetitions);
        }
    }
    return xrayon::analyze::summarize_runs(std::move(runs), {.label = std::string(named.name) + "-weak",
                                                             .weak = true,
                                                             .cores = cores,
                                                             .hardware_threads = hardware_threads,
                                                             .calls_per_repetition = calls,
                                                             .warmup = how.warmup,
                                                             .has_answers = false,
                                                             .throttled_periods = xrayon::read_throttled_periods() - throttled_before,
                                                             .others = foreign.processors()});
}

} // namespace scalability
