// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_PROPERTY_HPP
#define XRAYON_TESTS_SUPPORT_PROPERTY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "delays.hpp"

// Properties: statements about every input, tried on many random ones. A property takes its input from `draws` and returns what is wrong,
// or nothing. When one fails, its draws are made smaller as long as it still fails, and the smallest case is shown with the seed. All
// random choices are such draws, of whole numbers, so that shrinking needs to know nothing of what is made of them.

namespace xrayon::test {

/// The source of one case. Draws are remembered by name and value; a case can be run again from its values.
class draws {
public:
    explicit draws(std::uint64_t seed, std::vector<std::uint64_t> replayed = {}) : state_(seed), replayed_(std::move(replayed)) {}

    /// A number from `least` to `most`; `least` counts as the simplest.
    std::size_t between(std::string_view name, std::size_t least, std::size_t most) {
        const std::uint64_t range = most - least;
        state_ += 0x9e3779b97f4a7c15u;
        const std::uint64_t fresh = range == ~std::uint64_t{0} ? mix(state_) : mix(state_) % (range + 1);
        const std::uint64_t above = taken_.size() < replayed_.size() ? std::min(replayed_[taken_.size()], range) : fresh;
        taken_.push_back(above);
        names_ += (names_.empty() ? "" : ", ") + std::string(name) + " = " + std::to_string(least + above);
        return static_cast<std::size_t>(least + above);
    }
    bool flip(std::string_view name) { return between(name, 0, 1) == 1; }
    template <class T, class... Rest>
    T one_of(std::string_view name, T first, Rest... rest) {
        const T all[] = {first, static_cast<T>(rest)...};
        return all[between(name, 0, sizeof...(rest))];
    }

    [[nodiscard]] const std::vector<std::uint64_t>& taken() const noexcept { return taken_; }
    [[nodiscard]] const std::string& names() const noexcept { return names_; }

private:
    std::uint64_t state_;
    std::vector<std::uint64_t> replayed_;
    std::vector<std::uint64_t> taken_;
    std::string names_;
};

/// What a property that was tried says of the smallest case found; empty when it always held.
struct property_verdict {
    std::string wrong = {};
    std::string smallest = {};     ///< Its draws, by name.
    std::uint64_t seed = 0;        ///< Of the case that failed first, and the number of that case.
    std::size_t cases = 0;
};

/// XRAYON_TEST_SEED, or a fixed number.
inline std::uint64_t property_seed() {
    const char* const text = std::getenv("XRAYON_TEST_SEED");
    return text == nullptr || *text == '\0' ? 20'240'501u : std::strtoull(text, nullptr, 0);
}

namespace property_detail {

/// What is wrong with one case; an exception that gets out is, too.
template <class Property>
std::string try_case(const Property& property, draws& draw) {
    try {
        return property(draw);
    } catch (const std::exception& error) {
        return std::string("throws: ") + error.what();
    } catch (...) {
        return "throws something";
    }
}

/// Makes the draws of a failing case smaller, one at a time: to nothing, by half, by one.
template <class Property>
void shrink(const Property& property, std::uint64_t case_seed, std::vector<std::uint64_t> failing, property_verdict& verdict) {
    int left = 2000;
    for (bool smaller = true; smaller && left > 0;) {
        smaller = false;
        for (std::size_t i = 0; i < failing.size(); ++i) {
            for (const std::uint64_t by : {failing[i], failing[i] / 2, std::uint64_t{1}}) {
                if (failing[i] == 0 || by == 0 || left-- <= 0) {
                    continue;
                }
                auto candidate = failing;
                candidate[i] -= std::min(by, candidate[i]);
                draws again(case_seed, candidate);
                const std::string wrong = try_case(property, again);
                if (!wrong.empty()) {
                    failing = again.taken();  // fewer or more draws may follow from a smaller one
                    verdict.wrong = wrong;
                    verdict.smallest = again.names();
                    smaller = true;
                    break;
                }
            }
        }
    }
}

} // namespace property_detail

/// Tries a property on `cases` inputs drawn from `seed`.
template <class Property>
property_verdict try_property(const Property& property, std::size_t cases, std::uint64_t seed = property_seed()) {
    property_verdict verdict{.seed = seed};
    for (; verdict.cases < cases; ++verdict.cases) {
        const std::uint64_t case_seed = mix(seed + verdict.cases * 0x9e3779b97f4a7c15u);
        draws draw(case_seed);
        verdict.wrong = property_detail::try_case(property, draw);
        if (!verdict.wrong.empty()) {
            verdict.smallest = draw.names();
            property_detail::shrink(property, case_seed, draw.taken(), verdict);
            break;
        }
    }
    return verdict;
}

/// In a test case: the property holds, for all of `cases` inputs.
template <class Property>
void require_property(const Property& property, std::size_t cases) {
    const property_verdict verdict = try_property(property, cases);
    INFO("XRAYON_TEST_SEED=" << verdict.seed << ", case " << verdict.cases << ", at its smallest: " << verdict.smallest);
    REQUIRE(verdict.wrong.empty());
    REQUIRE(verdict.cases == cases);
}

/// Cases of a property in every run of the tests, and in soaks.
inline constexpr std::size_t few_cases = 300;
inline constexpr std::size_t many_cases = 100'000;

/// Two test cases of one property: `property` in every run, and many times over in soaks.
#define XRAYON_PROPERTY(name, tags, property)                                                        \
    TEST_CASE(name, tags) {                                                                          \
        xrayon::test::require_property(property, xrayon::test::few_cases);                           \
    }                                                                                                \
    TEST_CASE(name ", a hundred thousand times", "[.soak][soak]" tags) {                             \
        xrayon::test::require_property(property, xrayon::test::many_cases);                          \
    }

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_PROPERTY_HPP
