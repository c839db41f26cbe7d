// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_NPY_HEADER_HPP
#define XRAYON_IO_NPY_HEADER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/io/detail/npy_scanner.hpp>
#include <xrayon/io/detail/regular_file.hpp>
#include <xrayon/io/npy_type.hpp>

namespace xrayon {

/// Limits of the reader; numpy's own are 10,000 bytes (by default) and 32.
inline constexpr std::size_t npy_max_header = 65536;   ///< Bytes of the header's text.
inline constexpr std::size_t npy_max_dimensions = 32;  ///< Axes.

/// What an NPY file says about its array, before the array.
struct npy_header {
    std::string source;                 ///< The path, or what parse_npy_header was told.
    npy_type type;                      ///< Of the elements.
    bool fortran_order = false;         ///< The first axis varies fastest in the file.
    std::vector<std::size_t> shape;     ///< Empty: a single element.
    std::size_t size = 0;               ///< Elements: the product of the shape.
    std::size_t data_offset = 0;        ///< Where the elements begin, in bytes.
    std::array<unsigned, 2> version{};  ///< {1, 0}, {2, 0} or {3, 0}.

    /// Bytes of the elements; data_offset + data_size() fits in a ptrdiff_t.
    [[nodiscard]] std::size_t data_size() const noexcept { return size * type.size; }
};

namespace detail {

/// Reads the header of which `text` is the beginning; at least the first npy_max_header + 12 bytes, or all there are.
[[nodiscard]] inline npy_header scan_npy_header(std::string_view text, std::string source) {
    using namespace std::string_view_literals;
    npy_header header;
    header.source = std::move(source);
    npy_scanner scanner(text, header.source);

    constexpr auto magic = "\x93NUMPY"sv;
    if (text.starts_with("PK\x03\x04"sv) || text.starts_with("PK\x05\x06"sv)) {
        scanner.fail(0, "zip container", " (npz); only single arrays (npy) are read");
    }
    if (text.substr(0, magic.size()) != magic.substr(0, std::min(text.size(), magic.size()))) {
        scanner.fail(0, "bad magic");
    }
    const auto byte = [&](std::size_t at) {
        if (at >= text.size()) {
            scanner.fail(text.size(), "truncated header");
        }
        return static_cast<unsigned>(static_cast<unsigned char>(text[at]));
    };
    header.version = {byte(6), byte(7)};
    if (header.version[0] < 1 || header.version[0] > 3 || header.version[1] != 0) {
        scanner.fail(6, "version " + to_text(header.version[0]) + "." + to_text(header.version[1]), "; 1.0, 2.0 and 3.0 are read");
    }
    std::size_t length = byte(8) | byte(9) << 8;
    std::size_t begin = 10;
    if (header.version[0] > 1) {
        length |= static_cast<std::size_t>(byte(10)) << 16 | static_cast<std::size_t>(byte(11)) << 24;
        begin = 12;
    }
    if (length > npy_max_header) {
        scanner.fail(8, "header longer than " + to_text(npy_max_header), ": it says " + to_text(length));
    }
    if (length > text.size() - begin) {
        scanner.fail(text.size(), "truncated header", "; it says " + to_text(length) + " bytes from byte " + to_text(begin));
    }
    header.data_offset = begin + length;
    scanner.open(begin, header.data_offset);

    // Python 2 wrote its long integers as 3L; numpy reads those in the versions that Python 2 could write.
    const bool long_suffix = header.version[0] < 3;
    std::size_t shape_at = 0;
    bool seen[3] = {};
    scanner.expect('{');
    while (!scanner.take('}')) {
        const auto [key, at] = scanner.text();
        constexpr std::string_view keys[] = {"descr", "fortran_order", "shape"};
        const auto index = static_cast<std::size_t>(std::find(std::begin(keys), std::end(keys), key) - std::begin(keys));
        if (index == std::size(keys)) {
            scanner.fail(at, "unknown key '" + escaped(key) + "'");
        }
        if (std::exchange(seen[index], true)) {
            scanner.fail(at, "duplicate key '" + escaped(key) + "'");
        }
        scanner.expect(':');
        if (index == 0) {
            header.type = scanner.type();
        } else if (index == 1) {
            header.fortran_order = scanner.boolean();
        } else {
            shape_at = scanner.position();
            header.shape = scanner.shape(npy_max_dimensions, long_suffix);
        }
        if (!scanner.take(',')) {
            scanner.expect('}');
            break;
        }
    }
    for (std::size_t index = 0; index != 3; ++index) {
        if (!seen[index]) {
            constexpr std::string_view keys[] = {"descr", "fortran_order", "shape"};
            scanner.fail(scanner.position() - 1, "missing key '" + std::string(keys[index]) + "'");
        }
    }
    scanner.expect_end();

    // Extents of 0 count as 1 here: strides are products of the other extents.
    std::size_t bytes = header.type.size;
    header.size = 1;
    for (const std::size_t extent : header.shape) {
        const std::size_t most = (static_cast<std::size_t>(PTRDIFF_MAX) - header.data_offset) / bytes;
        if (extent > most) {
            scanner.fail(shape_at, "shape product overflow",
                         ": " + shape_text(header.shape) + " of " + to_text(header.type.size) + " bytes");
        }
        bytes *= std::max(extent, std::size_t{1});
        header.size *= extent;
    }
    return header;
}

/// Reads the header of an open file.
[[nodiscard]] inline npy_header read_npy_header(const regular_file& file, const std::string& path, const std::string& function) {
    std::string text(512, '\0');  // numpy's headers fill 128 bytes, or 192
    text.resize(read_at(file, 0, text.data(), text.size(), path, function));
    const std::size_t most = npy_max_header + 12;
    if (text.size() == 512 && most > 512) {
        const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(text[at])); };
        const std::size_t length =
            byte(6) > 1 ? 12 + (byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24) : 10 + (byte(8) | byte(9) << 8);
        if (length > 512) {
            text.resize(std::min(length, most));
            text.resize(512 + read_at(file, 512, text.data() + 512, text.size() - 512, path, function));
        }
    }
    return scan_npy_header(text, path);
}

} // namespace detail

/// @brief Reads the header of an array in memory.
///
/// @param bytes   An NPY file, or its beginning: at most npy_max_header + 12 bytes are looked at.
/// @param source  Stands before what messages say.
/// @throws data_error  `<source>: npy: <what> at byte <k> ...` at the first fault; the offset is a member too.
[[nodiscard]] inline npy_header parse_npy_header(std::string_view bytes, std::string source) {
    return detail::scan_npy_header(bytes, std::move(source));
}

/// @brief Looks at an NPY file before it is read: element type, shape, order.
///
/// @throws io_error    with path and errno, if the file cannot be opened or read or is not a regular file.
/// @throws data_error  as parse_npy_header. Whether the file is as long as the header says is not looked at.
[[nodiscard]] inline npy_header read_npy_header(const std::string& path) {
    return detail::read_npy_header(detail::open_regular_file(path, "read_npy_header"), path, "read_npy_header");
}

} // namespace xrayon

#endif // XRAYON_IO_NPY_HEADER_HPP
