// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_BACKEND_TBB_HPP
#define XRAYON_EXEC_DETAIL_BACKEND_TBB_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/task_scheduler_observer.h>
#include <oneapi/tbb/version.h>

#include <xrayon/core/config.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/detail/worker_name.hpp>

// A preview of 2021.x, regular since 2021.9.
#if TBB_INTERFACE_VERSION >= 12090 || TBB_PREVIEW_TASK_ARENA_CONSTRAINTS_EXTENSION
#define XRAYON_TBB_HAS_CORE_TYPES 1
#else
#define XRAYON_TBB_HAS_CORE_TYPES 0
#endif

// The seam: the only file that names oneTBB. What the rest needs of a scheduler is here: an arena of bounded size that a
// caller can always enter, and one call that offers a body to other threads of the arena.

namespace xrayon::detail {

inline std::string backend_version() { return TBB_runtime_version(); }

/// oneTBB counts the processors once. If it finds no memory for that, whoever asks next waits for ever (2021.8): better to say so.
inline void count_processors() {
    static std::atomic<bool> failed{false};
    if (failed.load(std::memory_order_relaxed)) {
        throw resource_error("pool: oneTBB had no memory when it started, and cannot be started again in this process", 1, 0);
    }
    try {
        (void)tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
    } catch (...) {
        failed.store(true, std::memory_order_relaxed);
        throw;
    }
}

/// How many threads oneTBB may have, for the whole process: exactly as many as have been started, so that it never starts one by
/// itself, which ends the process when it fails. Without that it does: pools that come and go leave arenas behind whose workers
/// have not yet looked in, each still asking for its own; a few hundred short-lived pools of 4 became 1,024 threads. It grows and
/// never shrinks, since a smaller one would cap arenas in use, and is never below the machine's processors, which
/// the program's own use of oneTBB may count on. Of all live controls the smallest wins, so there is one in a process.
class thread_limit {
public:
    /// The limit of this process, made at first use. `place` is process_state's; its lock is held. Never destroyed.
    static thread_limit& of(void*& place, std::size_t most) {
        if (place == nullptr) {
            count_processors();
            place = new thread_limit(most);
        }
        return *static_cast<thread_limit*>(place);
    }

    /// What the program itself has set, if that is lower than ours.
    [[nodiscard]] std::size_t allowed() const {
        const std::size_t active = tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
        return active < value_ ? active : std::numeric_limits<std::size_t>::max();
    }

    void grow(std::size_t threads) {
        if (threads > value_) {
            set(threads);
        }
    }
    [[nodiscard]] std::size_t value() const noexcept { return value_; }
    void set(std::size_t threads) {
        control next(new tbb::global_control(tbb::global_control::max_allowed_parallelism, threads));
        control_ = std::move(next);  // the old one goes when the new one is there
        value_ = threads;
    }

private:
    explicit thread_limit(std::size_t most) {
        // The most that it can ever allow oneTBB decides when it wakes up, by the limit of that moment. It falls asleep, and lets all
        // workers go, when nobody uses it; the handle keeps it awake.
        const tbb::global_control at_first(tbb::global_control::max_allowed_parallelism, most);
        awake_.emplace(tbb::attach{});
        tbb::task_arena(1).initialize();
        set(std::max<std::size_t>(2, static_cast<std::size_t>(std::max(1, tbb::info::default_concurrency()))));
    }

    /// Ends a control as its destructor would, but for this: where a limit that rises lets another arena have a thread, oneTBB starts it
    /// there and then, and if that fails the exception must not meet a destructor.
    struct end_control {
        void operator()(tbb::global_control* ended) const noexcept {
            try {
                tbb::detail::r1::destroy(*ended);
            } catch (...) {
                // The limit has risen all the same. start_workers says what is missing.
            }
            ::operator delete(ended);
        }
    };
    using control = std::unique_ptr<tbb::global_control, end_control>;

