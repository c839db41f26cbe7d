// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_FOREIGN_PROGRAM_HPP
#define SCALABILITY_FOREIGN_PROGRAM_HPP

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <xrayon/analyze/scalability_report.hpp>

namespace scalability {

/// Somebody else's program, scaled by the variables that it reads its thread count from, and by the processors that it may use.
struct foreign_program {
    std::vector<std::string> command;  ///< The program, looked for in PATH, and its arguments.
    std::vector<std::string> variables = {"XRAYON_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS"};
    bool pin = true;      ///< It may use as many processors as threads, one of each core first.
    double timeout = 60;  ///< Seconds of one run.
    std::size_t repetitions = 10;
    std::size_t warmup = 1;
    std::function<void(std::size_t done, std::size_t total)> on_round = {};
};

/// It could not be started, failed, was killed or took too long.
class program_failed : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Runs it at each count, the counts interleaved. What it prints is read and dropped; if it differs between runs, a note says so.
/// @throws program_failed
xrayon::analyze::scalability_report measure_program(const foreign_program& program, std::vector<std::size_t> threads);

} // namespace scalability

#endif // SCALABILITY_FOREIGN_PROGRAM_HPP
