// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/call_progress.hpp>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/catch.hpp"
#include "../support/child_process.hpp"
#include "../support/terminal.hpp"
#include "golden/progress_lines.hpp"

using namespace xrayon;
using detail::progress_look;
using detail::progress_printer;
using seconds = std::chrono::duration<double>;

namespace {

/// Keeps what is written; a terminal of as many columns as it is told.
struct written final : detail::progress_output {
    std::string text = {};
    std::optional<std::size_t> width = {};
    std::vector<bool> lasts = {};

    std::size_t takes = std::string::npos;  // bytes of each line

    std::size_t write(std::string_view more, bool last) noexcept override {
        text += more.substr(0, takes);
        lasts.push_back(last);
        return std::min(more.size(), takes);
    }
    [[nodiscard]] std::optional<std::size_t> columns() const noexcept override { return width; }
    [[nodiscard]] std::vector<std::string> lines() const { return test::shown_by_terminal(text); }
};

constexpr progress_look bar_look{.shown = true, .bar = true};
constexpr progress_look log_look{.shown = true};
const progress_function nobody = {};

progress_state state_of(std::string_view name, std::size_t done, std::size_t total, double elapsed = 0) {
    return {.name = name, .done = done, .total = total, .elapsed = seconds(elapsed)};
}

std::string ascii_line(const progress_state& state, std::optional<std::size_t> width) {
    return progress_line(state, width, progress_style::ascii);
}

} // namespace

// --- the line ---------------------------------------------------------------------------------------------------------------

TEST_CASE("progress_line: bar, times, counts and their place are tqdm's", "[exec][progress]") {
    for (const auto& expected : golden::progress_line_cases) {
        progress_state state = state_of(expected.name, expected.done, expected.total, expected.elapsed);
        if (expected.rate != 0) {
            state.rate = expected.rate;
            state.remaining = seconds(static_cast<double>(expected.total - expected.done) / expected.rate);
        }
        const progress_style style = expected.ascii ? progress_style::ascii : progress_style::utf8;
        const std::string line = expected.width == 0 ? progress_line(state, std::nullopt, style) : progress_line(state, expected.width, style);
        CHECK(line == expected.line);
    }
}

TEST_CASE("progress_line: what is not known is a question mark", "[exec][progress]") {
    REQUIRE(ascii_line(state_of("fit", 0, 50, 12), std::nullopt) == "fit   0%|          | 0/50 [00:12<?, ? it/s]");
    auto state = state_of("fit", 10, 50, 12);
    for (const double rate : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(), 5e-324}) {
        state.rate = rate;
        state.remaining = seconds(rate == 0 ? 1e300 : rate == 5e-324 ? -1.0 : rate);
        REQUIRE(ascii_line(state, std::nullopt).ends_with(" 10/50 [00:12<?, ? it/s]"));
    }
}

TEST_CASE("progress_line: a share is rounded down, so 100% means all", "[exec][progress]") {
    REQUIRE(ascii_line(state_of("", 9999, 10000), 60).starts_with(" 99%|"));
    REQUIRE(ascii_line(state_of("", 10000, 10000), 60).starts_with("100%|"));
    REQUIRE(ascii_line(state_of("", 0, 0), 60).starts_with("100%|"));
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    REQUIRE(ascii_line(state_of("", most - 1, most), 90).starts_with(" 99%|"));
    REQUIRE(ascii_line(state_of("", most / 2 + 1, most), 90).starts_with(" 50%|"));
    REQUIRE(ascii_line(state_of("", most / 2 - 1000, most), 90).starts_with(" 49%|"));  // 49.999999999999995
    REQUIRE(ascii_line(state_of("", most, most), 90).starts_with("100%|"));
}

