// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_SESSION_HPP
#define SCALABILITY_SESSION_HPP

#include <string>

#include "scalability/options.hpp"

namespace scalability {

/// Does what is asked and prints it. @throws whatever goes wrong
int run(const options& asked, const std::string& program_name);

} // namespace scalability

#endif // SCALABILITY_SESSION_HPP
