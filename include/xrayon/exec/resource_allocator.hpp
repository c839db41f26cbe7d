// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_RESOURCE_ALLOCATOR_HPP
#define XRAYON_EXEC_RESOURCE_ALLOCATOR_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>
#include <type_traits>

#include <xrayon/core/config.hpp>

namespace xrayon {

/// @brief An allocator over a std::pmr::memory_resource; any of them can free what another one allocated.
///
/// std::pmr::polymorphic_allocator is not safe in xtensor's storage: `uvector` (0.24) assigns memory without its allocator on moves, and the
/// allocator before it frees the old memory on copies, so a block would go back to the wrong resource. Here each block knows its resource:
/// 64 bytes in front of it say where it goes back to. So all allocators of this kind are equal, and containers move and swap
/// without copies whatever resources they have. A copy takes its memory from the resource of the original. Default: operator new.
template <class T>
class resource_allocator {
public:
    using value_type = T;
    using is_always_equal = std::true_type;

    resource_allocator() noexcept : resource_(std::pmr::new_delete_resource()) {}
    /// @param resource  Outlives everything allocated from it.
    resource_allocator(std::pmr::memory_resource* resource) noexcept : resource_(resource) {}  // NOLINT: as polymorphic_allocator
    template <class U>
    resource_allocator(const resource_allocator<U>& other) noexcept : resource_(other.resource()) {}

    [[nodiscard]] T* allocate(std::size_t count) {
        if (count > (std::numeric_limits<std::size_t>::max() - head_bytes) / sizeof(T)) {
            throw std::bad_array_new_length();
        }
        const std::size_t bytes = head_bytes + count * sizeof(T);
        auto* const block = static_cast<std::byte*>(resource_->allocate(bytes, head_bytes));
        ::new (static_cast<void*>(block)) head{resource_, bytes};
        return reinterpret_cast<T*>(block + head_bytes);
    }
    void deallocate(T* memory, std::size_t) noexcept {
        auto* const block = reinterpret_cast<std::byte*>(memory) - head_bytes;
        const head from = *std::launder(reinterpret_cast<head*>(block));
        from.resource->deallocate(block, from.bytes, head_bytes);
    }

    [[nodiscard]] std::pmr::memory_resource* resource() const noexcept { return resource_; }

    template <class U>
    friend bool operator==(const resource_allocator&, const resource_allocator<U>&) noexcept {
        return true;
    }

private:
    struct head {
        std::pmr::memory_resource* resource;
        std::size_t bytes;
    };
    static constexpr std::size_t head_bytes = std::max<std::size_t>(64, alignof(T));  // a cache line: elements begin on one
    static_assert(sizeof(head) <= head_bytes);

    std::pmr::memory_resource* resource_;
};

} // namespace xrayon

#endif // XRAYON_EXEC_RESOURCE_ALLOCATOR_HPP
