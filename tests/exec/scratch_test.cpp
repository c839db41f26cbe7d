// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/scratch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <latch>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/child_process.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

struct counts {
    std::atomic<int> made{0};
    std::atomic<int> destroyed{0};
    std::atomic<int> used_by_two{0};
};

/// Knows whether somebody is using it; cannot be moved.
class guarded_object {
public:
    explicit guarded_object(counts& all) : all_(all) { ++all_.made; }
    ~guarded_object() { ++all_.destroyed; }
    guarded_object(const guarded_object&) = delete;

    void enter() { all_.used_by_two += in_use_.exchange(true); }
    void leave() { in_use_ = false; }

private:
    counts& all_;
    std::atomic<bool> in_use_{false};
};

struct in_use {
    explicit in_use(guarded_object& which) : object(which) { object.enter(); }
    ~in_use() { object.leave(); }
    guarded_object& object;
};

/// The most leases that were held at the same time.
struct high_water {
    std::atomic<int> now{0};
    std::atomic<int> most{0};
    void up() {
        const int mine = ++now;
        int seen = most;
        while (mine > seen && !most.compare_exchange_weak(seen, mine)) {
        }
    }
    void down() { --now; }
};

} // namespace

static_assert(!std::is_copy_constructible_v<scratch<int>::lease> && std::is_nothrow_move_constructible_v<scratch<int>::lease>);
static_assert(!std::is_copy_constructible_v<scratch<int>> && !std::is_move_constructible_v<scratch<int>>);
static_assert(!std::is_constructible_v<scratch<int>, std::string (*)()>);
static_assert(!std::is_default_constructible_v<scratch<guarded_object>>);

TEST_CASE("scratch: items that nest to depth 3 never share an object, at any number of threads", "[exec][scratch][R14]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const test::random_delays delays(threads, 64);
        counts all;
        high_water held;
        {
            scratch<guarded_object> objects([&] { return guarded_object(all); });
            const auto borrow_then = [&](const auto& then) {
                held.up();
                {
                    const auto lease = objects.borrow();
                    const in_use here(*lease);
                    then();
                }
                held.down();
            };
            workers.install([&] {
                for_each_index(
                    400,  // what plain oneTBB gave to two items at once in 3 of 400
                    [&](std::size_t) {
                        borrow_then([&] {
                            for_each_index(
                                6, [&](std::size_t) { borrow_then([&] { for_each_index(3, [&](std::size_t) { borrow_then([] {}); }, {.grain = 1}); }); },
                                {.grain = 1});
                        });
                    },
                    {.grain = 1});
            });
            REQUIRE(all.used_by_two == 0);
            REQUIRE(all.made >= 3);
            REQUIRE(all.made <= held.most);
            REQUIRE(objects.size() == static_cast<std::size_t>(all.made));
        }
        REQUIRE(all.made == all.destroyed);
    }
}

TEST_CASE("scratch: never makes more objects than were borrowed at once, whoever gives back to whom", "[exec][scratch][R12]") {
    counts all;
    high_water held;
    {
        scratch<guarded_object> objects([&] { return guarded_object(all); });
        std::latch start(8);
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&, t] {
                start.arrive_and_wait();
                for (int i = 0; i < 20'000; ++i) {
                    held.up();
                    {
                        auto first = objects.borrow();
                        const in_use here(*first);
                        if ((i + t) % 3 == 0) {
                            held.up();
                            {
                                const auto second = objects.borrow();
                                const in_use there(*second);
                            }
                            held.down();
                        }
                    }
                    held.down();
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        REQUIRE(all.used_by_two == 0);
        REQUIRE(all.made <= held.most);
        REQUIRE(all.made <= 16);
    }
    REQUIRE(all.made == all.destroyed);
}

TEST_CASE("scratch: a thread gets back what it gave, innermost first, and with what it left in it", "[exec][scratch][R12]") {
    scratch<std::vector<int>> buffers;
    std::vector<int>* outer_address = nullptr;
    std::vector<int>* inner_address = nullptr;
    {
        auto outer = buffers.borrow();
        outer_address = &*outer;
        const auto inner = buffers.borrow();
        inner_address = &*inner;
        inner->push_back(7);
    }
    REQUIRE(outer_address != inner_address);
    {
        const auto again = buffers.borrow();  // the one that was given back last
        REQUIRE(&*again == outer_address);
        const auto below = buffers.borrow();
        REQUIRE(&*below == inner_address);
        REQUIRE(*below == std::vector<int>{7});
    }
    REQUIRE(buffers.size() == 2);
}

TEST_CASE("scratch: what a thread leaves when it ends is used by others", "[exec][scratch][R12]") {
    scratch<int> numbers([] { return 5; });
    for (int round = 0; round < 100; ++round) {
        std::thread([&] { ++*numbers.borrow(); }).join();
    }
    REQUIRE(numbers.size() == 1);
    REQUIRE(*numbers.borrow() == 105);
}

TEST_CASE("scratch: an object that cannot be made is the item's error, the lowest wins, and all stays usable", "[exec][scratch][R13][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<bool> fails{true};
        std::atomic<int> made{0};
        scratch<int> numbers([&] {
            if (fails) {
                throw std::runtime_error("no room");
            }
            return ++made;
        });
        run_report report;
        REQUIRE_THROWS_WITH(
            workers.install([&] { for_each_index(100, [&](std::size_t) { (void)*numbers.borrow(); }, {.grain = 1, .run = {.report = &report}}); }), "no room");
        REQUIRE(report.failed == 0);
        REQUIRE(numbers.size() == 0);
        fails = false;
        workers.install([&] { for_each_index(100, [&](std::size_t) { (void)*numbers.borrow(); }, {.grain = 1}); });
        REQUIRE(numbers.size() >= 1);
        REQUIRE(numbers.size() <= threads);
        REQUIRE(made == static_cast<int>(numbers.size()));
    }
}