TEST_CASE("progress_line: rates have one decimal and a scale that keeps them short", "[exec][progress]") {
    const auto rate_of = [](double rate) {
        auto state = state_of("", 1, 2, 1);
        state.rate = rate;
        const std::string line = ascii_line(state, std::nullopt);
        const auto begin = line.rfind(", ") + 2;
        return line.substr(begin, line.size() - 1 - begin);
    };
    REQUIRE(rate_of(1) == "1.0 it/s");
    REQUIRE(rate_of(999.94) == "999.9 it/s");
    REQUIRE(rate_of(999.96) == "1.0k it/s");
    REQUIRE(rate_of(12345) == "12.3k it/s");
    REQUIRE(rate_of(999'960) == "1.0M it/s");
    REQUIRE(rate_of(3.2e9) == "3.2G it/s");
    REQUIRE(rate_of(4.5e15) == "4500.0T it/s");
    REQUIRE(rate_of(0.5) == "2.0 s/it");
    REQUIRE(rate_of(1e-4) == "10000.0 s/it");
}

TEST_CASE("progress_line: a line is never wider than it may be, and the name gives way first", "[exec][progress]") {
    const auto state = state_of("a label", 31, 50, 12);
    REQUIRE(ascii_line(state, 44) == "a label  62%|###7  | 31/50 [00:12<?, ? it/s]");
    REQUIRE(ascii_line(state, 39) == "a label  62%|6| 31/50 [00:12<?, ? it/s]");
    REQUIRE(ascii_line(state, 38) == "a labe  62%|6| 31/50 [00:12<?, ? it/s]");
    REQUIRE(ascii_line(state, 32) == "  62%|6| 31/50 [00:12<?, ? it/s]");
    REQUIRE(ascii_line(state, 10) == "  62%|6| 3");
    REQUIRE(ascii_line(state, 0).empty());
    for (std::size_t width = 0; width < 120; ++width) {
        REQUIRE(ascii_line(state, width).size() <= width);
        REQUIRE((width < 34 || ascii_line(state, width).size() == width));
    }
}

TEST_CASE("progress_line: nothing in a name can upset a terminal", "[exec][progress]") {
    const auto name_of = [](std::string_view name, progress_style style) {
        const std::string line = progress_line(state_of(name, 0, 1), std::nullopt, style);
        return line.substr(0, line.find("   0%|"));
    };
    const auto utf8 = [&](std::string_view name) { return name_of(name, progress_style::utf8); };
    REQUIRE(utf8("tab\there\r\nline\x1b[2J\x7f") == "tab?here??line?[2J?");
    REQUIRE(utf8("größe 大 😀") == "größe 大 😀");
    REQUIRE(name_of("größe 大", progress_style::ascii) == "gr??e ?");
    // Not UTF-8: a lone continuation, a cut sequence, an overlong slash, a surrogate, above U+10FFFF, bytes that never occur.
    REQUIRE(utf8("a\x80z") == "a?z");
    REQUIRE(utf8("a\xe5\xa4") == "a??");
    REQUIRE(utf8("a\xc0\xafz") == "a??z");
    REQUIRE(utf8("a\xe0\x80\xafz") == "a???z");
    REQUIRE(utf8("a\xed\xa0\x80z") == "a???z");
    REQUIRE(utf8("a\xf4\x90\x80\x80z") == "a????z");
    REQUIRE(utf8("a\xff\xfez") == "a??z");
    REQUIRE(utf8("a\xc2\x9bz") == "a?z");  // U+009B begins an escape sequence, as ESC [ does
}

TEST_CASE("progress_line: wide characters take two columns, combining ones none", "[exec][progress]") {
    const auto bar_columns = [](std::string_view name) {
        const std::string line = progress_line(state_of(name, 0, 1), 60, progress_style::utf8);
        return line.rfind('|') - line.find('|') - 1;
    };
    const std::size_t plain = bar_columns("ab");
    REQUIRE(bar_columns("大") == plain);
    REQUIRE(bar_columns("大a") == plain - 1);
    REQUIRE(bar_columns("한국") == plain - 2);
    REQUIRE(bar_columns("😀") == plain);
    REQUIRE(bar_columns("ae\xcc\x81") == plain);
    REQUIRE(bar_columns("ä\xe2\x82\xac") == plain);
}

// --- what decides how it looks --------------------------------------------------------------------------------------------------

TEST_CASE("progress: XRAYON_PROGRESS may be auto, always or never", "[exec][progress]") {
    REQUIRE(parse_progress_mode("") == std::nullopt);
    REQUIRE(parse_progress_mode("auto") == progress_mode::automatic);
    REQUIRE(parse_progress_mode("always") == progress_mode::always);
    REQUIRE(parse_progress_mode("never") == progress_mode::off);
}

TEST_CASE("progress: any other text of XRAYON_PROGRESS is an error that says what is accepted", "[exec][progress][errors]") {
    REQUIRE_THROWS_WITH(parse_progress_mode("yes"), "XRAYON_PROGRESS=\"yes\": not a mode (accepted: auto, always, never)");
    for (const char* text : {"AUTO", " auto", "never ", "1", "off", "auto\n", "\xff"}) {
        REQUIRE_THROWS_AS(parse_progress_mode(text), environment_error);
    }
    try {
        (void)parse_progress_mode("always\n");
        FAIL("accepted");
    } catch (const environment_error& error) {
        REQUIRE(error.variable() == "XRAYON_PROGRESS");
        REQUIRE(error.text() == "always\\x0a");
    }
    try {
        (void)parse_progress_mode(std::string(1 << 20, '\xff'));
        FAIL("accepted");
    } catch (const environment_error& error) {
        REQUIRE(std::string(error.what()).size() <= 230);
    }
}

TEST_CASE("progress: XRAYON_PROGRESS decides how what was asked for is shown, and asks for nothing by itself", "[exec][progress]") {
    using mode = progress_mode;
    const auto resolved = [](const char* text, mode asked) {
        const test::variable_is variable("XRAYON_PROGRESS", text);
        return resolve_progress_mode(asked);
    };
    for (const mode asked : {mode::off, mode::automatic, mode::always}) {
        REQUIRE(resolved(nullptr, asked) == asked);
        REQUIRE(resolved("", asked) == asked);
        const bool off = asked == mode::off;
        REQUIRE(resolved("auto", asked) == (off ? mode::off : mode::automatic));
        REQUIRE(resolved("always", asked) == (off ? mode::off : mode::always));
        REQUIRE(resolved("never", asked) == mode::off);
    }
    REQUIRE(resolved("garbage", mode::off) == mode::off);
    REQUIRE_THROWS_AS(resolved("garbage", mode::automatic), environment_error);
}

TEST_CASE("progress: a terminal gets a bar, anything else lines", "[exec][progress]") {
    using mode = progress_mode;
    const auto look = [](mode m, bool terminal, const char* term = "xterm", const char* ci = "") {
        return detail::look_of(m, {.terminal = terminal, .term = term, .ci = ci});
    };
    REQUIRE_FALSE(look(mode::off, true).shown);
    REQUIRE((look(mode::automatic, true).shown && look(mode::automatic, true).bar));
    REQUIRE((look(mode::automatic, false).shown && !look(mode::automatic, false).bar));
    REQUIRE((look(mode::always, false).shown && look(mode::always, false).bar));
    REQUIRE_FALSE(look(mode::automatic, true, "dumb").bar);
    REQUIRE_FALSE(look(mode::automatic, true, "xterm", "true").bar);
    REQUIRE(look(mode::automatic, true, "xterm", "false").bar);
    REQUIRE(look(mode::always, true, "dumb", "1").bar);
}

TEST_CASE("progress: blocks are drawn where the locale is UTF-8", "[exec][progress]") {
    const auto style = [](const char* locale) { return detail::look_of(progress_mode::always, {.locale = locale}).style; };
    for (const char* locale : {"C.UTF-8", "en_US.UTF-8", "de_DE.utf8", "en_US.utf-8@euro"}) {
        REQUIRE(style(locale) == progress_style::utf8);
    }
    for (const char* locale : {"", "C", "POSIX", "en_US", "de_DE.ISO-8859-1", "ja_JP.eucJP", "UTF-8x", "C.UTF-16"}) {
        REQUIRE(style(locale) == progress_style::ascii);
    }
    // The first of the three that says anything decides.
    const auto read = [](const char* all, const char* ctype, const char* lang) {
        const test::variable_is a("LC_ALL", all), b("LC_CTYPE", ctype), c("LANG", lang);
        return detail::read_progress_surroundings(-1).locale;
    };
    REQUIRE(read("C", "C.UTF-8", "C.UTF-8") == "C");
    REQUIRE(read("", "C.UTF-8", "C") == "C.UTF-8");
    REQUIRE(read(nullptr, nullptr, "C.UTF-8") == "C.UTF-8");
    REQUIRE(read(nullptr, nullptr, nullptr).empty());
}

TEST_CASE("progress: COLUMNS is the width if it is one", "[exec][progress]") {
    const auto columns = [](const char* text) { return detail::look_of(progress_mode::always, {.columns = text}).columns; };
    REQUIRE(columns("72") == 72u);
    REQUIRE(columns("1") == 1u);
    REQUIRE(columns("9999") == 9999u);
    for (const char* text : {"", "0", "-5", "80x", " 80", "10000", "99999999999999999999999"}) {
        REQUIRE(columns(text) == std::nullopt);
    }
}

// --- rate and remaining time ------------------------------------------------------------------------------------------------------

TEST_CASE("progress: a steady rate is known from the first item on", "[exec][progress]") {
    detail::progress_rate rate;
    rate.see(seconds(0.1), 0);
    REQUIRE(rate.per_second() == std::nullopt);
    REQUIRE(rate.remaining(seconds(0.1), 100) == std::nullopt);
    for (int k = 1; k <= 50; ++k) {  // two items a second, looked at every half second
        rate.see(seconds(0.5 * k), static_cast<std::size_t>(k));
        REQUIRE(*rate.per_second() == test::approx(2.0));
        REQUIRE(rate.remaining(seconds(0.5 * k), 100)->count() == test::approx((100 - k) / 2.0));
    }
}

TEST_CASE("progress: an item counts for the time since the one before, however often it is looked at", "[exec][progress]") {
    detail::progress_rate often;
    detail::progress_rate seldom;
    for (int tick = 1; tick <= 400; ++tick) {  // an item every ten seconds, looked at ten times a second
        often.see(seconds(0.1 * tick), static_cast<std::size_t>(tick / 100));
    }
    for (int k = 1; k <= 4; ++k) {
        seldom.see(seconds(10.0 * k), static_cast<std::size_t>(k));
    }
    REQUIRE(*often.per_second() == test::approx(0.1));
    REQUIRE(*often.per_second() == test::approx(*seldom.per_second()));
}

TEST_CASE("progress: the remaining time runs down between items, and stops at zero", "[exec][progress]") {
    detail::progress_rate rate;
    rate.see(seconds(10), 1);
    REQUIRE(rate.remaining(seconds(10), 3)->count() == test::approx(20));
    rate.see(seconds(14), 1);
    REQUIRE(rate.remaining(seconds(14), 3)->count() == test::approx(16));
    REQUIRE(rate.remaining(seconds(50), 3)->count() == 0);
    REQUIRE(rate.remaining(seconds(10), 1)->count() == 0);
}

TEST_CASE("progress: a change of pace is known to three quarters when as much time has gone by again", "[exec][progress]") {
    detail::progress_rate rate;
    rate.see(seconds(10), 100);  // 10 a second
    rate.see(seconds(20), 120);  // 2 a second
    // By the definition: 100 items at 5 s and 20 items at 15 s on average, 2 x 800 / 400.
    REQUIRE(*rate.per_second() == test::approx(4.0));
    REQUIRE(rate.remaining(seconds(20), 160)->count() == test::approx(10.0));
}

// --- the printer, without clock and terminal ----------------------------------------------------------------------------------------

TEST_CASE("progress: a bar is drawn again in place and left behind when the call ends", "[exec][progress]") {
    written out;
    out.width = 51;
    detail::progress_line_owner owner;
    progress_printer printer("fit", 50, bar_look, out, owner, nobody);
    printer.look(seconds(1), 5);
    REQUIRE(out.text == "\rfit  10%|#1         | 5/50 [00:01<00:09, 5.0 it/s]");
    printer.look(seconds(2), 10);
    printer.end(seconds(10), 50);
    REQUIRE(out.text.ends_with("\rfit 100%|##########| 50/50 [00:10<00:00, 5.0 it/s]\n"));
    REQUIRE(out.lines() == std::vector<std::string>{"fit 100%|##########| 50/50 [00:10<00:00, 5.0 it/s]", ""});
    REQUIRE(out.lasts == std::vector<bool>{false, false, true});
}

TEST_CASE("progress: a bar that gets shorter leaves nothing of the longer one", "[exec][progress]") {
    written out;
    out.width = 100;
    detail::progress_line_owner owner;
    progress_printer printer("fit", 50, bar_look, out, owner, nobody);
    printer.look(seconds(1), 50);
    out.width = 60;  // somebody makes the window smaller
    printer.look(seconds(1.1), 50);
    const auto lines = out.lines();
    REQUIRE(lines.size() == 1);
    REQUIRE(lines[0].size() == 59);
    out.width = std::nullopt;  // and it no longer says: 80 columns
    printer.end(seconds(1.2), 50);
    REQUIRE(out.lines()[0].size() == 79);
}

TEST_CASE("progress: a line that was lost counts for nothing, and of one that was cut off nothing is left", "[exec][progress]") {
    written out;
    detail::progress_line_owner owner;
    progress_printer printer("fit", 50, bar_look, out, owner, nobody);
    const auto look = [&](std::size_t width, std::size_t takes) {
        out.width = width;
        out.takes = takes;
        out.text.clear();
        printer.look(seconds(1), 5);
        return out.text;
    };
    const std::string narrow = "\r" + ascii_line(state_of("fit", 5, 50), 50);
    REQUIRE(look(51, std::string::npos).size() == narrow.size());
    REQUIRE(look(91, 0).empty());
    REQUIRE(look(51, std::string::npos).size() == narrow.size());  // no blanks over what was never there
    REQUIRE(look(91, 80).size() == 80);
    REQUIRE(look(51, 20).size() == 20);                            // of the wide line there is still something
    REQUIRE(look(51, std::string::npos).size() == 1 + 90);
    REQUIRE(look(51, std::string::npos).size() == narrow.size());
    out.takes = 0;
    printer.end(seconds(10), 50);
    progress_printer next("fit", 50, bar_look, out, owner, nobody);
    out.takes = std::string::npos;
    out.width = 41;
    out.text.clear();
    next.look(seconds(1), 5);
    REQUIRE(out.text.size() == narrow.size());  // over the line of the call before, whose end was lost
    REQUIRE(owner.columns == 40);
    next.end(seconds(10), 50);
    REQUIRE(owner.columns == 0);
}

TEST_CASE("progress: a failed call's line ends where it was", "[exec][progress]") {
    written out;
    out.width = 61;
    detail::progress_line_owner owner;
    progress_printer printer("fit", 50, bar_look, out, owner, nobody);
    printer.look(seconds(1), 30);
    printer.end(seconds(10), 31);
    REQUIRE(out.lines() == std::vector<std::string>{"fit  62%|##############8         | 31/50 [00:10<?, 3.1 it/s]", ""});
}

TEST_CASE("progress: a call that is over in a tenth of a second shows nothing, a longer one its last line", "[exec][progress]") {
    for (const progress_look& look : {bar_look, log_look}) {
        written out;
        detail::progress_line_owner owner;
        progress_printer("fit", 50, look, out, owner, nobody).end(seconds(0.09), 50);
        REQUIRE(out.text.empty());
        progress_printer("fit", 50, look, out, owner, nobody).end(seconds(0.11), 50);
        REQUIRE(out.lines().size() == 2);
        REQUIRE(out.lines()[0].starts_with("fit 100%|"));
        REQUIRE(owner.printer == nullptr);
    }
}

TEST_CASE("progress: without a terminal there is a whole line every five seconds, and one at the end", "[exec][progress]") {
    written out;
    detail::progress_line_owner owner;
    progress_printer printer("fit", 1005, log_look, out, owner, nobody);
    for (int tick = 1; tick <= 120; ++tick) {
        printer.look(seconds(0.1 * tick), static_cast<std::size_t>(tick));
    }
    printer.end(seconds(12), 120);
    REQUIRE(out.text
            == "fit   4%|4         | 50/1005 [00:05<01:35, 10.0 it/s]\n"
               "fit   9%|9         | 100/1005 [00:10<01:30, 10.0 it/s]\n"
               "fit  11%|#1        | 120/1005 [00:12<?, 10.0 it/s]\n");
    REQUIRE(owner.printer == nullptr);
}

TEST_CASE("progress: one call at a time has the line; the others write above it when they end, and get their turn", "[exec][progress]") {
    written out;
    out.width = 60;
    detail::progress_line_owner owner;
    progress_printer a("a", 10, bar_look, out, owner, nobody);
    progress_printer b("b", 10, bar_look, out, owner, nobody);
    progress_printer c("c", 10, bar_look, out, owner, nobody);
    const auto names = [&] {
        std::string all;
        for (const std::string& line : out.lines()) {
            all += line.empty() ? "-" : line.substr(0, 6);
        }
        return all;
    };
    a.look(seconds(1), 1);
    b.look(seconds(1), 2);
    REQUIRE(names() == "a  10%");
    b.end(seconds(2), 10);
    REQUIRE(names() == "b 100%-");
    a.look(seconds(2), 2);
    c.look(seconds(2), 3);
    REQUIRE(names() == "b 100%a  20%");
    a.end(seconds(3), 10);
    REQUIRE(names() == "b 100%a 100%-");
    c.look(seconds(3), 4);
    REQUIRE(names() == "b 100%a 100%c  40%");
    c.end(seconds(4), 5);
    REQUIRE(names() == "b 100%a 100%c  50%-");
    REQUIRE(owner.printer == nullptr);
}

TEST_CASE("progress: a short call beside one that has the line leaves the line alone", "[exec][progress]") {
    written out;
    detail::progress_line_owner owner;
    progress_printer a("a", 10, bar_look, out, owner, nobody);
    a.look(seconds(1), 1);
    const std::string before = out.text;
    progress_printer("b", 10, bar_look, out, owner, nobody).end(seconds(0.05), 10);
    REQUIRE(out.text == before);
    REQUIRE(owner.printer == &a);
}

TEST_CASE("progress: a function is told the same, whether or not anything is shown", "[exec][progress]") {
    std::vector<progress_state> told;
    const progress_function keep = [&](const progress_state& state) { told.push_back(state); };
    written out;
    detail::progress_line_owner owner;
    progress_printer printer("fit", 10, progress_look{}, out, owner, keep);
    printer.look(seconds(0.1), 0);
    printer.look(seconds(2), 4);
    printer.end(seconds(4), 8);
    REQUIRE(out.text.empty());
    REQUIRE(told.size() == 3);
    REQUIRE(told[0].name == "fit");
    REQUIRE((told[0].done == 0 && told[0].total == 10 && !told[0].rate && !told[0].remaining && !told[0].ended));
    REQUIRE(told[1].elapsed.count() == 2);
    REQUIRE(*told[1].rate == test::approx(2));
    REQUIRE(told[1].remaining->count() == test::approx(3));
    REQUIRE((told[2].done == 8 && told[2].ended && *told[2].rate == test::approx(2) && !told[2].remaining));
}

TEST_CASE("progress: a function that throws is not called again, and the bar goes on", "[exec][progress]") {
    int calls = 0;
    const progress_function fail = [&](const progress_state&) {
        ++calls;
        throw std::runtime_error("x");
    };
    written out;
    detail::progress_line_owner owner;
    progress_printer printer("fit", 10, bar_look, out, owner, fail);
    printer.look(seconds(1), 1);
    printer.look(seconds(2), 2);
    printer.end(seconds(3), 10);
    REQUIRE(calls == 1);
    REQUIRE(out.lines()[0].starts_with("fit 100%|"));
}

// --- stderr ---------------------------------------------------------------------------------------------------------------------------

TEST_CASE("progress: a descriptor takes what is written, and a terminal says how wide it is", "[exec][progress]") {
    const test::channel terminal = test::open_terminal(97);
    detail::descriptor_output to_terminal(terminal.program.get());
    REQUIRE(to_terminal.columns() == 97u);
    to_terminal.write("\rabc", false);
    REQUIRE(terminal.reader.read_all() == "\rabc");
    REQUIRE(detail::read_progress_surroundings(terminal.program.get()).terminal);
    REQUIRE(detail::descriptor_output(test::open_terminal(0).program.get()).columns() == std::nullopt);

    const test::channel pipe = test::open_pipe();
    detail::descriptor_output to_pipe(pipe.program.get());
    REQUIRE(to_pipe.columns() == std::nullopt);
    to_pipe.write("abc\n", true);
    REQUIRE(pipe.reader.read_all() == "abc\n");
    REQUIRE_FALSE(detail::read_progress_surroundings(pipe.program.get()).terminal);
}

TEST_CASE("progress: a pipe that is full, or a descriptor that is closed, loses the line and holds nobody up", "[exec][progress]") {
    const test::channel pipe = test::open_pipe();
    const int flags = ::fcntl(pipe.program.get(), F_GETFL);
    ::fcntl(pipe.program.get(), F_SETFL, flags | O_NONBLOCK);
    const std::string filler(4096, 'x');
    while (::write(pipe.program.get(), filler.data(), filler.size()) > 0) {
    }
    ::fcntl(pipe.program.get(), F_SETFL, flags);
    detail::descriptor_output full(pipe.program.get());
    full.write("lost", false);
    full.write("lost", true);
    REQUIRE(pipe.reader.read_all().find("lost") == std::string::npos);
    full.write("seen", false);
    REQUIRE(pipe.reader.read_all() == "seen");

    detail::descriptor_output closed(-1);
    closed.write("lost", true);
    REQUIRE(closed.columns() == std::nullopt);
}

namespace {

/// What is left to read of `reader` when a child has written `count` times to `program`: by the child, so that one that waits for a reader for
/// ever is ended by its alarm.
std::string left_by_writer(const test::channel& between, std::string_view text, int count, bool last) {
    const auto child = test::in_child([&] {
        detail::descriptor_output out(between.program.get());
        for (int i = 0; i < count; ++i) {
            out.write(text, last);
        }
        return std::string("wrote");
    });
    return child.said == "wrote" ? between.reader.read_all() : "waited";
}

std::string bar_of(std::size_t columns, progress_style style) {
    return "\r" + progress_line(state_of("fit", 31, 50, 12), columns - 1, style);
}

} // namespace

TEST_CASE("progress: a terminal that nobody reads loses lines and holds nobody up, at any width", "[exec][progress][terminal]") {
    for (const std::size_t width : {80u, 259u, 260u, 777u, 1001u, 3000u, 9999u}) {
        for (const progress_style style : {progress_style::ascii, progress_style::utf8}) {
            const std::string bar = bar_of(width, style);
            const test::channel terminal = test::open_terminal(static_cast<unsigned short>(width));
            const std::string text = left_by_writer(terminal, bar, static_cast<int>(200'000 / bar.size()), false);
            INFO("width = " << width << ", " << text.size() << " bytes");
            REQUIRE(text.starts_with(bar.substr(0, 4096)));  // how much it keeps is the system's affair
            REQUIRE(text.size() < 150'000);
            // What was lost is lost, and what comes next is whole.
            const std::string next = bar_of(std::min<std::size_t>(width, 1001), style);
            REQUIRE(left_by_writer(terminal, next, 1, false) == next);
            REQUIRE(left_by_writer(terminal, next + "\n", 1, true) == next + "\r\n");
        }
    }
}

TEST_CASE("progress: a line longer than what a pipe or socket can take is cut off there", "[exec][progress]") {
    const std::string line(1 << 21, 'x');
    const test::channel pipe = test::open_pipe();
    for (const bool last : {false, true}) {
        const std::string text = left_by_writer(pipe, line, 2, last);
        REQUIRE(text.size() >= PIPE_BUF);
        REQUIRE(text == line.substr(0, text.size()));
    }
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const test::channel socket{test::descriptor(ends[0]), test::descriptor(ends[1])};
    const std::string text = left_by_writer(socket, line, 2, true);
    REQUIRE(text.size() >= PIPE_BUF);
    REQUIRE(text == line.substr(0, text.size()));
    REQUIRE(left_by_writer(socket, "whole\n", 1, false) == "whole\n");
}

TEST_CASE("progress: in a file the lines stand where the program's own writing left off", "[exec][progress]") {
    for (const int mode : {0, O_APPEND}) {
        test::descriptor file(::memfd_create("xrayon-progress", MFD_CLOEXEC));
        REQUIRE(file.get() >= 0);
        ::fcntl(file.get(), F_SETFL, mode);
        detail::descriptor_output out(file.get());
        REQUIRE(::write(file.get(), "one ", 4) == 4);
        out.write("two ", true);
        REQUIRE(::write(file.get(), "three ", 6) == 6);
        out.write("four", false);
        char text[64] = {};
        REQUIRE(::pread(file.get(), text, sizeof text - 1, 0) == 18);
        REQUIRE(std::string(text) == "one two three four");
    }
}

TEST_CASE("progress: a terminal that cannot be opened again gets nothing, and a pipe only what it takes at once", "[exec][progress][terminal]") {
    const std::string line(PIPE_BUF + 1, 'x');
    const auto without_descriptors = [&](const test::channel& between, std::string_view text) {
        const auto child = test::in_child([&] {
            const ::rlimit none{1, 1};
            ::setrlimit(RLIMIT_NOFILE, &none);
            detail::descriptor_output(between.program.get()).write(text, true);
            return std::string("wrote");
        });
        return child.said == "wrote" ? between.reader.read_all() : "waited";
    };
    REQUIRE(without_descriptors(test::open_terminal(80), "lost\n").empty());
    REQUIRE(without_descriptors(test::open_pipe(), "seen\n") == "seen\n");
    REQUIRE(without_descriptors(test::open_pipe(), line).empty());
}

TEST_CASE("progress: the terminal of the session is written to also by a user who may not open it", "[exec][progress][terminal]") {
    const test::channel terminal = test::open_terminal(80);
    for (const bool controls : {true, false}) {
        const auto child = test::in_child([&] {
            if (::setsid() < 0 || (controls && ::ioctl(terminal.program.get(), TIOCSCTTY, 0) != 0) || ::fchmod(terminal.program.get(), 0) != 0
                || (::geteuid() == 0 && ::seteuid(65534) != 0)) {
                return std::string("no such session here");
            }
            if (::open(("/proc/self/fd/" + std::to_string(terminal.program.get())).c_str(), O_WRONLY | O_NOCTTY) >= 0) {
                return std::string("it may open it");
            }
            detail::descriptor_output(terminal.program.get()).write("\rbar", false);
            return std::string("wrote");
        });
        REQUIRE(child.said == "wrote");
        REQUIRE(terminal.reader.read_all() == (controls ? "\rbar" : ""));
    }
}
