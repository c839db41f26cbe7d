// SPDX-License-Identifier: Apache-2.0
// Every n-th malloc fails, those of oneTBB, OpenBLAS and the C library among them, in a process of its own for each n.
//
//   xrayon.oom_malloc [cold|warm|fresh] [bare] [-t 1,2,3] [-n FIRST] [-s STEP] [NAME]
//
// warm: the operation has run before, so that all threads exist. cold: the pool is made while memory fails. fresh: all threads exist, and the
// pool, but the operation is its first call, so that oneTBB's queues are as small as they ever are. bare: oneTBB without its own
// allocator, so that its allocations fail too. FIRST, STEP: only n = FIRST, FIRST + STEP, ... NAME: operations whose name holds this. Exit status 1 when a
// process did not end well: it aborted, hung, gave a wrong value, leaked, or could not do the next call. Without its own allocator oneTBB
// ends processes of itself, which nothing can mend from outside: with bare, that is counted and is no fault.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

#include "../support/failing_allocation.hpp"
#include "operations.hpp"

using namespace xrayon;
namespace failing = xrayon::test::failing_allocation;

namespace {

struct options {
    bool warm = true;
    bool fresh = false;
    bool bare = false;
    std::vector<std::size_t> threads = {2};
    long first = 1;
    long step = 1;
    std::string_view name = {};
};

/// What a child tells, in memory shared with it.
struct told {
    bool reached = false;      // there was an n-th allocation
    bool threw = false;        // the call ended in an exception
    bool refused = false;      // and so does every later one: no pool any more
    const char* wrong = nullptr;
};

test::ending run(const test::operation& each, const pool& workers, std::uint64_t& bits) {
    return test::end_of([&] { return workers.install(each.run); }, bits);
}

/// Returns when all threads of the pool have been in one call: what a worker allocates when it starts has been allocated then.
void meet(const pool& workers) {
    std::atomic<std::size_t> present{0};
    workers.install([&] {
        for_each_index(
            workers.num_threads(),
            [&](std::size_t) {
                ++present;
                while (present < workers.num_threads()) {
                    std::this_thread::yield();
                }
            },
            {.grain = 1});
    });
}

/// The life of a child: one operation, its n-th allocation fails. n == 0 only looks at what the result is.
void child(const test::operation& each, const options& chosen, std::size_t threads, long n, std::uint64_t& expected, told& tell) {
    failing::without_tbbmalloc = chosen.bare;
    const std::uint64_t inputs = each.inputs();
    std::optional<pool> workers;
    std::uint64_t bits = 0;
    if (n == 0) {
        workers.emplace(threads);
        tell.wrong = run(each, *workers, expected) == test::ending::value ? nullptr : "the operation fails by itself";
        return;
    }
    if (chosen.warm) {
        workers.emplace(threads);
        meet(*workers);
        run(each, *workers, bits);
    } else if (chosen.fresh) {
        static const pool others(threads);  // lives on, so that its arena is not used again for the other pool
        meet(others);
        workers.emplace(threads);
    }
    const std::function<std::uint64_t()> call = [&] {
        if (!workers) {
            workers.emplace(threads);
        }
        return workers->install(each.run);
    };
    failing::arm(n);
    const test::ending end = test::end_of(call, bits);
    tell.reached = failing::disarm().failed;
    tell.threw = end != test::ending::value;
    if (end == test::ending::other_error) {
        tell.wrong = "an error of another type";
    } else if (!tell.threw && bits != expected) {
        tell.wrong = "a wrong value";
    } else if (each.inputs() != inputs) {
        tell.wrong = "an input has changed";
    }
    if (tell.wrong != nullptr) {
        return;
    }
    const test::ending next = test::end_of(call, bits);
    tell.refused = next == test::ending::refused;  // oneTBB can no longer be used, and we say so
    if (!tell.refused && (next != test::ending::value || bits != expected)) {
        tell.wrong = "the next call is wrong";
    } else if (chosen.warm) {
        // What some failures leave behind may be a cache that was filled, or an arena that the last of oneTBB's workers has not left yet;
        // what each one leaves, round after round, is a leak.
        constexpr int times = 8;
        bool grows = true;
        for (long round = 0, before = 0; grows && round < 4; ++round) {
            for (int i = 0; i < times; ++i) {
                failing::arm(n);
                run(each, *workers, bits);
                failing::disarm();
                run(each, *workers, bits);
            }
            for (int i = 0; i < 10'000 && round != 0 && failing::live() - before >= times; ++i) {
                std::this_thread::yield();
            }
            const long now = failing::live();
            grows = round == 0 || now - before >= times;
            before = now;
        }
        if (grows) {
            tell.wrong = "a leak";
        }
    }
}

/// Forks, and says how the child ended.
std::string end_of_child(const test::operation& each, const options& chosen, std::size_t threads, long n, std::uint64_t& expected, told& tell) {
    tell = {};
    std::fflush(nullptr);
    const pid_t id = ::fork();
    if (id == 0) {
        ::alarm(10);
        if (std::getenv("XRAYON_OOM_VERBOSE") == nullptr && std::freopen("/dev/null", "w", stderr) == nullptr) {  // what std::terminate says
            ::_exit(2);
        }
        child(each, chosen, threads, n, expected, tell);
        ::_exit(0);
    }
    int status = 0;
    if (id < 0 || ::waitpid(id, &status, 0) != id) {
        return "no process";
    }
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGALRM ? "HANG" : WTERMSIG(status) == SIGABRT ? "ABORT" : "SIGNAL " + std::to_string(WTERMSIG(status));
    }
    if (tell.wrong != nullptr) {
        return tell.wrong;
    }
    return !tell.reached ? "not reached" : tell.refused ? "threw, next pool refused, which is right" : tell.threw ? "threw, next call right" : "did without, right";
}

