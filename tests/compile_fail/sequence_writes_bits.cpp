// SPDX-License-Identifier: Apache-2.0
// Threads that write to neighbouring bits lose results.
#include <xrayon/par/sequence.hpp>

#include <vector>

#ifdef XRAYON_SHOULD_FAIL
using flags = std::vector<bool>;
#else
using flags = std::vector<char>;
#endif

void use(flags& values) {
    xrayon::par_mut(values).for_each([](auto&& x) { x = true; });
}