TEST_CASE("scratch: many objects and many scratches at once", "[exec][scratch][R15]") {
    counts all;
    {
        std::array<scratch<guarded_object>, 3> several{scratch<guarded_object>([&] { return guarded_object(all); }),
                                                       scratch<guarded_object>([&] { return guarded_object(all); }),
                                                       scratch<guarded_object>([&] { return guarded_object(all); })};
        for (int round = 0; round < 2; ++round) {
            for (auto& each : several) {
                std::vector<scratch<guarded_object>::lease> leases;
                std::set<const guarded_object*> addresses;
                for (int i = 0; i < 1000; ++i) {
                    leases.push_back(each.borrow());
                    addresses.insert(&*leases.back());
                }
                REQUIRE(addresses.size() == 1000);
            }
        }
        REQUIRE(all.made == 3000);
        REQUIRE(all.destroyed == 0);
    }
    REQUIRE(all.destroyed == 3000);
}

TEST_CASE("scratch: a lease that was moved from holds nothing, and one that is assigned to gives back what it had", "[exec][scratch]") {
    scratch<int> numbers;
    auto first = numbers.borrow();
    int* const a = &*first;
    auto second = numbers.borrow();
    int* const b = &*second;
    auto moved = std::move(first);
    REQUIRE_FALSE(first);  // NOLINT: that is what is tested
    REQUIRE(&*moved == a);
    moved = std::move(second);  // a goes back
    REQUIRE(&*moved == b);
    REQUIRE(&*numbers.borrow() == a);
    auto& same = moved;
    moved = std::move(same);
    REQUIRE(&*moved == b);
    REQUIRE(numbers.size() == 2);
}

TEST_CASE("scratch: objects of two borrowers lie on different cache lines", "[exec][scratch][R16]") {
    scratch<char> bytes;
    std::vector<scratch<char>::lease> leases;
    std::set<std::uintptr_t> lines;
    for (int i = 0; i < 100; ++i) {
        leases.push_back(bytes.borrow());
        lines.insert(reinterpret_cast<std::uintptr_t>(&*leases.back()) / 64);
    }
    REQUIRE(lines.size() == 100);
    struct alignas(256) wide {
        char byte = 0;
    };
    scratch<wide> aligned;
    REQUIRE(reinterpret_cast<std::uintptr_t>(&*aligned.borrow()) % 256 == 0);
}

// Sanitizers live in terabytes of addresses.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("scratch: what it asks for does not grow while memory is short", "[exec][scratch][errors]") {
    struct large {
        std::array<std::byte, 1 << 16> bytes = {};
    };
    const auto child = test::in_child([] {
        const auto limit_to = [](std::size_t more) {  // bytes beyond what the process has now
            std::size_t pages = 0;
            std::ifstream("/proc/self/statm") >> pages;
            ::rlimit limit{};
            ::getrlimit(RLIMIT_AS, &limit);
            limit.rlim_cur = std::min<::rlim_t>(pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + more, limit.rlim_max);
            return ::setrlimit(RLIMIT_AS, &limit) == 0;
        };
        scratch<large> objects([] { return large{}; });
        std::string seen = limit_to(0) ? "" : "no limit; ";
        for (void* volatile eaten = &seen; eaten != nullptr;) {  // what earlier tests left in the heap; the child ends anyway
            eaten = std::malloc(1 << 19);
        }
        int refused = 0;
        for (int i = 0; i < 3000; ++i) {
            try {
                (void)objects.borrow();
            } catch (const std::bad_alloc&) {
                ++refused;
            }
        }
        seen += std::to_string(refused) + " refused; ";
        limit_to(2 << 20);  // the first block is half a MiB, and one in the heap may take as much again
        const auto lease = objects.borrow();
        return seen + std::to_string(objects.size());
    });
    REQUIRE(child.said == "3000 refused; 1");
}
#endif
