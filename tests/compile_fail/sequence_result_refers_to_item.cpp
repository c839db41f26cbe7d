// SPDX-License-Identifier: Apache-2.0
// The items are made for the call: a reference to one outlives it.
#include <xrayon/par/sequence.hpp>

#include <string>

auto use() {
    const auto names = [](int i) { return std::to_string(i); };
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::par(xrayon::iota(3)).map(names).map([](const std::string& name) -> const std::string& { return name; }).collect();
#else
    return xrayon::par(xrayon::iota(3)).map(names).map([](const std::string& name) { return name; }).collect();
#endif
}
