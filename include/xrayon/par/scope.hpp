// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SCOPE_HPP
#define XRAYON_PAR_SCOPE_HPP

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/called_once.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/par/detail/call_history.hpp>
#include <xrayon/par/detail/scope_core.hpp>

namespace xrayon {

class scope_t;

/// What can be spawned: called once, as an rvalue, with the scope or with nothing.
template <class F>
concept spawnable = std::constructible_from<std::decay_t<F>, F> && (std::invocable<std::decay_t<F>, scope_t&> || std::invocable<std::decay_t<F>>);

/// The scope that a body, or a task, spawns into. Any thread may spawn while the scope's body or one of its tasks runs.
class scope_t {
public:
    explicit scope_t(detail::scope_core& core) noexcept : core_(core) {}
    scope_t(const scope_t&) = delete;
    scope_t& operator=(const scope_t&) = delete;

    /// @brief Has `function(scope)`, or `function()`, called once before the scope ends, by whichever thread is free.
    ///
    /// `function` is moved or copied in here; it may refer to whatever outlives the scope, and spawn in its turn. It is destroyed where it
    /// has run, or, if it is never called because something before it has failed, without having run. What it returns is dropped.
    /// @throws std::bad_alloc  if there is no memory for the task; nothing has been spawned then
    /// **Cost.** One allocation, and about 0.1 us for the task; tasks of a microsecond or more are worth spawning.
    template <spawnable F>
    void spawn(F&& function);

    /// Runs one task of this scope that has not begun, here and now, in the middle of whatever calls it: also while a lock is held.
    /// False: there was none. For a body or task that waits for something which a task of the scope will do.
    bool yield_now() { return core_.yield(); }

private:
    detail::scope_core& core_;
};

namespace detail {

/// A task and its function, in one piece of memory.
template <class F>
class function_task final : public scope_task {
public:
    template <class G>
    explicit function_task(G&& function) : function_(std::in_place, std::forward<G>(function)) {}

    void run(scope_core& core) override {
        if constexpr (std::invocable<F, scope_t&>) {
            scope_t scope(core);
            function_(scope);
        } else {
            function_();
        }
    }

private:
    called_once<F> function_;
};

/// Of the scopes of one body.
template <class Body>
inline constinit call_history scope_history = {};

template <class Body>
using body_result_t = std::invoke_result_t<Body&, scope_t&>;

template <class Body>
body_result_t<Body> run_scope(task_order order, Body& body, const run_options& options, std::string_view name) {
    using result = body_result_t<Body>;
    scope_core core(order, options, name, scope_history<Body>);
    scope_t handle(core);
    using kept = std::conditional_t<std::is_void_v<result>, char,
                                    std::conditional_t<std::is_reference_v<result>, std::add_pointer_t<result>, std::remove_cv_t<result>>>;
    std::optional<kept> value;
    const auto run = [&] {
        if constexpr (std::is_void_v<result>) {
            std::invoke(body, handle);
        } else if constexpr (std::is_reference_v<result>) {
            auto&& reference = std::invoke(body, handle);
            value.emplace(std::addressof(reference));
        } else {
            value.emplace(std::invoke(body, handle));
        }
    };
    core.run(run);
    core.report();
    if (!core.succeeded()) {
        core.raise();
    }
    if constexpr (std::is_reference_v<result>) {
        return static_cast<result>(**value);
    } else if constexpr (!std::is_void_v<result>) {
        return *std::move(value);
    }
}

} // namespace detail

template <spawnable F>
void scope_t::spawn(F&& function) {
    core_.spawn(std::make_unique<detail::function_task<std::decay_t<F>>>(std::forward<F>(function)));
}

/// @brief Calls `body(s)`; returns what it returns when every task spawned into `s`, by the body or by other tasks, has ended.
///
/// @param body     Called once, by the calling thread, which runs tasks too when the body is over. What tasks refer to must live until
///                 the scope has ended: locals of the body do not.
/// @param options  Stop token, deadline, label, on_error, report. Progress is refused: nobody knows how many tasks there will be.
/// @returns  The body's value, or reference.
/// @throws   What a plain program would have met first, had each `s.spawn(f)` called `f` there and then: of two tasks of one spawner the
///           one spawned sooner, of a task and one that it spawned whichever comes first in that order. Tasks that such a program
///           would not have come to are not begun, or, where they run, see their nested calls cancelled, and spawn nothing more; the others
///           run to their end, because one of them may still fail. Rayon throws any one of what was thrown.
/// @throws cancelled       if the stop token, the deadline or an outer call ends it before all tasks have run
/// @throws argument_error  if options.progress or on_progress is set, or the deadline is negative
///
/// Same at every thread count: the exception. What tasks do to each other's data is theirs to order; they start in no promised order
/// (the last spawned first, on a single thread). See scope_fifo. A position is where a task itself spawns: the order of those that are spawned
/// from inside items of a parallel call, or by other threads, is that of their arrival, and which of *their* failures comes out may change.
///
/// With options.error = on_error::wrap a `task_error` tells by `index()` which of the body's spawns failed, or which one the failed one
/// comes from, and by `path()` its own number among its spawner's; `count()` is 0, as nobody knows. A failure of the body's own has as
/// index the number of its spawns. on_error::collect runs all tasks and throws `task_errors` in the order of a plain program.
///
/// Nesting, as everywhere: nested calls use the same threads; a thread that waits for the scope runs nothing but its tasks, so that locks
/// held across a scope, or a nested call, are safe. Nothing needs another thread.
/// **Cost.** Where body and tasks have been cheap so far, up to 5 us of them run on the calling thread alone.
///
/// **Example.**
/// @code
/// xrayon::scope([&](xrayon::scope_t& s) {
///     s.spawn([&] { load(left); });
///     s.spawn([&](xrayon::scope_t& inner) { inner.spawn([&] { load(right); }); });
/// });
/// @endcode
template <class Body>
    requires std::invocable<std::remove_reference_t<Body>&, scope_t&>
auto scope(Body&& body, const run_options& options = {}) -> detail::body_result_t<std::remove_reference_t<Body>> {
    return detail::run_scope(detail::task_order::last_first, body, options, "scope");
}

/// The same; tasks start in the order in which they were spawned, as far as there are threads: with one, in that order exactly.
/// (Rayon's promises it for the tasks of one spawner; here it is that of all.)
template <class Body>
    requires std::invocable<std::remove_reference_t<Body>&, scope_t&>
auto scope_fifo(Body&& body, const run_options& options = {}) -> detail::body_result_t<std::remove_reference_t<Body>> {
    return detail::run_scope(detail::task_order::first_first, body, options, "scope_fifo");
}

/// scope by its other name: Rayon's `scope` may move the body to another thread, and its `in_place_scope` does not; ours never does.
template <class Body>
    requires std::invocable<std::remove_reference_t<Body>&, scope_t&>
auto in_place_scope(Body&& body, const run_options& options = {}) -> detail::body_result_t<std::remove_reference_t<Body>> {
    return detail::run_scope(detail::task_order::last_first, body, options, "in_place_scope");
}

/// scope_fifo by its other name; see in_place_scope.
template <class Body>
    requires std::invocable<std::remove_reference_t<Body>&, scope_t&>
auto in_place_scope_fifo(Body&& body, const run_options& options = {}) -> detail::body_result_t<std::remove_reference_t<Body>> {
    return detail::run_scope(detail::task_order::first_first, body, options, "in_place_scope_fifo");
}

} // namespace xrayon

#endif // XRAYON_PAR_SCOPE_HPP
