// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ANALYZE_SEED_REPORT_HPP
#define XRAYON_TESTS_ANALYZE_SEED_REPORT_HPP

#include <xrayon/analyze/summarize_runs.hpp>

namespace xrayon::test {

/// The table of the guides: 1250, 650, 340, 180, 160 ms at 1, 2, 4, 8, 16 threads on 8 cores.
inline analyze::scalability_report seed_report(const analyze::run_facts& facts = {.label = "batch_inference",
                                                                                   .cores = 8,
                                                                                   .answer_checked = true}) {
    return analyze::summarize_runs({{.threads = 1, .seconds = {1.250}},
                                    {.threads = 2, .seconds = {0.650}},
                                    {.threads = 4, .seconds = {0.340}},
                                    {.threads = 8, .seconds = {0.180}},
                                    {.threads = 16, .seconds = {0.160}}},
                                   facts);
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_ANALYZE_SEED_REPORT_HPP
