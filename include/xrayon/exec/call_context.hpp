// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_CALL_CONTEXT_HPP
#define XRAYON_EXEC_CALL_CONTEXT_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/detail/process_state.hpp>

// The hidden half of run_options: what a thread knows about the calls that it runs inside of. Each thread has a chain of
// frames, innermost first. A frame belongs to an item of a call, or to an install; a thread that helps another one's call
// hangs its frame under the caller's, so the chain always tells the whole story, whichever thread asks.

namespace xrayon {

class call_progress;

/// What the participants of one call share, as far as calls nested in its items must see it.
struct call_state {
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    std::string_view name;  ///< For paths and messages.
    std::size_t count = 0;  ///< Items.
    std::stop_token stop = {};
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    std::atomic<std::size_t> cut{none};  ///< Items above this one are cancelled: it has failed.
    call_progress* progress = nullptr;   ///< Counts and shows its items; null: nobody asked, or a call around it shows its own.
    bool shown_elsewhere = false;        ///< Somebody else shows how far its items are.
    const void* family = nullptr;        ///< Of a task that was spawned: what it was spawned in. Null for items.

    std::uint64_t traced = 0;    ///< Its place in the trace; 0: nobody records.
    bool admits_memory = false;  ///< Its items run as its memory budget, or that of a call around it, has room for them.

    /// What the user asked for, if it has come to pass: stop or deadline.
    [[nodiscard]] std::optional<cancel_reason> stopped() const noexcept {
        if (stop.stop_requested()) {
            return cancel_reason::stop_requested;
        }
        if (deadline != std::chrono::steady_clock::time_point::max() && std::chrono::steady_clock::now() >= deadline) {
            return cancel_reason::deadline;
        }
        return std::nullopt;
    }
};

/// The index of a running item. An enumeration inside, because nothing else has its type: a plain std::size_t might alias the
/// numbers that items work on, and the compiler could not keep those in registers, nor vectorise, past the store of the index.
class item_index {
public:
    constexpr item_index(std::size_t index = 0) noexcept : index_(static_cast<kept>(index)) {}  // NOLINT: it is a number
    constexpr operator std::size_t() const noexcept { return static_cast<std::size_t>(index_); }

private:
    enum class kept : std::size_t {};
    kept index_;
};

/// One level of nesting on one thread. Frames live on the stack of the thread they describe.
struct call_frame {
    const call_frame* parent = nullptr;
    detail::pool_state* pool = nullptr;  ///< Where nested work goes; null: the global pool.
    bool inside = false;                 ///< The thread is in that pool's arena.
    const call_state* call = nullptr;    ///< Null for an install.
    item_index index = 0;                ///< The item that is running.
};

namespace detail {

inline namespace state_1 {
XRAYON_SHARED inline constinit thread_local const call_frame* current_frame = nullptr;
}

/// Makes a frame the innermost one of this thread.
class frame_scope {
public:
    explicit frame_scope(const call_frame& frame) noexcept : before_(current_frame) { current_frame = &frame; }
    ~frame_scope() { current_frame = before_; }
    frame_scope(const frame_scope&) = delete;
    frame_scope& operator=(const frame_scope&) = delete;

private:
    const call_frame* before_;
};

} // namespace detail

/// The innermost frame of this thread; null outside of every call and install.
[[nodiscard]] inline const call_frame* current_call() noexcept { return detail::current_frame; }

/// Asks up the chain: has a call around `frame` failed at or below the item that it runs us for, or been stopped?
/// One failed flag would not do: an item above the failure must stop, an item below it may still fail and runs on.
[[nodiscard]] inline bool is_cancelled(const call_frame* frame) noexcept {
    for (; frame != nullptr; frame = frame->parent) {
        if (frame->call != nullptr && (frame->call->cut.load(std::memory_order_relaxed) <= frame->index || frame->call->stopped())) {
            return true;
        }
    }
    return false;
}

/// True when `frame` or one around it is an item of a call.
[[nodiscard]] inline bool in_call(const call_frame* frame) noexcept {
    while (frame != nullptr && frame->call == nullptr) {
        frame = frame->parent;
    }
    return frame != nullptr;
}

/// Where `frame` is, outermost first: "grid_search[17] > cross_validate[3]". Empty outside of every call.
[[nodiscard]] inline std::string call_path(const call_frame* frame) {
    std::string path;
    for (; frame != nullptr; frame = frame->parent) {
        if (frame->call != nullptr) {
            std::string step = std::string(frame->call->name) + "[" + to_text(std::size_t{frame->index}) + "]";
            path = path.empty() ? std::move(step) : std::move(step) + " > " + path;
        }
    }
    return path;
}

/// The one hook around every item of every call: delays in tests, traces, balance. While one is set, items run one
/// by one with a call before and after each; without one it costs a load per call. Its functions run on the item's thread.
struct item_hook {
    virtual void before(const call_frame& frame) noexcept = 0;  ///< frame.index is about to run.
    virtual void after(const call_frame& frame) noexcept = 0;   ///< It has ended, by return or by exception.

protected:
    ~item_hook() = default;
};

/// Sets the hook of the process (null: none) and returns the one before. The old one may still be running in calls that
/// began earlier: let them end before it is destroyed.
inline item_hook* set_item_hook(item_hook* hook) noexcept { return detail::process().hook.exchange(hook, std::memory_order_acq_rel); }

} // namespace xrayon

#endif // XRAYON_EXEC_CALL_CONTEXT_HPP
