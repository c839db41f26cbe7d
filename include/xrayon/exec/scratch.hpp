// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_SCRATCH_HPP
#define XRAYON_EXEC_SCRATCH_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/core/error.hpp>

// Working memory that items borrow. A thread_local, or a vector indexed by thread, is not safe for that: an item that makes a
// parallel call may have another item run on its own thread before it goes on, and both then use one object (plain oneTBB did
// so in 3 of 400 items). So an object belongs to whoever has borrowed it, and not to a thread.
//
// Free objects lie on small stacks, one per thread or few threads, each on a cache line of its own: the thread that gave one back gets
// it again, warm, with one atomic exchange. A thread whose stack is empty looks through the others before it makes a new object.
// The stacks are Treiber's (1986), with the counter beside the head that makes them safe against ABA; "all were empty at
// one moment" is a double collect (Afek et al., Atomic snapshots of shared memory, 1993): two readings that are the same, counters
// included.

namespace xrayon {

namespace detail {

inline constexpr std::size_t cache_line = 64;

inline namespace state_1 {
XRAYON_SHARED inline constinit std::atomic<std::uint32_t> next_scratch_thread{1};
XRAYON_SHARED inline constinit thread_local std::uint32_t scratch_thread = 0;
}

/// A small number of the calling thread, for choosing a stack. Two threads may share one after 2^32 threads.
inline std::uint32_t scratch_thread_number() noexcept {
    if (scratch_thread == 0) [[unlikely]] {
        scratch_thread = next_scratch_thread.fetch_add(1, std::memory_order_relaxed);
    }
    return scratch_thread;
}

} // namespace detail

/// @brief Objects of type T that items borrow, each by one borrower at a time, however calls nest.
///
/// `borrow()` gives a lease; the object is the borrower's until the lease ends. Whoever borrows while others hold leases, on other
/// threads or further out on the same one, gets another object. Objects are reused, by the same thread where possible, and not reset:
/// what the last borrower left is what the next one finds. So a result must not depend on it.
///
/// There are never more objects than were borrowed at the same time. All are destroyed with the scratch, by the thread that
/// destroys it; leases must have ended by then. Any thread may borrow, of any pool or of none.
///
/// **Cost.** Two atomic operations on a cache line that is mostly the thread's own, about 15 ns; no lock. Making an object, or
/// taking one that another thread gave back, looks through all stacks. Each object has cache lines of its own.
///
/// **Example.**
/// @code
/// xrayon::scratch<std::vector<double>> buffers([&] { return std::vector<double>(width); });
/// auto sums = xrayon::map_index(n, [&](std::size_t i) {
///     const auto buffer = buffers.borrow();
///     return work(i, *buffer);
/// });
/// @endcode
template <std::destructible T>
class scratch {
    struct alignas(std::max(detail::cache_line, alignof(T))) node {
        alignas(T) std::array<std::byte, sizeof(T)> memory;
        bool made = false;                   // T lives in `memory`
        std::uint32_t self = 0;              // its number, counted from 1
        std::atomic<std::uint32_t> next{0};  // that of the one below it on its stack

        node() noexcept {}  // NOLINT: leaves the memory as it is
        ~node() {
            if (made) {
                std::destroy_at(std::addressof(object()));
            }
        }
        T& object() noexcept { return *std::launder(reinterpret_cast<T*>(memory.data())); }
    };
    static_assert(sizeof(node) % detail::cache_line == 0);

public:
    /// An object on loan; gives it back when it ends. Move-only; one that was moved from holds nothing.
    class lease {
    public:
        lease(lease&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), node_(std::exchange(other.node_, nullptr)) {}
        lease& operator=(lease&& other) noexcept {
            lease(std::move(other)).swap(*this);
            return *this;
        }
        ~lease() {
            if (node_ != nullptr) {
                owner_->give_back(*node_);
            }
        }

        /// False when it was moved from; then there is nothing to look at.
        explicit operator bool() const noexcept { return node_ != nullptr; }
        [[nodiscard]] T& operator*() const noexcept { return node_->object(); }
        [[nodiscard]] T* operator->() const noexcept { return std::addressof(node_->object()); }

    private:
        friend class scratch;
        lease(scratch& owner, node& borrowed) noexcept : owner_(&owner), node_(&borrowed) {}
        void swap(lease& other) noexcept {
            std::swap(owner_, other.owner_);
            std::swap(node_, other.node_);
        }

        scratch* owner_;
        node* node_;
    };

    /// Objects are value-initialised.
    scratch()
        requires std::default_initializable<T>
        : scratch([] { return T(); }) {}

    /// @param make  `make()` gives a new object; called as const, perhaps by several threads at once. What it throws comes out of
    ///              borrow().
    template <class Make>
        requires(!std::same_as<std::remove_cvref_t<Make>, scratch>) && std::copy_constructible<std::decay_t<Make>>
                && requires(const std::decay_t<Make>& make) {
                       { make() } -> std::same_as<T>;
                   }
    explicit scratch(Make&& make) : make_(std::forward<Make>(make)), stacks_(stack_count()) {}

