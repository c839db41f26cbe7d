// SPDX-License-Identifier: Apache-2.0
// process_end SCENARIO: the library used before main, while statics are destroyed, and by threads that outlive main. Exit code 0 is
// good; a wrong answer ends the process at once with 5, and a hang is ended by its time limit.
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <xrayon/core/error.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/par/index.hpp>

namespace {

std::string scenario;

std::size_t answer() {
    const auto squares = xrayon::map_index(500, [](std::size_t i) { return i * i; }, {.grain = 1});
    return xrayon::fold_index(
        500, 7,
        [&](std::size_t begin, std::size_t end) {
            std::size_t sum = 0;
            for (; begin < end; ++begin) {
                sum += squares[begin];
            }
            return sum;
        },
        [](std::size_t a, std::size_t b) { return a + b; });
}

void expect_answer(std::size_t got) {
    if (got != 41'541'750) {  // 499 * 500 * 999 / 6
        std::_Exit(5);
    }
}
void use(const xrayon::pool& workers) { expect_answer(workers.install(answer)); }
void use_global() { expect_answer(answer()); }
void use_new() { use(xrayon::pool(3)); }

// Statics are destroyed in the opposite order of these lines.
struct destroyed_last {
    ~destroyed_last() {  // the pools are gone, but for the global one and new ones
        if (scenario == "statics") {
            use_global();
            use_new();
            xrayon::configure_global_pool({.threads = 2});
            use_global();
        }
    }
} last;

const xrayon::pool before_main(4);
const bool used_before_main = (use(before_main), use_global(), true);
xrayon::scratch<int> numbers_before_main;

struct destroyed_first {
    ~destroyed_first() {
        if (scenario == "statics") {
            use(before_main);
            use_global();
            use_new();
            ++*numbers_before_main.borrow();
        }
    }
} first;

struct at_thread_end {
    bool armed = false;
    ~at_thread_end() {
        if (armed) {
            use(before_main);
            use_global();
            use_new();
        }
    }
};
thread_local at_thread_end of_this_thread;

/// Ends the process from inside an item: on the calling thread, or on a helper.
[[noreturn]] void exit_in_item(bool on_caller) {
    const auto caller = std::this_thread::get_id();
    std::atomic<int> here{0};
    std::atomic<bool> exits{false};
    before_main.install([&] {
        xrayon::for_each_index(
            100,
            [&](std::size_t i) {
                ++here;
                while (here < 2) {  // so that the call is shared
                    std::this_thread::yield();
                }
                if ((std::this_thread::get_id() == caller) == on_caller && !exits.exchange(true)) {  // once: a second std::exit is undefined
                    std::exit(0);
                }
                for (std::size_t k = 0; k < 1000 + i; ++k) {
                    std::this_thread::yield();
                }
            },
            {.grain = 1});
    });
    std::_Exit(5);
}

int status_of(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

} // namespace

int main(int argc, char** argv) {
    scenario = argc > 1 ? argv[1] : "";
    if (scenario == "statics") {
        use(before_main);
        return 0;
    }
    if (scenario == "thread_locals") {
        of_this_thread.armed = true;  // of main: destroyed before the statics
        std::thread([] { of_this_thread.armed = true; }).join();
        before_main.install([] {  // of workers: they end with the process, or not at all
            xrayon::for_each_index(100, [](std::size_t) { static_cast<void>(of_this_thread.armed); }, {.grain = 1});
        });
        return 0;
    }
    if (scenario == "atexit") {
        std::atexit([] {
            use(before_main);
            use_global();
            use_new();
        });
        return 0;
    }
    if (scenario == "exit_on_caller" || scenario == "exit_on_helper_now") {
        exit_in_item(scenario == "exit_on_caller");
    }
    if (scenario == "exit_on_helper") {
        // oneTBB 2021.8 takes the worker that ends the process for a thread of the program's, and dies of it in its own destructor, after
        // all of ours and the program's (plain oneTBB: 20 of 20). What is ours to keep is that nothing hangs.
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(30);
            ::execl("/proc/self/exe", "process_end", "exit_on_helper_now", static_cast<char*>(nullptr));
            std::_Exit(6);
        }
        const int status = status_of(child);
        return (WIFEXITED(status) && WEXITSTATUS(status) == 0) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) ? 0 : 5;
    }
    if (scenario == "quick_exit") {
        before_main.install([] { xrayon::for_each_index(50, [](std::size_t i) { if (i == 20) std::quick_exit(0); }, {.grain = 1}); });
        return 5;
    }
    if (scenario == "exit_in_install") {
        before_main.install([] {
            use_global();
            std::exit(0);
        });
    }
    if (scenario == "threads_outlive_main") {
        static std::atomic<int> rounds{0};
        for (int t = 0; t < 3; ++t) {
            std::thread([] {
                for (;;) {  // the global pool is never destroyed; a static one would be, under their feet
                    use_global();
                    ++rounds;
                }
            }).detach();
        }
        while (rounds < 30) {
            std::this_thread::yield();
        }
        return 0;
    }
    if (scenario == "child_exits") {  // a forked child destroys the parent's statics like any other process
        use(before_main);
        const pid_t child = ::fork();
        if (child == 0) {
            use_new();
            scenario = "none";
            std::exit(4);
        }
        const int status = status_of(child);
        use(before_main);
        return WIFEXITED(status) && WEXITSTATUS(status) == 4 ? 0 : 5;
    }
    std::printf("no scenario '%s'\n", scenario.c_str());
    return 2;
}
