// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/processor_use.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

#include <unistd.h>

using namespace xrayon;

TEST_CASE("read_busy_seconds adds up what the asked processors did, idle and waiting left out", "[exec][processor_use]") {
    test::fixture_root root;
    // user nice system idle iowait irq softirq steal guest guest_nice
    root.file(
        "proc/stat",
        "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 100 20 30 4000 50 6 7 8 0 0\ncpu1 1 2 3 4 5 6 7 8 9 9\ncpu10 1000 0 0 0 0 0 0 0 0 0\nintr 5\n");
    const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    REQUIRE(read_busy_seconds({0}, root.path()).value() == test::approx(171 / per_second));
    REQUIRE(read_busy_seconds({0, 1}, root.path()).value() == test::approx((171.0 + 27.0) / per_second));
    REQUIRE(read_busy_seconds({1, 10}, root.path()).value() == test::approx(1027.0 / per_second));
    REQUIRE_FALSE(read_busy_seconds({0, 2}, root.path()));
    REQUIRE_FALSE(read_busy_seconds({}, root.path()));
    REQUIRE_FALSE(read_busy_seconds({0}, root.path() + "/nothing"));
    REQUIRE(read_busy_seconds(affinity_processors()).value_or(0) >= 0);
}
