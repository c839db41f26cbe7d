// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sort.hpp>

#include "../support/catch.hpp"
#include "../support/property.hpp"
#include "../support/sequences.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using test::mix;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
T nan_of(bool negative, unsigned payload) {
    if constexpr (sizeof(T) == 8) {
        return std::bit_cast<T>((negative ? 0xfff8000000000000u : 0x7ff8000000000000u) | payload);
    } else {
        return std::bit_cast<T>((negative ? 0xffc00000u : 0x7fc00000u) | payload);
    }
}

struct shape {
    std::string_view name;
    double (*value)(std::size_t i, std::size_t n);
};

/// From what sorts like to what they do not.
constexpr shape shapes[] = {
    {"random", [](std::size_t i, std::size_t) { return static_cast<double>(mix(i + 1) >> 11) * 0x1p-53 - 0.3; }},
    {"all equal", [](std::size_t, std::size_t) { return 2.5; }},
    {"ascending", [](std::size_t i, std::size_t) { return static_cast<double>(i); }},
    {"descending", [](std::size_t i, std::size_t n) { return static_cast<double>(n - i); }},
    {"descending in pairs of equal ones", [](std::size_t i, std::size_t n) { return static_cast<double>((n - i) / 2); }},
    {"organ pipe", [](std::size_t i, std::size_t n) { return static_cast<double>(std::min(i, n - i)); }},
    {"five values", [](std::size_t i, std::size_t) { return static_cast<double>(mix(i + 1) % 5); }},
    {"half of it one value",
     [](std::size_t i, std::size_t) { return mix(i + 1) % 2 == 0 ? 0.0 : static_cast<double>(mix(i) % 1000) - 500.0; }},
    {"ascending but for a few", [](std::size_t i, std::size_t) { return mix(i) % 200 == 0 ? 77.0 : static_cast<double>(i); }},
    {"two ascending halves", [](std::size_t i, std::size_t n) { return static_cast<double>(i % (n / 2 + 1)); }},
    {"saw teeth", [](std::size_t i, std::size_t) { return static_cast<double>(i % 4096); }},
    {"of all magnitudes",
     [](std::size_t i, std::size_t) { return std::ldexp(mix(i) % 2 == 0 ? 1.0 : -1.25, static_cast<int>(mix(i + 1) % 2000) - 1000); }},
    {"one far away",
     [](std::size_t i, std::size_t n) { return i == n / 2 ? -1e300 : 1.0 + static_cast<double>(mix(i + 1) % 100'000) * 1e-9; }},
    {"denormal", [](std::size_t i, std::size_t) { return std::bit_cast<double>(mix(i + 1) % 3000); }},
    {"special",
     [](std::size_t i, std::size_t) {
         const std::array values{0.0,
                                 -0.0,
                                 infinity,
                                 -infinity,
                                 nan_of<double>(false, 0),
                                 nan_of<double>(true, 0),
                                 nan_of<double>(false, 5),
                                 nan_of<double>(true, 5),
                                 1.0,
                                 -1.0,
                                 5e-324,
                                 -5e-324};
         return values[mix(i + 1) % values.size()];
     }},
};

std::vector<double> make(const shape& of, std::size_t n) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        values[i] = of.value(i, n);
    }
    return values;
}

template <class T>
auto bits_of(const std::vector<T>& values) {
    std::vector<detail::unsigned_of<sizeof(T)>> bits(values.size());
    std::transform(values.begin(), values.end(), bits.begin(), [](T x) { return std::bit_cast<detail::unsigned_of<sizeof(T)>>(x); });
    return bits;
}

template <class T>
std::vector<T> stable_sorted(std::vector<T> values) {
    std::stable_sort(values.begin(), values.end(), natural_less{});
    return values;
}

/// What par_sort_unstable says of floating point, written down apart from it.
template <class T>
bool total_less(T a, T b) {
    if (std::isnan(a) != std::isnan(b)) {
        return std::isnan(b);
    }
    if (std::isnan(a)) {
        if (std::signbit(a) != std::signbit(b)) {
            return std::signbit(b);
        }
        const auto x = std::bit_cast<detail::unsigned_of<sizeof(T)>>(a);
        const auto y = std::bit_cast<detail::unsigned_of<sizeof(T)>>(b);
        return std::signbit(a) ? x > y : x < y;
    }
    return a < b || (a == b && std::signbit(a) && !std::signbit(b));
}

const pool& pool_of(std::size_t threads) {
    static std::map<std::size_t, pool> pools;
    return pools.try_emplace(threads, threads).first->second;
}

/// A value whose place tells where it came from, which nothing compares.
struct tagged {
    int key;
    unsigned from;
    friend bool operator==(const tagged&, const tagged&) = default;
};

std::vector<tagged> tagged_values(std::size_t n, int different) {
    std::vector<tagged> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        values[i] = {static_cast<int>(mix(i + 7) % static_cast<unsigned>(different)), static_cast<unsigned>(i)};
    }
    return values;
}

