// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_PROGRESS_RATE_HPP
#define XRAYON_EXEC_DETAIL_PROGRESS_RATE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

namespace xrayon::detail {

/// Items per second, estimated from how many were done when. An item that finished at time t weighs t: with S the sum of those times,
/// items that come at a steady rate r give S = r t^2 / 2 by time t, so the estimate is 2 S / t^2. It has no constant to choose: in a
/// call of two seconds as in one of ten hours the last third counts for 56 %, and a pace that changes at t0 is known to 3/4 at 2 t0.
/// Items that were seen to finish between two looks are taken to have come evenly since the last one that was seen before.
class progress_rate {
public:
    using seconds = std::chrono::duration<double>;

    /// At `now` since the begin, `done` items have finished; both ascend.
    void see(seconds now, std::size_t done) noexcept {
        if (done > done_ && now > at_) {
            weighted_ += static_cast<double>(done - done_) * (at_ + now).count() / 2;
            done_ = done;
            at_ = now;
        }
    }

    /// Unset before the first item.
    [[nodiscard]] std::optional<double> per_second() const noexcept {
        if (done_ == 0) {
            return std::nullopt;
        }
        return 2 * weighted_ / (at_.count() * at_.count());
    }

    /// Until `total` are done: as it looked when the last item finished, less the time since then. Unset before the first item.
    [[nodiscard]] std::optional<seconds> remaining(seconds now, std::size_t total) const noexcept {
        const std::optional<double> rate = per_second();
        if (!rate) {
            return std::nullopt;
        }
        return std::max(seconds(0), seconds(static_cast<double>(total - std::min(done_, total)) / *rate) - (now - at_));
    }

private:
    double weighted_ = 0;
    std::size_t done_ = 0;
    seconds at_{0};
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_PROGRESS_RATE_HPP
