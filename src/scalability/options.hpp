// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_OPTIONS_HPP
#define SCALABILITY_OPTIONS_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "scalability/foreign_program.hpp"
#include "scalability/workload.hpp"

namespace scalability {

/// What the command line asks for.
struct options {
    std::vector<std::string> workloads;
    std::string data;
    std::vector<std::size_t> threads;  ///< Empty: 1, 2, 4 ... up to what a pool gets by itself.
    settings workload;
    std::size_t repetitions = 10;
    std::size_t warmup = 1;
    double min_time = 0.01;
    bool weak = false;
    std::size_t what_if = 64;  ///< 0: no trace is taken.
    bool strict = false;
    bool force = false;
    bool ascii = false;
    std::string json;
    std::string html;
    std::string csv;
    std::string markdown;
    std::string compare;
    std::string times;
    std::size_t cores = 0;  ///< Of the machine that `times` are from; 0: unknown.
    std::string ratios;
    std::string trace;
    foreign_program program;
};

/// What the program ends with; the worst that happened.
enum exit_code : int { done = 0, failed = 1, wrong_usage = 2, not_trusted = 3, answers_differ = 4, slower = 5, command_failed = 6 };

} // namespace scalability

#endif // SCALABILITY_OPTIONS_HPP
