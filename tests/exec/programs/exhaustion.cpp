// SPDX-License-Identifier: Apache-2.0
// exhaustion SCENARIO: what happens where the system refuses threads or memory. Each case runs in a child of its own, which must end with
// 0 (it worked), 20 (std::bad_alloc) or 21 (resource_error): never by a signal, and never later than its alarm.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xrayon/core/error.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

namespace {

std::atomic<long> creations{0};
std::atomic<long> refuse_from{-1};  // the number of the first call that is refused; -1: none
std::atomic<long> refuse_until{-1};
std::atomic<int> refusals{0};

constexpr int worked = 0, no_memory = 20, refused = 21, wrong = 30, skipped = 77;

} // namespace

// Found before the C library's, by oneTBB too.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) noexcept {
    using function = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto next = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "pthread_create"));
    const long number = creations++;
    const long from = refuse_from;
    if (from >= 0 && number >= from && number < refuse_until) {
        ++refusals;
        return EAGAIN;
    }
    return next(thread, attributes, run, argument);
}

namespace {

/// A call whose items take memory, on every thread of the pool.
int work(const xrayon::pool& workers, std::size_t bytes) {
    std::vector<std::vector<char>> blocks(200);
    workers.install([&] {
        xrayon::for_each_index(200, [&](std::size_t i) { blocks[i].assign(bytes, 1); ::usleep(100); }, {.grain = 1});
    });
    for (const auto& block : blocks) {
        if (block.size() != bytes) {
            return wrong;
        }
    }
    return worked;
}

template <class F>
int outcome(const F& f) {
    try {
        return f();
    } catch (const std::bad_alloc&) {
        return no_memory;
    } catch (const xrayon::resource_error& error) {
        return std::strncmp(error.what(), "pool: ", 6) == 0 && error.got() < error.asked() ? refused : wrong;
    }
}

/// How `f` ends in a process of its own.
int in_child(const std::function<int()>& f) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(30);
        ::_exit(outcome(f));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool is_clean(int end) { return end == worked || end == no_memory || end == refused; }

void limit(int resource, rlim_t value) {
    rlimit both{};
    ::getrlimit(static_cast<decltype(RLIMIT_AS)>(resource), &both);
    both.rlim_cur = value;
    ::setrlimit(static_cast<decltype(RLIMIT_AS)>(resource), &both);
}

/// T22: address space for none, some or all of the threads and of what they do.
int address_space(const std::vector<long>& megabytes) {
    int bad = 0;
    int ends[3] = {};
    for (const long mb : megabytes) {
        const int end = in_child([mb] {
            limit(RLIMIT_AS, static_cast<rlim_t>(mb) << 20);
            const xrayon::pool workers(16);
            return work(workers, std::size_t{1} << 20);
        });
        if (!is_clean(end)) {
            std::printf("with %ld MB: ended with %d\n", mb, end);
            ++bad;
        } else {
            ++ends[end == worked ? 0 : end == no_memory ? 1 : 2];
        }
    }
    std::printf("%zu limits: %d worked, %d bad_alloc, %d resource_error, %d bad\n", megabytes.size(), ends[0], ends[1], ends[2], bad);
    return bad == 0 && ends[0] > 0 && ends[2] > 0 ? 0 : 1;
}

/// T21: the user may have no more threads.
int processes() {
    const int end = in_child([] {
        if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
            return skipped;
        }
        rlimit before{};
        ::getrlimit(RLIMIT_NPROC, &before);
        limit(RLIMIT_NPROC, 1);
        try {
            const xrayon::pool workers(4);
            return wrong;
        } catch (const xrayon::resource_error& error) {
            if (std::strcmp(error.what(), "pool: 4 threads asked, 1 could be created (EAGAIN)") != 0 || error.asked() != 4 || error.got() != 1) {
                std::printf("%s\n", error.what());
                return wrong;
            }
        }
        if (work(xrayon::pool(1), 10) != worked) {
            return wrong;
        }
        ::setrlimit(RLIMIT_NPROC, &before);
        return work(xrayon::pool(4), 10);
    });
    if (end == skipped) {
        std::printf("skipped: root that may not become another user has no limit\n");
    }
    return end;
}

/// T22: the n-th creation of a thread fails, for every n that there is; then `pool` is asked again.
int nth_creation() {
    int bad = 0;
    int worked_count = 0;
    for (long n = 0; n < 40; ++n) {
        for (const long until : {n + 1, 1'000'000L}) {
            const int end = in_child([n, until] {
                refuse_from = creations + n;
                refuse_until = creations + until;
                const int first = outcome([] { return work(xrayon::pool(8), 10); });
                const bool reached = refusals > 0;
                if (first == wrong || (reached && first != refused) || (!reached && first != worked)) {
                    return wrong;
                }
                if (work(xrayon::pool(1), 10) != worked) {
                    return wrong;
                }
                refuse_from = -1;
                // A thread that oneTBB itself could not start is missed by it for good; the callers' answers are not.
                return work(xrayon::pool(3), 10) == worked ? (reached ? refused : worked) : wrong;
            });
            worked_count += end == worked;
            if (!is_clean(end)) {
                std::printf("refused from creation %ld to %ld: ended with %d\n", n, until, end);
                ++bad;
            }
        }
    }
    std::printf("80 cases: %d worked, %d bad\n", worked_count, bad);
    return bad == 0 && worked_count > 0 && worked_count < 80 ? 0 : 1;
}

/// T22: once a pool is there no thread is created any more, so none can be refused: not by calls, nor by pools that come and go.
int none_later() {
    return in_child([] {
        const xrayon::pool eight(8);
        { const xrayon::pool four(4); }  // 10 workers in all
        refuse_from = creations.load();
        refuse_until = 1'000'000;
        std::atomic<int> here{0};
        eight.install([&] {  // all eight are there
            xrayon::for_each_index(
                8,
                [&](std::size_t) {
                    ++here;
                    while (here < 8) {
                        ::usleep(100);
                    }
                },
                {.grain = 1});
        });
        for (int round = 0; round < 300; ++round) {
            const xrayon::pool four(4);
            if (four.install([] { return xrayon::map_index(2000, [](std::size_t i) { return 2 * i; }, {.grain = 10})[1999]; }) != 3998) {
                return wrong;
            }
            if (round % 10 == 0 && work(eight, 10) != worked) {
                return wrong;
            }
            try {
                const xrayon::pool more(8);  // all 10 belong to the other two
                return wrong;
            } catch (const xrayon::resource_error& error) {
                if (std::strcmp(error.what(), "pool: 8 threads asked, 1 could be created (EAGAIN)") != 0) {
                    std::printf("%s\n", error.what());
                    return wrong;
                }
            }
        }
        return worked;
    });
}

} // namespace

int main(int argc, char** argv) {
    const std::string scenario = argc > 1 ? argv[1] : "";
    if (scenario == "address_space") {
        return address_space({20, 30, 40, 50, 60, 70, 80, 100, 120, 150, 200, 250, 300, 400, 500, 700, 1000, 2000, 4000});
    }
    if (scenario == "address_space_long") {
        std::vector<long> all;
        for (long mb = 20; mb <= 2000; mb += 4) {
            all.push_back(mb);
        }
        return address_space(all);
    }
    if (scenario == "processes") {
        return processes();
    }
    if (scenario == "nth_creation") {
        return nth_creation();
    }
    if (scenario == "none_later") {
        return none_later();
    }
    std::printf("no scenario '%s'\n", scenario.c_str());
    return 2;
}
