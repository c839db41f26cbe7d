// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_IO_FORKED_HPP
#define XRAYON_TESTS_IO_FORKED_HPP

#include <exception>
#include <stdexcept>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace xrayon::test {

/// How a child process ended, and what it said.
struct child_result {
    int status = 0;
    std::string text;

    [[nodiscard]] bool exited() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
    [[nodiscard]] bool killed() const { return WIFSIGNALED(status); }
};

/// A child that runs `body` and ends without destructors or exit handlers. What `body` returns, or throws, is the text.
class forked_child {
public:
    template <class Body>
    explicit forked_child(const Body& body) {
        int ends[2];
        if (::pipe(ends) != 0) {
            throw std::runtime_error("no pipe");
        }
        process_ = ::fork();
        if (process_ < 0) {
            throw std::runtime_error("no child process");
        }
        if (process_ == 0) {
            ::close(ends[0]);
            int code = 0;
            std::string text;
            try {
                text = body();
            } catch (const std::exception& error) {
                text = error.what();
                code = 1;
            }
            const auto put = ::write(ends[1], text.data(), text.size());  // less than a pipe holds
            ::_exit(put == static_cast<ssize_t>(text.size()) ? code : 2);
        }
        ::close(ends[1]);
        from_child_ = ends[0];
    }
    forked_child(const forked_child&) = delete;
    forked_child& operator=(const forked_child&) = delete;

    [[nodiscard]] pid_t process() const { return process_; }

    [[nodiscard]] child_result wait() {
        child_result result;
        char buffer[512];
        for (ssize_t got = 0; (got = ::read(from_child_, buffer, sizeof buffer)) > 0;) {
            result.text.append(buffer, static_cast<std::size_t>(got));
        }
        ::close(from_child_);
        ::waitpid(process_, &result.status, 0);
        return result;
    }

private:
    pid_t process_ = -1;
    int from_child_ = -1;
};

template <class Body>
child_result run_in_child(const Body& body) {
    return forked_child(body).wait();
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_IO_FORKED_HPP
