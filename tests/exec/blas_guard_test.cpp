// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/blas_guard.hpp>

#include <atomic>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <xrayon/array/blas.hpp>
#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/child_process.hpp"
#include "../support/thread_counts.hpp"

extern "C" {
void openblas_set_num_threads(int) __attribute__((weak));
int openblas_get_num_threads() __attribute__((weak));
}

using namespace xrayon;

namespace {

/// Without OpenBLAS in the program there is nothing to hold: the guard must then do nothing, which is all that is left to test.
bool has_openblas() {
    // Linked for sure: a call that cannot be optimised away.
    double a = 2;
    double c = 0;
    gemm(1.0, array_view<const double, 2>(&a, {1, 1}), array_view<const double, 2>(&a, {1, 1}), 0.0, array_view<double, 2>(&c, {1, 1}));
    REQUIRE(c == 4.0);
    return openblas_set_num_threads != nullptr && openblas_get_num_threads != nullptr;
}

} // namespace

TEST_CASE("blas_guard: BLAS has one thread inside a call, and its own number again afterwards", "[exec][blas_guard]") {
    if (!has_openblas()) {
        WARN("no OpenBLAS here: not tested");
        return;
    }
    openblas_set_num_threads(2);
    REQUIRE(openblas_get_num_threads() == 2);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<int> wrong{0};
        workers.install([&] {
            for_each_index(200, [&](std::size_t) {
                wrong += openblas_get_num_threads() != 1;
                for_each_index(3, [&](std::size_t) { wrong += openblas_get_num_threads() != 1; });
                wrong += openblas_get_num_threads() != 1;
            });
        });
        REQUIRE(wrong == 0);
        REQUIRE(openblas_get_num_threads() == 2);
        REQUIRE_THROWS(workers.install([&] { for_each_index(50, [](std::size_t i) { if (i == 7) throw std::logic_error("x"); }); }));
        REQUIRE(openblas_get_num_threads() == 2);
    }
}

TEST_CASE("blas_guard: guards nest and overlap; the last one out restores", "[exec][blas_guard]") {
    if (!has_openblas()) {
        return;
    }
    openblas_set_num_threads(2);
    std::optional<blas_guard> first(std::in_place);
    REQUIRE(openblas_get_num_threads() == 1);
    std::optional<blas_guard> second(std::in_place);
    first.reset();
    REQUIRE(openblas_get_num_threads() == 1);
    second.reset();
    REQUIRE(openblas_get_num_threads() == 2);

    // From many threads at once: never anything but 1 inside, and 2 at the end.
    std::atomic<int> wrong{0};
    std::latch start(4);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            for (int i = 0; i < 20'000; ++i) {
                const blas_guard guard;
                wrong += openblas_get_num_threads() != 1;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    REQUIRE(wrong == 0);
    REQUIRE(openblas_get_num_threads() == 2);
}

TEST_CASE("blas_guard: the libraries of the process are listed with their settings", "[exec][blas_guard]") {
    if (!has_openblas()) {
        REQUIRE(loaded_blas().empty());
        return;
    }
    openblas_set_num_threads(2);
    const auto libraries = loaded_blas();
    REQUIRE(libraries.size() == 1);
    REQUIRE(libraries.front().name == "OpenBLAS");
    REQUIRE(libraries.front().threads == 2);
    REQUIRE_FALSE(libraries.front().version.empty());
}

TEST_CASE("blas_guard: a child forked while another thread holds one has its own number again after its first call", "[exec][blas_guard][T30]") {
    if (!has_openblas() || !test::child_may_start_threads) {
        return;
    }
    openblas_set_num_threads(2);
    const pool before(2);
    for (const bool by_this_thread : {false, true}) {
        std::latch held(1);
        std::latch done(1);
        std::thread holder([&] {
            std::optional<blas_guard> guard;
            if (!by_this_thread) {
                guard.emplace();
            }
            held.count_down();
            done.wait();
        });
        held.wait();
        test::child_end child;
        {
            std::optional<blas_guard> own;
            if (by_this_thread) {
                own.emplace();
            }
            child = test::in_child([&] {
                std::string seen = std::to_string(detail::process().blas_users.load()) + " users; ";
                const pool after(2);
                int wrong = 0;
                after.install([&] { for_each_index(20, [&](std::size_t) { wrong += openblas_get_num_threads() != 1; }); });
                seen += std::to_string(wrong) + " wrong; then " + std::to_string(openblas_get_num_threads());
                own.reset();  // of before the fork: no effect here
                return seen + ", " + std::to_string(openblas_get_num_threads()) + " and " + std::to_string(detail::process().blas_users.load());
            });
        }
        done.count_down();
        holder.join();
        REQUIRE(child.said == "0 users; 0 wrong; then 2, 2 and 0");
        REQUIRE(child.exited_with(0));
        REQUIRE(openblas_get_num_threads() == 2);
    }
}

TEST_CASE("blas_guard: pinned, BLAS stays at one thread", "[exec][blas_guard]") {  // last in this file: it cannot be undone
    if (!has_openblas()) {
        return;
    }
    openblas_set_num_threads(2);
    pin_blas_threads();
    pin_blas_threads();
    REQUIRE(openblas_get_num_threads() == 1);
    for_each_index(10, [](std::size_t) {});
    REQUIRE(openblas_get_num_threads() == 1);
    const auto child = test::in_child([] {
        configure_global_pool({.threads = 1});
        for_each_index(10, [](std::size_t) {});
        return std::to_string(openblas_get_num_threads());
    });
    REQUIRE(child.said == "1");
}
