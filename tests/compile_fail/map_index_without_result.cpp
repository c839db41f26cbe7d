// SPDX-License-Identifier: Apache-2.0
// map_index keeps what each call gives; a function that gives nothing is for for_each_index.
#include <xrayon/par/index.hpp>

#include <cstddef>

void use(double* values) {
    const auto square = [values](std::size_t i) { values[i] *= values[i]; };
#ifdef XRAYON_SHOULD_FAIL
    static_cast<void>(xrayon::map_index(3, square));
#else
    xrayon::for_each_index(3, square);
#endif
}
