// SPDX-License-Identifier: Apache-2.0
// unzip makes two of what it is given: a third element must not be lost.
#include <xrayon/par/sequence.hpp>

#include <vector>

auto use(const std::vector<int>& values) {
#ifdef XRAYON_SHOULD_FAIL
    return zip(xrayon::par(values), values, values).unzip();
#else
    return zip(xrayon::par(values), values).unzip();
#endif
}
