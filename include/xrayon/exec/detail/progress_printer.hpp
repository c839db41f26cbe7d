// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_PROGRESS_PRINTER_HPP
#define XRAYON_EXEC_DETAIL_PROGRESS_PRINTER_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <xrayon/exec/detail/process_state.hpp>
#include <xrayon/exec/detail/progress_output.hpp>
#include <xrayon/exec/detail/progress_rate.hpp>
#include <xrayon/exec/progress.hpp>
#include <xrayon/exec/progress_line.hpp>

namespace xrayon::detail {

/// Shows one call's progress: says at each look what is to be written, and tells the caller's function. It has no clock and no thread:
/// whoever owns it calls look() now and then and end() once, one at a time, with the time since the call began.
///
/// A terminal has one line that can be drawn again. The first call that draws owns it until it ends; the other calls of the process
/// draw when it is their turn, and when they end write a complete line, above the owner's, which draws again below.
class progress_printer {
public:
    using seconds = std::chrono::duration<double>;

    static constexpr seconds quiet{0.1};           ///< A call that is over by then shows nothing.
    static constexpr seconds line_interval{5};     ///< Between complete lines.
    static constexpr std::size_t default_columns = 80;

    /// What is passed by reference outlives this; so does the text of `name`.
    progress_printer(std::string_view name, std::size_t total, const progress_look& look, progress_output& output,
                     progress_line_owner& owner, const progress_function& function) noexcept
        : look_(look), output_(output), owner_(owner), function_(function ? &function : nullptr) {
        state_.name = name;
        state_.total = total;
    }

    void look(seconds elapsed, std::size_t done) noexcept {
        rate_.see(elapsed, done);
        state_.elapsed = elapsed;
        state_.done = done;
        state_.rate = rate_.per_second();
        state_.remaining = rate_.remaining(elapsed, state_.total);
        if (look_.bar) {
            draw();
        } else if (look_.shown && elapsed >= next_line_) {
            next_line_ = elapsed + line_interval;
            write_line();
        }
        tell();
    }

    /// The call is over. How long everything took is what now counts: the rate is the average.
    void end(seconds elapsed, std::size_t done) noexcept {
        state_.elapsed = elapsed;
        state_.done = done;
        state_.rate = std::nullopt;
        state_.remaining = std::nullopt;
        if (done != 0 && elapsed.count() > 0) {
            state_.rate = static_cast<double>(done) / elapsed.count();
        }
        if (done == state_.total) {
            state_.remaining = seconds(0);
        }
        state_.ended = true;
        if (look_.bar) {
            finish_bar(elapsed >= quiet);
        } else if (look_.shown && elapsed >= quiet) {
            write_line();
        }
        tell();
    }

private:
    /// The line, as wide as it may be. The last column stays free: some terminals go to the next line as soon as it is written to.
    [[nodiscard]] std::string text() const {
        if (!look_.bar) {
            return progress_line(state_, std::nullopt, look_.style);
        }
        const std::size_t columns = look_.columns.value_or(output_.columns().value_or(default_columns));
        return progress_line(state_, std::max<std::size_t>(columns, 2) - 1, look_.style);
    }

    void draw() noexcept {
        try {
            const std::lock_guard lock(owner_.mutex);
            if (owner_.printer != nullptr && owner_.printer != this) {
                return;
            }
            owner_.printer = this;
            write_over(text(), "", false);
        } catch (...) {
            // No memory for the line: the next look may have it.
        }
    }

    void finish_bar(bool show) noexcept {
        try {
            const std::lock_guard lock(owner_.mutex);
            struct release {
                progress_line_owner& owner;
                const progress_printer* printer;
                ~release() {
                    if (owner.printer == printer) {
                        owner.printer = nullptr;
                    }
                }
            } const at_end{owner_, this};
            if (show || owner_.printer == this) {
                write_over(text(), "\n", true);
            }
        } catch (...) {
        }
    }

    /// Writes `line` where the line that is drawn again stands, and blanks over what is longer of it. In one piece, under the lock.
    void write_over(std::string line, std::string_view end, bool last) {
        std::string_view rest = line;
        std::size_t columns = 0;
        while (!rest.empty()) {
            columns += columns_of(take_character(rest).value_or(U'?'));
        }
        const std::size_t blanks = owner_.columns > columns ? owner_.columns - columns : 0;
        line.insert(0, "\r");
        line.append(blanks, ' ');
        line.append(end);
        const std::size_t written = output_.write(line, last);
        if (written == line.size()) {
            owner_.columns = end.empty() ? columns : 0;
        } else if (written != 0) {
            owner_.columns = std::max(owner_.columns, columns);  // some of both may stand there
        }
    }

    void write_line() noexcept {
        try {
            const std::string line = text() + "\n";
            const std::lock_guard lock(owner_.mutex);  // a fork waits for it: the child inherits nothing that is opened for writing
            output_.write(line, true);
        } catch (...) {
        }
    }

    /// A function that throws is not called again: looking on must not change what the call does.
    void tell() noexcept {
        if (function_ != nullptr) {
            try {
                (*function_)(state_);
            } catch (...) {
                function_ = nullptr;
            }
        }
    }

    progress_look look_;
    progress_output& output_;
    progress_line_owner& owner_;
    const progress_function* function_;
    progress_state state_ = {};
    progress_rate rate_ = {};
    seconds next_line_ = line_interval;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_PROGRESS_PRINTER_HPP
