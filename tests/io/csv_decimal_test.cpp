// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/detail/decimal.hpp>

#include "../support/catch.hpp"

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using xrayon::detail::read_decimal;

namespace {

/// splitmix64
struct random_bits {
    std::uint64_t state;
    std::uint64_t operator()() noexcept {
        std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
};

struct tally {
    std::size_t taken = 0;
    std::size_t wrong = 0;
    std::string example;

    /// Compares with from_chars and with strtod, which are two implementations; both round correctly.
    void look_at(const std::string& text) {
        double got = 0;
        const char* const end = text.data() + text.size();
        const char* const stop = read_decimal(text.data(), end, got);
        if (stop == nullptr) {
            return;
        }
        ++taken;
        double expected = 0;
        const auto [past, error] = std::from_chars(text.data() + (text[0] == '+' ? 1 : 0), end, expected);
        const double other = std::strtod(text.c_str(), nullptr);
        const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
        if (stop != end || past != end || error != std::errc{} || bits(got) != bits(expected) || bits(got) != bits(other)) {
            example = wrong++ == 0 ? text : example;
        }
    }
};

std::string text_of(const char* format, auto... values) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, format, values...);
    return buffer;
}

} // namespace

TEST_CASE("decimal: a million random texts are read as from_chars and strtod read them, bit for bit", "[io][csv][C14]") {
    random_bits random{20240607};
    tally seen;
    const auto below = [&](std::uint64_t n) { return static_cast<int>(random() % n); };
    for (int i = 0; i != 150'000; ++i) {
        const std::uint64_t bits = random();
        const double unit = static_cast<double>(bits >> 11) * 0x1p-53;
        seen.look_at(text_of("%.17g", unit));
        seen.look_at(text_of(
            "%.17g", std::bit_cast<double>((bits & 0x800fffffffffffffu) | static_cast<std::uint64_t>(1023 - 150 + below(300)) << 52)));
        seen.look_at(text_of("%.*f", below(12), (unit - 0.5) * 1e6));
        seen.look_at(text_of("%llue%d", static_cast<unsigned long long>(random() >> below(64)), below(130) - 65));
        seen.look_at(text_of("%llu.%llu", static_cast<unsigned long long>(random() >> (30 + below(34))),
                             static_cast<unsigned long long>(random() >> (30 + below(34)))));
        // Halfway between two doubles, and one digit beside it: where rounding goes wrong first.
        const auto half = static_cast<unsigned long long>((((std::uint64_t{1} << 53) | (random() >> 11)) * 2 + 1) >> below(40));
        seen.look_at(text_of("%llue%d", half, below(28) - 4));
        seen.look_at(text_of("%s%llu.%s", i % 2 == 0 ? "-" : "+",
                             static_cast<unsigned long long>((std::uint64_t{1} << 52) | (random() >> 12)), "50"));
    }
    INFO("first: " << seen.example);
    CHECK(seen.wrong == 0);
    CHECK(seen.taken >= 1'000'000);  // and they were not all left to from_chars
}

TEST_CASE("decimal: digits at the edge of what each road may take", "[io][csv][C14]") {
    tally seen;
    for (const std::string& text : std::vector<std::string>{
             "0", "-0", "+0", "0.0", "0e55", "0e-55", "9007199254740992", "9007199254740993", "9007199254740992e22",
             "9007199254740993e22", "1e22", "1e23", "1e-22", "1e-23", "1e55", "1e-55", "9999999999999999999",
             "9999999999999999999e55", "9999999999999999999e-55", "9007199254740993e-4", "9007199254740993e-5",
             "4503599627370497.5", "4503599627370498.5", "18014398509481990", "5.", ".5", "-.5e+1", "1E5", "00000000000000000.1",
             "8.98846567431158e-40", "12345678", "123456789", "1234567.8", "12345678.12345678", "1e0001"}) {
        seen.look_at(text);
    }
    INFO("first: " << seen.example);
    CHECK(seen.wrong == 0);
    CHECK(seen.taken == 35);
}

TEST_CASE("decimal: what is no number, or not for the quick roads, is left alone", "[io][csv][C6]") {
    double value = 7;
    for (const std::string_view text : {"", "-", "+", ".", "-.", "e5", "1e", "1e+", "1ex", "abc", "--1", "+-1", "nan", "inf", "1e56",
                                        "1e-56", "1e00001", "12345678901234567890", "0.12345678901234567890"}) {
        INFO("text: " << text);
        CHECK(read_decimal(text.data(), text.data() + text.size(), value) == nullptr);
        CHECK(value == 7);
    }
    const std::string_view followed = "1.5abc";
    CHECK(read_decimal(followed.data(), followed.data() + followed.size(), value) == followed.data() + 3);
}

TEST_CASE("decimal: nothing behind the end counts, wherever the end is", "[io][csv][C26]") {
    const std::string text = "1234567890.123456789";
    for (std::size_t length = 1; length <= text.size(); ++length) {
        const std::string exact = text.substr(0, length);
        double cut = 0;
        const char* const stop = read_decimal(text.data(), text.data() + length, cut);
        REQUIRE(stop == text.data() + length);
        REQUIRE(cut == std::strtod(exact.c_str(), nullptr));
    }
}
