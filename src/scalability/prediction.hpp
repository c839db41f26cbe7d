// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_PREDICTION_HPP
#define SCALABILITY_PREDICTION_HPP

#include <cstddef>
#include <vector>

#include <xrayon/analyze/explain_scaling.hpp>
#include <xrayon/analyze/html_report.hpp>

#include "scalability/workload.hpp"

// Why a workload scales as it does, and what more threads would bring.

namespace scalability {

/// What the machine gives and what a record costs, measured once for all workloads.
struct machine_measurements {
    xrayon::analyze::machine_rates rates = {};
    double seconds_to_record = 0;  ///< A task.
};

/// At one thread and at `most_threads`.
machine_measurements measure_machine(std::size_t most_threads);

/// Traces a workload on one thread and on the most that there are cores for, and adds traces, prediction and explanation to what was measured.
void add_prediction(xrayon::analyze::html_section& section, const workload& one, std::size_t most_predicted,
                    const machine_measurements& machine, bool utf8);

} // namespace scalability

#endif // SCALABILITY_PREDICTION_HPP
