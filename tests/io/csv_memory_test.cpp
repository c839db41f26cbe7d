// SPDX-License-Identifier: Apache-2.0
// A program of its own, because it replaces operator new: what a CSV text costs in memory while it is read.
#include <xrayon/io/csv.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <malloc.h>
#include <unistd.h>

#include <xrayon/exec/pool.hpp>

namespace {

std::atomic<std::size_t> live{0};
std::atomic<std::size_t> peak{0};

void* counted(std::size_t bytes, std::size_t alignment) {
    void* const memory = alignment <= alignof(std::max_align_t)
                             ? std::malloc(bytes)
                             : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    const std::size_t now = live += ::malloc_usable_size(memory);
    std::size_t before = peak.load();
    while (before < now && !peak.compare_exchange_weak(before, now)) {}
    return memory;
}
void* counted_or_null(std::size_t bytes, std::size_t alignment) noexcept {
    try {
        return counted(bytes, alignment);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void uncounted(void* memory) noexcept {
    if (memory != nullptr) {
        live -= ::malloc_usable_size(memory);
        std::free(memory);
    }
}

} // namespace

// All of them: AddressSanitizer has its own of each, and what one of them made another one must not free.
void* operator new(std::size_t bytes) { return counted(bytes, 0); }
void* operator new[](std::size_t bytes) { return counted(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return counted(bytes, static_cast<std::size_t>(alignment)); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) { return counted(bytes, static_cast<std::size_t>(alignment)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return counted_or_null(bytes, 0); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return counted_or_null(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return counted_or_null(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return counted_or_null(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete[](void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { uncounted(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { uncounted(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { uncounted(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept { uncounted(memory); }

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

struct cost {
    std::size_t values = 0;  // bytes of the result
    std::size_t beyond = 0;  // peak beyond what was there before and those
    std::string fault;
};

template <class Read>
cost cost_of(const Read& read, std::size_t threads = 2) {
    const xrayon::pool workers(threads);
    return workers.install([&] {
        cost out;
        const std::size_t before = live;
        peak = before;
        try {
            const xrayon::csv_table table = read();
            out.values = table.values.size() * sizeof(double);
        } catch (const xrayon::data_error& error) {
            out.fault = error.what();
        }
        out.beyond = peak - before - std::min(out.values, peak - before);
        return out;
    });
}

std::string repeated(const std::string& line, std::size_t bytes) {
    std::string text;
    text.reserve(bytes + line.size());
    while (text.size() < bytes) {
        text += line;
    }
    return text;
}

struct temporary_file {
    std::string path = "/tmp/xrayon_csv_memory_XXXXXX";
    explicit temporary_file(const std::string& content) {
        const int descriptor = ::mkstemp(path.data());
        REQUIRE(descriptor >= 0);
        REQUIRE(::write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
        ::close(descriptor);
    }
    ~temporary_file() { ::unlink(path.c_str()); }
};

const xrayon::csv_options numbers_only{.header = false};

/// What this process has read with system calls so far; nothing where the kernel does not count it.
std::optional<std::size_t> bytes_read() {
    std::FILE* const io = std::fopen("/proc/self/io", "r");
    if (io == nullptr) {
        return std::nullopt;
    }
    unsigned long long count = 0;
    const int found = std::fscanf(io, "rchar: %llu", &count);
    std::fclose(io);
    return found == 1 ? std::optional<std::size_t>(count) : std::nullopt;
}

} // namespace

TEST_CASE("csv memory: the allocator of this program counts", "[io][csv][memory]") {
    peak = live.load();
    const std::size_t before = live;
    { const std::string large(3 * mebibyte, 'x'); }
    REQUIRE(peak - before >= 3 * mebibyte);
    REQUIRE(peak - before < 4 * mebibyte);
    REQUIRE(live == before);
}

TEST_CASE("csv memory: beyond the result, reading takes less than 1 MiB, of a text in memory and of a file", "[io][csv][memory]") {
    for (const std::string line : {"0.12345678901234567,1.7976931348623157e308\n", "1,2,3,4,5,6,7,8\n", "1.25,-3\n", "1\n"}) {
        INFO("line: " << line);
        const std::string text = repeated(line, 12 * mebibyte);
        const cost memory = cost_of([&] { return xrayon::parse_csv(text, "t.csv", numbers_only); });
        CHECK(memory.values >= text.size() / 4);
        CHECK(memory.beyond < mebibyte);
        const temporary_file file(text);
        const cost disk = cost_of([&] { return xrayon::read_csv(file.path, numbers_only); });
        CHECK(disk.values == memory.values);
        CHECK(disk.beyond < mebibyte);
    }
}

TEST_CASE("csv memory: where a number takes 4 bytes of text on average, twice the file and 1 MiB are enough", "[io][csv][memory]") {
    const std::string text = repeated("1.5,200\n", 12 * mebibyte);
    const temporary_file file(text);
    const cost disk = cost_of([&] { return xrayon::read_csv(file.path, numbers_only); });
    CHECK(disk.values == 2 * text.size());
    CHECK(disk.values + disk.beyond < 2 * text.size() + mebibyte);
}

TEST_CASE("csv memory: lines longer than many chunks are read once a pass, and a thread holds one of them at most", "[io][csv][memory]") {
    const std::size_t line = 3 * mebibyte;
    std::string row = repeated("0.12345678901234567,", line - 2);
    row.resize(line - 2);
    row += "1\n";
    const std::string wide = row + row + row + row;
    const std::string commented = "1\n#" + std::string(4 * line, 'x') + "\n2\n";
    for (const auto& [text, lines] : {std::pair{wide, std::size_t{4}}, std::pair{commented, std::size_t{1}}}) {
        const std::size_t longest = text.size() / lines;
        const temporary_file file(text);
        for (const std::size_t threads : {1u, 2u, 8u}) {
            INFO("threads " << threads << ", lines " << lines);
            const auto before = bytes_read();
            const cost disk = cost_of([&] { return xrayon::read_csv(file.path, {.header = false, .comment = '#'}); }, threads);
            const auto after = bytes_read();
            CHECK(disk.fault.empty());
            CHECK(disk.values > 0);
            CHECK(disk.beyond < std::min(threads, lines) * longest + mebibyte + threads * 132 * 1024);
            if (before && after) {
                // Twice; the first line once or twice more, to see how long it is; of each line, what lies in one chunk twice.
                CHECK(*after - *before > 2 * text.size());
                CHECK(*after - *before < 2 * text.size() + 2 * longest + (lines + 4) * 128 * 1024);
            }
        }
    }
}

TEST_CASE("csv memory: a small file is read as a whole, for at most its size", "[io][csv][memory]") {
    const std::string text = repeated("0.5,0.25\n", mebibyte / 4);
    const temporary_file file(text);
    CHECK(cost_of([&] { return xrayon::read_csv(file.path, numbers_only); }).beyond < mebibyte);
}

TEST_CASE("csv memory: no text makes the reader ask for more than its values could take", "[io][csv][memory][C22]") {
    // What a fault leaves behind is never more than 8 bytes for each byte of text, and names of 32 bytes for each column.
    const std::string wide = std::string(100'000, ',') + "\n" + repeated("1\n", 8 * mebibyte);
    const cost ragged = cost_of([&] { return xrayon::parse_csv(wide, "t.csv"); });
    CHECK(ragged.fault == "t.csv:2:2: 1 field, expected 100001");
    CHECK(ragged.beyond < 8 * wide.size() + 100'001 * sizeof(std::string) + mebibyte);

    const std::string line(12 * mebibyte, '1');
    const cost endless = cost_of([&] { return xrayon::parse_csv(line, "t.csv", {.header = false, .max_line = mebibyte}); });
    CHECK(endless.fault == "t.csv:1:1048577: line is longer than 1048576 bytes (max_line)");
    CHECK(endless.beyond < mebibyte);

    const std::string blank = "a,b\n1,2\n" + std::string(12 * mebibyte, '\n');
    const cost blanks = cost_of([&] { return xrayon::parse_csv(blank, "t.csv"); });
    CHECK(blanks.values == 2 * sizeof(double));
    CHECK(blanks.beyond < mebibyte);

    const temporary_file file("#" + repeated("comment\n#", 12 * mebibyte) + "\n1,2\n");
    const cost comments = cost_of([&] { return xrayon::read_csv(file.path, {.header = false, .comment = '#'}); });
    CHECK(comments.values == 2 * sizeof(double));
    CHECK(comments.beyond < mebibyte);
}
