// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/pool.hpp>

#include <oneapi/tbb/global_control.h>

#include "../support/catch.hpp"

using namespace xrayon;

TEST_CASE("pool: says so when the program's own tbb::global_control allows fewer threads", "[exec][pool][errors]") {
    const pool before(4);
    {
        const oneapi::tbb::global_control low(oneapi::tbb::global_control::max_allowed_parallelism, 2);
        REQUIRE_THROWS_WITH(pool(4), "pool: 4 threads asked, but a tbb::global_control of this program allows 2");
        try {
            const pool refused(3);
            FAIL("made");
        } catch (const resource_error& error) {
            REQUIRE(error.asked() == 3);
            REQUIRE(error.got() == 2);
        }
        REQUIRE(pool(2).num_threads() == 2);
    }
    REQUIRE(pool(4).num_threads() == 4);
}
