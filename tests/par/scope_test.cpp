// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/scope.hpp>

#include "../support/catch.hpp"
#include "../support/child_process.hpp"
#include "../support/delays.hpp"
#include "../support/life_tracker.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/join.hpp>

// The behaviours that Rayon's tests of its scopes name, and the law.

using namespace xrayon;

namespace {

/// What a planned task throws: its number.
struct planned_failure {
    std::size_t number;
};

/// A program of spawns: what each task does, in order.
struct plan {
    enum class step { spawn, fail };
    struct task {
        std::vector<std::pair<step, std::size_t>> steps;  // spawn: which task
    };
    std::vector<task> tasks;  // tasks[0] is the body
};

plan random_plan(std::uint64_t seed) {
    plan made;
    made.tasks.resize(1);
    std::uint64_t state = seed;
    const auto draw = [&](std::uint64_t range) {
        state += 0x9e3779b97f4a7c15u;
        return test::mix(state) % range;
    };
    const std::size_t most = 1 + draw(40);
    const std::uint64_t rate = 3 + draw(30);  // one task in so many fails
    for (std::size_t i = 0; i < made.tasks.size(); ++i) {
        const std::size_t children = i == 0 ? 1 + draw(6) : draw(4);
        for (std::size_t child = 0; child < children && made.tasks.size() < most; ++child) {
            made.tasks[i].steps.emplace_back(plan::step::spawn, made.tasks.size());
            made.tasks.emplace_back();
        }
        if (draw(rate) == 0) {
            auto& steps = made.tasks[i].steps;
            steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(draw(steps.size() + 1)), {plan::step::fail, i});
        }
    }
    return made;
}

/// The plain program: where a spawn stands the task is called. Notes which tasks it came to.
void run_plainly(const plan& program, std::size_t task, std::vector<std::size_t>& reached) {
    reached.push_back(task);
    for (const auto& [what, which] : program.tasks[task].steps) {
        if (what == plan::step::fail) {
            throw planned_failure{task};
        }
        run_plainly(program, which, reached);
    }
}

/// Every task's failure ends that task alone.
void collect_plainly(const plan& program, std::size_t task, std::vector<std::size_t>& failed) {
    for (const auto& [what, which] : program.tasks[task].steps) {
        if (what == plan::step::fail) {
            failed.push_back(task);
            return;
        }
        collect_plainly(program, which, failed);
    }
}

struct spawned_run {
    const plan& program;
    test::life_record& lives;
    std::vector<std::atomic<int>> begun;
    std::vector<std::atomic<int>> finished;

    spawned_run(const plan& p, test::life_record& l) : program(p), lives(l), begun(p.tasks.size()), finished(p.tasks.size()) {}

    void operator()(scope_t& s, std::size_t task) {
        ++begun[task];
        for (const auto& [what, which] : program.tasks[task].steps) {
            if (what == plan::step::fail) {
                throw planned_failure{task};
            }
            s.spawn([this, own = test::move_only_life(lives, which)](scope_t& inner) { (*this)(inner, own.number()); });
        }
        ++finished[task];
    }
};

/// What is wrong with one random program on this pool, or nothing.
std::string try_plan(const plan& program, const pool& workers, bool fifo) {
    std::optional<std::size_t> expected;
    std::vector<std::size_t> reached;
    try {
        run_plainly(program, 0, reached);
    } catch (const planned_failure& failure) {
        expected = failure.number;
    }
    test::life_record lives;
    spawned_run run(program, lives);
    std::optional<std::size_t> got;
    run_report report;
    try {
        workers.install([&] {
            const auto body = [&](scope_t& s) { run(s, 0); };
            fifo ? scope_fifo(body, {.report = &report}) : scope(body, {.report = &report});
        });
    } catch (const planned_failure& failure) {
        got = failure.number;
    }
    if (got != expected) {
        return "another failure: " + (got ? std::to_string(*got) : "none") + " for " + (expected ? std::to_string(*expected) : "none");
    }
    for (std::size_t i = 0; i < program.tasks.size(); ++i) {
        if (run.begun[i] > 1) {
            return "task " + std::to_string(i) + " ran twice";
        }
    }
    for (const std::size_t each : reached) {
        if (run.begun[each] != 1) {
            return "task " + std::to_string(each) + " was not run, and a plain program comes to it";
        }
    }
    if (!expected && report.done != program.tasks.size() - 1) {
        return "the report counts " + std::to_string(report.done);
    }
    return lives.balanced() ? "" : "a captured object was not destroyed once";
}

