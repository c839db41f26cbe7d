// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_TERMINAL_HPP
#define XRAYON_TESTS_SUPPORT_TERMINAL_HPP

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace xrayon::test {

/// What a terminal shows after `bytes`: carriage return goes back to the start of the line, and what is written there stands over what was.
/// Lines from the top, without the blanks at their ends. A character is one column.
inline std::vector<std::string> shown_by_terminal(std::string_view bytes) {
    std::vector<std::vector<std::string>> screen(1);
    std::size_t column = 0;
    for (std::size_t i = 0; i < bytes.size();) {
        if (bytes[i] == '\r') {
            column = 0;
            ++i;
            continue;
        }
        if (bytes[i] == '\n') {
            screen.emplace_back();
            column = 0;
            ++i;
            continue;
        }
        std::size_t end = i + 1;
        while (end < bytes.size() && (static_cast<unsigned char>(bytes[end]) & 0xc0) == 0x80) {
            ++end;
        }
        auto& line = screen.back();
        if (line.size() <= column) {
            line.resize(column + 1, " ");
        }
        line[column++] = bytes.substr(i, end - i);
        i = end;
    }
    std::vector<std::string> out;
    for (const auto& line : screen) {
        std::string text;
        for (const auto& character : line) {
            text += character;
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out.push_back(text);
    }
    return out;
}

/// A file descriptor that is closed at the end.
class descriptor {
public:
    explicit descriptor(int number = -1) : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() { close(); }
    void close() {
        if (number_ >= 0) {
            ::close(std::exchange(number_, -1));
        }
    }
    [[nodiscard]] int get() const { return number_; }

    /// What has been written to the other end by now.
    [[nodiscard]] std::string read_all() const {
        std::string out;
        ::pollfd ready{number_, POLLIN, 0};
        char buffer[4096];
        while (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
            const auto size = ::read(number_, buffer, sizeof buffer);
            if (size <= 0) {
                break;
            }
            out.append(buffer, static_cast<std::size_t>(size));
        }
        return out;
    }

private:
    int number_;
};

/// Two ends: what the program writes to `program` is read from `reader`.
struct channel {
    descriptor reader;
    descriptor program;
};

inline channel open_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw std::runtime_error("no pipe");
    }
    return {descriptor(ends[0]), descriptor(ends[1])};
}

/// A pseudo-terminal of so many columns; 0: one that does not say.
inline channel open_terminal(unsigned short columns) {
    descriptor reader(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    char name[128];
    if (reader.get() < 0 || ::grantpt(reader.get()) != 0 || ::unlockpt(reader.get()) != 0
        || ::ptsname_r(reader.get(), name, sizeof name) != 0) {
        throw std::runtime_error("no pseudo-terminal");
    }
    descriptor program(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    ::winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    if (program.get() < 0 || ::ioctl(program.get(), TIOCSWINSZ, &size) != 0) {
        throw std::runtime_error("no pseudo-terminal");
    }
    return {std::move(reader), std::move(program)};
}

/// While it lives, the process's stderr is `descriptor`.
class stderr_is {
public:
    explicit stderr_is(const descriptor& other) : before_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
        ::dup2(other.get(), STDERR_FILENO);
    }
    ~stderr_is() { ::dup2(before_.get(), STDERR_FILENO); }
    stderr_is(const stderr_is&) = delete;
    stderr_is& operator=(const stderr_is&) = delete;

private:
    descriptor before_;
};

/// An environment variable, set (or unset, by null) while it lives.
class variable_is {
public:
    variable_is(const char* name, const char* value) : name_(name) {
        if (const char* const before = std::getenv(name)) {
            before_ = before;
            was_set_ = true;
        }
        set(value);
    }
    ~variable_is() { set(was_set_ ? before_.c_str() : nullptr); }
    variable_is(const variable_is&) = delete;
    variable_is& operator=(const variable_is&) = delete;

private:
    void set(const char* value) const { value == nullptr ? ::unsetenv(name_) : ::setenv(name_, value, 1); }

    const char* name_;
    std::string before_;
    bool was_set_ = false;
};

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_TERMINAL_HPP
