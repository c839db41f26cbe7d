// SPDX-License-Identifier: Apache-2.0
// rows(X) borrows X: a temporary would be gone before the first task runs.
#include <xrayon/array/rows.hpp>

xt::xtensor<double, 2> load();

auto use() {
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::rows(load()).size();
#else
    const auto x = load();
    return xrayon::rows(x).size();
#endif
}
