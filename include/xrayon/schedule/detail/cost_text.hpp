// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_SCHEDULE_DETAIL_COST_TEXT_HPP
#define XRAYON_SCHEDULE_DETAIL_COST_TEXT_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/core/error.hpp>

// A cost model as text:
//
//     xrayon cost model 1
//     weight 0.3
//     key fits%20of%20ridge
//     0 0.0125 4
//     17 3.5e-07 1
//     end 2
//
// A key is followed by its tasks: number, seconds per unit of size, observations; both ascend. Bytes of a key that are no printable ASCII,
// blanks and percent signs are written %XX. `end` counts the tasks, so that a text that was cut short is noticed.

namespace xrayon::detail {

struct task_rate {
    double seconds_per_unit = 0;
    std::uint64_t observations = 0;
};
using task_rates = std::map<std::uint64_t, task_rate>;

/// What a cost model knows.
struct cost_state {
    double weight = 0.3;
    std::map<std::string, task_rates, std::less<>> keys = {};
};

inline constexpr std::string_view cost_text_title = "xrayon cost model 1";

template <class = when_called>
std::string cost_text(const cost_state& state) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string text = std::string(cost_text_title) + "\nweight " + to_text(state.weight) + "\n";
    std::size_t tasks = 0;
    for (const auto& [key, rates] : state.keys) {
        text += "key ";
        for (const char c : key) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte <= 0x20 || byte >= 0x7f || c == '%') {
                text += {'%', digits[byte >> 4], digits[byte & 15]};
            } else {
                text += c;
            }
        }
        text += "\n";
        for (const auto& [task, rate] : rates) {
            text += to_text(task) + " " + to_text(rate.seconds_per_unit) + " " + to_text(rate.observations) + "\n";
            ++tasks;
        }
    }
    return text + "end " + to_text(tasks) + "\n";
}

/// Takes the text apart line by line.
class cost_reader {
public:
    cost_reader(std::string_view text, std::string_view source) : rest_(text), source_(source) {}

    template <class = when_called>
    cost_state read() {
        cost_state state;
        next("the line \"" + std::string(cost_text_title) + "\"");
        if (line_ != cost_text_title) {
            fail("the first line must be \"" + std::string(cost_text_title) + "\"");
        }
        next("a weight");
        const auto weight = after("weight ") ? number<double>(line_.substr(7)) : std::nullopt;
        if (!weight || !(*weight > 0 && *weight <= 1)) {
            fail("the second line must be \"weight\" and a number > 0 and <= 1");
        }
        state.weight = *weight;
        task_rates* rates = nullptr;
        std::size_t tasks = 0;
        for (;;) {
            next("a key, a task, or \"end\"");
            if (after("end ")) {
                if (number<std::size_t>(line_.substr(4)) != tasks) {
                    fail("\"end\" must count the tasks (" + to_text(tasks) + ")");
                }
                break;
            }
            if (after("key ")) {
                const auto [place, fresh] = state.keys.try_emplace(key(line_.substr(4)));
                if (!fresh) {
                    fail("a key must come once");
                }
                rates = &place->second;
            } else if (rates == nullptr) {
                fail("a task must follow a key");
            } else {
                read_task(*rates);
                ++tasks;
            }
        }
        if (!rest_.empty()) {
            next("nothing");
            fail("nothing must follow \"end\"");
        }
        return state;
    }

private:
    template <class = when_called>
    void read_task(task_rates& rates) {
        const std::size_t first = line_.find(' ');
        const std::size_t second = first == line_.npos ? line_.npos : line_.find(' ', first + 1);
        const auto task = second == line_.npos ? std::nullopt : number<std::uint64_t>(line_.substr(0, first));
        const auto rate = task ? number<double>(line_.substr(first + 1, second - first - 1)) : std::nullopt;
        const auto observations = rate ? number<std::uint64_t>(line_.substr(second + 1)) : std::nullopt;
        if (!observations || !(*rate >= 0) || std::isinf(*rate) || *observations == 0) {
            fail("a task must be its number, seconds per unit of size (finite, >= 0) and observations (>= 1)");
        }
        if (!rates.try_emplace(*task, task_rate{*rate, *observations}).second) {
            fail("a task must come once for each key");
        }
    }

    /// Moves on to the next line, which must be whole.
    void next(const std::string& wanted) {
        ++number_;
        const std::size_t end = rest_.find('\n');
        if (end == rest_.npos) {
            line_ = rest_;
            fail(rest_.empty() ? "the text ends where " + wanted + " must follow" : std::string("the last line must end in a newline"));
        }
        line_ = rest_.substr(0, end);
        offset_ = next_offset_;
        rest_.remove_prefix(end + 1);
        next_offset_ += end + 1;
    }

    [[nodiscard]] bool after(std::string_view word) const noexcept { return line_.substr(0, word.size()) == word; }

    template <class Number>
    static std::optional<Number> number(std::string_view text) {
        Number value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(value) : std::nullopt;
    }

    static int digit(char c) noexcept { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

    std::string key(std::string_view written) {
        std::string out;
        for (std::size_t i = 0; i < written.size(); ++i) {
            const auto byte = static_cast<unsigned char>(written[i]);
            if (written[i] == '%') {
                const int high = i + 2 < written.size() ? digit(written[i + 1]) : -1;
                const int low = high >= 0 ? digit(written[i + 2]) : -1;
                if (low < 0) {
                    fail("% in a key must be followed by two hexadecimal digits (0-9, A-F)");
                }
                out += static_cast<char>(high * 16 + low);
                i += 2;
            } else if (byte <= 0x20 || byte >= 0x7f) {
                fail("a key must be printable ASCII without blanks, other bytes written %XX");
            } else {
                out += written[i];
            }
        }
        return out;
    }

    XRAYON_COLD [[noreturn]] void fail(const std::string& rule) const {
        throw data_error(source_ + ":" + to_text(number_) + ": " + rule + ", got \"" + escaped(line_) + "\"", source_, offset_, number_, 0);
    }

    std::string_view rest_;
    std::string source_;
    std::string_view line_ = {};
    std::size_t number_ = 0;
    std::size_t offset_ = 0;
    std::size_t next_offset_ = 0;
};

inline cost_state cost_state_of(std::string_view text, std::string_view source) { return cost_reader(text, source).read(); }

} // namespace xrayon::detail

#endif // XRAYON_SCHEDULE_DETAIL_COST_TEXT_HPP
