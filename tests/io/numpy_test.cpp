// SPDX-License-Identifier: Apache-2.0
// numpy itself, where it is installed: arrays go both ways. numpy_check.py is the other side.
#include <xrayon/io/npy.hpp>
#include <xrayon/io/write_npy.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// SplitMix64 (Steele, Lea, Flood 2014).
struct numbers {
    std::uint64_t state;
    std::uint64_t operator()() {
        state += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }
};

struct random_array {
    xrayon::npy_type type;
    std::vector<std::size_t> shape;
    std::string elements;  ///< By rows.
    bool columns;
};

random_array draw_array(std::uint64_t number) {
    static constexpr const char* types[] = {"<b1", "<i1", "<i2", "<i4", "<i8", "<u1", "<u2", "<u4", "<u8", "<f4", "<f8", "<c8", "<c16"};
    numbers draw{number};
    random_array out{};
    out.type = xrayon::detail::npy_type_from(types[draw() % 13]);
    out.shape.resize(draw() % 5);
    std::size_t count = 1;
    for (std::size_t& extent : out.shape) {
        extent = draw() % 7;
        count *= extent;
    }
    for (std::size_t byte = 0; byte != count * out.type.size; ++byte) {
        const std::uint64_t bits = draw() >> 56;
        out.elements += static_cast<char>(out.type.kind == 'b' ? bits & 1 : bits);
    }
    out.columns = draw() % 2 == 1;
    return out;
}

/// The first Python that has numpy; empty if none has.
std::string python_with_numpy() {
    for (const char* python : {"python3", "/usr/bin/python3"}) {
        if (std::system((std::string(python) + " -c 'import numpy' >/dev/null 2>&1").c_str()) == 0) {
            return python;
        }
    }
    return {};
}

void both_ways(std::uint64_t first, std::uint64_t last) {
    const std::string python = python_with_numpy();
    if (python.empty() || std::endian::native == std::endian::big) {
        WARN("left out: needs python3 with numpy, and a little-endian machine");
        return;
    }
    const xrayon::test::fixture_root root;
    const auto path = [&](const char* who, std::uint64_t number) {
        return root.path() + "/" + who + "_" + std::to_string(number) + ".npy";
    };
    for (std::uint64_t number = first; number != last; ++number) {
        const random_array array = draw_array(number);
        xrayon::detail::with_npy_type(array.type, [&]<class T>() {
            auto rows = xt::xarray<T>::from_shape(array.shape);
            if (!array.elements.empty()) {
                std::memcpy(rows.data(), array.elements.data(), array.elements.size());
            }
            if (array.columns) {
                xrayon::write_npy(path("ours", number), xt::xarray<T, xt::layout_type::column_major>(rows), {.durable = false});
            } else {
                xrayon::write_npy(path("ours", number), rows, {.durable = false});
            }
        });
    }
    const std::string script = (std::filesystem::path(__FILE__).parent_path() / "numpy_check.py").string();
    REQUIRE(std::system(
                (python + " '" + script + "' '" + root.path() + "' " + std::to_string(first) + " " + std::to_string(last) + " >/dev/null")
                    .c_str())
            == 0);
    std::size_t wrong = 0;
    for (std::uint64_t number = first; number != last; ++number) {
        const random_array array = draw_array(number);
        xrayon::detail::with_npy_type(array.type, [&]<class T>() {
            const auto got = xrayon::read_npy<T>(path("numpys", number));
            const bool same = got.shape() == typename xt::xarray<T>::shape_type(array.shape.begin(), array.shape.end())
                              && std::string_view(reinterpret_cast<const char*>(got.data()), got.size() * sizeof(T)) == array.elements;
            wrong += same ? 0 : 1;
        });
    }
    CHECK(wrong == 0);
}

} // namespace

TEST_CASE("numpy: 200 random arrays go to numpy and come from numpy bit for bit", "[io][npy][numpy][N31]") { both_ways(0, 200); }

TEST_CASE("numpy: 5,000 random arrays go both ways", "[.soak][soak][io]") { both_ways(1000, 6000); }