void try_plans(std::uint64_t first, std::uint64_t last) {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = first; seed < last; ++seed) {
            const test::random_delays delays(seed, 3);
            const std::string wrong = try_plan(random_plan(seed), workers, seed % 2 == 0);
            INFO("seed " << seed << ", " << threads << " threads");
            REQUIRE(wrong == "");
        }
    }
}

void spawn_tree(scope_t& s, std::atomic<std::size_t>& count, int depth) {
    ++count;
    for (int child = 0; child < 2 && depth > 0; ++child) {
        s.spawn([&count, depth](scope_t& inner) { spawn_tree(inner, count, depth - 1); });
    }
}

void spawn_chain(scope_t& s, std::size_t& length, std::size_t left) {
    ++length;
    if (left > 0) {
        s.spawn([&length, left](scope_t& inner) { spawn_chain(inner, length, left - 1); });
    }
}

struct binary_tree {
    int value;
    std::unique_ptr<binary_tree> left;
    std::unique_ptr<binary_tree> right;
};
std::unique_ptr<binary_tree> make_tree(int depth, int value) {
    if (depth == 0) {
        return nullptr;
    }
    return std::make_unique<binary_tree>(binary_tree{value, make_tree(depth - 1, 2 * value), make_tree(depth - 1, 2 * value + 1)});
}
template <class F>
void update(scope_t& s, binary_tree& tree, const F& f) {
    for (binary_tree* const each : {tree.left.get(), tree.right.get()}) {
        if (each != nullptr) {
            s.spawn([each, &f](scope_t& inner) { update(inner, *each, f); });
        }
    }
    f(tree.value);
}
long sum(const binary_tree* tree) { return tree == nullptr ? 0 : tree->value + sum(tree->left.get()) + sum(tree->right.get()); }

void divide_and_conquer(scope_t& s, std::atomic<std::size_t>& count, std::size_t begin, std::size_t end) {
    if (end - begin <= 10) {
        count += end - begin;
        return;
    }
    const std::size_t middle = begin + (end - begin) / 2;
    s.spawn([=, &count](scope_t& inner) { divide_and_conquer(inner, count, begin, middle); });
    s.spawn([=, &count](scope_t& inner) { divide_and_conquer(inner, count, middle, end); });
}

/// Waits for a flag that another thread sets; gives up after 20 s.
bool wait_for(const std::atomic<bool>& flag) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!flag && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
    }
    return flag;
}

} // namespace

TEST_CASE("scope: gives what its body returns, by value or by reference, and may be empty", "[par][scope]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        workers.install([] {
            scope([](scope_t&) {});
            REQUIRE(scope([](scope_t&) { return 22; }) == 22);
            int number = 1;
            int& same = scope([&](scope_t& s) -> int& {
                s.spawn([&] { number = 5; });
                return number;
            });
            REQUIRE(&same == &number);
            REQUIRE(number == 5);
            REQUIRE(*scope_fifo([](scope_t&) { return std::make_unique<int>(3); }) == 3);
            REQUIRE(in_place_scope([](scope_t&) { return std::string("in place"); }) == "in place");
            REQUIRE(in_place_scope_fifo([](scope_t&) { return 1; }) == 1);
        });
    }
    REQUIRE(scope([](scope_t&) { return 4; }) == 4);  // outside of install: on the global pool
}

