// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_WORKLOAD_HPP
#define SCALABILITY_WORKLOAD_HPP

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/analyze/scalability_benchmark.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/par/index.hpp>

#include "scalability/labelled_rows.hpp"

namespace scalability {

/// What the workloads take from the command line.
struct settings {
    std::size_t k = 3;
    std::size_t batch_rows = 64;
    std::size_t samples = 100;
    std::size_t copies = 1;  ///< So many times the work, whatever that is for a workload: for weak scaling.
};

/// How a workload is run.
struct workload_runs {
    std::function<xrayon::analyze::scalability_report(const std::vector<std::size_t>& threads, const xrayon::analyze::scalability_options&)>
        measure;
    std::function<void()> once;  ///< On the pool that is installed.
};

/// Something to measure. It is made once, with whatever it needs (data copied, models trained), and then run many times.
struct workload {
    std::string what;     ///< What one call does, one line or two.
    std::string quality;  ///< How good its answer is: "accuracy 0.9872".
    std::string answer;   ///< What is compared between thread counts, with a plural verb behind it: "labels".
    workload_runs runs;
};

/// How `run()` is measured. What it returns is compared bit by bit.
template <class Run>
workload_runs measuring(Run run) {
    return {[run](const std::vector<std::size_t>& threads, const xrayon::analyze::scalability_options& options) {
                return xrayon::analyze::scalability_benchmark(threads, run, options);
            },
            [run] { static_cast<void>(run()); }};
}

/// The same for `run(copy)`, so many copies at once.
template <class Run>
workload_runs measuring_copies(Run run, std::size_t copies) {
    if (copies == 1) {
        return measuring([run] { return run(0); });
    }
    return measuring([run, copies] { return xrayon::map_index(copies, run); });
}

/// "accuracy 0.9872"
std::string accuracy_text(const std::vector<int>& expected, const std::vector<int>& predicted);

/// @name The workloads, in files of their names. `data` must outlive what they give.
/// @{
workload batch_inference(const labelled_rows& data, const settings& asked);
workload uncertainty(const labelled_rows& data, const settings& asked);
workload preprocess(const labelled_rows& data, const settings& asked);
workload gradients(const labelled_rows& data, const settings& asked);
workload ensemble(const labelled_rows& data, const settings& asked);
workload cross_validation(const labelled_rows& data, const settings& asked);
workload grid_search(const labelled_rows& data, const settings& asked);
/// @}

/// A workload's name and how it is made.
struct named_workload {
    std::string_view name;
    workload (*make)(const labelled_rows&, const settings&);
};
inline constexpr std::array<named_workload, 7> workloads{{
    {"batch_inference", batch_inference},
    {"uncertainty", uncertainty},
    {"preprocess", preprocess},
    {"gradients", gradients},
    {"ensemble", ensemble},
    {"cross-validation", cross_validation},
    {"grid-search", grid_search},
}};

} // namespace scalability

#endif // SCALABILITY_WORKLOAD_HPP
