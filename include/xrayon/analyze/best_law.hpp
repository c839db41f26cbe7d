// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_BEST_LAW_HPP
#define XRAYON_ANALYZE_BEST_LAW_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include <xrayon/analyze/amdahl_fit.hpp>
#include <xrayon/analyze/law_fit.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/usl_fit.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

/// The laws of strong scaling.
enum class scaling_law { none, amdahl, usl };

[[nodiscard]] constexpr std::string_view law_name(scaling_law law) noexcept {
    switch (law) {
        case scaling_law::amdahl:
            return "Amdahl's law";
        case scaling_law::usl:
            return "the Universal Scalability Law";
        case scaling_law::none:
            break;
    }
    return "no law";
}

struct best_law_result {
    scaling_law law = scaling_law::none;
    std::string reason = {};  ///< Why none, or why the one and not the other.
    amdahl_fit_result amdahl = {};
    usl_fit_result usl = {};
};

/// @brief Fits Amdahl's law and the Universal Scalability Law and names the one that holds.
///
/// The Universal Scalability Law is Amdahl's with one more unknown, kappa; so it always meets the points better. It is named only where that is
/// more than an unknown buys by itself: the fit is trusted, it misses by less than half as much as Amdahl's law, and the interval of
/// kappa, if there is one, does not reach 0. Else Amdahl's law, if that fit is trusted; else none.
/// @throws argument_error  as amdahl_fit.
template <class = when_called>
[[nodiscard]] best_law_result best_law(const scalability_report& report, const law_fit_options& options = {}) {
    best_law_result best{.amdahl = amdahl_fit(report, options), .usl = usl_fit(report, options)};
    const bool kappa_is_real =
        best.usl.kappa > 0 && (best.usl.kappa_interval.state == interval_state::one_value || best.usl.kappa_interval.lower > 0);
    if (best.usl.trusted && kappa_is_real && best.usl.fit_error < best.amdahl.fit_error / 2) {
        best.law = scaling_law::usl;
        best.reason = "misses the points by " + detail::percent(best.usl.fit_error, 1) + " at most, Amdahl's law by "
                      + detail::percent(best.amdahl.fit_error, 1);
    } else if (best.amdahl.trusted) {
        best.law = scaling_law::amdahl;
        best.reason =
            "misses the points by " + detail::percent(best.amdahl.fit_error, 1) + " at most; a cost of threads for each other is not seen";
    } else {
        best.reason = best.amdahl.reason;
    }
    return best;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_BEST_LAW_HPP
