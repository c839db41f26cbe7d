// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/thread_count.hpp>

#include <cstdlib>
#include <string>

#include "../support/catch.hpp"

using namespace xrayon;
using kind = thread_request::kind;

TEST_CASE("thread_count: XRAYON_NUM_THREADS unset, empty, 0 and auto are automatic", "[exec][thread_count]") {
    for (const char* text : {"", "0", "auto", "00"}) {
        REQUIRE(parse_thread_request(text).what == kind::automatic);
    }
    REQUIRE(parse_thread_request("physical").what == kind::physical);
}

TEST_CASE("thread_count: XRAYON_NUM_THREADS may be a number from 1 to 1024", "[exec][thread_count]") {
    const auto value = [](const char* text) {
        const thread_request request = parse_thread_request(text);
        REQUIRE(request.what == kind::exactly);
        return request.threads;
    };
    REQUIRE(value("1") == 1);
    REQUIRE(value("08") == 8);
    REQUIRE(value("1024") == 1024);
}

TEST_CASE("thread_count: any other text is an error that names variable, text and what is accepted", "[exec][thread_count][errors]") {
    const std::string accepted = " (accepted: auto, physical, or an integer from 1 to 1024)";
    REQUIRE_THROWS_WITH(parse_thread_request("abc"), "XRAYON_NUM_THREADS=\"abc\": not a number" + accepted);
    for (const char* text : {"-1", "8x", "0x8", "1e3", "+8", "8.0", " 8", "8 ", "4\n", "inf", "\xef\xbc\x98", "AUTO"}) {
        INFO(text);
        REQUIRE_THROWS_AS(parse_thread_request(text), environment_error);
        REQUIRE_THROWS_WITH(parse_thread_request(text), test::contains("not a number"));
    }
    for (const char* text : {"1025", "99999999999999", "99999999999999999999999"}) {
        REQUIRE_THROWS_WITH(parse_thread_request(text), test::contains("too large"));
    }
    try {
        (void)parse_thread_request("4\n");
        FAIL("accepted");
    } catch (const environment_error& error) {
        REQUIRE(error.variable() == "XRAYON_NUM_THREADS");
        REQUIRE(error.text() == "4\\x0a");
    }
}

TEST_CASE("thread_count: a text of a megabyte gives a short message", "[exec][thread_count][errors]") {
    try {
        (void)parse_thread_request(std::string(1 << 20, '\xff'));
        FAIL("accepted");
    } catch (const environment_error& error) {
        REQUIRE(std::string(error.what()).size() <= 230);
    }
}

TEST_CASE("thread_count: automatic is the smaller of physical cores and quota, rounded up", "[exec][thread_count]") {
    const auto count = [](std::size_t physical, std::optional<double> quota) {
        return automatic_thread_count({2 * physical, physical}, {quota, {}});
    };
    REQUIRE(count(8, {}).threads == 8);
    REQUIRE(count(8, {}).origin == thread_count_origin::cores);
    REQUIRE(count(8, 1.5).threads == 2);
    REQUIRE(count(8, 1.5).origin == thread_count_origin::quota);
    REQUIRE(count(8, 0.1).threads == 1);
    REQUIRE(count(2, 3.0).threads == 2);
    REQUIRE(count(2, 3.0).origin == thread_count_origin::cores);
    REQUIRE(count(4000, {}).threads == 1024);
}

TEST_CASE("thread_count: what the program says goes before the environment", "[exec][thread_count]") {
    ::setenv("XRAYON_NUM_THREADS", "3", 1);
    REQUIRE(resolve_thread_count({}).threads == 3);
    REQUIRE(resolve_thread_count({}).origin == thread_count_origin::environment);
    REQUIRE(resolve_thread_count(5).threads == 5);
    REQUIRE(resolve_thread_count(5).origin == thread_count_origin::config);
    REQUIRE(resolve_thread_count(0).origin != thread_count_origin::environment);
    ::setenv("XRAYON_NUM_THREADS", "many", 1);
    REQUIRE_THROWS_AS(resolve_thread_count({}), environment_error);
    REQUIRE(resolve_thread_count(5).threads == 5);
    ::unsetenv("XRAYON_NUM_THREADS");
    REQUIRE(resolve_thread_count({}).threads >= 1);
    REQUIRE_THROWS_WITH(resolve_thread_count(1025), "pool: threads must be 0 (automatic) or 1 to 1024, got 1025");
}
