// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_WEAK_SCALING_HPP
#define SCALABILITY_WEAK_SCALING_HPP

#include <cstddef>
#include <vector>

#include <xrayon/analyze/scalability_benchmark.hpp>

#include "scalability/workload.hpp"

namespace scalability {

/// Measures n times the work on n threads, for each count, interleaved; the report is called "<name>-weak". `asked.copies` is not used.
xrayon::analyze::scalability_report measure_weak(const named_workload& named, const labelled_rows& data, const settings& asked,
                                                 std::vector<std::size_t> threads, const xrayon::analyze::scalability_options& how);

} // namespace scalability

#endif // SCALABILITY_WEAK_SCALING_HPP
