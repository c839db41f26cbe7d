// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_GIVEN_TIMES_HPP
#define SCALABILITY_GIVEN_TIMES_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/analyze/scalability_report.hpp>

namespace scalability {

/// Reports about times that somebody else measured: a CSV file with the columns `threads` and one of `seconds`, `ms`, `us`; a line for each time,
/// any number for a count. A column `label` tells workloads apart; without it the report is called after the file.
/// @param cores  Points of more threads are marked; 0: none are.
/// @throws xrayon::data_error, xrayon::io_error
std::vector<xrayon::analyze::scalability_report> read_times(const std::string& path, std::size_t cores);

/// What a table of speed-ups is worth: a CSV file with a column of names and the columns `baseline` and `optimized`, times in one unit.
/// @returns  Text for people: each ratio, their geometric mean, what stands apart.
/// @throws xrayon::data_error, xrayon::io_error
std::string describe_ratios(const std::string& path);

} // namespace scalability

#endif // SCALABILITY_GIVEN_TIMES_HPP
