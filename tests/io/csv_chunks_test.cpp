// SPDX-License-Identifier: Apache-2.0
// Rows C26 and C27: a text in chunks is the text in one piece, wherever it is cut, and the fault that comes out is its first.
#include <xrayon/io/csv.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"
#include "csv_outcome.hpp"

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/pool.hpp>

using xrayon::csv_options;
using xrayon::data_error;
using xrayon::missing_values;
using xrayon::pool;
using xrayon::read_csv;
using xrayon::run_report;
using xrayon::test::csv_file_in_chunks;
using xrayon::test::csv_in_chunks;
using xrayon::test::csv_in_one_piece;
using xrayon::test::csv_outcome;

namespace {

using namespace std::string_literals;

struct sample {
    std::string text;
    csv_options options;
};

std::string with_line_ends(std::string text, const std::string& end) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos; at += end.size()) {
        text.replace(at, 1, end);
    }
    return text;
}

/// Every construction of the grammar, good and bad, with each kind of line end.
std::vector<sample> samples() {
    const csv_options plain{.header = false};
    const csv_options comments{.header = false, .comment = '#'};
    const csv_options missing{.header = false, .missing = missing_values::nan};
    const std::vector<sample> once{
        {"a,b\n1,2\n3,4\n5,6\n", {}},
        {"\xef\xbb\xbfgr\xc3\xb6\xc3\x9f"
         "e,\"x,\"\"y\"\"\"\n1,\"2\"\n 3 ,4e-1\nnan,-inf\n",
         {}},
        {"1,2\n3,4\n5,6", plain},
        {"1.25,-2e3\n0.1,12345678901234567890123\n.5,5.\n", plain},
        {"# c\n1,2\n#\n##,\"\n3,4\n#end", comments},
        {"#\n#\n#\n", comments},
        {"a,b\n#\n1,2\n#\n", {.comment = '#'}},
        {"1,2\n#x\n\n", comments},
        {",\n1,\n,2\n", missing},
        {"1\n\n", missing},
        {"a,b\n", {}},
        {"a,b", {}},
        {"a,b\n\n\n\n", {}},
        {"a,b\n1,2\n\n\n\n", {}},
        {"a,b\n1,2\n\n3,4\n", {}},
        {"a,b\n1,2\n3\n4,5\n", {}},
        {"a,b\n1,2\n3,4,5\n6\n", {}},
        {"a,b,c,d\n1\n2\n3\n4\n5\n6\n", {}},
        {"a,b\n1,2\n3,x\n4,y\n", {}},
        {"a,b\n1,\"2\n3\",4\n", {}},
        {"a,b\n1,2\n3,1e400\n", {}},
        {"a,b\n1,2\n3,4\r", {}},
        {"a\n1\n\r\n", {}},
        {"a\n\r", {}},
        {"a\n1\n2\r3\n", {}},
        {"a\n1\n2\r\n3\n", {}},
        {"a\n12345678\n1234567\n123456789\n", {.max_line = 8}},
        {"a\n1234567\n# a long comment\n1\n", {.comment = '#', .max_line = 8}},
        {"1,2,3\n1,2,3,4\n", {.header = false, .max_columns = 3}},
        {"a,b\n1,2\n3,4\0\n"s, {}},
        {"a\n1\n\n\n\n\n\n\n\n\n\n\n2\n", {}},
        {"", {}},
        {"\n\n\n", {}},
        {"\n1\n", plain},
        {"", {.empty_ok = true}},
        {"1e400,nan\n-1e400,2\n", {.header = false, .overflow = xrayon::overflowing_values::infinity}},
        {"1\nnan\n", {.header = false, .non_finite = false}},
    };
    std::vector<sample> all;
    for (const sample& each : once) {
        for (const std::string end : {"\n", "\r\n", "\r"}) {
            all.push_back({with_line_ends(each.text, end), each.options});
        }
    }
    return all;
}

