// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_DETAIL_SAMPLE_SHAPES_HPP
#define XRAYON_ML_DETAIL_SAMPLE_SHAPES_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon::ml::detail {

/// Holds the samples of one batch to the shape of sample 0, and says what evaluating in order would have said, although sample 0 may end
/// later than others: what ended before it is remembered by shape, and looked at once it is known.
template <class Shape>
class sample_shapes {
public:
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    sample_shapes(std::string_view function, std::size_t batch) : function_(function), batch_(batch) {}

    /// A sample has this shape; several threads may say so at once. @throws shape_error  if it is known to be another than sample 0's.
    void note(std::size_t sample, const Shape& shape) {
        if (!known_.load(std::memory_order_acquire)) [[unlikely]] {
            const std::lock_guard lock(mutex_);
            if (sample == 0) {
                first_ = shape;
                known_.store(true, std::memory_order_release);
                return;
            }
            if (!known_.load(std::memory_order_relaxed)) {
                remember(sample, shape);
                return;
            }
        }
        if (shape != first_) [[unlikely]] {
            fail(sample, shape);
        }
    }

    /// The lowest sample below `end` that ended before sample 0 did and has another shape than it; `none`. When no sample runs any more.
    [[nodiscard]] std::size_t lowest_early(std::size_t end) const noexcept {
        std::size_t lowest = none;
        for (const early_shape& each : early_) {
            if (each.sample < end && each.shape != first_) {
                lowest = std::min(lowest, each.sample);
            }
        }
        return lowest;
    }
    [[noreturn]] void fail_early(std::size_t sample) const {
        for (const early_shape& each : early_) {
            if (each.sample == sample) {
                fail(sample, each.shape);
            }
        }
        std::terminate();  // lowest_early said that there is one
    }

    [[nodiscard]] const Shape& shape() const noexcept { return first_; }

private:
    struct early_shape {
        Shape shape;
        std::size_t sample;  ///< The lowest one.
    };

    void remember(std::size_t sample, const Shape& shape) {
        for (early_shape& each : early_) {
            if (each.shape == shape) {
                each.sample = std::min(each.sample, sample);
                return;
            }
        }
        early_.push_back({shape, sample});
    }

    XRAYON_COLD [[noreturn]] void fail(std::size_t sample, const Shape& shape) const {
        xrayon::detail::fail_shape(function_, "sample " + to_text(sample) + " of batch " + to_text(batch_), shape, "sample 0", first_);
    }

    std::string_view function_;
    std::size_t batch_;
    std::atomic<bool> known_{false};
    Shape first_ = {};
    std::mutex mutex_;
    std::vector<early_shape> early_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_DETAIL_SAMPLE_SHAPES_HPP