    ~scratch() {
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            delete[] blocks_[i].load(std::memory_order_relaxed);
        }
    }
    scratch(const scratch&) = delete;  // a lease points to it
    scratch& operator=(const scratch&) = delete;

    /// @returns  a lease of an object that nobody else holds
    /// @throws   what making an object throws; everything stays usable
    [[nodiscard]] lease borrow() {
        stack& own = stacks_[detail::scratch_thread_number() & (stacks_.size() - 1)];
        if (node* const warm = pop(own.free)) [[likely]] {
            return lease(*this, *warm);
        }
        return lease(*this, find_or_make());
    }

    /// Objects made so far and not destroyed.
    [[nodiscard]] std::size_t size() const noexcept { return objects_.load(std::memory_order_relaxed); }

private:
    // Head of a stack: the number of the topmost node (0: none) in the lower half; the upper one counts changes.
    using head = std::atomic<std::uint64_t>;
    struct alignas(detail::cache_line) stack {
        head free{0};
    };
    static_assert(sizeof(stack) % detail::cache_line == 0);

    static constexpr std::uint32_t top(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word); }
    static constexpr std::uint64_t changed(std::uint64_t word, std::uint32_t new_top) noexcept {
        return ((word >> 32) + 1) << 32 | new_top;
    }
    static std::size_t stack_count() { return std::bit_ceil(std::clamp<std::size_t>(2 * std::thread::hardware_concurrency(), 8, 512)); }

    // Nodes stay where they are: block b holds 8 << b of them, and node number n > 0 is in the block of n + 7's highest bit.
    static constexpr std::size_t first_block = 8;
    static std::pair<std::size_t, std::size_t> place_of(std::uint32_t number) noexcept {
        const std::size_t shifted = number - 1 + first_block;
        const std::size_t block = static_cast<std::size_t>(std::bit_width(shifted)) - 4;
        return {block, shifted - (first_block << block)};
    }
    node& at(std::uint32_t number) const noexcept {
        const auto [block, offset] = place_of(number);
        return blocks_[block].load(std::memory_order_acquire)[offset];
    }

    static void push(head& onto, node& free) noexcept {
        std::uint64_t word = onto.load(std::memory_order_relaxed);
        do {
            free.next.store(top(word), std::memory_order_relaxed);
        } while (!onto.compare_exchange_weak(word, changed(word, free.self), std::memory_order_seq_cst, std::memory_order_relaxed));
    }
    node* pop(head& from) noexcept {
        std::uint64_t word = from.load(std::memory_order_acquire);
        while (top(word) != 0) {
            node& first = at(top(word));
            if (from.compare_exchange_weak(word, changed(word, first.next.load(std::memory_order_relaxed)), std::memory_order_seq_cst,
                                            std::memory_order_acquire)) {
                return &first;
            }
        }
        return nullptr;
    }

    void give_back(node& borrowed) noexcept { push(stacks_[detail::scratch_thread_number() & (stacks_.size() - 1)].free, borrowed); }

    /// An object from any stack; or a new one, if at one moment all stacks were empty: then all objects were on loan.
    XRAYON_COLD node& find_or_make() {
        std::vector<std::uint64_t> before(stacks_.size());
        for (bool same = false; !same;) {
            for (std::size_t i = 0; i < stacks_.size(); ++i) {
                if (node* const found = pop(stacks_[i].free)) {
                    return *found;
                }
                before[i] = stacks_[i].free.load(std::memory_order_seq_cst);
            }
            same = true;
            for (std::size_t i = 0; i < stacks_.size() && same; ++i) {
                same = top(before[i]) == 0 && before[i] == stacks_[i].free.load(std::memory_order_seq_cst);
            }
        }
        node& fresh = empty_node();
        try {
            ::new (static_cast<void*>(fresh.memory.data())) T(make_());
            fresh.made = true;
        } catch (...) {
            push(empty_, fresh);
            throw;
        }
        objects_.fetch_add(1, std::memory_order_relaxed);
        return fresh;
    }

    node& empty_node() {
        if (node* const left = pop(empty_)) {  // making its object threw
            return *left;
        }
        // The memory first: a number that is taken and then finds none would be lost, and each loss brings the next, larger block nearer.
        for (std::uint32_t taken = nodes_.load(std::memory_order_relaxed);;) {
            const auto [block, offset] = place_of(taken + 1);
            node* nodes = blocks_[block].load(std::memory_order_acquire);
            if (nodes == nullptr) {
                auto more = std::make_unique<node[]>(first_block << block);
                if (blocks_[block].compare_exchange_strong(nodes, more.get(), std::memory_order_acq_rel)) {
                    nodes = more.release();
                }
            }
            if (nodes_.compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed)) {
                nodes[offset].self = taken + 1;
                return nodes[offset];
            }
        }
    }

    std::function<T()> make_;
    std::vector<stack> stacks_;
    alignas(detail::cache_line) std::array<std::atomic<node*>, 28> blocks_ = {};
    std::atomic<std::uint32_t> nodes_{0};
    std::atomic<std::size_t> objects_{0};
    head empty_{0};
};

} // namespace xrayon

#endif // XRAYON_EXEC_SCRATCH_HPP