/// A file that lives as long as the test.
struct temporary_file {
    std::string path = "/tmp/xrayon_csv_chunks_XXXXXX";
    explicit temporary_file(const std::string& content) {
        const int descriptor = ::mkstemp(path.data());
        REQUIRE(descriptor >= 0);
        REQUIRE(::write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
        ::close(descriptor);
    }
    ~temporary_file() { ::unlink(path.c_str()); }
};

/// `rows` rows "r,1" in lines of equal length behind a header, row `r` at line r + 2; so one of many chunks is easily hit.
std::string many_rows(std::size_t rows) {
    std::string text = "a,b\n";
    for (std::size_t r = 0; r != rows; ++r) {
        char line[32];
        std::snprintf(line, sizeof line, "%05zu,1\n", r);
        text += line;
    }
    return text;
}
constexpr std::size_t row_bytes = 8;
std::size_t begin_of_row(std::size_t r) { return 4 + r * row_bytes; }

} // namespace

TEST_CASE("csv chunks: a text cut anywhere reads as in one piece, or fails at the same byte in the same words", "[io][csv][chunks][C26]") {
    const pool two(std::size_t{2});
    two.install([&] {
        std::size_t different = 0;
        for (const sample& each : samples()) {
            const csv_outcome expected = csv_in_one_piece(each.text, each.options);
            // A first chunk of every size, and chunks of that size behind it.
            for (std::size_t bytes = 1; bytes <= each.text.size() + 1; ++bytes) {
                different += csv_in_chunks(each.text, each.options, bytes) == expected ? 0 : 1;
            }
        }
        CHECK(different == 0);
    });
}

TEST_CASE("csv chunks: a file read piece by piece is its bytes read in memory", "[io][csv][chunks][C26]") {
    const pool two(std::size_t{2});
    two.install([&] {
        for (const sample& each : samples()) {
            INFO("text: " << xrayon::escaped(each.text, 100));
            const temporary_file file(each.text);
            const csv_outcome expected = csv_in_one_piece(each.text, each.options);
            std::size_t different = 0;
            for (std::size_t bytes = 1; bytes <= each.text.size() + 1; ++bytes) {
                different += csv_file_in_chunks(file.path, each.options, bytes) == expected ? 0 : 1;
            }
            CHECK(different == 0);
        }
    });
}

