// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_UNWAITING_WRITER_HPP
#define XRAYON_EXEC_DETAIL_UNWAITING_WRITER_HPP

#include <cerrno>
#include <charconv>
#include <climits>
#include <string_view>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace xrayon::detail {

/// Writes to a descriptor of the program's without ever waiting for whoever reads there. That poll says "writable" is not enough: of a
/// terminal it means that there is room for some bytes, and a write of more sleeps until somebody reads; of a pipe it is good for
/// PIPE_BUF bytes. And O_NONBLOCK belongs to what was opened, which other processes share, so it is not ours to set. So a terminal or
/// pipe is opened once more, for us alone; a socket has a flag for each message. Anything else, files above all, is written to as it is: one
/// opened by us would not share the place where the next line goes.
///
/// It is made for one line and then closed again: stderr may be another one by the next, and a child should inherit nothing of it.
class unwaiting_writer {
public:
    explicit unwaiting_writer(int descriptor) noexcept : descriptor_(descriptor) {
        struct ::stat status {};
        const int flags = ::fcntl(descriptor, F_GETFL);
        if (flags < 0 || (flags & O_NONBLOCK) != 0 || (flags & O_ACCMODE) == O_RDONLY || ::fstat(descriptor, &status) != 0) {
            return;  // waits for nobody as it is, or cannot be written to
        }
        if (S_ISSOCK(status.st_mode)) {
            kind_ = kind::socket;
        } else if (S_ISFIFO(status.st_mode)) {
            kind_ = kind::pipe;
            own_ = open_again();
        } else if (S_ISCHR(status.st_mode) && ::isatty(descriptor) == 1) {
            kind_ = kind::terminal;
            own_ = open_again();
            if (!same_terminal()) {
                close();
                // Somebody else's terminal, after su or setuid, cannot be opened by its name, but the one that controls us always can.
                own_ = ::open("/dev/tty", how);
            }
            if (!same_terminal()) {
                close();
            }
        }
    }
    ~unwaiting_writer() { close(); }
    unwaiting_writer(const unwaiting_writer&) = delete;
    unwaiting_writer& operator=(const unwaiting_writer&) = delete;

    /// As ::write: how much of `text` was taken, or -1 and errno, which is EAGAIN where it would have to wait. To be called when
    /// poll has said that the descriptor is writable.
    [[nodiscard]] ::ssize_t write(std::string_view text) const noexcept {
        if (own_ >= 0) {
            return ::write(own_, text.data(), text.size());
        }
        if (kind_ == kind::socket) {
            return ::send(descriptor_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        // Where it cannot be opened (no permission, no /proc, no descriptor free): nobody knows how much a terminal would take, and a pipe
        // takes this much, unless another process fills it in this very moment.
        if (kind_ == kind::terminal || (kind_ == kind::pipe && text.size() > PIPE_BUF)) {
            errno = EAGAIN;
            return -1;
        }
        return ::write(descriptor_, text.data(), text.size());
    }

private:
    enum class kind { plain, socket, pipe, terminal };
    static constexpr int how = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    [[nodiscard]] int open_again() const noexcept {
        char path[] = "/proc/self/fd/0123456789";
        char* const number = path + sizeof "/proc/self/fd/" - 1;
        *std::to_chars(number, path + sizeof path - 1, descriptor_).ptr = '\0';
        return ::open(path, how);
    }

    /// Opening the master's side of a pseudo-terminal again makes another one.
    [[nodiscard]] bool same_terminal() const noexcept {
        unsigned mine = 0;
        unsigned theirs = 0;
        return own_ >= 0 && ::ioctl(own_, TIOCGDEV, &mine) == 0 && ::ioctl(descriptor_, TIOCGDEV, &theirs) == 0 && mine == theirs;
    }

    void close() noexcept {
        if (own_ >= 0) {
            ::close(own_);
            own_ = -1;
        }
    }

    int descriptor_;
    int own_ = -1;
    kind kind_ = kind::plain;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_UNWAITING_WRITER_HPP
