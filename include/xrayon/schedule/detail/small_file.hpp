// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_SCHEDULE_DETAIL_SMALL_FILE_HPP
#define XRAYON_SCHEDULE_DETAIL_SMALL_FILE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

#include <xrayon/core/config.hpp>
#include <xrayon/core/error.hpp>

// A small text file, read and replaced. This module may not include io, whose atomic_file does more: it syncs, and keeps owners and modes.

namespace xrayon::detail {

struct close_file {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using file_handle = std::unique_ptr<std::FILE, close_file>;

XRAYON_COLD [[noreturn]] inline void fail_file(int error_number, std::string_view function, const char* what, const std::string& path) {
    throw io_error(error_number, std::string(function) + ": " + what, path);
}

/// Nobody wants a regular file in the place of /dev/null, nor to wait for who writes to a FIFO.
/// @throws io_error if something stands at `path` that is no regular file, nor a link to one; or if a zero byte would cut the path short
inline void check_small_file(const std::string& path, std::string_view function) {
    struct ::stat status {};
    if (path.find('\0') != path.npos || (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))) {
        fail_file(EINVAL, function, "not a regular file:", path);
    }
}

/// The whole file; nothing if there is none and it `may_be_absent`.
template <class = when_called>
std::optional<std::string> read_small_file(const std::string& path, std::string_view function, bool may_be_absent) {
    check_small_file(path, function);
    const file_handle file(std::fopen(path.c_str(), "rbe"));
    if (file == nullptr) {
        if (may_be_absent && errno == ENOENT) {
            return std::nullopt;
        }
        fail_file(errno, function, "open", path);
    }
    std::string text;
    char buffer[4096];
    errno = 0;
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, file.get())) != 0;) {
        text.append(buffer, got);
    }
    if (std::ferror(file.get()) != 0) {
        fail_file(errno == 0 ? EIO : errno, function, "read", path);
    }
    return text;
}

/// Puts a file with this text in the place of `path`, in one step; on failure what was there is as it was, and nothing else is left.
template <class = when_called>
void replace_small_file(const std::string& path, std::string_view text, std::string_view function) {
    check_small_file(path, function);
    std::string temporary = path + ".XXXXXX";
    const int descriptor = ::mkstemp(temporary.data());
    if (descriptor < 0) {
        fail_file(errno, function, "create", path);
    }
    const auto give_up = [&](int error_number, const char* what) {
        ::unlink(temporary.c_str());
        fail_file(error_number, function, what, path);
    };
    while (!text.empty()) {
        const auto put = ::write(descriptor, text.data(), text.size());
        if (put > 0) {
            text.remove_prefix(static_cast<std::size_t>(put));
        } else if (put == 0 || errno != EINTR) {
            const int error_number = put == 0 ? EIO : errno;
            ::close(descriptor);
            give_up(error_number, "write");
        }
    }
    if (::close(descriptor) != 0 && errno != EINTR) {  // after EINTR it is closed all the same
        give_up(errno, "close");
    }
    if (std::rename(temporary.c_str(), path.c_str()) != 0) {
        give_up(errno, "rename");
    }
}

} // namespace xrayon::detail

#endif // XRAYON_SCHEDULE_DETAIL_SMALL_FILE_HPP
