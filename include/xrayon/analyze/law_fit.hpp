// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_LAW_FIT_HPP
#define XRAYON_ANALYZE_LAW_FIT_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/analyze/statistics.hpp>

// What the fits of all laws of scaling take and say.

namespace xrayon::analyze {

/// A running time at a thread count.
struct timed_threads {
    std::size_t threads = 0;
    double seconds = 0;
};

struct law_fit_options {
    double trusted_error = 0.05;       ///< A fit that misses a point by more than this share of its time is not trusted.
    std::size_t cores = 0;             ///< Points with more threads are left out; 0: none are.
    bootstrap_options bootstrap = {};  ///< Of the intervals; resamples the times of each count.
};

/// How a law missed one point.
struct law_residual {
    std::size_t threads = 0;
    double measured = 0;  ///< Seconds.
    double fitted = 0;    ///< Seconds; for a point left out, what the law says there.
    double relative = 0;  ///< (measured - fitted) / measured.
    bool left_out = false;
};

/// How well a law fits. The intervals of its parameters say how far the spread of repeated times moves them; how far the law itself is from the times
/// says `fit_error`.
struct law_fit {
    double fit_error = 0;                      ///< The largest |relative| residual of the points fitted.
    std::vector<law_residual> residuals = {};  ///< Per point, in the order given.
    std::size_t counts_fitted = 0;             ///< Distinct thread counts behind the fit.
    std::size_t most_threads_fitted = 0;
    std::vector<std::size_t> superlinear =
        {};  ///< Fitted counts n more than n/b times as fast as the smallest count b: beyond every law here.
    std::vector<std::size_t> slowdown = {};  ///< Fitted counts slower than the smallest one.
    bool trusted = false;
    std::string reason = {};  ///< Why it is not trusted; empty when it is.
};

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_LAW_FIT_HPP
