// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_PROGRESS_OUTPUT_HPP
#define XRAYON_EXEC_DETAIL_PROGRESS_OUTPUT_HPP

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xrayon/exec/detail/unwaiting_writer.hpp>
#include <xrayon/exec/progress.hpp>
#include <xrayon/exec/progress_line.hpp>

// Where progress is written to and how it looks there. What is asked of the system is gathered first (progress_surroundings), and what
// follows from it is a function of that, so that it can be tested.

namespace xrayon::detail {

/// What the system says about stderr.
struct progress_surroundings {
    bool terminal = false;      ///< stderr is one.
    std::string term = {};      ///< TERM
    std::string ci = {};        ///< CI
    std::string columns = {};   ///< COLUMNS
    std::string locale = {};    ///< The first of LC_ALL, LC_CTYPE, LANG that is set and not empty: what decides about characters.
};

/// How a call's progress looks on stderr.
struct progress_look {
    bool shown = false;                         ///< At all.
    bool bar = false;                           ///< One line drawn again and again; else complete lines.
    progress_style style = progress_style::ascii;
    std::optional<std::size_t> columns = {};    ///< By COLUMNS; unset: ask the terminal each time, for windows change their size.
};

inline progress_surroundings read_progress_surroundings(int descriptor) {
    const auto variable = [](const char* name) {
        const char* const text = std::getenv(name);
        return std::string(text == nullptr ? "" : text);
    };
    progress_surroundings out;
    out.terminal = ::isatty(descriptor) == 1;
    out.term = variable("TERM");
    out.ci = variable("CI");
    out.columns = variable("COLUMNS");
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        if (out.locale.empty()) {
            out.locale = variable(name);
        }
    }
    return out;
}

/// A terminal that can go back to the start of a line gets a bar, unless it belongs to a build server, whose logs keep everything.
/// COLUMNS that is no number from 1 to 9999 is not meant for us. Nothing is ever coloured, so NO_COLOR is honoured.
inline progress_look look_of(progress_mode mode, const progress_surroundings& around) {
    progress_look look;
    look.shown = mode != progress_mode::off;
    const bool build_server = !around.ci.empty() && around.ci != "false" && around.ci != "0";
    const bool can_redraw = around.terminal && around.term != "dumb" && !build_server;
    look.bar = mode == progress_mode::always || (mode == progress_mode::automatic && can_redraw);
    std::string codeset;
    for (const char c : around.locale.substr(std::min(around.locale.find('.'), around.locale.size()))) {
        codeset += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    codeset = codeset.substr(0, codeset.find('@'));
    look.style = codeset == ".utf-8" || codeset == ".utf8" ? progress_style::utf8 : progress_style::ascii;
    std::size_t columns = 0;
    const char* const end = around.columns.data() + around.columns.size();
    const auto read = std::from_chars(around.columns.data(), end, columns);
    if (read.ec == std::errc{} && read.ptr == end && columns >= 1 && columns <= 9999) {
        look.columns = columns;
    }
    return look;
}

/// Takes what is to be shown.
struct progress_output {
    /// Writes all of `text`, or drops it, or the end of it, if that would take long; `last`: it is worth a short wait. Says how many bytes
    /// were written.
    virtual std::size_t write(std::string_view text, bool last) noexcept = 0;
    /// Columns of the terminal, if it says.
    [[nodiscard]] virtual std::optional<std::size_t> columns() const noexcept = 0;

protected:
    ~progress_output() = default;
};

/// A file descriptor. Whoever does not read (a full pipe, a terminal stopped by Ctrl-S) loses lines, or the end of one; the work does
/// not wait for him.
class descriptor_output final : public progress_output {
public:
    static constexpr std::chrono::milliseconds patience{100};  ///< For a last line, all of it.

    explicit descriptor_output(int descriptor) noexcept : descriptor_(descriptor) {}

    std::size_t write(std::string_view text, bool last) noexcept override {
        using clock = std::chrono::steady_clock;
        const auto give_up = clock::now() + (last ? patience : std::chrono::milliseconds(0));
        const unwaiting_writer writer(descriptor_);
        std::size_t done = 0;
        while (done < text.size()) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(give_up - clock::now());
            ::pollfd ready{descriptor_, POLLOUT, 0};
            if (::poll(&ready, 1, static_cast<int>(std::max(left, left.zero()).count())) != 1 || (ready.revents & POLLOUT) == 0) {
                break;
            }
            const auto written = writer.write(text.substr(done));
            if (written < 0 && errno != EINTR) {
                break;
            }
            done += written < 0 ? 0 : static_cast<std::size_t>(written);
        }
        return done;
    }

    [[nodiscard]] std::optional<std::size_t> columns() const noexcept override {
        ::winsize size{};
        if (::ioctl(descriptor_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
            return std::nullopt;
        }
        return size.ws_col;
    }

private:
    int descriptor_;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_PROGRESS_OUTPUT_HPP