options read_options(int count, char** arguments) {
    options chosen;
    for (int i = 1; i < count; ++i) {
        const std::string_view word = arguments[i];
        if (word == "cold" || word == "warm" || word == "fresh") {
            chosen.warm = word == "warm";
            chosen.fresh = word == "fresh";
        } else if (word == "bare") {
            chosen.bare = true;
        } else if (word == "-s" && i + 1 < count) {
            chosen.step = std::max(1L, std::strtol(arguments[++i], nullptr, 10));
        } else if (word == "-n" && i + 1 < count) {
            chosen.first = std::max(1L, std::strtol(arguments[++i], nullptr, 10));
        } else if (word == "-t" && i + 1 < count) {
            chosen.threads.clear();
            for (char* next = arguments[++i]; *next != '\0'; next += *next == ',') {
                chosen.threads.push_back(std::strtoul(next, &next, 10));
            }
        } else {
            chosen.name = word;
        }
    }
    return chosen;
}

} // namespace

int main(int count, char** arguments) {
    const options chosen = read_options(count, arguments);
    void* const shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return 2;
    }
    auto& expected = *::new (shared) std::uint64_t(0);
    auto& tell = *::new (static_cast<char*>(shared) + 64) told();

    std::map<std::string, long> ends;
    bool well = true;
    for (const test::operation& each : test::operations()) {
        if (each.name.find(chosen.name) == std::string::npos) {
            continue;
        }
        for (const std::size_t threads : chosen.threads) {
            const std::string sane = end_of_child(each, chosen, threads, 0, expected, tell);
            if (sane != "not reached") {
                std::printf("%s, %zu threads: %s\n", each.name.c_str(), threads, sane.c_str());
                well = false;
                continue;
            }
            long missed = 0;
            for (long n = chosen.first; missed < 3; n += chosen.step) {
                const std::string end = end_of_child(each, chosen, threads, n, expected, tell);
                missed = end == "not reached" ? missed + 1 : 0;
                if (missed == 0) {
                    ++ends[end];
                }
                if (missed == 0 && end.find("right") == std::string::npos) {
                    well = well && chosen.bare && end == "ABORT";
                    std::printf("%s, %zu threads, allocation %ld: %s\n", each.name.c_str(), threads, n, end.c_str());
                }
            }
        }
    }
    std::printf("%s pool%s\n", chosen.warm ? "warm" : chosen.fresh ? "fresh" : "cold", chosen.bare ? ", oneTBB without its own allocator" : "");
    for (const auto& [end, times] : ends) {
        std::printf("%7ld  %s\n", times, end.c_str());
    }
    return well && !ends.empty() ? 0 : 1;
}
