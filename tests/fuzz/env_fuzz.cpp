// SPDX-License-Identifier: Apache-2.0
// Any text of XRAYON_NUM_THREADS is either what the documentation says it is, or an environment_error that can be shown to anybody.
#include <xrayon/exec/thread_count.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

using kind = xrayon::thread_request::kind;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "env_fuzz: %s\n", what);
    std::abort();
}

/// The rule, worked out another way: by comparing with the numbers themselves. Nothing: an error is due.
std::optional<xrayon::thread_request> documented(std::string_view text) {
    if (text.empty() || text == "auto") {
        return xrayon::thread_request{};
    }
    if (text == "physical") {
        return xrayon::thread_request{kind::physical, 0};
    }
    if (text.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::nullopt;
    }
    while (text.size() > 1 && text.front() == '0') {
        text.remove_prefix(1);
    }
    if (text.size() <= 4) {
        for (std::size_t n = 0; n <= 1024; ++n) {
            if (text == std::to_string(n)) {
                return n == 0 ? xrayon::thread_request{} : xrayon::thread_request{kind::exactly, n};
            }
        }
    }
    return std::nullopt;
}

bool printable(std::string_view text) {
    for (const char c : text) {
        if (c < 0x20 || c > 0x7e) {
            return false;
        }
    }
    return true;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto expected = documented(text);
    try {
        const xrayon::thread_request got = xrayon::parse_thread_request(text);
        if (!expected) {
            fail("accepted what is not documented");
        }
        if (got.what != expected->what || got.threads != expected->threads) {
            fail("another value than the documented one");
        }
    } catch (const xrayon::environment_error& error) {
        if (expected) {
            fail("refused what is documented");
        }
        const std::string_view what = error.what();
        if (what.size() > 200 || !printable(what)) {
            fail("a message that is long or not printable");
        }
        if (!contains(what, "XRAYON_NUM_THREADS=\"" + error.text() + "\"") || !contains(what, "(accepted: auto, physical, or an integer from 1 to 1024)")) {
            fail("a message without the variable, its text or what is accepted");
        }
        const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
        if (!contains(what, digits ? "too large" : "not a number")) {
            fail("a message with the wrong reason");
        }
        if (error.variable() != "XRAYON_NUM_THREADS" || error.text().size() > 4 * 32) {
            fail("members that do not agree with the message");
        }
    }
    return 0;
}
