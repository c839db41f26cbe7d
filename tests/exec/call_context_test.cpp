// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/call_context.hpp>

#include <atomic>
#include <string>
#include <vector>

#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

TEST_CASE("call_context: a path names every call around an item, outermost first, on whichever thread it runs", "[exec][call_context]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::vector<std::string> paths(20);
        workers.install([&] {
            for_each_index(
                4,
                [&](std::size_t i) {
                    workers.install([&] {
                        for_each_index(
                            5, [&](std::size_t j) { paths[i * 5 + j] = call_path(current_call()); }, {.grain = 1, .name = "inner"});
                    });
                },
                {.grain = 1, .run = {.label = "outer"}});
        });
        for (std::size_t i = 0; i < 20; ++i) {
            REQUIRE(paths[i] == "outer[" + std::to_string(i / 5) + "] > inner[" + std::to_string(i % 5) + "]");
        }
        REQUIRE(call_path(current_call()).empty());
    }
}

TEST_CASE("call_context: cancellation is asked up the chain, by the index that each level serves", "[exec][call_context]") {
    call_state outer;
    call_state inner;
    const call_frame outer_item{.call = &outer, .index = 5};
    const call_frame install{.parent = &outer_item};
    const call_frame inner_item{.parent = &install, .call = &inner, .index = 2};
    REQUIRE_FALSE(is_cancelled(&inner_item));
    outer.cut = 6;  // an item above ours failed: we still matter
    REQUIRE_FALSE(is_cancelled(&inner_item));
    outer.cut = 4;
    REQUIRE(is_cancelled(&inner_item));
    outer.cut = call_state::none;
    inner.cut = 3;
    REQUIRE_FALSE(is_cancelled(&inner_item));
    inner.cut = 1;
    REQUIRE(is_cancelled(&inner_item));
    inner.cut = call_state::none;
    std::stop_source stop;
    outer.stop = stop.get_token();
    REQUIRE_FALSE(is_cancelled(&inner_item));
    stop.request_stop();
    REQUIRE(is_cancelled(&inner_item));
    REQUIRE_FALSE(is_cancelled(nullptr));
}

TEST_CASE("call_context: the hook is called before and after every item, also one that throws", "[exec][call_context]") {
    struct counting final : item_hook {
        std::atomic<int> before_calls{0};
        std::atomic<int> after_calls{0};
        std::atomic<std::size_t> sum{0};
        void before(const call_frame& frame) noexcept override {
            ++before_calls;
            sum += frame.index;
        }
        void after(const call_frame&) noexcept override { ++after_calls; }
    };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        counting hook;
        item_hook* const old = set_item_hook(&hook);
        workers.install([] { for_each_index(1000, [](std::size_t) {}); });
        REQUIRE(hook.before_calls == 1000);
        REQUIRE(hook.after_calls == 1000);
        REQUIRE(hook.sum == 499'500);
        REQUIRE_THROWS(workers.install([] { for_each_index(10, [](std::size_t) { throw 1; }); }));
        REQUIRE(set_item_hook(old) == &hook);
        REQUIRE(hook.before_calls == hook.after_calls);
    }
}