    std::optional<tbb::task_scheduler_handle> awake_;
    control control_;
    std::size_t value_ = 0;
};

/// Makes oneTBB start its workers until `wanted` of them exist, from the calling thread and without waiting for them; says how many it
/// got. Left to itself it starts them later, from other workers, and where that fails the process is ended. Here one after the
/// other is asked for by an arena of its own, whose task keeps it busy until all have been asked for: so each is a new one, and the
/// failure of one comes out here, as an exception. `rounds` counts these calls, one at a time, and lives as long as the process: a task
/// may come to run long after we have left.
inline std::size_t start_workers(std::size_t wanted, std::atomic<int>& rounds) {
    const int round = rounds.load(std::memory_order_relaxed);
    std::vector<std::unique_ptr<tbb::task_arena>> arenas;
    arenas.reserve(wanted);
    try {
        while (arenas.size() < wanted) {
            arenas.push_back(std::make_unique<tbb::task_arena>(2, 1));  // a caller's slot, which stays empty, and one worker
            arenas.back()->enqueue([&rounds, round] { rounds.wait(round, std::memory_order_relaxed); });
        }
    } catch (...) {
        // oneTBB is left in the middle of counting: whoever touches this arena again waits for ever, its destructor included.
        if (!arenas.empty()) {
            arenas.back().release();
            arenas.pop_back();
        }
    }
    rounds.store(round + 1, std::memory_order_relaxed);
    rounds.notify_all();
    return arenas.size();
}

struct arena_config {
    std::size_t threads = 1;
    std::string name = {};
    std::optional<int> numa_node = {};
    std::optional<int> core_type = {};
    int priority = 0;  ///< -1, 0, 1
};

/// Whether an arena made for one serves the other, but for the name, which can be changed.
inline bool same_arena(const arena_config& a, const arena_config& b) noexcept {
    return a.threads == b.threads && a.numa_node == b.numa_node && a.core_type == b.core_type && a.priority == b.priority;
}

/// Gives the workers of an arena their names, for debuggers and top. Runs when a worker enters the arena.
class worker_namer : public tbb::task_scheduler_observer {
public:
    worker_namer(tbb::task_arena& arena, std::string name, std::size_t visitors)
        : task_scheduler_observer(arena), name_(std::move(name)), visitors_(visitors) {
        observe(true);
    }
    ~worker_namer() override { observe(false); }

    void on_scheduler_entry(bool is_worker) override {
        const auto slot = static_cast<std::size_t>(std::max(0, tbb::this_task_arena::current_thread_index()));
        if (is_worker && slot >= visitors_) {  // not a worker of another arena that visits
            name_worker(name_, slot - visitors_ + 1);
        }
    }

private:
    std::string name_;
    std::size_t visitors_;
};

/// Is told when a worker comes into an arena and when it goes, in pairs: the last ones go while it is destroyed.
class worker_watch : public tbb::task_scheduler_observer {
public:
    using function = std::function<void(std::size_t index)>;  // must not throw

    worker_watch(tbb::task_arena& watched, std::size_t workers, std::size_t visitors, function comes, function goes)
        : task_scheduler_observer(watched), visitors_(visitors), present_(workers), comes_(std::move(comes)), goes_(std::move(goes)) {
        observe(true);
    }
    /// Waits until workers that find nothing more to do in the arena have left it: a few milliseconds at most.
    ~worker_watch() override {
        const std::size_t here = worker();
        {
            std::unique_lock lock(mutex_);
            over_ = true;
            const std::size_t mine = here < present_.size() && present_[here] ? 1 : 0;
            gone_.wait(lock, [&] { return count_ <= mine; });
        }
        observe(false);
        if (here < present_.size() && present_[here]) {
            goes_(here + 1);  // on its own thread, which would else not be told any more
        }
    }

    void on_scheduler_entry(bool is_worker) override {
        const std::size_t number = is_worker ? worker() : present_.size();
        if (number >= present_.size()) {
            return;  // a visitor
        }
        {
            const std::lock_guard lock(mutex_);
            if (over_ || present_[number]) {
                return;
            }
            present_[number] = true;
            ++count_;
        }
        comes_(number + 1);
    }
    void on_scheduler_exit(bool is_worker) override {
        const std::size_t number = is_worker ? worker() : present_.size();
        if (number >= present_.size() || !present_[number]) {
            return;
        }
        goes_(number + 1);
        const std::lock_guard lock(mutex_);
        present_[number] = false;
        --count_;
        gone_.notify_all();
    }

private:
    [[nodiscard]] std::size_t worker() const noexcept {
        const int slot = tbb::this_task_arena::current_thread_index();
        return slot < 0 || static_cast<std::size_t>(slot) < visitors_ ? present_.size() : static_cast<std::size_t>(slot) - visitors_;
    }

