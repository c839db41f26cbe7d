// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_TERMINAL_HPP
#define SCALABILITY_TERMINAL_HPP

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace scalability {

/// What may be written to standard output: UTF-8 and colours where they are understood, lines as wide as the window.
struct terminal {
    bool utf8 = false;
    bool colours = false;
    std::size_t columns = 80;

    [[nodiscard]] std::string bold(std::string_view text) const { return coloured("1", text); }
    [[nodiscard]] std::string warning(std::string_view text) const { return coloured("33", text); }

private:
    [[nodiscard]] std::string coloured(std::string_view code, std::string_view text) const {
        return colours ? "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m" : std::string(text);
    }
};

/// As the locale, the window, COLUMNS, NO_COLOR and TERM say. No colours into pipes and files.
terminal look_at_terminal(bool ascii);

/// Shows on a terminal's stderr how far something is and when it ends, on one line that is drawn again and again; on anything else nothing.
class status_line {
public:
    explicit status_line(std::string what);
    ~status_line();
    status_line(const status_line&) = delete;
    status_line& operator=(const status_line&) = delete;

    void show(std::size_t done, std::size_t total);

private:
    std::string what_;
    bool shows_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

} // namespace scalability

#endif // SCALABILITY_TERMINAL_HPP
