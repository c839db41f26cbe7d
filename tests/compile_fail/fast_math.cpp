// SPDX-License-Identifier: Apache-2.0
// What -ffast-math defines.
#ifdef XRAYON_SHOULD_FAIL
#define __FAST_MATH__ 1
#endif
#include <xrayon/core/config.hpp>
