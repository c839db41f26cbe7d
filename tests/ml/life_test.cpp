// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "../support/catch.hpp"
#include "../support/life_battery.hpp"

using namespace xrayon;

namespace {

/// Batches 0 ... n - 1, and a model that gives f(batch).
std::vector<std::size_t> batches_of(std::size_t n) {
    std::vector<std::size_t> all(n);
    for (std::size_t i = 0; i < n; ++i) {
        all[i] = i;
    }
    return all;
}

} // namespace

TEST_CASE("life: results of batch_inference are destroyed once, whatever throws", "[ml][life][B14][B15]") {
    test::run_life_battery([](std::size_t n, const auto& f, auto grain, const auto& run) {
        const auto batches = batches_of(n);
        return ml::batch_inference(batches, [&](std::size_t i) { return f(i); }, {.grain = grain, .run = run});
    });
}

TEST_CASE("life: batch_inference_into assigns to slots that live before and after, whatever throws", "[ml][life][B14]") {
    const auto into = [](std::size_t n, const auto& f, auto grain, const auto& run) {
        using value = decltype(f(0));
        const auto batches = batches_of(n);
        // Slots of an own record: only what the algorithm does may fail.
        auto slots_record = std::make_unique<test::life_record>();
        std::vector<value> slots;
        slots.reserve(n);
        for (std::size_t i = 0; i < n; ++i) {
            slots.emplace_back(*slots_record, i + 100);
        }
        ml::batch_inference_into(batches, [&](std::size_t i) { return f(i); }, std::span(slots), {.grain = grain, .run = run});
        for (std::size_t i = 0; i < n; ++i) {
            if (slots[i].number() != i) {
                throw test::life_failure{~std::size_t{0}};
            }
        }
        slots.clear();
        if (!slots_record->balanced()) {
            throw test::life_failure{~std::size_t{0}};
        }
        return 0;
    };
    SECTION("copied and moved") { test::check_lives<test::any_life>(into, true); }
    SECTION("moved only") { test::check_lives<test::move_only_life>(into, true); }
}
