// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_SCALABILITY_REPORT_HPP
#define XRAYON_ANALYZE_SCALABILITY_REPORT_HPP

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <xrayon/analyze/run_quality.hpp>
#include <xrayon/analyze/statistics.hpp>

namespace xrayon::analyze {

/// One thread count of a scalability run. All times are seconds of one call of the workload.
struct scaling_point {
    std::size_t threads = 0;
    std::vector<double> repetitions = {};      ///< Wall time per repetition, in the order of the rounds.
    std::vector<double> cpu_repetitions = {};  ///< Time of all cores per repetition; empty where it cannot be known.
    double median = 0;
    confidence_interval interval = {};                       ///< 95 %, of the median.
    double speed_up = 0;                                     ///< Median of the baseline over this median; of weak scaling, times the work.
    confidence_interval speed_up_interval = {};              ///< Both medians resampled; at the baseline, how far two such runs lie apart.
    double efficiency = 0;                                   ///< Speed-up over threads / baseline_threads; 1 is ideal.
    double busy = std::numeric_limits<double>::quiet_NaN();  ///< CPU time of the process over wall time x threads; NaN: unknown.
    std::optional<double> serial_part = {};  ///< See karp_flatt_serial_part, of weak scaling gustafson_serial_part; none at the baseline.
    run_quality quality = {};                ///< Outliers, drift and whether there are two kinds of times.
    bool oversubscribed = false;             ///< More threads than usable cores: shown, but no law is fitted to it.
    bool answer_matches = true;              ///< Every compared answer had the bits of the very first run's.
};

/// How a workload scales. Members to read, no behaviour; see to_table, to_summary, to_json, amdahl_fit.
struct scalability_report {
    std::vector<scaling_point> points = {};  ///< Ascending by threads, at least one.
    std::string label = {};                  ///< Name of the workload, may be empty.
    bool weak = false;                       ///< Each count was given work in proportion to its threads: speed-ups are scaled by it.
    std::size_t baseline_threads = 1;        ///< The smallest count: what speed-up and efficiency are relative to.
    std::size_t cores = 0;                   ///< Usable cores; 0: unknown.
    std::size_t hardware_threads = 0;        ///< Hardware threads in the affinity mask; 0: unknown.
    std::size_t calls_per_repetition = 1;    ///< Calls behind one repetition's time, the same at every count.
    std::size_t warmup = 0;                  ///< Rounds before the first that counts.
    bool answer_checked = false;             ///< False where the workload gives no answer that can be compared.
    bool answers_agree = true;               ///< No point has answer_matches == false.
    bool trusted = true;                     ///< False where the times say little about scaling; `distrust` says why.
    std::vector<std::string> distrust = {};  ///< A busy machine, a quota used up, times that drift, of two kinds or far apart.
    std::vector<std::string> notes = {};     ///< What else a reader must know, one sentence each.
};

namespace detail {

/// What tables and axes call `speed_up`.
inline const char* speed_up_name(const scalability_report& report) { return report.weak ? "scaled speed-up" : "speed-up"; }

} // namespace detail

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_SCALABILITY_REPORT_HPP
