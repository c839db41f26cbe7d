// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/journal.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "forked.hpp"

using namespace xrayon;
namespace fs = std::filesystem;

namespace {

std::string read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
void write_bytes(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }

/// A journal of five records, as bytes.
std::string five_records(const test::fixture_root& root) {
    const std::string path = root.path() + "/five";
    {
        journal j(path, "five records");
        for (int i = 0; i < 5; ++i) {
            j.append("record " + std::to_string(i) + std::string(static_cast<std::size_t>(i), '*'));
        }
    }
    return read_bytes(path);
}

}  // namespace

TEST_CASE("journal: the checksum of gzip and PNG", "[io][journal]") {
    REQUIRE(detail::crc32("123456789") == 0xcbf43926u);  // the check value of the CRC catalogue
    REQUIRE(detail::crc32("") == 0);
    REQUIRE(detail::crc32("6789", detail::crc32("12345")) == 0xcbf43926u);
}

TEST_CASE("journal: what was appended is there when it is opened again", "[io][journal]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/j";
    {
        journal j(path, "a search");  // L1, L2
        REQUIRE(j.records().empty());
        j.append("one");
        j.append("");
        j.append("three: \x01\xff any bytes but a line break");
    }
    struct ::stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    REQUIRE((status.st_mode & 0777) == 0600);
    {
        journal j(path, "a search", {.durable = true});
        REQUIRE(j.records() == std::vector<std::string>{"one", "", "three: \x01\xff any bytes but a line break"});
        REQUIRE(j.dropped_bytes() == 0);
        j.append("four");
    }
    REQUIRE(journal(path, "a search").records().size() == 4);
    write_bytes(path, "");
    REQUIRE(journal(path, "a search").records().empty());  // L2: an empty file becomes one
    REQUIRE(read_bytes(path).ends_with("xrayon-journal 1 a search\n"));
}

TEST_CASE("journal: cut at any byte it keeps whole records, and says what it dropped", "[io][journal]") {
    const test::fixture_root root;
    const std::string whole = five_records(root);
    const std::string path = root.path() + "/cut";
    for (std::size_t size = 0; size <= whole.size(); ++size) {  // L3, L12
        write_bytes(path, whole.substr(0, size));
        const auto lines = static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size), '\n'));
        std::size_t dropped = 0;
        {
            journal j(path, "five records");
            CAPTURE(size);
            REQUIRE(j.records().size() == (lines == 0 ? 0 : lines - 1));
            for (std::size_t i = 0; i < j.records().size(); ++i) {
                REQUIRE(j.records()[i] == "record " + std::to_string(i) + std::string(i, '*'));
            }
            dropped = j.dropped_bytes();
            j.append("more");
        }
        REQUIRE(dropped == (lines == 0 ? 0 : size - (whole.rfind('\n', size == 0 ? 0 : size - 1) + 1)));
        REQUIRE(journal(path, "five records").records().back() == "more");
    }
}

TEST_CASE("journal: no flipped bit goes unseen", "[io][journal]") {
    const test::fixture_root root;
    const std::string whole = five_records(root);
    const std::size_t head = whole.find('\n') + 1;
    const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
    const std::string path = root.path() + "/flip";
    std::size_t in_middle = 0;
    for (std::size_t byte = 0; byte < whole.size(); ++byte) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string bytes = whole;
            bytes[byte] = static_cast<char>(bytes[byte] ^ (1 << bit));
            write_bytes(path, bytes);
            CAPTURE(byte, bit);
            try {
                const journal j(path, "five records");
                // Only the last record may be dropped, and nothing else.
                REQUIRE(byte >= last);
                REQUIRE(j.records().size() == 4);
                REQUIRE(j.dropped_bytes() == whole.size() - last);
            } catch (const journal_error& error) {  // L4
                REQUIRE(byte < last);
                in_middle += byte >= head ? 1 : 0;
                REQUIRE(read_bytes(path) == bytes);
                if (byte >= head) {
                    REQUIRE_THAT(error.what(), test::contains("checksum"));
                }
            }
        }
    }
    REQUIRE(in_middle == 8 * (last - head));
}

TEST_CASE("journal: garbage behind it is dropped, garbage within is an error", "[io][journal][errors]") {
    const test::fixture_root root;
    const std::string whole = five_records(root);
    const std::string path = root.path() + "/garbage";
    std::string garbage;
    for (int i = 0; i < 1024; ++i) {
        garbage += static_cast<char>(i * 37 % 251);
    }
    write_bytes(path, whole + garbage);
    REQUIRE(journal(path, "five records").records().size() == 5);  // L5
    REQUIRE(read_bytes(path) == whole);
    const std::size_t second = whole.find('\n', whole.find('\n') + 1) + 1;
    const std::string middle = whole.substr(0, second) + garbage + whole.substr(second);
    write_bytes(path, middle);
    try {
        const journal j(path, "five records");  // L6
        FAIL("no error");
    } catch (const journal_error& error) {
        REQUIRE(error.record() == 2);
        REQUIRE(error.offset() == second);
        REQUIRE_THAT(error.what(), test::contains("journal: record 2 at byte " + std::to_string(second) + ": checksum"));
    }
    REQUIRE(read_bytes(path) == middle);
}

