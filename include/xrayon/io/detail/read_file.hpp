// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_READ_FILE_HPP
#define XRAYON_IO_DETAIL_READ_FILE_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <xrayon/io/detail/regular_file.hpp>

namespace xrayon::detail {

/// The bytes of a file, owned. Not a string: its memory is not zeroed first.
struct file_bytes {
    std::unique_ptr<char[]> data;
    std::size_t size = 0;

    [[nodiscard]] std::string_view view() const noexcept { return {data.get(), size}; }
};

/// Reads the whole of an open regular file with read(2); nothing is mapped, so a file that shrinks meanwhile is only shorter.
/// Throws io_error `<function>: read <path>: <errno text>`.
[[nodiscard]] inline file_bytes read_file(const regular_file& file, const std::string& path, const std::string& function) {
    // One byte of room beyond the size shows the end of the file without growing; what grew meanwhile is read as well.
    std::size_t capacity = std::max(file.size + 1, std::size_t{4096});
    file_bytes bytes{std::make_unique_for_overwrite<char[]>(capacity)};
    for (;;) {
        bytes.size += read_up_to(file, bytes.data.get() + bytes.size, capacity - bytes.size, path, function);
        if (bytes.size != capacity) {
            return bytes;
        }
        auto larger = std::make_unique_for_overwrite<char[]>(2 * capacity);
        std::copy_n(bytes.data.get(), bytes.size, larger.get());
        bytes.data = std::move(larger);
        capacity *= 2;
    }
}

/// Opens and reads a whole regular file; open_regular_file says what is thrown.
[[nodiscard]] inline file_bytes read_file(const std::string& path, const std::string& function) {
    return read_file(open_regular_file(path, function), path, function);
}

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_READ_FILE_HPP