TEST_CASE("csv chunks: lines, comments and blank ends longer than a window are read from a file", "[io][csv][chunks][C26]") {
    const std::string wide = "1" + std::string(300'000, ' ') + ",2\n";
    for (const sample& each : std::vector<sample>{
             {"a,b\n3,4\n" + wide + "5,6\n" + wide, {}},
             {"a,b\n3,4\n" + wide + "5,6\n" + wide, {.max_line = 1000}},
             {"#" + std::string(200'000, 'x') + "\n" + wide + "1,2" + std::string(300'000, '\n'), {.header = false, .comment = '#'}},
             {"a,b\n1,2" + std::string(100'000, '\n') + "x", {}},
             {"a,b\n1,2\n" + std::string(100'000, '\r'), {.max_line = 50'000}},
             {std::string(100'000, '\n'), {}},
             {"a,b\n" + std::string(200'000, '\n'), {}},
             {std::string(200'000, 'y') + ",\"" + std::string(200'000, 'x') + "\"\n1,2\n", {}},
             {std::string(200'000, 'y'), {.max_line = 150'000}},
         }) {
        INFO("text: " << xrayon::escaped(each.text, 20));
        const temporary_file file(each.text);
        const csv_outcome expected = csv_in_one_piece(each.text, each.options);
        for (const std::size_t bytes : {std::size_t{1000}, std::size_t{65536}, std::size_t{131072}, each.text.size() - 1}) {
            CHECK((csv_file_in_chunks(file.path, each.options, bytes) == expected));
            CHECK((csv_in_chunks(each.text, each.options, bytes) == expected));
        }
    }
}

TEST_CASE("csv chunks: blank lines behind the rows all end as the others do, wherever they are cut", "[io][csv][chunks][C5][C16]") {
    struct ending {
        std::string text;
        std::size_t line;  // of the fault, which stands in its first byte; 0: none
    };
    const std::size_t many = 70'000;
    std::string long_crlf;
    for (std::size_t i = 0; i != many; ++i) {
        long_crlf += "\r\n";
    }
    const std::vector<ending> endings{
        {"1\n2\n\n\n\n", 0},
        {"1\n2\n\n\r\r", 4},
        {"1\n2\n\r\n", 3},
        {"1\n2\n\n\n\r", 5},
        {"1\n2\n\n\n\r\n\n", 5},
        {"1\r\n2\r\n\r\n\r\n", 0},
        {"1\r\n2\r\n\r\n\n\r\n", 4},
        {"1\r\n2\r\n\r\n\r", 4},
        {"1\r\n2\r\n\r\n\r\r\n", 4},
        {"1\r\n2\r\n\n", 3},
        {"1\r2\r\r\r", 0},
        {"1\r2\r\r\n", 4},
        {"1\r2\r\r\r\n\r", 5},
        {"1\n2\n" + std::string(many, '\n'), 0},
        {"1\n2\n" + std::string(many, '\n') + "\r\n\n", many + 3},
        {"1\r2\r" + std::string(many, '\r') + "\n", many + 3},
        {"1\r\n2\r\n" + long_crlf, 0},
        {"1\r\n2\r\n" + long_crlf + "\n", many + 3},
    };
    const pool two(std::size_t{2});
    two.install([&] {
        for (const ending& each : endings) {
            INFO("text: " << xrayon::escaped(each.text, 40) << ", " << each.text.size() << " bytes");
            for (const bool commented : {false, true}) {
                // What a comment holds is nobody's business, also where it is the last line before the blank ones.
                const csv_options options{.header = false, .comment = commented ? '#' : '\0'};
                const std::string text = commented ? std::string(each.text).replace(each.text.find('2'), 1, "#\xff") : each.text;
                const csv_outcome expected = csv_in_one_piece(text, options);
                CHECK(expected.line == each.line);
                CHECK(expected.column == (each.line == 0 ? 0 : 1));
                CHECK(expected.rows == (each.line != 0 ? 0 : commented ? 1 : 2));
                CHECK((each.line == 0
                       || expected.fault
                              == "t.csv:" + std::to_string(each.line)
                                     + ":1: another kind of line end than before (LF, CR LF and CR are mixed)"));
                const temporary_file file(text);
                for (const std::size_t bytes : {1u, 2u, 3u, 5u, 4096u, 100'000u}) {
                    if (bytes < 4096 && text.size() > 4096) {
                        continue;
                    }
                    CHECK((csv_in_chunks(text, options, bytes) == expected));
                    CHECK((csv_file_in_chunks(file.path, options, bytes) == expected));
                }
            }
        }
        // A text of line ends alone has no rows that they could differ from.
        CHECK(csv_in_chunks("\n\r\r\n", {.empty_ok = true}, 1).fault.empty());
        CHECK(csv_in_chunks("\n\r\r\n", {}, 1).fault == "t.csv:1:1: no header row");
    });
}

TEST_CASE("csv chunks: of faults in several chunks the first of the text comes out, at every thread count",
          "[io][csv][chunks][errors][C27]") {
    const std::size_t threads = GENERATE(from_range(xrayon::test::thread_counts));
    const std::string good = many_rows(640);
    const pool workers(threads);
    workers.install([&] {
        for (std::size_t chunks = 1; chunks <= 64; ++chunks) {
            const std::size_t bytes = (good.size() - 4 + chunks - 1) / chunks;
            std::string text = good;
            const std::size_t low = 640 * 2 / 64 + chunks % 7;
            for (const std::size_t row : {low, low + 25, std::size_t{300}, std::size_t{639}}) {
                text[begin_of_row(row)] = 'x';
            }
            const csv_outcome got = csv_in_chunks(text, {}, bytes);
            INFO("chunks " << chunks);
            CHECK(got.fault
                  == "t.csv:" + std::to_string(low + 2) + ":1: field 1: \"" + text.substr(begin_of_row(low), 5) + "\" is not a number");
            CHECK(got.line == low + 2);
            CHECK(got.column == 1);
            CHECK(got.offset == begin_of_row(low));
            CHECK(csv_in_chunks(good, {}, bytes).rows == 640);
        }
    });
}

TEST_CASE("csv chunks: a short row in front of many chunks is the fault, and rows beyond what is stored are not touched",
          "[io][csv][chunks][errors][C27]") {
    // 1,000 columns, and rows of one field each: 2 bytes a row, so that there are far more lines than rows that could be stored.
    std::string text(999, ',');
    text += '\n';
    for (int i = 0; i != 5000; ++i) {
        text += "1\n";
    }
    const pool two(std::size_t{2});
    two.install([&] {
        for (const std::size_t bytes : {3u, 64u, 1000u, 5000u}) {
            CHECK(csv_in_chunks(text, {}, bytes).fault == "t.csv:2:2: 1 field, expected 1000");
        }
        // Also where every chunk is asked for its faults: those that would lie behind the 11 rows that are stored are not read.
        try {
            static_cast<void>(csv_in_chunks(text, {.run = {.error = xrayon::on_error::collect}}, 64));
            FAIL("read");
        } catch (const xrayon::task_errors& errors) {
            CHECK(errors.errors().size() == 1);
            CHECK(errors.index() == 0);
        }
    });
}

TEST_CASE("csv chunks: comments are no rows, wherever they stand", "[io][csv][chunks][C23]") {
    const std::string text = "#\na,b\n#\n#\n1,2\n#\n3,4\n#\n#";
    for (std::size_t bytes = 1; bytes <= text.size(); ++bytes) {
        const csv_outcome got = csv_in_chunks(text, {.comment = '#'}, bytes);
        REQUIRE(got.rows == 2);
        REQUIRE(got.values[3] == std::bit_cast<std::uint64_t>(4.0));
    }
}

TEST_CASE("csv chunks: a large text gives the same table at every thread count", "[io][csv][chunks]") {
    const std::string text = many_rows(90'000);  // more than five chunks of the usual size
    const csv_outcome expected = csv_in_one_piece(text, {});
    REQUIRE(expected.rows == 90'000);
    REQUIRE(expected.values[2 * 77'777] == std::bit_cast<std::uint64_t>(77'777.0));
    const temporary_file file(text);
    const std::size_t threads = GENERATE(from_range(xrayon::test::thread_counts));
    const pool workers(threads);
    const bool same = workers.install([&] {
        return xrayon::test::csv_outcome_of([&] { return xrayon::parse_csv(text, "t.csv"); }) == expected
               && xrayon::test::csv_outcome_of([&] { return read_csv(file.path); }) == expected;
    });
    REQUIRE(same);
}

TEST_CASE("csv chunks: the report counts chunks, and a fault's path names the call and the chunk", "[io][csv][chunks][errors]") {
    const std::string good = many_rows(90'000);
    std::string bad = good;
    bad[begin_of_row(70'000)] = 'x';
    const std::size_t chunks = (good.size() - 4 + (128 << 10) - 1) / (128 << 10);
    const pool two(std::size_t{2});
    two.install([&] {
        run_report report;
        csv_options options{.run = {.report = &report}};
        CHECK(xrayon::parse_csv(good, "t.csv", options).rows() == 90'000);
        CHECK(report.total == chunks);
        CHECK(report.done == chunks);

        REQUIRE_THROWS_AS(xrayon::parse_csv(bad, "t.csv", options), data_error);
        const std::size_t failing = (70'000 * row_bytes) / (128 << 10);
        CHECK(report.failed == failing);
        CHECK(report.path == "parse_csv[" + std::to_string(failing) + "]");

        options.run.label = "prices";
        options.run.error = xrayon::on_error::wrap;
        try {
            const auto table = xrayon::parse_csv(bad, "t.csv", options);
            FAIL("read " << table.rows());
        } catch (const xrayon::task_error& error) {
            CHECK(error.path() == "prices[" + std::to_string(failing) + "]");
            CHECK_THROWS_AS(std::rethrow_if_nested(error), data_error);
        }

        bad[begin_of_row(10)] = 'x';
        options.run.error = xrayon::on_error::collect;
        try {
            const auto table = xrayon::parse_csv(bad, "t.csv", options);
            FAIL("read " << table.rows());
        } catch (const xrayon::task_errors& errors) {
            CHECK(errors.errors().size() == 2);  // the first fault of each chunk that has one
        }
    });
}

TEST_CASE("csv chunks: a stop token and a deadline end the reading as cancelled", "[io][csv][chunks][errors]") {
    const std::string text = many_rows(90'000);
    const temporary_file file(text);
    std::stop_source stop;
    stop.request_stop();
    const std::string chunks = std::to_string((text.size() - 4 + (128 << 10) - 1) / (128 << 10));
    REQUIRE_THROWS_AS(read_csv(file.path, {.run = {.stop = stop.get_token()}}), xrayon::cancelled);
    REQUIRE_THROWS_WITH(read_csv(file.path, {.run = {.stop = stop.get_token()}}), "read_csv: stop requested, 0 of " + chunks + " done");
    REQUIRE_THROWS_WITH(xrayon::parse_csv(text, "t.csv", {.run = {.deadline = std::chrono::nanoseconds(1)}}),
                        "parse_csv: deadline passed, 0 of " + chunks + " done");
    REQUIRE(xrayon::parse_csv(text, "t.csv", {.run = {.deadline = std::chrono::hours(1)}}).rows() == 90'000);
    REQUIRE_THROWS_AS(xrayon::parse_csv("", "t.csv", {.run = {.deadline = std::chrono::nanoseconds(-1)}}), xrayon::argument_error);
    REQUIRE_THROWS_WITH(xrayon::parse_csv("", "t.csv", {.run = {.deadline = std::chrono::nanoseconds(-1)}}),
                        "parse_csv: options.run.deadline must be >= 0 ns, got -1");
}

namespace {

/// Changes something once so many items of parallel calls have begun.
struct change_at_item final : xrayon::item_hook {
    std::size_t left;
    std::function<void()> change;
    xrayon::item_hook* before_me;

    change_at_item(std::size_t items, std::function<void()> what)
        : left(items), change(std::move(what)), before_me(xrayon::set_item_hook(this)) {}
    ~change_at_item() { xrayon::set_item_hook(before_me); }
    void before(const xrayon::call_frame&) noexcept override {
        if (left != 0 && --left == 0) {
            change();
        }
    }
    void after(const xrayon::call_frame&) noexcept override {}
};

} // namespace

TEST_CASE("csv chunks: a file that changes while it is read gives what it holds at the end, never a mixture of counts", "[io][csv][chunks]") {
    const std::string text = many_rows(640);
    const std::string shorter = text.substr(0, begin_of_row(320));
    std::string denser = "a,b\n";
    for (int i = 0; i != 640; ++i) {
        denser += "1,1\n2,2\n";  // as many bytes, twice the rows
    }
    std::string sparser = text;
    for (std::size_t row = 300; row != 640; ++row) {
        sparser[begin_of_row(row) + row_bytes - 1] = row == 639 ? '\n' : ' ';
        sparser[begin_of_row(row) + 5] = row == 300 ? ',' : ' ';
    }
    sparser = sparser.substr(0, begin_of_row(301) - 1) + std::string(text.size() - begin_of_row(301), ' ') + "\n";
    const std::size_t chunks = (text.size() - 4 + 99) / 100;
    const pool one(std::size_t{1});
    one.install([&] {
        for (const std::string& changed : {shorter, denser, sparser}) {
            const csv_outcome expected = csv_in_one_piece(changed, {});
            REQUIRE(expected.fault.empty());
            for (const std::size_t item : {std::size_t{2}, chunks, chunks + 1, chunks + 20}) {
                const temporary_file file(text);
                const change_at_item hook(item, [&] {
                    const int descriptor = ::open(file.path.c_str(), O_WRONLY | O_TRUNC);
                    [[maybe_unused]] const auto put = ::write(descriptor, changed.data(), changed.size());
                    ::close(descriptor);
                });
                const csv_outcome got = csv_file_in_chunks(file.path, {}, 100);
                INFO("item " << item << ", " << got.rows << " rows, fault " << got.fault);
                CHECK(hook.left == 0);
                CHECK((got == expected));
            }
        }
    });
}

namespace {

/// Writes over a file as it stands, and gives it a time of change that it did not have: the clock of a file system may stand still for ten
/// milliseconds.
void overwrite_in_place(const std::string& path, const std::string& content) {
    const int descriptor = ::open(path.c_str(), O_WRONLY);
    [[maybe_unused]] const auto put = ::pwrite(descriptor, content.data(), content.size(), 0);
    const timespec times[] = {{1, 0}, {1'000'000'000, 0}};
    ::futimens(descriptor, times);
    ::close(descriptor);
}

} // namespace

TEST_CASE("csv chunks: a file of the same size and as many rows that changes while it is read is one of its versions, not both",
          "[io][csv][chunks]") {
    const std::string text = many_rows(640).substr(4);
    std::string wider, other;
    for (int i = 0; i != 640; ++i) {
        wider += "0,0,0,1\n";  // as many bytes and rows, twice the columns
    }
    for (std::size_t at = 0; at != text.size(); at += row_bytes) {
        other += text.substr(at, 6) + "2\n";  // other values
    }
    std::string faulty = other;
    faulty[200 * row_bytes] = 'x';
    const csv_options options{.header = false};
    const std::size_t chunks = (text.size() + 99) / 100;
    const pool one(std::size_t{1});
    one.install([&] {
        for (const std::string& changed : {wider, other, faulty}) {
            const csv_outcome expected = csv_in_one_piece(changed, options);
            CHECK(expected.fault.empty() == (changed != faulty));
            for (const std::size_t item : {std::size_t{1}, std::size_t{2}, chunks, chunks + 1, chunks + 20, 2 * chunks}) {
                const temporary_file file(text);
                const change_at_item hook(item, [&] { overwrite_in_place(file.path, changed); });
                const csv_outcome got = csv_file_in_chunks(file.path, options, 100);
                INFO("item " << item << ", " << got.rows << " rows of " << got.columns << ", fault " << got.fault);
                CHECK(hook.left == 0);
                CHECK((got == expected));
            }
        }
    });
}

TEST_CASE("csv chunks: a fault of a file that did not change comes out after one reading, and its times do not matter", "[io][csv][chunks]") {
    std::string text = many_rows(640);
    text[begin_of_row(600)] = 'x';
    const temporary_file file(text);
    overwrite_in_place(file.path, text);
    struct counting final : xrayon::item_hook {
        std::size_t items = 0;
        void before(const xrayon::call_frame&) noexcept override { ++items; }
        void after(const xrayon::call_frame&) noexcept override {}
    } hook;
    const pool one(std::size_t{1});
    const csv_outcome got = one.install([&] {
        xrayon::item_hook* const before_me = xrayon::set_item_hook(&hook);
        csv_outcome out = csv_file_in_chunks(file.path, {}, 100);
        xrayon::set_item_hook(before_me);
        return out;
    });
    CHECK(got.line == 602);
    CHECK(hook.items <= 2 * ((text.size() - 4 + 99) / 100));
    CHECK(hook.items > 0);
}

TEST_CASE("csv chunks: the deadline is that of the call, also where the file must be read again", "[io][csv][chunks][errors]") {
    const std::string text = many_rows(640);
    const std::size_t chunks = (text.size() - 4 + 99) / 100;
    const temporary_file file(text);
    const auto begun = std::chrono::steady_clock::now();
    const auto deadline = std::chrono::milliseconds(500);
    const pool one(std::size_t{1});
    one.install([&] {
        // The last item of the first reading: nothing asks for the time behind it.
        const change_at_item hook(2 * chunks, [&] {
            overwrite_in_place(file.path, text.substr(0, text.size() - 2) + "7\n");
            while (std::chrono::steady_clock::now() < begun + deadline) {}
        });
        REQUIRE_THROWS_AS(xrayon::detail::read_csv_file(file.path, {.run = {.deadline = deadline}}, "read_csv", 0, 100), xrayon::cancelled);
    });
    // What was spent before a text was in memory counts.
    const csv_options minute{.run = {.deadline = std::chrono::minutes(1)}};
    REQUIRE_THROWS_WITH(xrayon::detail::parse_csv_text(text, "t.csv", minute, "read_csv", 1 << 20, begun - std::chrono::hours(1)),
                        "read_csv: deadline passed, 0 of 1 done");
    REQUIRE(xrayon::detail::parse_csv_text(text, "t.csv", minute, "read_csv", 1 << 20, begun).rows() == 640);
}

TEST_CASE("csv chunks: a file that says a size which it does not have is read as a whole", "[io][csv][chunks]") {
    const std::string path = "/sys/devices/system/cpu/kernel_max";  // says one page, holds a number
    if (::access(path.c_str(), R_OK) == 0) {
        const csv_outcome got = csv_file_in_chunks(path, {.header = false}, 1);
        REQUIRE(got.fault.empty());
        REQUIRE(got.rows == 1);
        REQUIRE(got.columns == 1);
    }
}
