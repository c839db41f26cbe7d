// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_DETAIL_SLOT_SCRATCH_HPP
#define XRAYON_ML_DETAIL_SLOT_SCRATCH_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon::ml::detail {

/// A second set of slots, to be written to first and moved into the real ones when all has gone well. `fresh(i, slot)` is a scratch slot
/// that begins as a copy of the real one; several threads may ask for different `i`. `commit(i, slot)` does not throw.
template <class Slot>
struct slot_scratch {
    static constexpr bool possible = false;
    static constexpr bool of_views = false;
};

/// Values behind references. Constructed where they are first needed, because copying them may cost much more than their memory.
template <class T>
struct slot_scratch<T&> {
    static constexpr bool possible = !std::is_const_v<T> && std::is_copy_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;
    static constexpr bool of_views = false;

    template <class Slots>
    slot_scratch(const Slots&, std::size_t count) : values_(std::make_unique<std::optional<T>[]>(count)) {}

    T& fresh(std::size_t i, const T& slot) { return values_[i].emplace(slot); }
    void commit(std::size_t i, T& slot) noexcept { slot = std::move(*values_[i]); }

private:
    std::unique_ptr<std::optional<T>[]> values_;
};

/// The elements of array_views, those of all slots in one block; without gaps, whatever the layout of the slots.
template <class T, std::size_t N>
struct slot_scratch<array_view<T, N>> {
    static constexpr bool possible =
        !std::is_const_v<T> && std::is_default_constructible_v<T> && std::is_copy_assignable_v<T> && std::is_nothrow_move_assignable_v<T>;
    static constexpr bool of_views = true;

    template <class Slots>
    slot_scratch(const Slots& slots, std::size_t count) : first_(count + 1, 0) {
        for (std::size_t i = 0; i < count; ++i) {
            first_[i + 1] = first_[i] + element(slots, i).size();
        }
        values_ = std::make_unique_for_overwrite<T[]>(first_.back());
    }
    /// Of one slot.
    explicit slot_scratch(const array_view<T, N>& slot) : first_{0, slot.size()}, values_(std::make_unique_for_overwrite<T[]>(slot.size())) {}

    array_view<T, N> fresh(std::size_t i, const array_view<T, N>& slot) {
        const array_view<T, N> copy(values_.get() + first_[i], slot.shape());
        copy.assign_from(slot);
        return copy;
    }
    void commit(std::size_t i, const array_view<T, N>& slot) noexcept {
        const array_view<T, N> copy(values_.get() + first_[i], slot.shape());
        if constexpr (std::is_trivially_copyable_v<T>) {
            slot.assign_from(copy);
        } else {
            const auto target = elements(slot);
            T* source = copy.data();
            for (std::size_t k = 0; k < slot.size(); ++k) {
                element(target, k) = std::move(source[k]);
            }
        }
    }

private:
    std::vector<std::size_t> first_;
    std::unique_ptr<T[]> values_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_DETAIL_SLOT_SCRATCH_HPP