constexpr auto by_key = [](const tagged& a, const tagged& b) { return a.key < b.key; };

} // namespace

TEST_CASE("par_sort: values of every shape and size come out as std::stable_sort has them, by both algorithms", "[par][sort]") {
    for (const shape& of : shapes) {
        for (const std::size_t n : {0u,  1u,  2u,  3u,  4u,   5u,   7u,   8u,    9u,    15u,   16u,   17u,   23u,   24u,   25u,
                                    26u, 63u, 64u, 65u, 127u, 128u, 129u, 1000u, 2047u, 2048u, 2049u, 2050u, 4095u, 5000u, 8193u}) {
            const std::vector<double> input = make(of, n);
            const auto expected = bits_of(stable_sorted(input));
            for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
                INFO(of.name << ", n = " << n << ", threads " << threads);
                std::vector<double> by_radix = input;
                std::vector<double> by_merging = input;
                pool_of(threads).install([&] {
                    par_sort(by_radix);
                    par_sort_by(by_merging, [](double a, double b) { return natural_less{}(a, b); });
                });
                REQUIRE(bits_of(by_radix) == expected);
                REQUIRE(bits_of(by_merging) == expected);
            }
        }
    }
}

TEST_CASE("par_sort: many values come out as std::stable_sort has them at every thread count and grain, delayed", "[par][sort][law]") {
    for (const shape& of : shapes) {
        for (const std::size_t n : {32'768u, 32'769u, 100'000u}) {
            const std::vector<double> input = make(of, n);
            const auto expected = bits_of(stable_sorted(input));
            INFO(of.name << ", n = " << n);
            const bool all = n == 100'000;
            for (const std::size_t threads : test::thread_counts) {
                const test::random_delays delays(threads, 64);
                std::vector<double> by_radix = input;
                std::vector<double> by_merging = input;
                pool_of(threads).install([&] {
                    const loop_options options{.grain = threads % 2 == 0 ? std::optional<std::size_t>(3) : std::nullopt};
                    par_sort(by_radix, options);
                    if (all) {
                        par_sort_by(
                            by_merging, [](double a, double b) { return natural_less{}(a, b); }, options);
                    }
                });
                REQUIRE(bits_of(by_radix) == expected);
                REQUIRE((!all || bits_of(by_merging) == expected));
            }
        }
    }
}

TEST_CASE("par_sort: a million values in 256 buckets are sorted", "[par][sort]") {
    for (const shape& of : {shapes[0], shapes[6], shapes[11]}) {
        const std::vector<double> input = make(of, 1'000'003);
        std::vector<double> got = input;
        par_sort(got);
        INFO(of.name);
        REQUIRE(bits_of(got) == bits_of(stable_sorted(input)));
    }
}

TEMPLATE_TEST_CASE("par_sort: every kind of number has its own order", "[par][sort]", bool, signed char, char8_t, unsigned short, int,
                   unsigned long long, float, long double) {
    for (const std::size_t n : {20u, 300u, 40'000u}) {
        std::vector<TestType> input(n);
        for (std::size_t i = 0; i < n; ++i) {
            if constexpr (std::floating_point<TestType>) {
                input[i] = i % 97 == 0 ? -std::numeric_limits<TestType>::quiet_NaN() : static_cast<TestType>(shapes[11].value(i, n));
            } else {
                input[i] = static_cast<TestType>(mix(i + 1));
            }
        }
        std::unique_ptr<TestType[]> got(new TestType[n]);  // no vector: that of bool has no bools
        std::copy(input.begin(), input.end(), got.get());
        pool_of(2).install([&] { par_sort(std::span(got.get(), n)); });
        const auto expected = stable_sorted(input);
        INFO("n = " << n);
        REQUIRE(
            std::equal(expected.begin(), expected.end(), got.get(), [](TestType a, TestType b) { return a == b || (a != a && b != b); }));
        par_sort_by(std::span(got.get(), n), std::greater<>{});
        if constexpr (!std::floating_point<TestType>) {
            REQUIRE(std::equal(expected.rbegin(), expected.rend(), got.get()));
        }
        par_sort_unstable(std::span(got.get(), n));
        REQUIRE(
            std::equal(expected.begin(), expected.end(), got.get(), [](TestType a, TestType b) { return a == b || (a != a && b != b); }));
    }
}

TEMPLATE_TEST_CASE("par_sort_unstable: the bits of floating point depend on which values there are and not on their order",
                   "[par][sort][law]", float, double) {
    for (const std::size_t n : {2u, 12u, 24u, 200u, 5000u, 50'000u}) {
        std::vector<TestType> input(n);
        for (std::size_t i = 0; i < n; ++i) {
            const auto draw = mix(i + 3);
            const std::array special{TestType{0},
                                     -TestType{0},
                                     nan_of<TestType>(false, draw >> 40 & 7u),
                                     nan_of<TestType>(true, draw >> 40 & 7u),
                                     std::numeric_limits<TestType>::infinity(),
                                     -std::numeric_limits<TestType>::infinity()};
            input[i] = draw % 2 == 0 ? special[draw / 2 % special.size()] : static_cast<TestType>(draw % 1000) - 500;
        }
        std::vector<TestType> expected = input;
        std::stable_sort(expected.begin(), expected.end(), total_less<TestType>);
        INFO("n = " << n);
        for (const std::size_t threads : test::thread_counts) {
            const test::random_delays delays(threads, 64);
            std::vector<TestType> got = input;
            std::vector<TestType> turned(input.rbegin(), input.rend());
            pool_of(threads).install([&] {
                par_sort_unstable(got);
                par_sort_unstable(turned);
            });
            REQUIRE(bits_of(got) == bits_of(expected));
            REQUIRE(bits_of(turned) == bits_of(expected));
        }
    }
}

TEST_CASE("sort keys: their order is that of the numbers, ends included", "[par][sort]") {
    const std::array ascending{-infinity, -1e300, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 1e300, infinity};
    for (std::size_t i = 1; i < ascending.size(); ++i) {
        CHECK(detail::total_key{}(ascending[i - 1]) < detail::total_key{}(ascending[i]));
    }
    CHECK(detail::total_key{}(-infinity) == 0);
    CHECK(detail::total_key{}(infinity) < detail::total_key{}(std::bit_cast<double>(0x7ff0000000000001u)));
    CHECK(detail::total_key{}(std::bit_cast<double>(0x7fffffffffffffffu))
          < detail::total_key{}(std::bit_cast<double>(0xffffffffffffffffu)));
    CHECK(detail::total_key{}(std::bit_cast<double>(0xfff0000000000001u)) == ~std::uint64_t{0});
    CHECK(detail::natural_key{}(-0.0) == detail::natural_key{}(0.0));
    CHECK(detail::natural_key{}(-5e-324) < detail::natural_key{}(-0.0));
    CHECK(detail::natural_key{}(nan_of<double>(true, 3)) == detail::natural_key{}(nan_of<double>(false, 1)));
    CHECK(detail::natural_key{}(infinity) < detail::natural_key{}(nan_of<double>(true, 3)));
    CHECK(detail::total_key{}(std::numeric_limits<std::int8_t>::min()) == 0);
    CHECK(detail::total_key{}(std::int8_t{127}) == 255);
    CHECK(detail::total_key{}(false) < detail::total_key{}(true));
}

TEST_CASE("par_sort_by: equal values keep their order at every thread count and grain", "[par][sort][law]") {
    for (const int different : {1, 2, 7, 1000}) {
        for (const std::size_t n : {2u, 5u, 40u, 2049u, 30'011u}) {
            const std::vector<tagged> input = tagged_values(n, different);
            std::vector<tagged> expected = input;
            std::stable_sort(expected.begin(), expected.end(), by_key);
            INFO("n = " << n << ", " << different << " different keys");
            test::require_everywhere(expected, [&](const loop_options& options) {
                std::vector<tagged> got = input;
                par_sort_by(got, by_key, options);
                return got;
            });
        }
    }
}

TEST_CASE("par_sort_by: a comparison may answer by an ordering, as <=> does", "[par][sort]") {
    std::vector<tagged> values = tagged_values(5000, 50);
    std::vector<tagged> expected = values;
    std::stable_sort(expected.begin(), expected.end(), [](const tagged& a, const tagged& b) { return a.key > b.key; });
    par_sort_by(values, [](const tagged& a, const tagged& b) { return b.key <=> a.key; });
    REQUIRE(values == expected);
    std::vector<double> numbers{2, 0, 1};
    par_sort_by(numbers, [](double a, double b) { return a <=> b; });
    REQUIRE(numbers == std::vector<double>{0, 1, 2});
}

TEST_CASE("par_sort_by_key, par_sort_by_cached_key and the unstable forms: as a stable sort by the key", "[par][sort][law]") {
    for (const std::size_t n : {0u, 1u, 3u, 60u, 3000u, 20'000u}) {
        const std::vector<tagged> input = tagged_values(n, 100);
        std::vector<tagged> expected = input;
        std::stable_sort(expected.begin(), expected.end(), by_key);
        const auto number = [](const tagged& x) { return x.key * 0.5; };
        const auto text = [](const tagged& x) {
            return std::string(static_cast<std::size_t>(x.key) / 10, 'x') + static_cast<char>('0' + x.key % 10);
        };
        std::vector<tagged> by_text = input;
        std::stable_sort(by_text.begin(), by_text.end(), [&](const tagged& a, const tagged& b) { return text(a) < text(b); });
        INFO("n = " << n);
        test::require_everywhere(true, [&](const loop_options& options) {
            const auto same = [&](const std::vector<tagged>& wanted, const auto& sort) {
                std::vector<tagged> got = input;
                sort(got);
                return got == wanted;
            };
            return same(expected, [&](auto& x) { par_sort_by_key(x, number, options); })
                   && same(expected, [&](auto& x) { par_sort_by_key(x, &tagged::key, options); })
                   && same(expected, [&](auto& x) { par_sort_by_cached_key(x, number, options); })
                   && same(by_text, [&](auto& x) { par_sort_by_cached_key(x, text, options); })
                   && same(expected, [&](auto& x) { par_sort_unstable_by(x, by_key, options); })
                   && same(expected, [&](auto& x) { par_sort_unstable_by_key(x, number, options); });
        });
    }
}

TEST_CASE("par_sort_by_cached_key: the key function is called once for each value", "[par][sort]") {
    for (const std::size_t n : {1u, 2u, 24u, 3000u, 40'000u}) {
        for (const std::size_t threads : test::thread_counts) {
            std::vector<tagged> values = tagged_values(n, 100);
            std::vector<std::atomic<int>> calls(n);
            pool_of(threads).install([&] {
                par_sort_by_cached_key(values, [&](const tagged& x) {
                    ++calls[x.from];
                    return x.key;
                });
            });
            REQUIRE(std::is_sorted(values.begin(), values.end(), by_key));
            REQUIRE(std::all_of(calls.begin(), calls.end(), [&](const auto& c) { return c == (n > 1 ? 1 : 0); }));
        }
    }
}

namespace {

/// Larger than what is moved about while it is sorted.
struct wide {
    std::array<int, 30> content;
    friend auto operator<=>(const wide&, const wide&) = default;
};

} // namespace

TEST_CASE("par_sort: strings, pointers that own, wide values and pairs", "[par][sort]") {
    for (const std::size_t n : {2u, 9u, 500u, 2049u, 20'000u}) {
        for (const std::size_t threads : test::thread_counts) {
            const test::random_delays delays(threads, 16);
            INFO("n = " << n << ", threads " << threads);
            std::vector<std::string> strings(n);
            std::vector<std::unique_ptr<int>> owners(n);
            std::vector<wide> wides(n);
            std::vector<std::pair<int, std::string>> pairs(n);
            for (std::size_t i = 0; i < n; ++i) {
                const int draw = static_cast<int>(mix(i) % 3000);
                strings[i] = std::to_string(draw) + (draw % 3 == 0 ? " and more than fits into a string itself" : "");
                owners[i] = std::make_unique<int>(draw);
                wides[i].content.fill(draw);
                wides[i].content.back() = static_cast<int>(i % 5);
                pairs[i] = {draw % 10, strings[i]};
            }
            auto sorted_strings = strings;
            auto sorted_wides = wides;
            auto sorted_pairs = pairs;
            std::sort(sorted_strings.begin(), sorted_strings.end());
            std::sort(sorted_wides.begin(), sorted_wides.end());
            std::sort(sorted_pairs.begin(), sorted_pairs.end());
            std::vector<int*> by_address;
            std::stable_sort(owners.begin(), owners.end(), [](const auto& a, const auto& b) { return *a % 7 < *b % 7; });
            for (const auto& each : owners) {
                by_address.push_back(each.get());
            }
            std::stable_sort(by_address.begin(), by_address.end(), [](const int* a, const int* b) { return *a < *b; });
            pool_of(threads).install([&] {
                par_sort(strings);
                par_sort(wides);
                par_sort(pairs);
                par_sort_by(owners, [](const auto& a, const auto& b) { return *a < *b; });
            });
            REQUIRE(strings == sorted_strings);
            REQUIRE((wides == sorted_wides));
            REQUIRE(pairs == sorted_pairs);
            REQUIRE(std::equal(owners.begin(), owners.end(), by_address.begin(), by_address.end(),
                               [](const auto& a, const int* b) { return a.get() == b; }));
        }
    }
}

TEST_CASE("par_sort: arrays, spans and parts of them", "[par][sort]") {
    std::array<int, 5> array{3, 1, 2, 5, 4};
    par_sort(std::span(array).subspan(1, 3));
    REQUIRE(array == std::array<int, 5>{3, 1, 2, 5, 4});
    par_sort(std::span(array).first(3));
    REQUIRE(array == std::array<int, 5>{1, 2, 3, 5, 4});
    int plain[] = {2, 1};
    par_sort(plain);
    REQUIRE(plain[0] == 1);
    auto made = map_index(100, [](std::size_t i) { return 99 - i; });
    par_sort(made);
    REQUIRE(made[0] == 0);
    REQUIRE(made[99] == 99);
}

static_assert(sortable_range<std::vector<int>&> && sortable_range<std::span<int>> && sortable_range<int (&)[3]>);
static_assert(!sortable_range<const std::vector<int>&> && !sortable_range<std::span<const int>> && !sortable_range<std::vector<int>>);
static_assert(!sortable_range<std::vector<bool>&> && !sortable_range<std::list<int>&>);
static_assert(sort_order<std::less<>, int> && !sort_order<std::negate<>, int>);
static_assert(!sort_order<decltype([n = 0](int, int) mutable { return ++n == 0; }), int>);

TEST_CASE("par_sort_by: a comparison that contradicts itself gives some order of all values, the same at every thread count",
          "[par][sort]") {
    const auto liars = std::make_tuple([](int, int) { return true; },
                                       [](int a, int b) { return mix(static_cast<std::uint64_t>(a * 100'003 + b)) % 2 == 0; },
                                       [](int a, int b) { return (a - b) % 3 == 1; }, [](int a, int b) { return a <= b; });
    for (const std::size_t n : {2u, 3u, 4u, 5u, 16u, 33u, 100u, 1024u, 3000u, 20'000u}) {
        std::vector<int> input(n);
        for (std::size_t i = 0; i < n; ++i) {
            input[i] = static_cast<int>(mix(i) % n);
        }
        std::vector<int> all = input;
        std::sort(all.begin(), all.end());
        std::apply(
            [&](const auto&... liar) {
                const auto check = [&](const auto& less) {
                    std::optional<std::vector<int>> first;
                    for (const std::size_t threads : test::thread_counts) {
                        std::vector<int> got = input;
                        pool_of(threads).install([&] { par_sort_by(got, less); });
                        INFO("n = " << n << ", threads " << threads);
                        first = first ? first : got;
                        REQUIRE(got == *first);
                        std::sort(got.begin(), got.end());
                        REQUIRE(got == all);
                    }
                };
                (check(liar), ...);
            },
            liars);
    }
}

TEST_CASE("property: par_sort of random values is what std::stable_sort makes of them", "[par][sort][property]") {
    test::require_property(
        [](test::draws& draw) -> std::string {
            const std::size_t n = draw.one_of<std::size_t>("scale", 10, 100, 3000, 40'000) + draw.between("more", 0, 100);
            const std::size_t range = draw.one_of<std::size_t>("range", 1, 3, 100, 100'000, std::size_t{1} << 52);
            const std::size_t salt = draw.between("salt", 0, 1'000'000);
            const std::size_t run = draw.between("run", 1, 50);
            std::vector<double> values(n);
            for (std::size_t i = 0; i < n; ++i) {
                values[i] = static_cast<double>(mix(i / run * 7919 + salt) % range) + static_cast<double>(i % run);
            }
            const std::vector<double> expected = stable_sorted(values);
            std::vector<double> merged = values;
            pool_of(draw.one_of<std::size_t>("threads", 1, 2, 5)).install([&] {
                par_sort(values);
                par_sort_by(merged, [](double a, double b) { return a < b; });
            });
            return values == expected ? merged == expected ? "" : "merging differs" : "radix differs";
        },
        test::few_cases);
}
