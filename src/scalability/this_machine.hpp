// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_THIS_MACHINE_HPP
#define SCALABILITY_THIS_MACHINE_HPP

#include <string>
#include <string_view>
#include <vector>

#include <xrayon/analyze/json.hpp>
#include <xrayon/exec/runtime_info.hpp>

namespace scalability {

/// The versions and the machine, a line each; `dot` stands between what is on one line.
std::vector<std::string> environment_lines(const xrayon::runtime_info& info, std::string_view dot);

/// Now, here: what the files say of where they are from.
xrayon::analyze::json_context context_of(const std::string& program_name);

} // namespace scalability

#endif // SCALABILITY_THIS_MACHINE_HPP
