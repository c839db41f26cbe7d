// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_BASELINE_HPP
#define SCALABILITY_BASELINE_HPP

#include <string>
#include <string_view>
#include <vector>

#include <xrayon/analyze/scalability_report.hpp>

namespace scalability {

/// What an earlier run wrote with --json.
struct baseline {
    std::string cpu_model;  ///< Empty where the file does not say.
    std::string date;
    std::size_t hardware_threads = 0;
    std::vector<xrayon::analyze::scalability_report> reports;
};

/// Reads Google Benchmark's format as this program writes it: repetitions called "<label>/threads:<n>". Entries of other names are passed over.
/// @throws xrayon::data_error  for what is no JSON of that kind, with where
baseline parse_baseline(std::string_view document, const std::string& name);

/// @throws also xrayon::io_error
baseline read_baseline(const std::string& path);

} // namespace scalability

#endif // SCALABILITY_BASELINE_HPP
