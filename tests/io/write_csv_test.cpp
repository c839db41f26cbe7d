// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/write_csv.hpp>

#include "../support/catch.hpp"

#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using xrayon::csv_table;
using xrayon::read_csv;
using xrayon::write_csv;

namespace {

struct temporary_directory {
    fs::path path;
    temporary_directory() {
        std::string name = (fs::temp_directory_path() / "xrayon_write_csv_XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~temporary_directory() { fs::remove_all(path); }
    std::string operator/(const std::string& name) const { return (path / name).string(); }
};

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

const xt::xtensor<double, 2> small{{1, 2.5}, {-3, 0.1}};

} // namespace

TEST_CASE("write_csv: writes names and the shortest digits that read back", "[io][write_csv]") {
    const temporary_directory at;
    write_csv(at / "t.csv", small, {"a", "b"});
    REQUIRE(content(at / "t.csv") == "a,b\n1,2.5\n-3,0.1\n");
    write_csv(at / "t.csv", small);
    REQUIRE(content(at / "t.csv") == "1,2.5\n-3,0.1\n");
    write_csv(at / "t.csv", small, {"a", "b"}, {.delimiter = ';'});
    REQUIRE(content(at / "t.csv") == "a;b\n1;2.5\n-3;0.1\n");
    write_csv(at / "t.csv", xt::xtensor<std::int8_t, 2>{{-128, 127}});
    REQUIRE(content(at / "t.csv") == "-128,127\n");
    write_csv(at / "t.csv", xt::xarray<float>{{0.1F, 1e30F}});
    REQUIRE(content(at / "t.csv") == "0.1,1e+30\n");
}

TEST_CASE("write_csv: NaN, infinities and negative zero have one spelling each, and every double reads back bit for bit",
          "[io][write_csv][C29]") {
    const temporary_directory at;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    write_csv(at / "t.csv", xt::xtensor<double, 2>{{nan, -nan, infinity, -infinity, -0.0, 0.0}});
    REQUIRE(content(at / "t.csv") == "nan,nan,inf,-inf,-0,0\n");
    REQUIRE(std::signbit(read_csv(at / "t.csv", {.header = false}).values(0, 4)));

    xt::xtensor<double, 2> values = xt::xtensor<double, 2>::from_shape(std::array<std::size_t, 2>{20'000, 5});
    std::uint64_t state = 7;  // splitmix64
    for (double& value : values.storage()) {
        do {
            std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
            value = std::bit_cast<double>(z ^ (z >> 31));
        } while (std::isnan(value));
    }
    values(0, 0) = std::numeric_limits<double>::denorm_min();
    values(0, 1) = std::numeric_limits<double>::max();
    write_csv(at / "t.csv", values);
    const csv_table table = read_csv(at / "t.csv", {.header = false});
    REQUIRE(table.rows() == 20'000);
    std::size_t different = 0;
    for (std::size_t i = 0; i != values.size(); ++i) {
        different += std::bit_cast<std::uint64_t>(values.data()[i]) == std::bit_cast<std::uint64_t>(table.values.data()[i]) ? 0 : 1;
    }
    REQUIRE(different == 0);
}

TEST_CASE("write_csv: any name that can be read is read back", "[io][write_csv][C28]") {
    const temporary_directory at;
    const std::vector<std::string> names{
        "\xef\xbb\xbf"
        "a",
        "b,c",
        "say \"hi\"",
        " d ",
        "",
        "#e",
        "gr\xc3\xb6\xc3\x9f"
        "e",
        "=cmd()",
        "a_b",
        "\"",
        "nan",
        "\t",
        "BZh91AY&SY"};
    xt::xtensor<double, 2> values = xt::xtensor<double, 2>::from_shape(std::array<std::size_t, 2>{1, names.size()});
    values.fill(1);
    for (const char delimiter : {',', ';', '\t', ' ', '#', '_'}) {
        write_csv(at / "t.csv", values, names, {.delimiter = delimiter});
        const csv_table table = read_csv(at / "t.csv", {.delimiter = delimiter, .comment = delimiter == '#' ? '\0' : '#'});
        REQUIRE(table.columns == names);
        REQUIRE(table.rows() == 1);
    }
    write_csv(at / "two.csv", xt::xtensor<double, 2>{{1, 2}}, {"a_b", "c"}, {.delimiter = '_'});
    REQUIRE(content(at / "two.csv") == "\"a_b\"_c\n1_2\n");
    write_csv(at / "one.csv", xt::xtensor<double, 2>{{1}}, {""});
    REQUIRE(content(at / "one.csv") == "\"\"\n1\n");
}

TEST_CASE("write_csv: formulas are written as they are, or refused by option", "[io][write_csv][errors][C28]") {
    const temporary_directory at;
    write_csv(at / "t.csv", small, {"=cmd()", "-b"});
    REQUIRE(content(at / "t.csv") == "\"=cmd()\",-b\n1,2.5\n-3,0.1\n");
    for (const std::string name : {"=cmd()", "+b", "-b", "@SUM", "\tb"}) {
        REQUIRE_THROWS_AS(write_csv(at / "no.csv", small, {"a", name}, {.refuse_formulas = true}), xrayon::argument_error);
        REQUIRE_THROWS_WITH(
            write_csv(at / "no.csv", small, {"a", name}, {.refuse_formulas = true}),
            "write_csv: a name must not begin with = + - @ or a tab (refuse_formulas), got \"" + xrayon::escaped(name) + "\"");
    }
    write_csv(at / "t.csv", small, {"a", "b=1"}, {.refuse_formulas = true});
    REQUIRE(!fs::exists(at / "no.csv"));
}

TEST_CASE("write_csv: tables, views and empty shapes", "[io][write_csv]") {
    const temporary_directory at;
    write_csv(at / "t.csv", small, {"a", "b"});
    const csv_table table = read_csv(at / "t.csv");
    write_csv(at / "again.csv", table);
    REQUIRE(content(at / "again.csv") == content(at / "t.csv"));

    xt::xtensor<double, 2> wide{{1, 2, 3}, {4, 5, 6}};
    write_csv(at / "t.csv", xt::view(wide, xt::all(), xt::range(0, 3, 2)));
    REQUIRE(content(at / "t.csv") == "1,3\n4,6\n");

    write_csv(at / "t.csv", xt::xtensor<double, 2>::from_shape(std::array<std::size_t, 2>{0, 2}), {"a", "b"});
    REQUIRE(content(at / "t.csv") == "a,b\n");
    REQUIRE(read_csv(at / "t.csv").column_count() == 2);
    write_csv(at / "t.csv", xt::xtensor<double, 2>::from_shape(std::array<std::size_t, 2>{0, 0}));
    REQUIRE(content(at / "t.csv").empty());
    REQUIRE(read_csv(at / "t.csv", {.empty_ok = true}).rows() == 0);
}

TEST_CASE("write_csv: says which argument is wrong, and leaves the old file", "[io][write_csv][errors]") {
    const temporary_directory at;
    write_csv(at / "t.csv", small);
    const auto refuses = [&](const std::string& what, const auto& values, const std::vector<std::string>& names,
                             const xrayon::csv_write_options& options = {}) {
        REQUIRE_THROWS_AS(write_csv(at / "t.csv", values, names, options), xrayon::argument_error);
        REQUIRE_THROWS_WITH(write_csv(at / "t.csv", values, names, options), what);
    };
    refuses("write_csv: names must be none or 2, got 1", small, {"a"});
    refuses("write_csv: a name must hold no line end and no NUL byte, got \"a\\x0ab\"", small, {"a\nb", "c"});
    refuses("write_csv: a name must hold no line end and no NUL byte, got \"a\\x00\"", small, {std::string("a\0", 2), "c"});
    refuses("write_csv: values must have columns or no rows, got shape (2, 0)",
            xt::xtensor<double, 2>::from_shape(std::array<std::size_t, 2>{2, 0}), {});
    refuses("write_csv: delimiter must be a tab or an ASCII mark other than + - ., got e", small, {}, {.delimiter = 'e'});
    refuses("write_csv: delimiter and quote must differ, got \\x22", small, {}, {.delimiter = '"'});
    refuses("write_csv: permissions must be <= 511 (octal 777), got 512", small, {}, {.permissions = 01000});
    refuses("view_of: X must have rank 2, got shape (3,)", xt::xarray<double>{1, 2, 3}, {});
    REQUIRE(content(at / "t.csv") == "1,2.5\n-3,0.1\n");
    REQUIRE_THROWS_WITH(write_csv(at / "none/t.csv", small),
                        "write_csv: open the directory of " + (at / "none/t.csv") + ": No such file or directory");
    if (fs::exists("/dev/full")) {
        REQUIRE_THROWS_AS(write_csv("/dev/full", small), xrayon::io_error);
    }
}
