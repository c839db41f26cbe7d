// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_CHILD_PROCESS_HPP
#define XRAYON_TESTS_SUPPORT_CHILD_PROCESS_HPP

#include <csignal>
#include <exception>
#include <string>
#include <string_view>

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs a function in a forked child. No Catch macro may run there: the child says what it saw as text, and the test compares.

namespace xrayon::test {

/// ThreadSanitizer ends a child that starts threads when its parent had some.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool child_may_start_threads = false;
#else
inline constexpr bool child_may_start_threads = true;
#endif

/// AddressSanitizer's allocator does not keep its locks for a fork, as the C library's does: a child may hang in its first `new` if other
/// threads were allocating.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool may_fork_while_others_allocate = false;
#else
inline constexpr bool may_fork_while_others_allocate = true;
#endif

struct child_end {
    std::string said;     ///< What the function returned, or "threw: " and what.
    int status = -1;      ///< As waitpid gives it.
    [[nodiscard]] bool exited_with(int code) const { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
    [[nodiscard]] bool ended_by(int signal) const { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }
};

/// In the child: sends `text` to the parent, all of it.
inline void say_to_parent(int pipe, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(pipe, text.data(), text.size());
        if (written <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// In the child: `f()` gives the text. SIGALRM ends it after 60 s: a hang is a failure with a name.
template <class F>
void be_child(int pipe, const F& f) noexcept {
    std::signal(SIGALRM, SIG_DFL);
    std::signal(SIGABRT, SIG_DFL);  // Catch2's handlers would report for the whole program
    std::signal(SIGSEGV, SIG_DFL);
    ::alarm(60);
    std::string text;
    try {
        text = f();
    } catch (const std::exception& error) {
        text = std::string("threw: ") + error.what();
    }
    say_to_parent(pipe, text);
}

/// In the parent: waits for the child's end.
inline child_end wait_for_child(pid_t child, int pipe) {
    child_end end;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(pipe, buffer, sizeof buffer)) > 0;) {
        end.said.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(pipe);
    ::waitpid(child, &end.status, 0);
    return end;
}

/// Forks; the child runs `f`, which returns a std::string, and ends with _exit(0).
template <class F>
child_end in_child(const F& f) {
    int ends[2];
    if (::pipe(ends) != 0) {
        return {};
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        be_child(ends[1], f);
        ::_exit(0);
    }
    ::close(ends[1]);
    return wait_for_child(child, ends[0]);
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_CHILD_PROCESS_HPP
