// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/runtime_info.hpp>

#include "../support/catch.hpp"

using namespace xrayon;

TEST_CASE("runtime_info: says how many threads there are and who decided", "[exec][runtime_info]") {
    const runtime_info global = describe_runtime();
    REQUIRE(global.threads == current_num_threads());
    REQUIRE(global.usable_cores >= 1);
    REQUIRE(global.usable_cores <= global.cpus.physical);
    REQUIRE_THAT(global.tbb_version, test::contains("20"));
    const runtime_info inside = pool(5).install([] { return describe_runtime(); });
    REQUIRE(inside.threads == 5);
    REQUIRE(inside.origin == thread_count_origin::config);
    REQUIRE_THAT(to_text(inside), test::contains("threads         5, decided by the program"));
}

TEST_CASE("runtime_info: more threads than cores are remarked on", "[exec][runtime_info]") {
    const runtime_info info = pool(1024).install([] { return describe_runtime(); });
    REQUIRE_THAT(to_text(info), test::contains("1024 threads on"));
}
