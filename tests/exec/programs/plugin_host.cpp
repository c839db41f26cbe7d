// SPDX-License-Identifier: Apache-2.0
// plugin_host A.so B.so: loads two shared objects that use the library, each with names of its own (RTLD_LOCAL), and checks that the
// process has one library all the same. Compiled with XRAYON_HOST_USES_IT it uses the library itself.
#include "plugin.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(XRAYON_HOST_USES_IT)
#include <xrayon/core/error.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>
#endif

namespace {

int failures = 0;

void expect(bool good, const char* what) {
    if (!good) {
        std::printf("not so: %s\n", what);
        ++failures;
    }
}

void* handles[2];
const plugin_functions* load(const char* file, int which) {
    handles[which] = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (handles[which] == nullptr) {
        std::printf("%s\n", ::dlerror());
        std::exit(2);
    }
    return static_cast<const plugin_functions*>(::dlsym(handles[which], "plugin_table"));
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        return 2;
    }
    const plugin_functions& a = *load(argv[1], 0);
    const plugin_functions& b = *load(argv[2], 1);
    expect(a.state() == b.state(), "both have the same process-wide state");
#if defined(XRAYON_HOST_USES_IT)
    expect(a.state() == &xrayon::detail::process(), "and the program has it too");
    {
        const xrayon::pool own(3);
        expect(a.sum(&own, 1000) == 499'500 && b.sum(&own, 1000) == 499'500, "both run on a pool of the program's");
        void* const theirs = b.make_pool(2);
        const auto size = static_cast<const xrayon::pool*>(theirs)->install([] { return xrayon::current_num_threads(); });
        expect(size == 2, "the program runs on a pool of theirs");
        b.destroy_pool(theirs);
        try {
            a.throw_argument_error();
            expect(false, "it throws");
        } catch (const xrayon::argument_error& error) {
            expect(error.value() == "42", "the program catches their exceptions by type");
        }
    }
#endif
    void* const of_a = a.make_pool(4);
    expect(b.sum(of_a, 1000) == 499'500, "a pool of one is used by the other");
    expect(a.sum(nullptr, 1000) == 499'500 && b.sum(nullptr, 1000) == 499'500, "both use the global pool");
    expect(a.catches(b.throw_argument_error) && b.catches(a.throw_argument_error), "each catches the other's exceptions by type");
    void* const guard = a.hold_blas();
    const std::size_t held = b.blas_users();
    expect(held == a.blas_users(), "the BLAS guard counts for both");
    a.release_blas(guard);
    expect(b.blas_users() <= held, "and is let go for both");
    b.destroy_pool(of_a);

    // Whichever of them watches for forks, after it has been closed the other one's are noticed still.
    ::dlclose(handles[0]);
    void* const of_b = b.make_pool(3);
    expect(b.sum(of_b, 1000) == 499'500, "the one left goes on when the other is closed");
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(b.generation() == 1 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a fork is noticed");
    b.destroy_pool(of_b);
    ::dlclose(handles[1]);
    return failures == 0 ? 0 : 1;
}