TEST_CASE("scope: has run every task when it returns, those spawned by tasks too", "[par][scope]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<std::size_t> count{0};
        workers.install([&] {
            scope([&](scope_t& s) {
                s.spawn([&] { count += 1; });
                s.spawn([&](scope_t& inner) {
                    count += 10;
                    inner.spawn([&] { count += 100; });
                    s.spawn([&] { count += 1000; });  // by the outer name: the same scope
                });
            });
        });
        REQUIRE(count == 1111);
        count = 0;
        workers.install([&] { scope([&](scope_t& s) { divide_and_conquer(s, count, 0, 1024); }); });
        REQUIRE(count == 1024);
        count = 0;
        workers.install([&] {
            scope([&](scope_t& s) {
                for (std::size_t i = 0; i < 10'000; ++i) {
                    s.spawn([&count, i] { count += i; });
                }
            });
        });
        REQUIRE(count == 49'995'000);
    }
}

TEST_CASE("scope: trees are updated node by node, and a spawn tree of depth 16 runs", "[par][scope]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const auto tree = make_tree(10, 1);
        const long before = sum(tree.get());
        workers.install([&] { scope([&](scope_t& s) { update(s, *tree, [](int& value) { value += 1; }); }); });
        REQUIRE(sum(tree.get()) == before + 1023);
        std::atomic<std::size_t> count{0};
        workers.install([&] { scope([&](scope_t& s) { spawn_tree(s, count, 16); }); });
        REQUIRE(count == (1u << 17) - 1);
    }
}

TEST_CASE("scope: two million tasks of a tree of depth 20", "[.soak][soak][par][scope]") {
    for (const std::size_t threads : test::soak_thread_counts) {
        const pool workers(threads);
        std::atomic<std::size_t> count{0};
        workers.install([&] { scope([&](scope_t& s) { spawn_tree(s, count, 20); }); });
        REQUIRE(count == (1u << 21) - 1);
    }
}

