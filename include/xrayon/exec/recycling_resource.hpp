// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_RECYCLING_RESOURCE_HPP
#define XRAYON_EXEC_RECYCLING_RESOURCE_HPP

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>
#include <optional>
#include <thread>

#include <xrayon/exec/huge_pages.hpp>

namespace xrayon {

struct recycling_options {
    std::size_t max_kept_bytes = std::size_t{1} << 30;  ///< Free blocks beyond this go back upstream at once.
    std::pmr::memory_resource* upstream = nullptr;      ///< Where blocks come from and go back to; unset: operator new.
};

/// @brief Keeps large blocks that were freed and hands them out again, so that results made over and over cost no page faults.
///
/// Memory that the system hands out fresh is paid for page by page when it is first written: a fresh result of 512 MB takes about three
/// times as long to fill as one whose memory has been used before. A block of 64 KiB or more that comes back is kept for the next
/// request of its size (requests within an eighth of each other share blocks); smaller ones pass through. Fresh blocks of 8 MiB and more
/// are asked for with huge pages.
///
/// Several threads may allocate and free at once. The resource must outlive everything allocated from it; kept blocks go back at
/// release() and at its end. It belongs to whoever made it: there is no global one, so nothing happens at the exit of the program. A
/// lock is held for the few instructions of taking or keeping a block and never waited for without end: whoever does not get it (a child
/// that was forked in that moment never will) goes upstream instead.
///
/// Recycled memory is not cleared: what was written there before is what a new owner finds.
///
/// @code
/// xrayon::recycling_resource memory;
/// for (const auto& batch : stream) use(scaler.transform(batch, memory));   // faults in the first round only
/// @endcode
class recycling_resource final : public std::pmr::memory_resource {
public:
    static constexpr std::size_t smallest_kept = std::size_t{64} << 10;  ///< Bytes from which on blocks are kept.

    explicit recycling_resource(const recycling_options& options = {})
        : upstream_(options.upstream != nullptr ? options.upstream : std::pmr::new_delete_resource()), max_kept_(options.max_kept_bytes) {}
    ~recycling_resource() override { release(); }
    recycling_resource(const recycling_resource&) = delete;  // what is allocated points to it
    recycling_resource& operator=(const recycling_resource&) = delete;

    /// Gives all kept blocks back. What is in use stays.
    void release() noexcept {
        for (std::size_t kind = 0; kind < classes; ++kind) {
            free_block* first = nullptr;
            if (const guard lock(busy_); lock) {
                first = free_[kind];
                free_[kind] = nullptr;
                for (const free_block* each = first; each != nullptr; each = each->next) {
                    kept_.fetch_sub(each->bytes, std::memory_order_relaxed);
                }
            }
            while (first != nullptr) {
                free_block* const next = first->next;
                const std::size_t bytes = first->bytes;
                upstream_->deallocate(first, bytes, alignment_of(bytes));
                first = next;
            }
        }
    }

    /// Bytes that lie ready to be handed out.
    [[nodiscard]] std::size_t kept_bytes() const noexcept { return kept_.load(std::memory_order_relaxed); }
    /// How often a kept block was handed out again.
    [[nodiscard]] std::size_t reused() const noexcept { return reused_.load(std::memory_order_relaxed); }

private:
    struct free_block {  // lies in the block itself
        free_block* next;
        std::size_t bytes;
    };
    struct size_class {
        std::size_t bytes;  // of its blocks
        std::size_t index;
    };
    static constexpr std::size_t steps = 8;  // classes from one power of two to the next: at most an eighth of a block lies idle
    static constexpr std::size_t first_power = 16;
    static_assert(smallest_kept == std::size_t{1} << first_power);
    static constexpr std::size_t classes = (std::numeric_limits<std::size_t>::digits - first_power) * steps;
    static constexpr std::size_t huge_page = std::size_t{2} << 20;

    /// The class of a request; nothing for what is passed through.
    static std::optional<size_class> class_of(std::size_t bytes, std::size_t alignment) noexcept {
        if (bytes < smallest_kept || bytes > std::numeric_limits<std::size_t>::max() / 4) {
            return std::nullopt;
        }
        std::size_t power = static_cast<std::size_t>(std::bit_width(bytes)) - 1;
        const std::size_t step = (std::size_t{1} << power) / steps;
        std::size_t count = (bytes + step - 1) / step;  // steps, from 8 to 16
        const std::size_t rounded = count * step;
        if (count == 2 * steps) {
            ++power;
            count = steps;
        }
        if (alignment > alignment_of(rounded)) {
            return std::nullopt;
        }
        return size_class{rounded, (power - first_power) * steps + (count - steps)};
    }
    /// Of a block: huge pages lie at multiples of their size.
    static constexpr std::size_t alignment_of(std::size_t bytes) noexcept { return bytes >= huge_page ? huge_page : 4096; }

    /// The lock, or not.
    class guard {
    public:
        explicit guard(std::atomic_flag& flag) noexcept : flag_(flag) {
            for (int tries = 0; tries < 2000; ++tries) {
                if (!flag_.test_and_set(std::memory_order_acquire)) {
                    held_ = true;
                    return;
                }
                if (tries >= 100) {
                    std::this_thread::yield();
                }
            }
        }
        ~guard() {
            if (held_) {
                flag_.clear(std::memory_order_release);
            }
        }
        guard(const guard&) = delete;
        guard& operator=(const guard&) = delete;
        explicit operator bool() const noexcept { return held_; }

    private:
        std::atomic_flag& flag_;
        bool held_ = false;
    };

    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        const auto kind = class_of(bytes, alignment);
        if (!kind) {
            return upstream_->allocate(bytes, alignment);
        }
        if (const guard lock(busy_); lock) {
            if (free_block* const found = free_[kind->index]) {
                free_[kind->index] = found->next;
                kept_.fetch_sub(kind->bytes, std::memory_order_relaxed);
                reused_.fetch_add(1, std::memory_order_relaxed);
                return found;
            }
        }
        void* fresh = nullptr;
        try {
            fresh = upstream_->allocate(kind->bytes, alignment_of(kind->bytes));
        } catch (const std::bad_alloc&) {  // what we keep may be what is missing
            if (kept_bytes() == 0) {
                throw;
            }
            release();
            fresh = upstream_->allocate(kind->bytes, alignment_of(kind->bytes));
        }
        prefer_huge_pages(fresh, kind->bytes);
        return fresh;
    }

    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
        const auto kind = class_of(bytes, alignment);
        if (!kind) {
            upstream_->deallocate(memory, bytes, alignment);
            return;
        }
        if (const guard lock(busy_); lock && max_kept_ >= kind->bytes && kept_bytes() <= max_kept_ - kind->bytes) {
            free_[kind->index] = ::new (memory) free_block{free_[kind->index], kind->bytes};
            kept_.fetch_add(kind->bytes, std::memory_order_relaxed);
            return;
        }
        upstream_->deallocate(memory, kind->bytes, alignment_of(kind->bytes));
    }

    [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

    std::pmr::memory_resource* upstream_;
    std::size_t max_kept_;
    std::atomic<std::size_t> kept_{0};
    std::atomic<std::size_t> reused_{0};
    std::array<free_block*, classes> free_ = {};
    std::atomic_flag busy_;
};

} // namespace xrayon

#endif // XRAYON_EXEC_RECYCLING_RESOURCE_HPP
