// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/pool.hpp>

#include <atomic>
#include <cfenv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <xrayon/core/error.hpp>
#include <xrayon/exec/runtime_info.hpp>
#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/child_process.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

/// The text that a use after fork must have, for a pool made in this process and used in its child.
std::string refusal(pid_t child, pid_t parent) {
    return "pool: used after fork in pid " + std::to_string(child) + " (created in pid " + std::to_string(parent) + "); create a new pool";
}

template <class F>
std::string text_of(const F& f) {
    try {
        f();
    } catch (const resource_error& error) {
        return error.what();
    }
    return "no error";
}

/// 0 + 1 + ... + (n - 1), in parallel.
std::size_t sum_below(std::size_t n) {
    return fold_index(
        n, 10,
        [](std::size_t begin, std::size_t end) {
            std::size_t sum = 0;
            for (; begin < end; ++begin) {
                sum += begin;
            }
            return sum;
        },
        std::plus<>{}, {.grain = 1});
}

/// How many threads are inside items of one call at the same time, and what they are called.
std::size_t threads_at_once(std::size_t threads, std::set<std::string>* names = nullptr) {
    std::atomic<std::size_t> here{0};
    std::atomic<std::size_t> gave_up{0};
    std::mutex mutex;
    for_each_index(
        threads,
        [&](std::size_t) {
            char name[16] = {};
            ::pthread_getname_np(::pthread_self(), name, sizeof name);
            if (names != nullptr) {
                const std::lock_guard lock(mutex);
                names->insert(name);
            }
            ++here;
            const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(20);
            while (here < threads && std::chrono::steady_clock::now() < last) {
                std::this_thread::yield();
            }
            gave_up += here < threads;
        },
        {.grain = 1});
    return threads - gave_up;
}

} // namespace

