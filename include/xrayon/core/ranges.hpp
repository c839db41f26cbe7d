// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_RANGES_HPP
#define XRAYON_CORE_RANGES_HPP

// The concepts and accessors of std::ranges, without its views: <ranges> is 4,800 lines more and takes 0.15 s in every file that includes
// us. <algorithm> names the concepts in its signatures, so every standard library brings them along with it.
#include <algorithm>
#include <iterator>

#endif // XRAYON_CORE_RANGES_HPP
