// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_REGULAR_FILE_HPP
#define XRAYON_IO_DETAIL_REGULAR_FILE_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <xrayon/core/error.hpp>

namespace xrayon::detail {

/// Owns a descriptor.
struct file_descriptor {
    int value;
    explicit file_descriptor(int descriptor) noexcept : value(descriptor) {}
    file_descriptor(file_descriptor&& other) noexcept : value(std::exchange(other.value, -1)) {}
    file_descriptor& operator=(file_descriptor&&) = delete;
    ~file_descriptor() {
        if (value >= 0) {
            ::close(value);
        }
    }
};

/// What the system says of a file's content without reading it. An open file stays the same one whatever becomes of its name, so
/// its number is no part of this. The clock behind the times may stand still for ten milliseconds (2 s on FAT): two changes
/// within that look like one.
struct file_stamp {
    ::off_t size = 0;
    ::timespec modified{};  // its content
    ::timespec changed{};   // that or its properties; no program can set it back

    friend bool operator==(const file_stamp& a, const file_stamp& b) noexcept {
        const auto same = [](const ::timespec& x, const ::timespec& y) { return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec; };
        return a.size == b.size && same(a.modified, b.modified) && same(a.changed, b.changed);
    }
};

/// A regular file that is read from its beginning with read(2). Nothing is mapped, so a file that shrinks meanwhile is only shorter.
struct regular_file {
    file_descriptor descriptor;
    std::size_t size;  ///< What the system said when it was opened: files grow and shrink, and those of /proc say 0.
    file_stamp stamp;  ///< Likewise.

    /// True unless the file's stamp is still what it was when it was opened.
    [[nodiscard]] bool has_changed() const noexcept {
        struct ::stat status {};
        return ::fstat(descriptor.value, &status) != 0 || stamp != file_stamp{status.st_size, status.st_mtim, status.st_ctim};
    }
};

/// Throws io_error `<function>: <what> <path>: <errno text>`. A function, so that errno is read before anything is allocated: a `throw`
/// takes memory for the exception before it looks at its operands, and where it finds none errno becomes ENOMEM.
[[noreturn]] inline void throw_io_error(int error_number, const std::string& function, const char* what, const std::string& path) {
    throw io_error(error_number, function + ": " + what, path);
}

/// As system calls take it: a path with a NUL byte would be cut there.
inline void check_path(const std::string& path, const std::string& function) {
    if (path.find('\0') != std::string::npos) {
        throw io_error(EINVAL, function + ": the path holds a NUL byte:", path.substr(0, path.find('\0')));
    }
}

/// Throws io_error `<function>: <what> <path>: <errno text>` for whatever the system refuses and, with EINVAL, for directories,
/// FIFOs, sockets and devices. Opening a FIFO that nobody writes to does not block.
[[nodiscard]] inline regular_file open_regular_file(const std::string& path, const std::string& function) {
    check_path(path, function);
    file_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.value < 0) {
        throw_io_error(errno, function, "open", path);
    }
    struct ::stat status {};
    if (::fstat(file.value, &status) != 0) {
        throw_io_error(errno, function, "stat", path);
    }
    if (!S_ISREG(status.st_mode)) {
        throw io_error(EINVAL, function + ": not a regular file:", path);
    }
    return {std::move(file), static_cast<std::size_t>(status.st_size), {status.st_size, status.st_mtim, status.st_ctim}};
}

/// Reads until `size` bytes are there or the file ends; returns how many it read. Interrupted and short reads go on.
/// @throws io_error  `<function>: read <path>: <errno text>`.
[[nodiscard]] inline std::size_t read_up_to(const regular_file& file, char* out, std::size_t size, const std::string& path,
                                            const std::string& function) {
    std::size_t done = 0;
    while (done != size) {
        const auto got = ::read(file.descriptor.value, out + done, std::min(size - done, std::size_t{1} << 30));
        if (got == 0) {
            break;
        }
        if (got > 0) {
            done += static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            throw_io_error(errno, function, "read", path);
        }
    }
    return done;
}

/// As read_up_to, from a place in the file.
[[nodiscard]] inline std::size_t read_at(const regular_file& file, std::size_t offset, char* out, std::size_t size, const std::string& path,
                                         const std::string& function) {
    std::size_t done = 0;
    while (done != size) {
        const auto got =
            ::pread(file.descriptor.value, out + done, std::min(size - done, std::size_t{1} << 30), static_cast<off_t>(offset + done));
        if (got == 0) {
            break;
        }
        if (got > 0) {
            done += static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            throw_io_error(errno, function, "read", path);
        }
    }
    return done;
}

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_REGULAR_FILE_HPP
