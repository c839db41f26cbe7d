// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_THREAD_COUNTS_HPP
#define SCALABILITY_THREAD_COUNTS_HPP

#include <cstddef>
#include <string>
#include <vector>

namespace scalability {

/// 1, 2, 4 ... up to `most`, and `most` itself.
std::vector<std::size_t> doubling(std::size_t most);

/// "1, 2, 4"
std::string listed(const std::vector<std::size_t>& counts);

} // namespace scalability

#endif // SCALABILITY_THREAD_COUNTS_HPP
