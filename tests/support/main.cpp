// SPDX-License-Identifier: Apache-2.0
// The main of every test program, compiled once.
#define CATCH_CONFIG_RUNNER
#include "catch.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <csignal>
#include <cstdlib>

#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <dlfcn.h>

// oneTBB loads its binding library with RTLD_DEEPBIND, and AddressSanitizer ends a process that does so. This one is found first.
extern "C" void* dlopen(const char* file, int mode) noexcept {
    static const auto next = reinterpret_cast<void* (*)(const char*, int)>(::dlsym(RTLD_NEXT, "dlopen"));
    return next(file, mode & ~RTLD_DEEPBIND);
}
#endif

namespace {

#if XRAYON_CATCH_VERSION == 3
using event_listener = Catch::EventListenerBase;
#else
using event_listener = Catch::TestEventListenerBase;
#endif

// A hang is what parallel code dies of first, and a process that ctest kills cannot say where it was. So each test case gets an alarm of
// XRAYON_TEST_CASE_SECONDS, and its handler names the case and ends the process. A signal and not a watchdog thread: tests count threads.
char running[512] = "no test case";

extern "C" void say_what_hangs(int) {
    const char before[] = "\nstill running when its time was up: ";
    std::size_t length = 0;
    while (running[length] != '\0') {
        ++length;
    }
    [[maybe_unused]] auto written = ::write(STDERR_FILENO, before, sizeof before - 1);
    written = ::write(STDERR_FILENO, running, length);
    written = ::write(STDERR_FILENO, "\n", 1);
    std::signal(SIGABRT, SIG_DFL);  // Catch2's handler would allocate
    std::abort();
}

struct time_limit : event_listener {
    using event_listener::event_listener;

    void testCaseStarting(const Catch::TestCaseInfo& info) override {
        std::size_t length = 0;
        for (; length < info.name.size() && length + 1 < sizeof running; ++length) {
            running[length] = info.name[length];
        }
        running[length] = '\0';
        const char* seconds = std::getenv("XRAYON_TEST_CASE_SECONDS");
        if (seconds != nullptr) {
            std::signal(SIGALRM, say_what_hangs);
            ::alarm(static_cast<unsigned>(std::strtoul(seconds, nullptr, 10)));
        }
    }

    void testCaseEnded(const Catch::TestCaseStats&) override { ::alarm(0); }
};

CATCH_REGISTER_LISTENER(time_limit)

} // namespace
#endif

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