    std::size_t visitors_;
    std::vector<char> present_;  // by worker; written with the lock, read by that worker without
    std::size_t count_ = 0;
    bool over_ = false;
    std::mutex mutex_;
    std::condition_variable gone_;
    function comes_;
    function goes_;
};

/// The offers of one thread that nobody has taken up yet, of all calls that it is in, on a cache line of its own because others count
/// down. oneTBB keeps them in a queue of the arena's slot that the thread is in, which has room for 64 and is kept. Where its end is
/// reached, arena_slot::prepare_task_pool (src/tbb/arena_slot.h of 2021.8; the sources of 2023 have the same rule) counts what still lies
/// there: if that is more than 64 - 64/4 = 48, the new one included, it allocates a larger queue, else it moves them to the front. If the
/// allocation fails, the queue stays locked and the offer, which has been counted, is lost: its call waits for ever. So a thread
/// never has more than `most` there, which leaves 16 to what the program itself spawns inside an item, and oneTBB never allocates
/// for an offer. Nobody leaves a slot before all that was offered from there has been taken: the thread's count is never below the slot's.
///
/// One call takes a quarter of what is left: so ten calls, one within the other, can make offers while no thread is free to take any, and
/// thirty-two of two items each. Whoever takes an offer makes the next ones: 8 by the caller, then 8 by each helper.
struct alignas(64) offer_limit {
    static constexpr std::uint32_t most = 32;
    std::atomic<std::uint32_t> untaken{0};

    [[nodiscard]] std::size_t next() const noexcept {
        // Acquire: whoever counted one down had taken it out of the queue before.
        return (most - std::min(most, untaken.load(std::memory_order_acquire)) + 3) / 4;
    }
};
class gathering;

/// A wait_context of 1 whose end nobody minds: in a forked child something is still counted.
struct unminded_wait {
    union {
        tbb::detail::d1::wait_context value;
    };
    unminded_wait() noexcept : value(1) {}
    ~unminded_wait() {}
};

/// One thread's stay in a gathering, on its stack.
struct gathering_place {
    gathering* of;
    gathering_place* outer;              // of this thread; it waits there, or runs what this one is nested in
    tbb::task_group_context* level = tbb::detail::d1::current_context();  // which dispatch of oneTBB the thread is in
    int slot = tbb::this_task_arena::current_thread_index();
    std::atomic<std::uint32_t> untaken{0};
    unminded_wait left = {};  // its offers that nobody has taken up, and itself

    /// Not so where code of the program's has entered another arena, or a loop of its own.
    [[nodiscard]] bool is_current() const noexcept {
        return level == tbb::detail::d1::current_context() && slot == tbb::this_task_arena::current_thread_index();
    }
};

inline namespace state_1 {
XRAYON_SHARED inline constinit thread_local offer_limit offers_here;
XRAYON_SHARED inline constinit thread_local gathering_place* gathering_here = nullptr;
}

/// An arena of `threads - 1` workers with room for `visitors` callers, or the arena that the calling thread is in.
class arena {
    friend class gathering;
    template <class Body>
    struct sharing;
    template <class Body>
    class offer;

public:
    arena(const arena_config& config, std::size_t visitors)
        : arena_(constraints_of(config, visitors), static_cast<unsigned>(visitors),
                 config.priority < 0   ? tbb::task_arena::priority::low
                 : config.priority > 0 ? tbb::task_arena::priority::high
                                       : tbb::task_arena::priority::normal) {
        // Not left to the first use: an arena that then finds no memory waits for ever at the second, and an observer that has to do it is
        // left half made, so that its destructor crashes (2021.8).
        arena_.initialize();
        name_workers(config, visitors);
    }

    /// From now on its workers are called that. One that is in the arena learns it when it next finds something to do there.
    void name_workers(const arena_config& config, std::size_t visitors) {
        if (config.threads > 1) {
            namer_.emplace(arena_, config.name, visitors);
        }
    }