TEST_CASE("scope: a chain of tasks, each spawned by the one before, takes no stack and no memory", "[par][scope]") {
    for (const std::size_t threads : {1u, 2u, 8u}) {
        const pool workers(threads);
        std::size_t length = 0;
        workers.install([&] { scope([&](scope_t& s) { spawn_chain(s, length, 300'000); }); });
        REQUIRE(length == 300'001);
    }
}

TEST_CASE("scope: what tasks need may be mixed: loops, joins, scopes and locks inside tasks", "[par][scope][nesting]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<std::size_t> count{0};
        std::mutex held;
        workers.install([&] {
            scope([&](scope_t& s) {
                for (int i = 0; i < 20; ++i) {
                    s.spawn([&](scope_t& inner) {
                        const std::lock_guard lock(held);  // a thread that waits in here starts no other task, which would lock it again
                        for_each_index(50, [&](std::size_t) { ++count; });
                        join([&] { ++count; }, [&] { ++count; });
                        scope([&](scope_t& third) {
                            for (int k = 0; k < 10; ++k) {
                                third.spawn([&] { ++count; });
                            }
                        });
                        inner.spawn([&] { ++count; });
                    });
                }
            });
        });
        REQUIRE(count == 20 * (50 + 2 + 10 + 1));
    }
}

TEST_CASE("scope: a thread that waits in a nested scope starts no task of the outer one", "[par][scope][nesting]") {
    const pool workers(3);
    const auto caller = std::this_thread::get_id();
    std::atomic<bool> first{false};
    std::atomic<bool> second{false};
    std::atomic<bool> inner_began{false};
    std::atomic<bool> unrelated{false};
    std::atomic<bool> by_caller{false};
    std::atomic<bool> inside{false};
    workers.install([&] {
        scope([&](scope_t& s) {
            s.spawn([&](scope_t& t) {
                first = true;
                wait_for(inner_began);
                t.spawn([&] {  // calls for a third thread
                    by_caller = inside && std::this_thread::get_id() == caller;
                    unrelated = true;
                });
                for (const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
                     !unrelated && std::chrono::steady_clock::now() < until;) {
                    std::this_thread::yield();  // time to make the mistake in
                }
            });
            s.spawn([&] {
                second = true;
                wait_for(first);
            });
            wait_for(first);
            wait_for(second);  // so all three threads are in here, and one of them is free soon
            inside = true;
            scope([&](scope_t& inner) {
                inner.spawn([&] {
                    inner_began = true;
                    wait_for(unrelated);
                });
                wait_for(inner_began);
            });
            inside = false;
        });
    });
    REQUIRE(unrelated);
    REQUIRE(!by_caller);
}

TEST_CASE("scope: may be spawned into from the items of a loop", "[par][scope][nesting]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<std::size_t> count{0};
        workers.install([&] {
            scope([&](scope_t& s) {
                for_each_index(200, [&](std::size_t i) {
                    s.spawn([&count, i](scope_t& inner) {
                        count += i;
                        inner.spawn([&] { ++count; });
                    });
                });
                std::thread([&] { s.spawn([&] { count += 7; }); }).join();  // and by a thread of the program's own
            });
        });
        REQUIRE(count == 19'900 + 200 + 7);
    }
}

TEST_CASE("scope: of two pools that use each other, and of one that uses itself, each ends", "[par][scope][nesting]") {
    const pool a(2);
    const pool b(3);
    std::atomic<std::size_t> count{0};
    for (int round = 0; round < 20; ++round) {
        a.install([&] {
            scope([&](scope_t& s) {
                for (int i = 0; i < 8; ++i) {
                    s.spawn([&] {
                        b.install([&] {
                            scope([&](scope_t& t) {
                                for (int k = 0; k < 4; ++k) {
                                    t.spawn([&] { a.install([&] { scope([&](scope_t& u) { u.spawn([&] { ++count; }); }); }); });
                                    t.spawn([&] { b.install([&] { ++count; }); });
                                }
                            });
                        });
                    });
                    s.spawn([&] { b.install([&] { s.spawn([&] { ++count; }); }); });  // into this scope, from the other pool
                }
            });
        });
    }
    REQUIRE(count == 20 * (8 * 8 + 8));
}

TEST_CASE("scope: tasks run at the same time where there are threads, also while the body runs", "[par][scope]") {
    const pool workers(2);
    std::atomic<bool> begun{false};
    const bool met = workers.install([&] {
        return scope([&](scope_t& s) {
            s.spawn([&] { begun = true; });
            return wait_for(begun);
        });
    });
    REQUIRE(met);
}

TEST_CASE("scope: on one thread the last task spawned starts first, and in scope_fifo the first", "[par][scope]") {
    const pool one(1);
    std::vector<int> order;
    const auto flat = [&](scope_t& s) {
        for (int i = 0; i < 5; ++i) {
            s.spawn([&order, i] { order.push_back(i); });
        }
    };
    const auto nested = [&](scope_t& s) {
        for (int i = 0; i < 3; ++i) {
            s.spawn([&order, i](scope_t& inner) {
                for (int k = 0; k < 2; ++k) {
                    inner.spawn([&order, i, k] { order.push_back(10 * i + k); });
                }
            });
        }
    };
    one.install([&] { scope(flat); });
    REQUIRE(order == std::vector{4, 3, 2, 1, 0});
    order.clear();
    one.install([&] { scope_fifo(flat); });
    REQUIRE(order == std::vector{0, 1, 2, 3, 4});
    order.clear();
    one.install([&] { scope(nested); });
    REQUIRE(order == std::vector{21, 20, 11, 10, 1, 0});
    order.clear();
    one.install([&] { scope_fifo(nested); });
    REQUIRE(order == std::vector{0, 1, 10, 11, 20, 21});
    order.clear();
    one.install([&] { scope_fifo([&](scope_t& s) { flat(s); scope(flat); }); });  // mixed: the inner one has ended before
    REQUIRE(order == std::vector{4, 3, 2, 1, 0, 0, 1, 2, 3, 4});
}

TEST_CASE("scope: the failure that a plain program would have met first comes out, whoever is sooner", "[par][scope][errors]") {
    try_plans(0, 200);
}

TEST_CASE("scope: ten thousand random programs fail as the plain ones do", "[.soak][soak][par][scope]") { try_plans(1000, 11'000); }

TEST_CASE("scope: a failure of the body, of a task or of a task's task comes out as it is", "[par][scope][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        workers.install([] {
            REQUIRE_THROWS_AS(scope([](scope_t&) { throw std::out_of_range("body"); }), std::out_of_range);
            REQUIRE_THROWS_AS(scope([](scope_t& s) { s.spawn([] { throw std::length_error("task"); }); }), std::length_error);
            REQUIRE_THROWS_AS(scope([](scope_t& s) { s.spawn([](scope_t& t) { t.spawn([] { throw 7; }); }); }), int);
            // In a plain program the task spawned first would have failed before the body, and its task before itself.
            REQUIRE_THROWS_WITH(scope([](scope_t& s) {
                                    s.spawn([](scope_t& t) {
                                        t.spawn([] { throw std::runtime_error("task of task"); });
                                        throw std::runtime_error("task");
                                    });
                                    throw std::runtime_error("body");
                                }),
                                "task of task");
            scope([](scope_t& s) { s.spawn([] {}); });  // and the pool can be used as before
        });
    }
}

TEST_CASE("scope: what stands before a failure is run, what stands behind one is not begun any more", "[par][scope][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<int> before{0};
        workers.install([&] {
            REQUIRE_THROWS_WITH(scope([&](scope_t& s) {
                                    for (int i = 0; i < 100; ++i) {
                                        s.spawn([&](scope_t& t) { t.spawn([&] { ++before; }); });
                                    }
                                    throw std::runtime_error("body");
                                }),
                                "body");
        });
        REQUIRE(before == 100);
    }
    const pool one(1);
    int begun = 0;
    test::life_record lives;
    one.install([&] {
        REQUIRE_THROWS_WITH(scope_fifo([&](scope_t& s) {
                                s.spawn([&] {
                                    ++begun;
                                    throw std::runtime_error("first");
                                });
                                for (std::size_t i = 0; i < 100; ++i) {
                                    s.spawn([&, own = test::any_life(lives, i)] { ++begun; });
                                }
                            }),
                            "first");
    });
    REQUIRE(begun == 1);
    REQUIRE(lives.balanced());
}

TEST_CASE("scope: a task behind a failure is told so by its nested calls, and spawns nothing more", "[par][scope][errors]") {
    for (const std::size_t threads : {2u, 5u}) {
        const pool workers(threads);
        std::atomic<bool> second_began{false};
        std::atomic<bool> told{false};
        std::atomic<int> late{0};
        test::life_record lives;
        std::atomic<long> kept{-1};
        const auto body = [&](scope_t& s) {
            s.spawn([&] {
                wait_for(second_began);
                throw std::runtime_error("first");
            });
            s.spawn([&](scope_t& t) {
                second_began = true;
                const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
                try {
                    while (std::chrono::steady_clock::now() < give_up) {
                        for_each_index(1, [](std::size_t) {});
                    }
                } catch (const cancelled& end) {
                    told = end.reason() == cancel_reason::outer_call;
                    t.spawn([&, own = test::any_life(lives, 1)] { ++late; });
                    kept = lives.alive();
                    throw;
                }
            });
        };
        REQUIRE_THROWS_WITH(workers.install([&] { scope(body); }), "first");
        REQUIRE(told);
        REQUIRE(late == 0);
        REQUIRE(kept == 0);  // gone at once
    }
}

TEST_CASE("scope: wrapped, the error tells which spawn failed and where", "[par][scope][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const auto fail = [](scope_t& s) {
            s.spawn([] {});
            s.spawn([](scope_t& t) {
                t.spawn([] {});
                t.spawn([] {});
                t.spawn([] { throw std::runtime_error("deep"); });
            });
            s.spawn([] { throw std::runtime_error("later"); });
        };
        workers.install([&] {
            run_report report;
            try {
                scope(fail, {.error = on_error::wrap, .report = &report});
                FAIL("nothing was thrown");
            } catch (const task_error& error) {
                REQUIRE(error.index() == 1);
                REQUIRE(error.path() == "scope[1] > spawn[2]");
                REQUIRE(std::string(error.what()) == "scope: task 1, or one spawned by it, failed: deep");
                REQUIRE_THROWS_WITH(std::rethrow_if_nested(error), "deep");
            }
            REQUIRE(report.failed == 1u);
            REQUIRE(report.path == "scope[1] > spawn[2]");
            try {
                scope_fifo([](scope_t& s) { s.spawn([] { throw 3; }); }, {.label = "load", .error = on_error::wrap});
                FAIL("nothing was thrown");
            } catch (const task_error& error) {
                REQUIRE(std::string(error.what()) == "load: task 0 failed: non-std exception");
            }
            try {
                scope(
                    [](scope_t& s) {
                        s.spawn([] {});
                        throw std::runtime_error("body");
                    },
                    {.error = on_error::wrap});
                FAIL("nothing was thrown");
            } catch (const task_error& error) {
                REQUIRE(error.index() == 1);
                REQUIRE(std::string(error.what()) == "scope: the body failed after 1 spawns: body");
            }
        });
    }
}

TEST_CASE("scope: collected, every task runs and all failures come in the order of a plain program", "[par][scope][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = 500; seed < 560; ++seed) {
            const test::random_delays delays(seed, 3);
            const plan program = random_plan(seed);
            std::vector<std::size_t> expected;
            collect_plainly(program, 0, expected);
            test::life_record lives;
            spawned_run run(program, lives);
            std::vector<std::size_t> got;
            try {
                workers.install([&] { scope([&](scope_t& s) { run(s, 0); }, {.error = on_error::collect}); });
            } catch (const task_errors& errors) {
                for (const item_error& each : errors.errors()) {
                    try {
                        std::rethrow_exception(each.error);
                    } catch (const planned_failure& failure) {
                        got.push_back(failure.number);
                    }
                }
            }
            REQUIRE(got == expected);
            REQUIRE(lives.balanced());
        }
    }
}

