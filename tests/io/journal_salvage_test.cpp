// SPDX-License-Identifier: Apache-2.0
// What can be saved of a damaged journal.
#include <xrayon/io/salvage.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/stat.h>

#include <xrayon/io/journal.hpp>

using namespace xrayon;
namespace fs = std::filesystem;

namespace {

std::string read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
void write_bytes(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }

std::string line(const std::string& text) {
    char sum[10];
    std::snprintf(sum, sizeof sum, "%08x ", crc32(text));
    return sum + text + "\n";
}
const std::string head = line("xrayon-journal 1 x");

/// The records that are saved of these bytes; the counts are what they must be.
std::vector<std::string> saved(const std::string& bytes, std::size_t lost) {
    const test::fixture_root root;
    const std::string from = root.path() + "/from";
    const std::string to = root.path() + "/to";
    write_bytes(from, bytes);
    const salvaged counts = salvage(from, to);
    REQUIRE(read_bytes(from) == bytes);
    REQUIRE(counts.lost_bytes == lost);
    journal j(to, "x");
    REQUIRE(j.dropped_bytes() == 0);
    REQUIRE(counts.kept == j.records().size());
    return j.take_records();
}

} // namespace

TEST_CASE("salvage: the good records of a damaged journal, wherever they stand", "[io][journal][salvage]") {
    using texts = std::vector<std::string>;
    const std::string one = line("one");
    const std::string two = line("two");
    const std::string three = line("three");
    REQUIRE(saved(head, 0).empty());
    REQUIRE(saved(head + one + two + three, 0) == texts{"one", "two", "three"});
    REQUIRE(saved(head + one + "garbage\n\n\n" + two, 10) == texts{"one", "two"});  // L6
    std::string flipped = two;
    flipped[11] = 'W';
    REQUIRE(saved(head + one + flipped + three, flipped.size()) == texts{"one", "three"});
    // A line break that was lost takes the record before it along, and not the one behind it.
    flipped = two;
    flipped.back() = ' ';
    REQUIRE(saved(head + one + flipped + three, flipped.size()) == texts{"one", "three"});
    REQUIRE(saved(head + "garbage" + one + two.substr(3) + three, 7 + two.size() - 3) == texts{"one", "three"});
    // The end: half a record, and one that lacks only its end.
    REQUIRE(saved(head + one + two.substr(0, 10), 10) == texts{"one"});
    REQUIRE(saved(head + one + two.substr(0, two.size() - 1), two.size() - 1) == texts{"one"});
    REQUIRE(saved(head + one + line("0 00000000 1").substr(0, 20), 20) == texts{"one"});  // no empty record in it
    // Records within a record are not records.
    const std::string nested = line("outer " + one.substr(0, one.size() - 1));
    REQUIRE(saved(head + nested, 0) == texts{nested.substr(9, nested.size() - 10)});
}

TEST_CASE("salvage: each record but the damaged one, whichever byte it is", "[io][journal][salvage]") {
    std::string whole = head;
    std::vector<std::string> all;
    for (int i = 0; i < 6; ++i) {
        all.push_back("record " + std::to_string(i * i * 1000));
        whole += line(all.back());
    }
    std::size_t begin = head.size();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t size = all[i].size() + 10;
        std::vector<std::string> others = all;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        for (std::size_t byte = begin; byte < begin + size; ++byte) {
            CAPTURE(byte);
            std::string bytes = whole;
            bytes[byte] = static_cast<char>(bytes[byte] ^ 4);
            REQUIRE(saved(bytes, size) == others);
        }
        begin += size;
    }
}

TEST_CASE("salvage: long records and long garbage", "[io][journal][salvage]") {
    const std::string longest(journal::longest_record, 'x');
    std::string garbage;
    while (garbage.size() < 9 << 20) {
        garbage += "0123abcd ";
    }
    const auto records = saved(head + line(longest) + garbage + line(longest) + garbage + "\n" + line("end"), 2 * garbage.size() + 1);
    REQUIRE((records == std::vector<std::string>{longest, longest, "end"}));
}

TEST_CASE("salvage: never touches what is there", "[io][journal][salvage][errors]") {
    const test::fixture_root root;
    const std::string from = root.path() + "/from";
    const std::string to = root.path() + "/to";
    const auto refused = [&](int error) {
        try {
            (void)salvage(from, to);
        } catch (const io_error& e) {
            return e.code().value() == error && std::string(e.what()).starts_with("salvage: ");
        }
        return false;
    };
    REQUIRE(refused(ENOENT));
    write_bytes(from, head + line("one"));
    write_bytes(to, "mine");
    REQUIRE(refused(EEXIST));
    REQUIRE(read_bytes(to) == "mine");
    REQUIRE_THROWS_AS(salvage(from, from), io_error);
    REQUIRE(read_bytes(from) == head + line("one"));
    fs::remove(to);
    fs::create_symlink(root.path() + "/elsewhere", to);
    REQUIRE(refused(EEXIST));
    fs::remove(to);
    {
        const journal j(from, "x");
        REQUIRE(refused(EWOULDBLOCK));
    }
    for (const std::string& bytes : {std::string(), std::string("no journal"), "!" + head + line("one"), line("xrayon-journal 9 x")}) {
        write_bytes(from, bytes);
        REQUIRE_THROWS_AS(salvage(from, to), journal_error);  // nobody knows what the records are of
    }
    fs::remove(from);
    fs::create_symlink(to, from);
    REQUIRE(refused(ELOOP));
    REQUIRE(std::distance(fs::directory_iterator(root.path()), fs::directory_iterator()) == 1);  // only the link
    fs::remove(from);
    write_bytes(from, head + line("one"));
    (void)salvage(from, to);
    struct ::stat status {};
    REQUIRE(::stat(to.c_str(), &status) == 0);
    REQUIRE((status.st_mode & 0777) == 0600);
    REQUIRE(read_bytes(to) == read_bytes(from));
}
