// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_TRACE_READER_HPP
#define SCALABILITY_TRACE_READER_HPP

#include <string>
#include <string_view>

#include <xrayon/exec/task_trace.hpp>

namespace scalability {

/// What a program wrote with XRAYON_TRACE=FILE, or write_chrome_trace. Where it has no root, one is made of the thread that made the first
/// call, from its first call to the end of its last.
/// @throws xrayon::data_error
xrayon::task_trace parse_trace(std::string_view document, const std::string& name);

/// @throws also xrayon::io_error
xrayon::task_trace read_trace(const std::string& path);

} // namespace scalability

#endif // SCALABILITY_TRACE_READER_HPP
