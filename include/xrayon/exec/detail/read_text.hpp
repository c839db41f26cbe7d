// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_READ_TEXT_HPP
#define XRAYON_EXEC_DETAIL_READ_TEXT_HPP

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace xrayon::detail {

/// The first `limit` bytes of a small system file, or nothing if it cannot be read; `problem` says why (empty: no such file).
inline std::optional<std::string> read_text(const std::string& path, std::string& problem, std::size_t limit = 4096) {
    problem.clear();
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            problem = path + " cannot be opened";
        }
        return std::nullopt;
    }
    std::string text(limit, '\0');
    std::size_t used = 0;
    while (used < limit) {
        const ssize_t got = ::read(file, text.data() + used, limit - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            ::close(file);
            problem = path + " cannot be read";
            return std::nullopt;
        }
        if (got == 0) {
            break;
        }
        used += static_cast<std::size_t>(got);
    }
    ::close(file);
    text.resize(used);
    return text;
}

/// `text` without blanks and line ends at both ends.
[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string_view::npos ? std::string_view{} : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_READ_TEXT_HPP
