// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_DETAIL_LATE_ROWS_HPP
#define XRAYON_ML_DETAIL_LATE_ROWS_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/xtensor.hpp>

namespace xrayon::ml::detail {

/// @brief Memory for the rows of an array whose row shape nobody knows before an item has given some.
///
/// Items ask for the place of their rows, from several threads; whichever is first has the array made. An item whose rows have another
/// shape gets no place and is remembered: which of them is at fault follows from the shapes alone, and not from who was first.
/// Array is an xt::xtensor<T, N> or an xt::xarray<T>, in row-major order.
template <class Array>
class late_rows {
public:
    using value = typename Array::value_type;
    using row_shape = std::vector<std::size_t>;
    struct odd_item {
        std::size_t item;
        row_shape got;
        row_shape first;  ///< What item 0 gave.
    };

    explicit late_rows(std::size_t rows) : rows_(rows) {}

    /// Where the rows of `item` go that begin with row `first`; null if they do not fit.
    [[nodiscard]] value* place(std::size_t item, std::size_t first, std::span<const std::size_t> shape) {
        if (!ready_.load(std::memory_order_acquire)) {
            make(shape);
        }
        if (std::equal(shape.begin(), shape.end(), shape_.begin(), shape_.end())) [[likely]] {
            return array_->data() + first * row_size_;
        }
        const std::lock_guard lock(mutex_);
        odd_.push_back({item, row_shape(shape.begin(), shape.end())});
        return nullptr;
    }

    /// The lowest item whose rows have another shape than those of item 0, when all have been placed.
    [[nodiscard]] std::optional<odd_item> odd() {
        if (odd_.empty()) {
            return std::nullopt;
        }
        std::sort(odd_.begin(), odd_.end(), [](const auto& a, const auto& b) { return a.item < b.item; });
        if (odd_.front().item != 0) {
            return odd_item{odd_.front().item, odd_.front().shape, shape_};
        }
        const row_shape& wanted = odd_.front().shape;
        for (std::size_t i = 1; i < odd_.size(); ++i) {
            if (odd_[i].item != i) {
                return odd_item{i, shape_, wanted};
            }
            if (odd_[i].shape != wanted) {
                return odd_item{i, odd_[i].shape, wanted};
            }
        }
        return odd_item{odd_.size(), shape_, wanted};
    }

    /// The array, if any item asked for a place.
    [[nodiscard]] std::optional<Array> take() && { return std::move(array_); }

private:
    struct unlike {
        std::size_t item;
        row_shape shape;
    };

    void make(std::span<const std::size_t> shape) {
        const std::lock_guard lock(mutex_);
        if (ready_.load(std::memory_order_relaxed)) {
            return;
        }
        shape_.assign(shape.begin(), shape.end());
        typename Array::shape_type whole{};
        if constexpr (requires { whole.resize(std::size_t{}); }) {
            whole.resize(shape.size() + 1);
        }
        whole[0] = rows_;
        std::copy(shape.begin(), shape.end(), whole.begin() + 1);
        array_.emplace(Array::from_shape(whole));
        row_size_ = 1;
        for (const std::size_t extent : shape) {
            row_size_ *= extent;
        }
        ready_.store(true, std::memory_order_release);
    }

    std::size_t rows_;
    std::atomic<bool> ready_{false};
    std::mutex mutex_;
    row_shape shape_;
    std::size_t row_size_ = 0;
    std::optional<Array> array_;
    std::vector<unlike> odd_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_DETAIL_LATE_ROWS_HPP
