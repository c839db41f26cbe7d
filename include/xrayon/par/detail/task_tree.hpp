// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_TASK_TREE_HPP
#define XRAYON_PAR_DETAIL_TASK_TREE_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

#include <xrayon/core/config.hpp>

namespace xrayon::detail {

class scope_core;

/// A task of a scope: what it runs, and where it stands among all tasks, as a tree by who spawned whom.
class scope_task {
public:
    scope_task() = default;
    virtual ~scope_task() = default;
    scope_task(const scope_task&) = delete;
    scope_task& operator=(const scope_task&) = delete;

    /// Calls the function and destroys it, also when it throws.
    virtual void run(scope_core& scope) = 0;

    std::size_t number = 0;     ///< How many its spawner had spawned before.
    std::size_t outermost = 0;  ///< That of the task of the body's that it comes from; its own where the body spawned it.
    std::size_t spawned = 0;    ///< By it, so far.
    bool nested = false;        ///< Not spawned by the body.
    bool ended = false;
    std::exception_ptr error;   ///< What it ended with; it then stays in the tree.
    std::uint64_t spawner = 0;  ///< In the trace; and when it was spawned.
    std::int64_t spawned_at = 0;
    scope_task* next = nullptr;  ///< In a list of tasks, whichever it is in.

private:
    friend class task_tree;

    scope_task* parent_ = nullptr;
    scope_task* first_child_ = nullptr;
    scope_task* before_ = nullptr;  // siblings, in no order
    scope_task* behind_ = nullptr;
    std::size_t place_ = 0;  // among the children of parent_
};

/// The order in which a plain program would have come to the tasks of a scope, had each spawn called its function there and then: depth
/// first, a task's children before whatever its spawner does behind them. Holds the tasks that have not ended, those that failed, and of
/// those that ended as many as it takes to keep the others in order: fewer than there are others. A chain of a million tasks, each
/// spawned by the one before, is never more than one task long in here. Not safe for several threads: its user holds a lock.
class task_tree {
public:
    /// @param root  The body of the scope.
    explicit task_tree(scope_task& root) noexcept : root_(&root) {}

    void add(scope_task& task, scope_task& spawner) noexcept {
        task.parent_ = &spawner;
        task.place_ = task.number = spawner.spawned++;
        task.nested = &spawner != root_;
        task.outermost = task.nested ? spawner.outermost : task.number;
        link(task);
    }

    /// `task` has ended, or is never to run, or an error that it was kept for is not wanted any more. Those that are needed no longer, itself
    /// perhaps among them, are put in front of the list `removed`.
    void settle(scope_task& task, scope_task*& removed) noexcept {
        scope_task* each = &task;
        while (each != root_ && each->ended && !each->error) {
            scope_task* const parent = each->parent_;
            scope_task* const child = each->first_child_;
            if (child != nullptr && child->behind_ != nullptr) {
                return;  // two of its children have still to be told apart
            }
            unlink(*each);
            if (child != nullptr) {
                child->parent_ = parent;
                child->place_ = each->place_;
                link(*child);
            }
            each->next = std::exchange(removed, each);
            if (child != nullptr) {
                return;  // the parent has as many as before
            }
            each = parent;
        }
    }

    /// True when a plain program that ended with the failure of `failed` would not have come to where `task` is now: to `task` at all, or,
    /// where `task` has spawned the other or one that it comes from, to what `task` does behind that.
    [[nodiscard]] static bool is_behind(const scope_task& task, const scope_task& failed) noexcept {
        std::size_t height = depth(task);
        std::size_t failed_height = depth(failed);
        const bool deeper = height > failed_height;
        const scope_task* a = &task;
        const scope_task* b = &failed;
        std::size_t a_place = 0;
        std::size_t b_place = 0;
        for (; height > failed_height; --height) {
            a_place = a->place_;
            a = a->parent_;
        }
        for (; failed_height > height; --failed_height) {
            b_place = b->place_;
            b = b->parent_;
        }
        if (a == b) {
            return !deeper;  // spawned by the failed one, before it failed; or it is the other way round
        }
        while (a != b) {
            a_place = std::exchange(a, a->parent_)->place_;
            b_place = std::exchange(b, b->parent_)->place_;
        }
        return a_place > b_place;
    }

    /// Deletes all but the root. Nothing runs any more.
    void clear() noexcept {
        for (scope_task* each = root_; each != root_ || each->first_child_ != nullptr;) {
            if (each->first_child_ != nullptr) {
                each = each->first_child_;
            } else {
                scope_task* const parent = each->parent_;
                unlink(*each);
                delete each;
                each = parent;
            }
        }
    }

private:
    static std::size_t depth(const scope_task& task) noexcept {
        std::size_t steps = 0;
        for (const scope_task* each = task.parent_; each != nullptr; each = each->parent_) {
            ++steps;
        }
        return steps;
    }

    static void link(scope_task& task) noexcept {
        task.before_ = nullptr;
        task.behind_ = std::exchange(task.parent_->first_child_, &task);
        if (task.behind_ != nullptr) {
            task.behind_->before_ = &task;
        }
    }

    static void unlink(scope_task& task) noexcept {
        (task.before_ != nullptr ? task.before_->behind_ : task.parent_->first_child_) = task.behind_;
        if (task.behind_ != nullptr) {
            task.behind_->before_ = task.before_;
        }
    }

    scope_task* root_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_TASK_TREE_HPP
