// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_PROGRESS_HPP
#define XRAYON_EXEC_PROGRESS_HPP

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>

// What a caller says about progress, and what is said about it: the vocabulary of run_options::progress and on_progress.

namespace xrayon {

/// Whether a call shows on stderr how far it is.
enum class progress_mode {
    off,        ///< Not at all.
    automatic,  ///< On a terminal a bar that is drawn anew ten times a second; elsewhere a line every five seconds.
    always,     ///< A bar also where stderr does not look like a terminal.
};

/// How far a call is.
struct progress_state {
    std::string_view name = {};                 ///< run.label, else the algorithm's name; valid for as long as the call.
    std::size_t done = 0;                       ///< Items that have finished: never falls, never above `total`.
    std::size_t total = 0;                      ///< Items of the call.
    std::chrono::duration<double> elapsed = {}; ///< Since the call began.
    std::optional<double> rate = {};            ///< Items per second, recent ones weigh more; at the end done / elapsed.
    /// Until all are done, as it looks now; unset: nobody knows.
    std::optional<std::chrono::duration<double>> remaining = {};
    bool ended = false;                         ///< The call is over; `done < total` then says that it did not succeed.
};

/// Is told how far a call is; see run_options::on_progress.
using progress_function = std::function<void(const progress_state&)>;

/// Reads the text of XRAYON_PROGRESS. Nothing for "" : the program decides. `progress_mode::off` is spelled "never".
/// @throws environment_error  on anything but "", "auto", "always" and "never": it names the variable, the text and what is accepted.
[[nodiscard]] inline std::optional<progress_mode> parse_progress_mode(std::string_view text) {
    if (text.empty()) {
        return std::nullopt;
    }
    if (text == "auto") {
        return progress_mode::automatic;
    }
    if (text == "always") {
        return progress_mode::always;
    }
    if (text == "never") {
        return progress_mode::off;
    }
    const std::string shown = escaped(text);
    throw environment_error("XRAYON_PROGRESS=\"" + shown + "\": not a mode (accepted: auto, always, never)", "XRAYON_PROGRESS", shown);
}

/// How a call that asked for `asked` shows its progress. XRAYON_PROGRESS says how what was asked for is shown, so it is the user's
/// last word; it makes no call show what nobody asked for, and is not read for `off`.
/// @throws environment_error
[[nodiscard]] inline progress_mode resolve_progress_mode(progress_mode asked) {
    if (asked == progress_mode::off) {
        return asked;
    }
    const char* const text = std::getenv("XRAYON_PROGRESS");
    return parse_progress_mode(text == nullptr ? "" : text).value_or(asked);
}

} // namespace xrayon

#endif // XRAYON_EXEC_PROGRESS_HPP
