// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/journal.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>
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

/// A line of a journal.
std::string line(const std::string& text) {
    char sum[10];
    std::snprintf(sum, sizeof sum, "%08x ", crc32(text));
    return sum + text + "\n";
}

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

} // namespace

TEST_CASE("journal: the checksum of gzip and PNG", "[io][journal]") {
    REQUIRE(crc32("123456789") == 0xcbf43926u);  // the check value of the CRC catalogue
    REQUIRE(crc32("") == 0);
    REQUIRE(crc32("6789", crc32("12345")) == 0xcbf43926u);
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
    const std::size_t head = whole.find('\n') + 1;
    write_bytes(path, "");
    REQUIRE(journal(path, "five records").records().empty());
    for (std::size_t size = 1; size < head; ++size) {  // no journal of ours ever looks like that
        write_bytes(path, whole.substr(0, size));
        REQUIRE_THROWS_WITH(journal(path, "five records"), test::contains("journal: not a journal"));
        REQUIRE(read_bytes(path) == whole.substr(0, size));
    }
    for (std::size_t size = head; size <= whole.size(); ++size) {  // L3, L12
        write_bytes(path, whole.substr(0, size));
        const auto lines = static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size), '\n'));
        std::size_t dropped = 0;
        {
            journal j(path, "five records");
            CAPTURE(size);
            REQUIRE(j.records().size() == lines - 1);
            for (std::size_t i = 0; i < j.records().size(); ++i) {
                REQUIRE(j.records()[i] == "record " + std::to_string(i) + std::string(i, '*'));
            }
            dropped = j.dropped_bytes();
            j.append("more");
        }
        REQUIRE(dropped == size - (whole.rfind('\n', size - 1) + 1));
        REQUIRE(journal(path, "five records").records().back() == "more");
    }
}

TEST_CASE("journal: torn behind eight zeros and a blank, it holds no empty record", "[io][journal]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/zeros";
    const std::string whole = line("xrayon-journal 1 x") + line("one");
    const std::string last = line("0 0000000000000000 3ff0000000000000");  // the checksum of nothing is 0
    for (std::size_t size = 1; size < last.size(); ++size) {
        write_bytes(path, whole + last.substr(0, size));
        const journal j(path, "x");
        REQUIRE(j.records() == std::vector<std::string>{"one"});
        REQUIRE(j.dropped_bytes() == size);
    }
    write_bytes(path, whole + "!" + line(""));
    REQUIRE_THROWS_WITH(journal(path, "x"), test::contains("checksum"));  // here is one
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
    std::string binary;
    for (std::size_t i = 0; i < 50'000; ++i) {
        binary += static_cast<char>(i * 37 % 251);
    }
    const std::string begin = line("xrayon-journal 1 x").substr(0, 1);
    for (const std::string& bytes :
         {std::string("a text file\n"), std::string("\x89PNG\r\n\x1a\n\0\0", 10), std::string(5000, '\0'), binary, begin, std::string("\n"),
          line(""), line("xrayon-journal"), line("xrayon-journal "), line("xrayon-journal 1"), line("xrayon-journal  1 x")}) {
        CAPTURE(bytes.substr(0, 40));
        write_bytes(path, bytes);
        REQUIRE_THROWS_AS(journal(path, "x"), journal_error);  // L9
        REQUIRE_THROWS_WITH(journal(path, "x"), test::contains("journal: not a journal"));
        REQUIRE(read_bytes(path) == bytes);
    }
    const std::string whole = five_records(root);
    write_bytes(path, whole);
    REQUIRE_THROWS_WITH(journal(path, "six records"), test::contains("journal: is of \"five records\" and not of \"six records\""));  // L10
    REQUIRE(read_bytes(path) == whole);
    for (const std::string future : {"xrayon-journal 9 five records", "xrayon-journal 9"}) {
        write_bytes(path, line(future));
        REQUIRE_THROWS_WITH(journal(path, "five records"), test::contains("journal: format 9, this library knows 1"));  // L8
        REQUIRE(read_bytes(path) == line(future));
    }
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

TEST_CASE("journal: a huge file that is not its own is refused by its beginning", "[io][journal][errors]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/huge";
    for (const auto& [first, message] :
         {std::pair{std::string(), "journal: not a journal"}, std::pair{line("xrayon-journal 9 x"), "journal: format 9"},
          std::pair{line("xrayon-journal 1 y"), "journal: is of \"y\" and not of \"x\""}}) {
        write_bytes(path, first);
        REQUIRE(::truncate(path.c_str(), ::off_t{1} << 42) == 0);  // a hole; no memory takes it
        REQUIRE_THROWS_WITH(journal(path, "x"), test::contains(message));
        REQUIRE(fs::file_size(path) == std::uintmax_t{1} << 42);
    }
}

TEST_CASE("journal: what is behind the records is looked through in one pass", "[io][journal]") {
    const test::fixture_root root;
    const std::string whole = five_records(root);
    const std::string path = root.path() + "/tail";
    const std::size_t mebibyte = std::size_t{1} << 20;
    std::string words;  // each looks like the beginning of a record
    while (words.size() < mebibyte) {
        words += "deadbeef ";
    }
    for (const std::string& tail : {std::string(10 * mebibyte, ' '), std::string(10 * mebibyte, '0'), words, words + words + words}) {
        write_bytes(path, whole + tail);
        {
            const journal j(path, "five records");
            REQUIRE(j.records().size() == 5);
            REQUIRE(j.dropped_bytes() == tail.size());
        }
        REQUIRE(read_bytes(path) == whole);
        // A whole record behind it: the longest there is, anywhere in the window that the file is read through.
        for (const std::string& record : {std::string("good"), std::string(journal::longest_record, 'x')}) {
            write_bytes(path, whole + tail + line(record));
            REQUIRE_THROWS_WITH(journal(path, "five records"),
                                test::contains("record 6 at byte " + std::to_string(whole.size()) + ": checksum"));
            REQUIRE(fs::file_size(path) == whole.size() + tail.size() + record.size() + 10);
        }
        // One byte longer than a record can be.
        write_bytes(path, whole + tail + line(std::string(journal::longest_record + 1, 'x')));
        REQUIRE(journal(path, "five records").dropped_bytes() == tail.size() + journal::longest_record + 11);
    }
}

TEST_CASE("journal: records of all lengths come back, wherever they stand in the file", "[io][journal]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/long";
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < 30; ++i) {
        const std::size_t size = i % 3 == 0 ? journal::longest_record - i : i * i * 1031;
        expected.emplace_back(size, static_cast<char>('a' + i % 26));
    }
    {
        journal j(path, "x");
        for (const std::string& record : expected) {
            j.append(record);
        }
    }
    REQUIRE((journal(path, "x").records() == expected));
    // Without its end it is dropped, and with its middle changed it is an error, because others are behind it.
    const std::string whole = read_bytes(path);
    write_bytes(path, whole.substr(0, whole.size() - 1));
    REQUIRE(journal(path, "x").records().size() == 29);
    std::string bytes = whole;
    bytes[whole.size() / 2] = '!';
    write_bytes(path, bytes);
    REQUIRE_THROWS_WITH(journal(path, "x"), test::contains("checksum"));
}