TEST_CASE("fork: a pool made before it says so in the child, and goes on in the parent", "[exec][fork][T30]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool before(threads);
        REQUIRE(before.install([] { return sum_below(1000); }) == 499'500);
        configure_global_pool({.threads = threads});
        REQUIRE(sum_below(1000) == 499'500);
        const pid_t parent = ::getpid();
        const auto child = test::in_child([&] {
            const std::string expected = refusal(::getpid(), parent);
            bool called = false;
            if (text_of([&] { before.install([&] { called = true; }); }) != expected || called) {
                return std::string("install was not refused");
            }
            if (text_of([&] { (void)sum_below(10); }) != expected) {
                return std::string("the global pool was not refused");
            }
            if (text_of([&] { (void)current_num_threads(); }) != expected || text_of([&] { (void)describe_runtime(); }) != expected) {
                return std::string("a question was not refused");
            }
            return std::to_string(before.num_threads());
        });
        REQUIRE(child.said == std::to_string(threads));
        REQUIRE(child.exited_with(0));
        REQUIRE(before.install([] { return sum_below(1000); }) == 499'500);
        REQUIRE(sum_below(1000) == 499'500);
    }
    configure_global_pool({});
}

TEST_CASE("fork: a pool made in the child works there, with all its threads, at every number", "[exec][fork][T31]") {
    if (!test::child_may_start_threads) {
        return;
    }
    const pool before(3);
    REQUIRE(before.install([] { return sum_below(1000); }) == 499'500);
    for (const std::size_t threads : test::thread_counts) {
        const auto child = test::in_child([&] {
            const pool after(pool_config{.threads = threads, .name = "child"});
            std::set<std::string> names;
            std::string seen;
            after.install([&] {
                for (int i = 0; i < 20; ++i) {
                    if (sum_below(10'000) != 49'995'000) {
                        seen += "wrong sum; ";
                    }
                }
                const auto nested = map_index(6, [](std::size_t i) { return sum_below(100 * i); }, {.grain = 1});
                for (std::size_t i = 0; i < 6; ++i) {
                    if (100 * i * (100 * i - 1) / 2 != nested[i] && i != 0) {
                        seen += "wrong nested sum; ";
                    }
                }
                if (threads_at_once(threads, &names) != threads) {
                    seen += "fewer threads; ";
                }
                try {
                    for_each_index(100, [](std::size_t i) { if (i % 7 == 3) throw i; }, {.grain = 1});
                    seen += "nothing thrown; ";
                } catch (std::size_t i) {
                    if (i != 3) {
                        seen += "not the lowest error; ";
                    }
                }
            });
            for (std::size_t worker = 1; worker < threads; ++worker) {
                if (!names.contains("child-" + std::to_string(worker))) {
                    seen += "a worker without its name; ";
                }
            }
            return seen + "done";
        });
        REQUIRE(child.said == "done");
        REQUIRE(child.exited_with(0));
    }
}

TEST_CASE("fork: a pool made in the child does not ask oneTBB for NUMA nodes and core types", "[exec][fork][T31]") {
    if (!test::child_may_start_threads) {
        return;
    }
    const pool before(2);
    // None that a machine has: whoever asked oneTBB would know.
    const pool_config impossible{.threads = 3, .numa_node = 12'345, .core_type = 12'345, .priority = thread_priority::high};
    const auto child = test::in_child([&] {
        const pool after(impossible);
        return std::to_string(after.install([] { return sum_below(1000) + threads_at_once(3); }));
    });
    REQUIRE(child.said == "499503");
    REQUIRE(child.exited_with(0));
}

TEST_CASE("fork: the global pool can be configured in the child, and in the child's child", "[exec][fork][T31]") {
    if (!test::child_may_start_threads) {
        return;
    }
    configure_global_pool({.threads = 2});
    REQUIRE(sum_below(1000) == 499'500);
    const auto child = test::in_child([&] {
        configure_global_pool({.threads = 4});
        std::string seen = sum_below(1000) == 499'500 && current_num_threads() == 4 && threads_at_once(4) == 4 ? "4 " : "wrong ";
        const pid_t self = ::getpid();
        const auto grandchild = test::in_child([&] {
            std::string said = text_of([&] { (void)sum_below(10); }) == refusal(::getpid(), self) ? "refused " : "not refused ";
            configure_global_pool({.threads = 3});
            return said + std::to_string(threads_at_once(3));
        });
        seen += grandchild.said + (grandchild.exited_with(0) ? "" : " and died");
        return seen + (sum_below(1000) == 499'500 ? " 4" : " wrong");
    });
    REQUIRE(child.said == "4 refused 3 4");
    configure_global_pool({});
}

TEST_CASE("fork: a pool of the child carries the caller's rounding mode to its threads", "[exec][fork][B41]") {
    if (!test::child_may_start_threads) {
        return;
    }
    const pool before(2);
    const auto child = test::in_child([&] {
        const pool after(3);
        std::fesetround(FE_UPWARD);
        std::atomic<int> wrong{0};
        after.install([&] { for_each_index(200, [&](std::size_t) { wrong += std::fegetround() != FE_UPWARD; }, {.grain = 1}); });
        return std::to_string(wrong) + (std::fegetround() == FE_UPWARD ? " kept" : " lost");
    });
    REQUIRE(child.said == "0 kept");
}

TEST_CASE("fork: pools of the parent may be destroyed in the child, and it may exit as usual", "[exec][fork][T30]") {
    if (!test::child_may_start_threads) {
        return;
    }
    for (int round = 0; round < 10; ++round) {
        auto before = std::make_unique<pool>(4);
        configure_global_pool({.threads = 3});
        REQUIRE(before->install([] { return sum_below(1000); }) == 499'500);
        const auto child = test::in_child([&] {
            before.reset();
            configure_global_pool({.threads = 2});  // destroys the one before
            return std::to_string(sum_below(100));
        });
        REQUIRE(child.said == "4950");
        REQUIRE(child.exited_with(0));
    }
    configure_global_pool({});
}

TEST_CASE("fork: works while other threads are in the middle of calls and pools come and go", "[exec][fork][T31]") {
    if (!test::child_may_start_threads || !test::may_fork_while_others_allocate) {
        return;
    }
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    std::vector<std::thread> busy;
    for (int t = 0; t < 3; ++t) {
        busy.emplace_back([&, t] {
            while (!stop) {
                const pool workers(2 + t);
                wrong += workers.install([] { return sum_below(2000); }) != 1'999'000;
                wrong += sum_below(2000) != 1'999'000;
            }
        });
    }
    int bad = 0;
    std::string first_bad;
    for (int round = 0; round < 60; ++round) {
        const auto child = test::in_child([&] {
            const pool after(3);
            return std::to_string(after.install([] { return sum_below(1000); }));
        });
        if (child.said != "499500" || !child.exited_with(0)) {
            ++bad;
            first_bad = first_bad.empty() ? child.said + " status " + std::to_string(child.status) : first_bad;
        }
    }
    stop = true;
    for (auto& thread : busy) {
        thread.join();
    }
    INFO(first_bad);
    REQUIRE(bad == 0);
    REQUIRE(wrong == 0);
}

TEST_CASE("fork: inside an item the child is still in that item, may use a pool of its own there, and ends there", "[exec][fork][T30]") {
    if (!test::child_may_start_threads || !test::may_fork_while_others_allocate) {
        return;
    }
    for (const std::size_t threads : test::thread_counts) {
        const pool before(threads);
        const pid_t parent = ::getpid();
        std::vector<std::string> said(8);
        before.install([&] {
            for_each_index(
                8,
                [&](std::size_t i) {
                    const auto child = test::in_child([&] {
                        std::string seen = text_of([&] { (void)sum_below(10); }) == refusal(::getpid(), parent) ? "refused " : "not refused ";
                        const pool after(2);
                        seen += std::to_string(after.install([] { return sum_below(100); })) + " in " + call_path(current_call());
                        return seen;
                    });
                    said[i] = child.said + (child.exited_with(0) ? "" : " and died");
                },
                {.grain = 1, .name = "outer"});
        });
        for (std::size_t i = 0; i < 8; ++i) {
            REQUIRE(said[i] == "refused 4950 in outer[" + std::to_string(i) + "]");
        }
    }
}

TEST_CASE("fork: a child that returns from a shared item gets an error or is ended, and never hangs", "[exec][fork][T30]") {
    const pool workers(2);
    const pid_t parent = ::getpid();
    const std::thread::id caller = std::this_thread::get_id();
    for (const bool on_caller : {true, false}) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        std::atomic<pid_t> child{0};
        std::atomic<int> here{0};
        std::string text;
        try {
            workers.install([&] {
                for_each_index(
                    2,
                    [&](std::size_t) {
                        ++here;
                        while (here < 2) {  // so that the call is shared: each thread has one item
                            std::this_thread::yield();
                        }
                        if ((std::this_thread::get_id() == caller) == on_caller) {
                            const pid_t pid = ::fork();
                            if (pid != 0) {
                                child = pid;
                            } else {
                                std::signal(SIGABRT, SIG_DFL);
                                ::close(2);  // std::terminate says why, which is not for this test's output
                                ::alarm(60);
                            }
                        } else {
                            while (child == 0) {  // still in its item when the other forks: who waits for it in the child waits for ever
                                std::this_thread::yield();
                            }
                        }
                    },
                    {.grain = 1, .name = "forking"});
            });
            text = "returned";
        } catch (const resource_error& error) {
            text = error.what();
        }
        if (::getpid() != parent) {
            test::say_to_parent(ends[1], text);
            ::_exit(3);
        }
        REQUIRE(text == "returned");
        ::close(ends[1]);
        const auto end = test::wait_for_child(child, ends[0]);
        if (on_caller) {
            REQUIRE(end.said == "forking: forked inside an item, and pid " + std::to_string(child.load())
                                    + " is the child: it must not return from the item (end it with _exit or exec)");
            REQUIRE(end.exited_with(3));
        } else {
            REQUIRE(end.ended_by(SIGABRT));
        }
    }
    REQUIRE(workers.install([] { return sum_below(1000); }) == 499'500);
}

TEST_CASE("fork: a child of a call that works alone may go on and end it", "[exec][fork][T30]") {
    const pool one(1);
    const pid_t parent = ::getpid();
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_t child = 0;
    std::size_t items = 0;
    one.install([&] {
        for_each_index(10, [&](std::size_t i) {
            items += i;
            if (i == 4) {
                child = ::fork();
            }
        });
    });
    if (::getpid() != parent) {
        test::say_to_parent(ends[1], std::to_string(items));
        ::_exit(0);
    }
    ::close(ends[1]);
    REQUIRE(items == 45);
    REQUIRE(test::wait_for_child(child, ends[0]).said == "45");
}

TEST_CASE("fork: an arena of the program's own cannot be attached in the child", "[exec][fork][T30][errors]") {
    const pool before(2);
    const auto child = test::in_child([&] { return text_of([] { (void)pool::attach_current_arena(); }) + " " + std::to_string(::getpid()); });
    const std::string pid = child.said.substr(child.said.rfind(' ') + 1);
    REQUIRE(child.said == "pool::attach_current_arena: pid " + pid
                              + " was forked after oneTBB had been used, whose threads are not there; create a new pool " + pid);
}
