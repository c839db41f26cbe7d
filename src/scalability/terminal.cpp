// SPDX-License-Identifier: Apache-2.0
#include "scalability/terminal.hpp"

#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <utility>

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace scalability {

namespace {

bool is_set(const char* name) {
    const char* const text = std::getenv(name);
    return text != nullptr && *text != '\0';
}

bool dumb() {
    const char* const kind = std::getenv("TERM");
    return kind != nullptr && std::strcmp(kind, "dumb") == 0;
}

} // namespace

terminal look_at_terminal(bool ascii) {
    terminal out;
    std::setlocale(LC_CTYPE, "");
    out.utf8 = !ascii && std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
    std::setlocale(LC_CTYPE, "C");
    const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
    out.colours = is_terminal && !is_set("NO_COLOR") && !dumb();
    std::size_t columns = 0;
    winsize size{};
    if (const char* const text = std::getenv("COLUMNS"); text != nullptr) {
        std::from_chars(text, text + std::strlen(text), columns);
    }
    if (columns == 0 && is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        columns = size.ws_col;
    }
    // Into a file a table may be as wide as it is.
    out.columns = columns == 0 ? (is_terminal ? 80 : 100) : columns < 40 ? 40 : columns > 400 ? 400 : columns;
    return out;
}

status_line::status_line(std::string what) : what_(std::move(what)), shows_(::isatty(STDERR_FILENO) == 1 && !dumb()) {}

status_line::~status_line() {
    if (shows_) {
        std::cerr << "\r\x1b[K" << std::flush;
    }
}

void status_line::show(std::size_t done, std::size_t total) {
    if (shows_) {
        const double taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
        const double left = taken / static_cast<double>(done) * static_cast<double>(total - done);
        std::cerr << "\r\x1b[K" << what_ << ": round " << done << " of " << total << ", about " << std::llround(left) << " s more"
                  << std::flush;
    }
}

} // namespace scalability