TEST_CASE("journal: records that were taken are no longer its own", "[io][journal]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/taken";
    write_bytes(path, line("xrayon-journal 1 x") + line("one") + line("two"));
    journal j(path, "x");
    const std::string* where = j.records().data();
    const std::vector<std::string> taken = j.take_records();
    REQUIRE(taken == std::vector<std::string>{"one", "two"});
    REQUIRE(taken.data() == where);  // moved
    REQUIRE(j.records().empty());
    REQUIRE(j.records().capacity() == 0);
    REQUIRE(j.take_records().empty());
    j.append("three");
    REQUIRE(j.records().empty());
    REQUIRE(read_bytes(path) == line("xrayon-journal 1 x") + line("one") + line("two") + line("three"));
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

TEST_CASE("journal: ten million records", "[.soak][soak][io][journal]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/many";
    const std::size_t count = 10'000'000;
    const auto text = [](std::size_t i) { return std::to_string(i / 5) + " " + std::to_string(i % 5) + " 0 3ff0000000000000"; };
    {
        std::ofstream file(path, std::ios::binary);
        file << line("xrayon-journal 1 x");
        for (std::size_t i = 0; i < count; ++i) {
            file << line(text(i));
        }
    }
    const auto resident = [] {
        std::ifstream status("/proc/self/statm");
        std::size_t all = 0;
        std::size_t pages = 0;
        status >> all >> pages;
        return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) >> 20;
    };
    const std::size_t before = resident();
    const auto start = std::chrono::steady_clock::now();
    journal j(path, "x");  // L16
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const std::size_t with = resident();
    struct ::rusage usage {};
    REQUIRE(::getrusage(RUSAGE_SELF, &usage) == 0);
    REQUIRE(j.records().size() == count);
    REQUIRE(j.records().front() == text(0));
    REQUIRE(j.records().back() == text(count - 1));
    (void)j.take_records();
    std::printf("%zu records, %ju MB: opened in %.2f s; memory %zu MiB more, peak %ld MiB in all, %zu MiB after take_records\n", count,
                static_cast<std::uintmax_t>(fs::file_size(path) / 1'000'000), took.count(), with - before, usage.ru_maxrss >> 10,
                resident() - before);
}