    /// From now on `comes` and `goes` are told of its workers, numbered from 1; until unwatch_workers.
    void watch_workers(const arena_config& config, std::size_t visitors, worker_watch::function comes, worker_watch::function goes) {
        watch_.emplace(arena_, config.threads - 1, visitors, std::move(comes), std::move(goes));
    }
    void unwatch_workers() noexcept { watch_.reset(); }

    struct attach_current {};
    explicit arena(attach_current) : arena_(tbb::task_arena::attach{}) {}

    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;

    static std::size_t current_arena_threads() { return static_cast<std::size_t>(std::max(1, tbb::this_task_arena::max_concurrency())); }
    static bool has_numa_node(int node) {
        const auto nodes = tbb::info::numa_nodes();
        return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
    }
    /// False too where this oneTBB does not offer core types (2021.8 does with TBB_PREVIEW_TASK_ARENA_CONSTRAINTS_EXTENSION).
    static bool has_core_type(int type) {
#if XRAYON_TBB_HAS_CORE_TYPES
        const auto types = tbb::info::core_types();
        return std::find(types.begin(), types.end(), type) != types.end();
#else
        (void)type;
        return false;
#endif
    }

    /// The slot that the calling thread, which is in this arena, has.
    static std::size_t slot_here() noexcept { return static_cast<std::size_t>(std::max(0, tbb::this_task_arena::current_thread_index())); }

    /// Has `work->run_errand()` called once, some time, by a worker that has nothing else to do in this arena. The thread that calls it need
    /// not be inside. @throws std::bad_alloc  and it will not be called
    template <class Work>
    void enqueue(std::shared_ptr<Work> work) {
        class errand final : public tbb::detail::d1::task {
        public:
            explicit errand(std::shared_ptr<Work> what) noexcept : work_(std::move(what)) {}

        private:
            tbb::detail::d1::task* execute(tbb::detail::d1::execution_data&) override {
                const std::shared_ptr<Work> what = std::move(work_);
                delete this;
                what->run_errand();
                return nullptr;
            }
            tbb::detail::d1::task* cancel(tbb::detail::d1::execution_data& data) override { return execute(data); }

            std::shared_ptr<Work> work_;
        };
        auto sent = std::make_unique<errand>(std::move(work));
        tbb::detail::r1::enqueue(*sent, &arena_);
        static_cast<void>(sent.release());
    }

    /// Runs `body` with the calling thread inside the arena. The caller sees to it that a slot is free. On entry oneTBB sets the
    /// floating-point mode that was in force when the arena was made; the caller's own is put back for the body.
    template <class Body>
    void execute(Body& body) {
        std::fenv_t callers;
        std::fegetenv(&callers);
        arena_.execute([&] {
            std::fesetenv(&callers);
            body();
        });
    }

    /// Runs `body()` on the calling thread, which is in this arena, and offers it to up to `helpers` others: some itself, the rest by those
    /// who have begun (offer_limit says why). Returns when the caller's and all begun bodies have ended; the caller takes back the offers
    /// that nobody has taken up, so that it never waits for a thread to become free. `body` must not throw, and where it has returned on
    /// one thread there is nothing left to begin on another. A waiting thread runs nothing but bodies of this very call. Where memory or
    /// threads run out, fewer helpers do the same work.
    /// The context is isolated, so that a foreign group that is cancelled around us leaves no part of the work undone, and it
    /// carries the caller's floating-point settings to the helpers.
    /// @throws resource_error  if the body forked and this is the child: its helpers do not exist, and waiting for them would not end
    template <class Body>
    void share(std::size_t helpers, Body& body) {
        union kept_sharing {  // in a child it must not be destroyed: that may wait too, and oneTBB's debug library minds helpers that have not ended
            kept_sharing(arena& home, Body& body, offer<Body>* offers, std::size_t here, std::size_t helpers)
                : value(home, body, offers, here, helpers) {}
            ~kept_sharing() {}
            sharing<Body> value;
        };
        tbb::this_task_arena::isolate([&] {
            const fork_mark mark;
            // Not a tbb::task_group: one that finds no memory for a task has counted it all the same, and waits for it for ever (2021.8).
            const std::size_t here = std::min(helpers, may_offer());
            std::unique_ptr<offer<Body>[]> offers(here != 0 ? new (std::nothrow) offer<Body>[helpers] : nullptr);
            if (!offers) {
                body();
                return;
            }
            kept_sharing kept(*this, body, offers.get(), here, helpers);
            sharing<Body>& shared = kept.value;
            shared.make_offers(0, here, nullptr);
            body();
            if (mark.in_child()) [[unlikely]] {
                (void)offers.release();  // queues of oneTBB's point at them
                mark.check_not_in_child("xrayon");
            }
            shared.over.store(true, std::memory_order_relaxed);
            tbb::detail::d1::wait(shared.open, shared.context);
            shared.~sharing();
        });
    }