TEST_CASE("scope: a stop or a deadline ends it with cancelled, and what was captured is gone", "[par][scope][stop]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::stop_source stop;
        test::life_record lives;
        std::atomic<std::size_t> ran{0};
        workers.install([&] {
            try {
                scope_fifo(
                    [&](scope_t& s) {
                        for (std::size_t i = 0; i < 1000; ++i) {
                            s.spawn([&, own = test::any_life(lives, i)] {
                                if (++ran == 10) {
                                    stop.request_stop();
                                }
                            });
                        }
                    },
                    {.stop = stop.get_token()});
                FAIL("nothing was thrown");
            } catch (const cancelled& end) {
                REQUIRE(end.reason() == cancel_reason::stop_requested);
                REQUIRE(end.total() == 1000);
                REQUIRE(end.done() == ran);
                REQUIRE(std::string(end.what()) == "scope_fifo: stop requested, " + std::to_string(ran) + " of 1000 tasks done");
            }
            REQUIRE(ran < 10 + threads);
            const auto for_ever = [](scope_t& s) {
                s.spawn([](scope_t& t) {
                    const auto again = [](const auto& self, scope_t& u) -> void { u.spawn([&self](scope_t& v) { self(self, v); }); };
                    static const auto forever = again;
                    forever(forever, t);
                });
            };
            REQUIRE_THROWS_AS(scope(for_ever, {.deadline = std::chrono::milliseconds(5)}), cancelled);
            // One that comes too late changes nothing.
            scope([&](scope_t& s) { s.spawn([] {}); stop.request_stop(); }, {.deadline = std::chrono::hours(1)});
        });
        REQUIRE(lives.balanced());
    }
}

