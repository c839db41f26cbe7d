// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_FOREIGN_USE_HPP
#define XRAYON_ANALYZE_DETAIL_FOREIGN_USE_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include <sys/resource.h>

#include <xrayon/analyze/detail/clocks.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/cpu_topology.hpp>
#include <xrayon/exec/processor_use.hpp>

namespace xrayon::analyze::detail {

/// What other programs use of the processors that this one may use, from the making of this on.
class foreign_use {
public:
    foreign_use() : processors_(affinity_processors()), busy_(read_busy_seconds(processors_)), own_(own_seconds()), wall_(wall_seconds()) {}

    /// Processors, on average; 0 where it is not known, or too little time has passed for the kernel's hundredths of seconds.
    [[nodiscard]] double processors() const {
        const double wall = wall_seconds() - wall_;
        const std::optional<double> busy = read_busy_seconds(processors_);
        if (!busy_ || !busy || wall < 0.2) {
            return 0;
        }
        return std::max(0.0, (*busy - *busy_ - (own_seconds() - own_)) / wall);
    }

private:
    static double wall_seconds() { return 1e-9 * static_cast<double>(real_clocks().wall().count()); }
    /// Of this process and of the children that it has waited for.
    static double own_seconds() {
        double sum = 0;
        for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
            ::rusage used{};
            if (::getrusage(who, &used) == 0) {
                sum += static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
                       + 1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
            }
        }
        return sum;
    }

    std::vector<std::size_t> processors_;
    std::optional<double> busy_;
    double own_;
    double wall_;
};

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_FOREIGN_USE_HPP