TEST_CASE("journal: refuses what is not its own, and leaves it alone", "[io][journal][errors]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/other";
    for (const std::string& bytes : {std::string("a text file\n"), std::string("\x89PNG\r\n\x1a\n\0\0", 10), std::string(5000, '\0')}) {
        write_bytes(path, bytes);
        REQUIRE_THROWS_AS(journal(path, "x"), journal_error);  // L9
        REQUIRE_THROWS_WITH(journal(path, "x"), test::contains("journal: not a journal"));
        REQUIRE(read_bytes(path) == bytes);
    }
    const std::string whole = five_records(root);
    write_bytes(path, whole);
    REQUIRE_THROWS_WITH(journal(path, "six records"), test::contains("journal: is of \"five records\" and not of \"six records\""));  // L10
    REQUIRE(read_bytes(path) == whole);
    char sum[9];
    std::snprintf(sum, sizeof sum, "%08x", detail::crc32("xrayon-journal 9 five records"));
    write_bytes(path, std::string(sum) + " xrayon-journal 9 five records\n");
    REQUIRE_THROWS_WITH(journal(path, "five records"), test::contains("journal: format 9, this library knows 1"));  // L8
    REQUIRE_THROWS_AS(journal("/dev/null", "x"), io_error);
    REQUIRE_THROWS_AS(journal(root.path(), "x"), io_error);
    REQUIRE_THROWS_AS(journal(root.path() + "/none/there", "x"), io_error);
    fs::create_symlink(path, root.path() + "/link");
    REQUIRE_THROWS_AS(journal(root.path() + "/link", "five records"), io_error);  // L22
    REQUIRE_THROWS_WITH(journal(path, "two\nlines"), test::contains("identity must be at most 1024 printable characters"));
    journal j(root.path() + "/fresh", "x");
    REQUIRE_THROWS_WITH(j.append("two\nlines"), "journal: a record must be one line");
    REQUIRE_THROWS_WITH(j.append(std::string(journal::longest_record + 1, 'x')),
                        test::contains("journal: a record must be at most 1 MiB"));  // L17
    j.append(std::string(journal::longest_record, 'x'));
}

TEST_CASE("journal: one writer at a time, and a lock that dies with its process", "[io][journal][errors]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/locked";
    {
        const journal j(path, "x");
        try {
            const journal second(path, "x");  // L11
            FAIL("no error");
        } catch (const io_error& error) {
            REQUIRE(error.code().value() == EWOULDBLOCK);
            REQUIRE_THAT(error.what(), test::contains("another writer has it"));
        }
        REQUIRE_THAT(test::run_in_child([&] {
                         const journal second(path, "x");
                         return std::string("opened");
                     }).text,
                     test::contains("another writer has it"));
    }
    const auto killed = test::run_in_child([&]() -> std::string {
        journal j(path, "x");
        j.append("before the end");
        ::raise(SIGKILL);
        return {};
    });
    REQUIRE(killed.killed());
    REQUIRE(journal(path, "x").records() == std::vector<std::string>{"before the end"});
}

TEST_CASE("journal: a file that is replaced while it is in use is noticed", "[io][journal][errors]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/replaced";
    journal j(path, "x", {.durable = true});
    j.append("one");
    fs::rename(path, path + ".old");
    REQUIRE_THROWS_AS(j.append("two"), io_error);  // L15
    REQUIRE_THROWS_WITH(j.append("three"), "journal: cannot be used after a failure");
}

TEST_CASE("journal: many threads append", "[io][journal]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/threads";
    {
        journal j(path, "x");
        std::vector<std::jthread> writers;
        for (int t = 0; t < 8; ++t) {
            writers.emplace_back([&j, t] {
                for (int i = 0; i < 200; ++i) {
                    j.append(std::to_string(t) + " " + std::to_string(i));
                }
            });
        }
    }
    const journal j(path, "x");
    REQUIRE(j.records().size() == 1600);
    std::vector<int> next(8);
    for (const std::string& record : j.records()) {
        const auto t = static_cast<std::size_t>(record[0] - '0');
        REQUIRE(record == std::to_string(t) + " " + std::to_string(next[t]++));
    }
}