    /// Runs `begin(gathering)` and then `help()` on the calling thread, which is in this arena, while offers that are made meanwhile
    /// (gathering::offer) bring up to `helpers` others to run `help()`. Returns when all have ended. Both must not throw. A thread that
    /// waits here runs nothing but `help()`.
    /// @throws resource_error  if something forked and this is the child
    template <class Begin, class Help>
    void gather(std::size_t helpers, Begin& begin, Help& help);

private:
    /// A call while it is shared.
    template <class Body>
    struct sharing {
        /// The caller is about to make the first `here` of the offers.
        sharing(arena& in, Body& what, offer<Body>* room, std::size_t here, std::size_t most)
            : open(static_cast<std::uint32_t>(here)), offered(here), home(in), body(what), offers(room), helpers(most) {}

        /// Makes the offers [begin, end), which `open` counts already, as `left` does if there is one, from the calling thread.
        void make_offers(std::size_t begin, std::size_t end, tbb::detail::d1::wait_context* left) noexcept {
            std::atomic<std::uint32_t>& untaken = offers_here.untaken;
            untaken.fetch_add(static_cast<std::uint32_t>(end - begin), std::memory_order_relaxed);
            std::size_t next = begin;
            try {
                while (next < end) {
                    offer<Body>& each = offers[next++];
                    each.call = this;
                    each.untaken = &untaken;
                    each.left = left;
                    tbb::detail::d1::spawn(each, context);
                }
            } catch (...) {
                // oneTBB could not start a thread for the last one. It stands; those behind it are not made.
                if (next < end) {
                    const auto number = static_cast<std::uint32_t>(end - next);
                    untaken.fetch_sub(number, std::memory_order_relaxed);
                    open.release(number);
                    if (left != nullptr) {
                        left->release(number);
                    }
                }
            }
        }

        /// What a helper does. It takes back what others have not taken of its own offers, so that none lies in a slot that has been left:
        /// the caller might then wait for a thread to come by.
        void help() noexcept {
            if (offered.load(std::memory_order_relaxed) >= helpers) {
                run();
                return;
            }
            help_and_offer();
        }

        tbb::task_group_context context{tbb::task_group_context::isolated,
                                        tbb::task_group_context::default_traits | tbb::task_group_context::fp_settings};
        tbb::detail::d1::wait_context open;  // offers that have been made and not ended
        std::atomic<std::size_t> offered;    // those that somebody makes, or has made; more than `helpers`: all of them
        std::atomic<bool> over{false};       // a body has returned
        arena& home;
        Body& body;
        offer<Body>* offers;
        std::size_t helpers;
        fork_mark mark;

    private:
        void run() noexcept {
            body();
            if (mark.in_child()) [[unlikely]] {
                end_lost_helper(mark);
            }
            over.store(true, std::memory_order_relaxed);
        }

        XRAYON_NOINLINE void help_and_offer() noexcept {
            const std::size_t number = home.may_offer();
            const std::size_t begin = number == 0 ? helpers : offered.fetch_add(number, std::memory_order_relaxed);
            if (begin >= helpers) {
                run();
                return;
            }
            const std::size_t end = std::min(begin + number, helpers);
            open.reserve(static_cast<std::uint32_t>(end - begin));
            tbb::detail::d1::wait_context left(static_cast<std::uint32_t>(end - begin));
            make_offers(begin, end, &left);
            run();
            tbb::detail::d1::wait(left, context);
        }
    };

