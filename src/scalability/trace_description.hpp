// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_TRACE_DESCRIPTION_HPP
#define SCALABILITY_TRACE_DESCRIPTION_HPP

#include "scalability/options.hpp"
#include "scalability/terminal.hpp"

namespace scalability {

/// What a program wrote with XRAYON_TRACE=FILE: its calls, its limits, and what more threads would bring. @returns what the program ends with
int describe_trace(const options& asked, const terminal& screen);

} // namespace scalability

#endif // SCALABILITY_TRACE_DESCRIPTION_HPP
