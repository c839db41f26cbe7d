// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_PINNED_FLOATING_POINT_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_PINNED_FLOATING_POINT_HPP

#include <cfenv>

#include <xrayon/core/config.hpp>

namespace xrayon::ml::detail {

/// While it lives, the calling thread rounds to nearest and keeps denormals, and so do the tasks of calls it makes (they run with their
/// caller's settings). At its end all is as it was, exception flags included.
class pinned_floating_point {
public:
    pinned_floating_point() noexcept {
        std::fegetenv(&before_);
        std::fesetenv(FE_DFL_ENV);
    }
    ~pinned_floating_point() { std::fesetenv(&before_); }
    pinned_floating_point(const pinned_floating_point&) = delete;
    pinned_floating_point& operator=(const pinned_floating_point&) = delete;

private:
    std::fenv_t before_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_PINNED_FLOATING_POINT_HPP