    /// A body that another thread may run. What tbb::task_group makes, in memory of ours.
    template <class Body>
    class offer final : public tbb::detail::d1::task {
    public:
        sharing<Body>* call = nullptr;
        std::atomic<std::uint32_t>* untaken = nullptr;  // of the thread that made it
        tbb::detail::d1::wait_context* left = nullptr;  // null: made by the caller, who waits for all

    private:
        tbb::detail::d1::task* execute(tbb::detail::d1::execution_data&) override {
            untaken->fetch_sub(1, std::memory_order_release);
            if (left != nullptr) {
                left->release();
            }
            if (!call->over.load(std::memory_order_relaxed)) {
                call->help();
            }
            call->open.release();
            return nullptr;
        }
        tbb::detail::d1::task* cancel(tbb::detail::d1::execution_data& data) override {
            call->over.store(true, std::memory_order_relaxed);
            return execute(data);
        }
    };

    /// How many offers the calling thread may make, for the call that it is about to begin or to help in.
    ///
    /// None when its slot has no queue for them. oneTBB allocates it at the first offer made in a slot; if that fails the offer is lost,
    /// and the next one made there crashes (2021.8). So the first offer of each slot is one that may be lost: should it fail, the slot
    /// offers nothing any more, and its thread works alone there.
    std::size_t may_offer() noexcept {
        const std::size_t number = offers_here.next();
        return number != 0 && can_offer() ? number : 0;
    }

    bool can_offer() noexcept {
        const int index = tbb::this_task_arena::current_thread_index();
        const auto slot = static_cast<std::size_t>(std::max(0, index));
        if (index < 0 || slot >= slots_.size()) {
            return index >= 0;  // somebody else's arena, larger than any of ours
        }
        const slot_state known = slots_[slot].load(std::memory_order_relaxed);
        return known == slot_state::ready || (known == slot_state::unused && make_ready(slot));
    }

    /// Does nothing but having been in the queue.
    class first_offer final : public tbb::detail::d1::task {
    public:
        tbb::task_group_context context{tbb::task_group_context::isolated};
        tbb::detail::d1::wait_context open{1};

    private:
        tbb::detail::d1::task* execute(tbb::detail::d1::execution_data&) override {
            open.release();
            return nullptr;
        }
        tbb::detail::d1::task* cancel(tbb::detail::d1::execution_data& data) override { return execute(data); }
    };

    XRAYON_COLD bool make_ready(std::size_t slot) noexcept {
        auto first = std::unique_ptr<first_offer>(new (std::nothrow) first_offer);
        if (!first) {
            return false;  // the next call tries again
        }
        return tbb::this_task_arena::isolate([&] {  // because it waits
            try {
                tbb::detail::d1::spawn(*first, first->context);
            } catch (const std::bad_alloc&) {
                (void)first.release();  // lost, or kept and then no memory to say that no thread could be started: nobody knows
                slots_[slot].store(slot_state::unusable, std::memory_order_relaxed);
                return false;
            } catch (...) {
                // Kept; no thread could be started for it.
            }
            tbb::detail::d1::wait(first->open, first->context);
            slots_[slot].store(slot_state::ready, std::memory_order_relaxed);
            return true;
        });
    }

    enum class slot_state : unsigned char { unused, ready, unusable };

    static tbb::task_arena::constraints constraints_of(const arena_config& config, std::size_t visitors) {
        tbb::task_arena::constraints result;
        result.set_max_concurrency(static_cast<int>(config.threads - 1 + visitors));
        if (config.numa_node) {
            result.set_numa_id(*config.numa_node);
        }
#if XRAYON_TBB_HAS_CORE_TYPES
        if (config.core_type) {
            result.set_core_type(*config.core_type);
        }
#endif
        return result;
    }

