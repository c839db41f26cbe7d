// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_CATCH_HPP
#define XRAYON_TESTS_SUPPORT_CATCH_HPP

// The one place that knows which Catch2 is installed: version 2 is one header, version 3 a folder, and they name some things
// differently. Tests use `approx(x)` and `contains("text")` from here, and macros that both versions have.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#define XRAYON_CATCH_VERSION 3
#else
#include <catch2/catch.hpp>
#define XRAYON_CATCH_VERSION 2
#endif

#include <string>

namespace xrayon::test {

#if XRAYON_CATCH_VERSION == 3
using approx = Catch::Approx;
#else
using approx = Catch::Detail::Approx;
#endif

/// For REQUIRE_THROWS_WITH and REQUIRE_THAT: the text holds `part`.
inline auto contains(const std::string& part) {
#if XRAYON_CATCH_VERSION == 3
    return Catch::Matchers::ContainsSubstring(part);
#else
    return Catch::Matchers::Contains(part);
#endif
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_CATCH_HPP
