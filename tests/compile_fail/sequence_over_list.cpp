// SPDX-License-Identifier: Apache-2.0
// A list reaches no element at once.
#include <xrayon/par/bridge.hpp>

#include <list>

auto use(const std::list<int>& values) {
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::par(values).sum();
#else
    return xrayon::par_bridge(values).sum();
#endif
}