TEST_CASE("scope: is cancelled with the call that it is nested in", "[par][scope][stop]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<int> ran{0};
        std::stop_source stop;
        const auto outer = [&] {
            for_each_index(
                1,
                [&](std::size_t) {
                    scope_fifo([&](scope_t& s) {
                        s.spawn([&] { stop.request_stop(); });
                        for (int i = 0; i < 50; ++i) {
                            s.spawn([&] { ++ran; });
                        }
                    });
                },
                {.run = {.stop = stop.get_token()}});
        };
        REQUIRE_THROWS_AS(workers.install(outer), cancelled);
        REQUIRE(ran < 50);
    }
}

TEST_CASE("scope: says which option it cannot take", "[par][scope][errors]") {
    const auto body = [](scope_t&) { FAIL("the body ran"); };
    REQUIRE_THROWS_WITH(scope(body, {.progress = progress_mode::always}),
                        "scope: options.progress and on_progress must be unset: nobody knows how many tasks there will be");
    REQUIRE_THROWS_WITH(scope_fifo(body, {.on_progress = [](const progress_state&) {}, .label = "mine"}),
                        "mine: options.progress and on_progress must be unset: nobody knows how many tasks there will be");
    REQUIRE_THROWS_WITH(in_place_scope(body, {.deadline = std::chrono::nanoseconds(-3)}),
                        "in_place_scope: options.deadline must be >= 0 ns, got -3");
}

