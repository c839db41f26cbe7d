// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/thread_count.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "../support/catch.hpp"

using namespace xrayon;
using kind = thread_request::kind;

TEST_CASE("thread_count: XRAYON_NUM_THREADS unset, empty, 0 and auto are automatic", "[exec][thread_count][T1]") {
    for (const char* text : {"", "0", "auto", "00"}) {
        REQUIRE(parse_thread_request(text).what == kind::automatic);
    }
    REQUIRE(parse_thread_request("physical").what == kind::physical);
}

TEST_CASE("thread_count: XRAYON_NUM_THREADS may be a number from 1 to 1024", "[exec][thread_count][T8]") {
    const auto value = [](const char* text) {
        const thread_request request = parse_thread_request(text);
        REQUIRE(request.what == kind::exactly);
        return request.threads;
    };
    REQUIRE(value("1") == 1);
    REQUIRE(value("08") == 8);
    REQUIRE(value("1024") == 1024);
}

TEST_CASE("thread_count: any other text is an error that names variable, text and what is accepted", "[exec][thread_count][errors][T2][T3][T4][T5][T6][T7]") {
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

TEST_CASE("thread_count: a text of a megabyte gives a short message", "[exec][thread_count][errors][T9]") {
    try {
        (void)parse_thread_request(std::string(1 << 20, '\xff'));
        FAIL("accepted");
    } catch (const environment_error& error) {
        REQUIRE(std::string(error.what()).size() <= 200);
        REQUIRE_THAT(error.what(), test::contains("XRAYON_NUM_THREADS=\"\\xff\\xff"));
        REQUIRE_THAT(error.what(), test::contains("\\xff...\": not a number (accepted: auto"));
    }
    for (const std::string& text : {std::string("\x1b[2J\x07\x7f"), std::string("\xc3\x28\xed\xa0\x80"), std::string("\0" "8", 2), std::string(1 << 20, '1')}) {
        try {
            (void)parse_thread_request(text);
            FAIL("accepted");
        } catch (const environment_error& error) {
            const std::string what = error.what();
            REQUIRE(what.size() <= 200);
            REQUIRE(std::all_of(what.begin(), what.end(), [](char c) { return c >= 0x20 && c <= 0x7e; }));
        }
    }
}

TEST_CASE("thread_count: a variable that is unset, empty, 0 or auto leaves the count to the machine", "[exec][thread_count][T1]") {
    const thread_count machine = resolve_thread_count(0);
    REQUIRE(machine.threads >= 1);
    ::unsetenv("XRAYON_NUM_THREADS");
    REQUIRE(resolve_thread_count({}).threads == machine.threads);
    for (const char* text : {"", "0", "auto"}) {
        ::setenv("XRAYON_NUM_THREADS", text, 1);
        REQUIRE(resolve_thread_count({}).threads == machine.threads);
        REQUIRE(resolve_thread_count({}).origin == machine.origin);
    }
    ::unsetenv("XRAYON_NUM_THREADS");
}

TEST_CASE("thread_count: each wrong text has its reason and is shown as it is", "[exec][thread_count][errors][T2][T3][T4][T5][T6][T7]") {
    const std::string accepted = " (accepted: auto, physical, or an integer from 1 to 1024)";
    const auto message = [](const char* text) {
        ::setenv("XRAYON_NUM_THREADS", text, 1);
        std::string got = "accepted";
        try {
            (void)resolve_thread_count({});
        } catch (const environment_error& error) {
            got = error.what();
            CHECK(error.variable() == "XRAYON_NUM_THREADS");
        }
        ::unsetenv("XRAYON_NUM_THREADS");
        return got;
    };
    REQUIRE(message("abc") == "XRAYON_NUM_THREADS=\"abc\": not a number" + accepted);
    REQUIRE(message("-1") == "XRAYON_NUM_THREADS=\"-1\": not a number" + accepted);
    REQUIRE(message("99999999999999") == "XRAYON_NUM_THREADS=\"99999999999999\": too large" + accepted);
    REQUIRE(message("99999999999999999999999") == "XRAYON_NUM_THREADS=\"99999999999999999999999\": too large" + accepted);
    REQUIRE(message("1025") == "XRAYON_NUM_THREADS=\"1025\": too large" + accepted);
    REQUIRE(message("\xef\xbc\x98") == "XRAYON_NUM_THREADS=\"\\xef\\xbc\\x98\": not a number" + accepted);
    REQUIRE(message("abcdefghijklmnopqrstuvwxyz") == "XRAYON_NUM_THREADS=\"abcdefghijklmnopqrstuvwx...\": not a number" + accepted);
}

TEST_CASE("thread_count: automatic is the smaller of physical cores and quota, rounded up", "[exec][thread_count][T1]") {
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

TEST_CASE("thread_count: what the program says goes before the environment", "[exec][thread_count][T1][T11]") {
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
