// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_READ_FILE_HPP
#define XRAYON_IO_DETAIL_READ_FILE_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xrayon/core/error.hpp>

namespace xrayon::detail {

/// The bytes of a file, owned. Not a string: its memory is not zeroed first.
struct file_bytes {
    std::unique_ptr<char[]> data;
    std::size_t size = 0;

    [[nodiscard]] std::string_view view() const noexcept { return {data.get(), size}; }
};

struct file_descriptor {
    int value;
    explicit file_descriptor(int descriptor) noexcept : value(descriptor) {}
    file_descriptor(const file_descriptor&) = delete;
    file_descriptor& operator=(const file_descriptor&) = delete;
    ~file_descriptor() {
        if (value >= 0) {
            ::close(value);
        }
    }
};

/// Reads a whole regular file with read(2); nothing is mapped, so a file that shrinks meanwhile is only shorter.
/// Throws io_error `<function>: <what> <path>: <errno text>` for whatever the system refuses and, with EINVAL, for
/// directories, FIFOs, sockets and devices. Opening a FIFO that nobody writes to does not block.
[[nodiscard]] inline file_bytes read_file(const std::string& path, const std::string& function) {
    if (path.find('\0') != std::string::npos) {
        throw io_error(EINVAL, function + ": the path holds a NUL byte:", path.substr(0, path.find('\0')));
    }
    const file_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.value < 0) {
        throw io_error(errno, function + ": open", path);
    }
    struct ::stat status {};
    if (::fstat(file.value, &status) != 0) {
        throw io_error(errno, function + ": stat", path);
    }
    if (!S_ISREG(status.st_mode)) {
        throw io_error(EINVAL, function + ": not a regular file:", path);
    }

    // One byte of room beyond the size shows the end of the file without growing; what grew meanwhile is read as well.
    std::size_t capacity = std::max(static_cast<std::size_t>(status.st_size) + 1, std::size_t{4096});
    file_bytes bytes{std::make_unique_for_overwrite<char[]>(capacity)};
    for (;;) {
        if (bytes.size == capacity) {
            auto larger = std::make_unique_for_overwrite<char[]>(2 * capacity);
            std::copy_n(bytes.data.get(), bytes.size, larger.get());
            bytes.data = std::move(larger);
            capacity *= 2;
        }
        const auto got = ::read(file.value, bytes.data.get() + bytes.size, std::min(capacity - bytes.size, std::size_t{1} << 30));
        if (got == 0) {
            return bytes;
        }
        if (got > 0) {
            bytes.size += static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            throw io_error(errno, function + ": read", path);
        }
    }
}

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_READ_FILE_HPP
