// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/results.hpp>

#include <memory>
#include <ranges>
#include <string>

#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"

using namespace xrayon;

static_assert(std::ranges::contiguous_range<results<int>>);
static_assert(std::ranges::sized_range<const results<std::string>>);
static_assert(!std::copy_constructible<results<std::unique_ptr<int>>>);
static_assert(std::copy_constructible<results<std::string>>);

TEST_CASE("results: copies are deep, moves leave nothing behind", "[par][results]") {
    auto made = map_index(5, [](std::size_t i) { return std::string(i, 'x'); });
    const auto copy = made;
    REQUIRE(copy == made);
    made[2] = "other";
    REQUIRE_FALSE(copy == made);
    REQUIRE(copy[2] == "xx");
    const auto moved = std::move(made);
    REQUIRE(moved[2] == "other");
    REQUIRE(made.size() == 0);  // NOLINT: that is the promise
    made = copy;
    REQUIRE(made == copy);
    made = results<std::string>{};
    REQUIRE(made.empty());
    REQUIRE(made.begin() == made.end());
}

TEST_CASE("results: front, back and to_vector", "[par][results]") {
    auto made = map_index(4, [](std::size_t i) { return std::make_unique<std::size_t>(i); });
    REQUIRE(*made.front() == 0);
    REQUIRE(*made.back() == 3);
    const std::vector<std::unique_ptr<std::size_t>> vector = std::move(made).to_vector();
    REQUIRE(vector.size() == 4);
    REQUIRE(*vector[3] == 3);
}

TEST_CASE("results: a copy that throws leaks nothing", "[par][results]") {
    struct fragile {
        int value = 0;
        std::shared_ptr<int> life = std::make_shared<int>(0);
        fragile() = default;
        fragile(const fragile& other) : value(other.value), life(other.life) {
            if (value == 3) {
                throw std::runtime_error("copy");
            }
        }
    };
    auto made = map_index(5, [](std::size_t) { return fragile{}; });
    const std::shared_ptr<int> life = made[0].life;
    made[3].value = 3;
    REQUIRE_THROWS_AS(results<fragile>(made), std::runtime_error);
    REQUIRE(life.use_count() == 2);
}