    tbb::task_arena arena_;
    std::optional<worker_namer> namer_;
    std::optional<worker_watch> watch_;
    std::array<std::atomic<slot_state>, 1032> slots_ = {};  // 1,023 workers, 8 visitors and one
};

/// Work that comes up while it runs, and the helpers that come to it and go: what arena::share is for work that is known beforehand.
///
/// An offer brings one thread, which runs `help` until it finds nothing more to do. A thread that waits for its own offers to be taken takes
/// offers up as well, and does not wait in there a second time: so its stack does not grow. The caller then waits for all others by a
/// condition of ours, and is called by that: oneTBB wakes a caller that waits only when what it waits for has ended.
/// All that arena::share says of isolation, of the number of offers, of memory and of forks holds here too. The tag of isolation is given,
/// because an offer may be made from within an isolated part of the program's own.
class gathering {
public:
    using help_function = void (*)(void* work) noexcept;

    gathering(arena& home, std::size_t helpers, help_function help, void* work) : home_(home), helpers_(helpers), help_(help), work_(work) {}
    gathering(const gathering&) = delete;
    gathering& operator=(const gathering&) = delete;

    /// Calls one more thread, if it can be: false where too many offers lie about, where there is no memory for one, and where the
    /// calling thread does not take part, or has gone elsewhere meanwhile (another arena, a loop of the program's own).
    bool offer() noexcept {
        gathering_place* const mine = gathering_here;
        if (mine == nullptr || mine->of != this || !mine->is_current()) {
            return false;
        }
        if (call_caller()) {
            return true;
        }
        if (!may_offer(*mine) || !has_room()) {
            return false;
        }
        for (std::size_t i = 0; i < helpers_; ++i) {
            room& each = offers_[i];
            if (!each.taken.load(std::memory_order_relaxed) && !each.taken.exchange(true, std::memory_order_acquire)) {
                make(each, *mine);
                return true;
            }
        }
        return false;
    }

private:
    friend class arena;

    class call_for_help final : public tbb::detail::d1::task {
    public:
        call_for_help(gathering& call, std::atomic<bool>& taken, gathering_place& by, std::atomic<std::uint32_t>& untaken) noexcept
            : call_(call), taken_(taken), by_(by), untaken_(untaken) {}

    private:
        tbb::detail::d1::task* execute(tbb::detail::d1::execution_data&) override {
            by_.untaken.fetch_sub(1, std::memory_order_release);
            untaken_.fetch_sub(1, std::memory_order_release);
            by_.left.value.release();
            gathering& call = call_;
            call.receive();
            taken_.store(false, std::memory_order_release);  // this object may be another offer from here on
            call.end_offer();
            return nullptr;
        }
        tbb::detail::d1::task* cancel(tbb::detail::d1::execution_data& data) override { return execute(data); }

        gathering& call_;
        std::atomic<bool>& taken_;
        gathering_place& by_;                 // stays until `left` is 0
        std::atomic<std::uint32_t>& untaken_;  // of the thread that made it
    };
    struct room {
        alignas(call_for_help) std::byte memory[sizeof(call_for_help)];
        std::atomic<bool> taken{false};
    };

    class within final : public tbb::detail::d1::delegate_base {
    public:
        within(void (*run)(void*), void* what) noexcept : run_(run), what_(what) {}
        bool operator()() const override {
            run_(what_);
            return true;
        }

    private:
        void (*run_)(void*);
        void* what_;
    };
    /// With this gathering's tag of isolation.
    template <class F>
    void isolate(F&& f) {
        within inside([](void* what) { (*static_cast<std::remove_reference_t<F>*>(what))(); }, std::addressof(f));
        tbb::detail::r1::isolate_within_arena(inside, reinterpret_cast<std::intptr_t>(this));
    }

    template <class Body>
    void run(Body& body) {
        isolate([&] {
            gathering_place mine{this, gathering_here};
            gathering_here = &mine;
            std::size_t heard = 0;
            body();
            while (!mark_.in_child()) [[likely]] {
                mine.left.value.release();
                tbb::detail::d1::wait(mine.left.value, context_);
                if (!wait_for_call(heard)) {
                    break;
                }
                mine.left.value.reserve();
                help_(work_);
            }
            gathering_here = mine.outer;
        });
    }