TEST_CASE("scope: a task sees where it is, its pool, and the caller's rounding mode", "[par][scope]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::mutex guard;
        std::vector<std::string> paths;
        std::atomic<int> wrong{0};
        std::fesetround(FE_UPWARD);
        workers.install([&] {
            scope([&](scope_t& s) {
                for (int i = 0; i < 3; ++i) {
                    s.spawn([&](scope_t& t) {
                        wrong += std::fegetround() != FE_UPWARD || current_num_threads() != threads;
                        t.spawn([&] {
                            const std::lock_guard lock(guard);
                            paths.push_back(call_path(current_call()));
                        });
                    });
                }
            });
        });
        std::fesetround(FE_TONEAREST);
        REQUIRE(wrong == 0);
        std::sort(paths.begin(), paths.end());
        REQUIRE(paths == std::vector<std::string>{"scope[0] > spawn[0]", "scope[1] > spawn[0]", "scope[2] > spawn[0]"});
    }
}

TEST_CASE("scope: tasks may own what cannot be copied, and are destroyed where they ran or were dropped", "[par][scope]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        test::life_record lives;
        std::atomic<std::size_t> seen{0};
        workers.install([&] {
            scope([&](scope_t& s) {
                for (std::size_t i = 0; i < 100; ++i) {
                    s.spawn([&, own = test::move_only_life(lives, i), more = std::make_unique<std::size_t>(i)] { seen += own.number() + *more; });
                }
            });
        });
        REQUIRE(seen == 9900);
        REQUIRE(lives.balanced());
        // A function that throws while it is taken over has not been spawned.
        lives.fail_from(test::life_event::copy, 7);
        const auto copied = [&](scope_t& s) {
            for (std::size_t i = 0; i < 20; ++i) {
                const test::any_life own(lives, i);
                s.spawn([own] { static_cast<void>(own.number()); });
            }
        };
        REQUIRE_THROWS_AS(workers.install([&] { scope(copied); }), test::life_failure);
        REQUIRE(lives.balanced());
    }
}

TEST_CASE("scope: a child that was forked inside and returns is told to end, unless nobody helped", "[par][scope][fork]") {
    if (!test::child_may_start_threads) {
        return;
    }
    for (const std::size_t threads : {1u, 3u}) {
        const pool workers(threads);
        const auto end = test::in_child([&] {
            const pool own(threads);
            return std::to_string(own.install([] {
                std::atomic<int> ran{0};
                scope([&](scope_t& s) {
                    for (int i = 0; i < 100; ++i) {
                        s.spawn([&](scope_t& t) { t.spawn([&] { ++ran; }); });
                    }
                });
                return ran.load();
            }));
        });
        REQUIRE(end.said == "100");  // a pool of the child's own
        const pid_t parent = ::getpid();
        std::string said;
        int status = -1;
        try {
            workers.install([&] {
                scope([&](scope_t& s) {
                    s.spawn([] { std::this_thread::yield(); });
                    const pid_t child = ::fork();
                    if (child != 0) {
                        ::waitpid(child, &status, 0);
                    }
                });
            });
            said = "returned";
        } catch (const resource_error& error) {
            said = std::string(error.what()).substr(0, 28);
        }
        if (::getpid() != parent) {
            ::_exit(said == "scope: forked inside an item" ? 4 : said == "returned" ? 5 : 6);
        }
        REQUIRE(said == "returned");
        REQUIRE(WEXITSTATUS(status) == (threads == 1 ? 5 : 4));
    }
}

static_assert(spawnable<void (*)()>);
static_assert(spawnable<void (*)(scope_t&)>);
static_assert(!spawnable<void (*)(int)>);
static_assert(!std::is_copy_constructible_v<scope_t>);
