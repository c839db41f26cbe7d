// SPDX-License-Identifier: Apache-2.0
// Three bytes choose options and chunk size, the rest is the text. Whatever it is: read in one piece and read in chunks by two threads, and
// for one input in four also read from a file piece by piece, it gives the same table to the last bit or the same fault at the same
// place; nothing but data_error and argument_error is thrown; neither the table nor the memory taken is larger than the text allows;
// and what the quick road says of a number, from_chars says too.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include <xrayon/exec/pool.hpp>
#include <xrayon/io/csv.hpp>

#include "allocations.hpp"
#include "io/csv_outcome.hpp"

namespace {

void hold(bool true_as_it_must, const char* what) {
    if (!true_as_it_must) {
        std::fprintf(stderr, "csv_fuzz: does not hold: %s\n", what);
        std::abort();
    }
}

/// A field that the quick road takes must be a whole number for from_chars too, and the same.
void check_numbers(std::string_view text) {
    using namespace xrayon::detail;
    while (!text.empty()) {
        const std::size_t length = std::min(text.find_first_of(",\n\r;\t "), text.size());
        const std::string_view field = text.substr(0, length);
        double quick = 0;
        const char* const stop = read_decimal(field.data(), text.data() + text.size(), quick);
        if (stop != nullptr && stop <= field.data() + field.size()) {
            const char* const begin = field.data() + (*field.data() == '+' ? 1 : 0);
            double slow = 0;
            const auto [end, error] = std::from_chars(begin, stop, slow);
            hold(end == stop && error == std::errc{}, "from_chars takes what the quick road takes");
            hold(std::bit_cast<std::uint64_t>(quick) == std::bit_cast<std::uint64_t>(slow), "both say the same");
        }
        text.remove_prefix(length == text.size() ? length : length + 1);
    }
}

/// A file in memory, under a name that every process has for its own descriptors.
class memory_file {
public:
    memory_file() : descriptor_(::memfd_create("csv_fuzz", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {
        hold(descriptor_ >= 0, "the system gives a file in memory");
    }
    const std::string& holding(std::string_view text) {
        hold(::ftruncate(descriptor_, static_cast<off_t>(text.size())) == 0
                 && ::pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
             "the file takes the text");
        return path_;
    }

private:
    int descriptor_;
    std::string path_;
};

/// What reading may take beyond the doubles and names that a text of this size can become, on the thread that calls: what the pool,
/// the list of chunks and an error's words need.
constexpr std::size_t constant_memory = std::size_t{48} << 10;

/// Doubles for each byte of the text and for one row more, a string for each name and its text.
std::size_t memory_for(std::string_view text, std::size_t columns) {
    return sizeof(double) * (text.size() + 1 + columns) + sizeof(std::string) * columns + text.size() + columns;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) {
        return 0;
    }
    static const xrayon::pool two(std::size_t{2});
    const std::uint8_t flags = data[0];
    const std::uint8_t marks = data[1];
    const std::size_t chunk_bytes = std::size_t{1} + data[2] % 64;
    constexpr std::array delimiters{',', ';', '\t', ' '};
    constexpr std::array quotes{'"', '\'', '\0', '"'};
    constexpr std::array comments{'\0', '#', '%', '\0'};
    xrayon::csv_options options;
    options.header = (flags & 1) != 0;
    options.missing = (flags & 2) != 0 ? xrayon::missing_values::nan : xrayon::missing_values::error;
    options.non_finite = (flags & 4) == 0;
    options.overflow = (flags & 8) != 0 ? xrayon::overflowing_values::infinity : xrayon::overflowing_values::error;
    options.empty_ok = (flags & 16) != 0;
    options.max_line = (flags & 32) != 0 ? 8 : options.max_line;
    options.max_columns = (flags & 64) != 0 ? 3 : options.max_columns;
    options.delimiter = delimiters[marks % 4];
    options.quote = quotes[marks / 4 % 4];
    options.comment = comments[marks / 16 % 4];
    const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);

    const auto serial = xrayon::test::csv_in_one_piece(text, options);
    const auto parallel = two.install([&] { return xrayon::test::csv_in_chunks(text, options, chunk_bytes); });
    hold(serial == parallel, "in chunks as in one piece");
    const std::size_t most = memory_for(text, serial.fault.empty() ? serial.columns : text.size() + 1) + constant_memory;
    if (data[2] / 64 == 1) {
        const std::size_t outcome = 3 * sizeof(double) * serial.values.size() + sizeof(std::string) * serial.names.size() + text.size();
        static memory_file file;
        static const std::string name = "t.csv", function = "read_csv";
        const std::string& path = file.holding(text);
        const std::size_t at_once = std::max(chunk_bytes, text.size() / 64);  // not one call of the system a byte
        // By two threads, or by one, so that what it takes is all there is: windows of a chunk and a line, at most twice the text.
        static const xrayon::pool one(std::size_t{1});
        const bool alone = (flags & 128) != 0;
        (alone ? one : two).install([&] {
            const xrayon::fuzz::allocations taken;
            const auto opened = xrayon::detail::open_regular_file(path, function);
            const xrayon::detail::csv_source source(opened, path, function);
            const auto from_file = xrayon::test::csv_outcome_of([&] {
                const auto now = std::chrono::steady_clock::now();
                auto content = xrayon::detail::csv_reader(source, name, options, function, at_once, now).read();
                return xrayon::csv_table{name, std::move(content.columns), std::move(content.values)};
            });
            hold(!alone || taken.peak() <= most + outcome + 2 * text.size(), "a file takes what its text allows");
            hold(serial == from_file, "from a file as from memory");
            hold(!source.has_changed(), "a file that stays as it is is not taken for one that changed");
        });
    }
    if (serial.fault.empty()) {
        hold(serial.rows * serial.columns <= text.size() + 1, "a row of k fields takes k bytes");
        hold(options.header == (serial.names.size() == serial.columns) || serial.columns == 0, "a name for each column");
    } else {
        hold(serial.offset <= text.size() && serial.line >= 1 && serial.column >= 1, "the fault is in the text");
    }
    const xrayon::fuzz::allocations taken;
    try {
        // The public door; marks above 63 make options that do not fit together, on purpose.
        options.delimiter = marks >= 64 ? static_cast<char>(data[2]) : options.delimiter;
        options.max_line = marks >= 128 ? data[2] : options.max_line;
        const auto table = xrayon::parse_csv(text, "t.csv", options);
        hold(marks >= 64 || table.rows() == serial.rows, "the public door gives the same");
    } catch (const xrayon::data_error&) {
        hold(marks >= 64 || !serial.fault.empty(), "the public door fails where the other does");
    } catch (const xrayon::argument_error&) {
        hold(marks >= 64, "these options fit together");
    }
    hold(marks >= 64 || taken.peak() <= most, "a text takes what it allows");
    check_numbers(text);
    return 0;
}