    /// The caller waits. True: there were calls that it has not heard yet. False: there are no others left that could call.
    bool wait_for_call(std::size_t& heard) {
        std::unique_lock lock(mutex_);
        caller_waits_ = true;
        changed_.wait(lock, [&] { return calls_ != heard || open_ == 0; });
        caller_waits_ = false;
        return std::exchange(heard, calls_) != calls_;
    }
    /// True: the caller waited, and comes. If it is just about to wait, it hears of this call and looks once more.
    bool call_caller() noexcept {
        const std::lock_guard lock(mutex_);
        ++calls_;
        if (!std::exchange(caller_waits_, false)) {
            return false;
        }
        changed_.notify_one();
        return true;
    }
    /// The last that a helper does here. The lock is held meanwhile, because the caller ends this object afterwards.
    void end_offer() noexcept {
        const std::lock_guard lock(mutex_);
        if (--open_ == 0) {
            changed_.notify_one();
        }
    }

    /// A thread has taken an offer up.
    void receive() noexcept {
        gathering_place* const waiting = gathering_here;
        if (waiting != nullptr && waiting->of == this) {
            tbb::task_group_context* const level = std::exchange(waiting->level, tbb::detail::d1::current_context());
            help_(work_);
            waiting->level = level;
        } else {
            gathering_place mine{this, waiting};
            gathering_here = &mine;
            help_(work_);
            if (!mark_.in_child()) [[likely]] {
                mine.left.value.release();
                tbb::detail::d1::wait(mine.left.value, context_);  // nothing is left behind in a slot that nobody is in
            }
            gathering_here = waiting;
        }
        if (mark_.in_child()) [[unlikely]] {
            end_lost_helper(mark_);
        }
    }

    /// offer_limit's rule, for offers that are made one by one.
    bool may_offer(const gathering_place& mine) noexcept {
        const std::uint32_t own = mine.untaken.load(std::memory_order_acquire);
        const std::uint32_t all = offers_here.untaken.load(std::memory_order_acquire);
        const std::uint32_t others = std::min(all - std::min(all, own), offer_limit::most);
        return all < offer_limit::most && own < (offer_limit::most - others + 3) / 4 && home_.can_offer();
    }

    bool has_room() noexcept {
        if (!offers_) {  // the caller's first offer: there are no helpers yet
            offers_.reset(new (std::nothrow) room[helpers_]);
        }
        return offers_ != nullptr;
    }

    void make(room& where, gathering_place& mine) noexcept {
        std::atomic<std::uint32_t>& untaken = offers_here.untaken;
        mine.untaken.fetch_add(1, std::memory_order_relaxed);
        untaken.fetch_add(1, std::memory_order_relaxed);
        mine.left.value.reserve();
        {
            const std::lock_guard lock(mutex_);
            ++open_;
        }
        auto* const made = ::new (static_cast<void*>(where.memory)) call_for_help(*this, where.taken, mine, untaken);
        isolate([&] {
            try {
                tbb::detail::d1::spawn(*made, context_);
            } catch (...) {
                // oneTBB could not start a thread for it. It stands.
            }
        });
    }

    arena& home_;
    std::size_t helpers_;
    help_function help_;
    void* work_;
    tbb::task_group_context context_{tbb::task_group_context::isolated,
                                     tbb::task_group_context::default_traits | tbb::task_group_context::fp_settings};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t open_ = 0;       // offers that have been made and not ended
    std::size_t calls_ = 0;
    bool caller_waits_ = false;  // and has not been called yet
    std::unique_ptr<room[]> offers_;
    fork_mark mark_;
};

template <class Begin, class Help>
void arena::gather(std::size_t helpers, Begin& begin, Help& help) {
    union kept_gathering {  // in a child it must not be destroyed, as in share
        kept_gathering(arena& home, std::size_t most, Help& work)
            : value(home, most, [](void* what) noexcept { (*static_cast<Help*>(what))(); },
                    const_cast<std::remove_const_t<Help>*>(std::addressof(work))) {}
        ~kept_gathering() {}
        gathering value;
    };
    kept_gathering kept(*this, helpers, help);
    const auto body = [&] {
        begin(&kept.value);
        help();
    };
    kept.value.run(body);
    kept.value.mark_.check_not_in_child("xrayon");
    kept.value.~gathering();
}

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_BACKEND_TBB_HPP
