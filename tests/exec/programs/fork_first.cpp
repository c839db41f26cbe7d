// SPDX-License-Identifier: Apache-2.0
// Forks before the library has been used: it then works as ever in both processes, in whichever order they begin.
#include <cstddef>
#include <cstdio>

#include <sys/wait.h>
#include <unistd.h>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

namespace {

bool works() {
    const auto twice = [](std::size_t i) { return 2 * i; };
    const auto on_global = xrayon::map_index(2000, twice, {.grain = 1});
    const auto on_new = xrayon::pool(4).install([&] { return xrayon::map_index(2000, twice, {.grain = 1}); });
    for (std::size_t i = 0; i < 2000; ++i) {
        if (on_global[i] != 2 * i || on_new[i] != 2 * i) {
            return false;
        }
    }
    return true;
}

} // namespace

int main() {
    for (const bool child_first : {true, false, false}) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(60);
            if (child_first) {
                return works() ? 0 : 1;  // and static destructors
            }
            // A child of a process that has used it: a new global pool is needed here.
            xrayon::configure_global_pool({.threads = 3});
            return works() ? 0 : 1;
        }
        int status = 0;
        if (!child_first && !works()) {
            return 2;
        }
        ::waitpid(child, &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            std::printf("the child ended with status %d\n", status);
            return 3;
        }
        if (!works()) {
            return 4;
        }
    }
    return 0;
}
