// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_CHART_HPP
#define XRAYON_ANALYZE_CHART_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/detail/law_curve.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

struct chart_options {
    bool utf8 = true;         ///< Curves of Braille dots, eight to a character; false: plain ASCII, one to a character.
    std::size_t width = 72;   ///< Columns of a line, 24 to 400.
    std::size_t height = 14;  ///< Lines of the plot itself, 4 to 100.
    /// Of a trace on one thread: its limit, work over span, and its replay are drawn, up to the most threads that it tells of. Not of weak scaling, or without a
    /// time at one thread.
    const what_if_result* prediction = nullptr;
};

namespace detail {

/// Characters with dots in them: 2 x 4 Braille dots each (Unicode 15, block 2800), or one dot in ASCII. Marks stand over the dots.
class dot_canvas {
public:
    dot_canvas(std::size_t width, std::size_t height, bool utf8)
        : width_(width), height_(height), utf8_(utf8), dots_(width * height, 0), marks_(width * height) {}

    [[nodiscard]] std::size_t dots_wide() const { return utf8_ ? 2 * width_ : width_; }

    /// Where x and y are from 0 (left, bottom) to 1; what lies outside is left out.
    void dot(double x, double y, char ascii) {
        if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) {
            return;
        }
        const std::size_t column = place(x, utf8_ ? 2 * width_ : width_);
        const std::size_t row = (utf8_ ? 4 * height_ : height_) - 1 - place(y, utf8_ ? 4 * height_ : height_);
        if (!utf8_) {
            std::string& mark = marks_[row * width_ + column];
            if (mark.empty()) {
                mark = ascii;
            }
            return;
        }
        static constexpr unsigned bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
        dots_[row / 4 * width_ + column / 2] |= bits[row % 4][column % 2];
    }
    void mark(double x, double y, std::string_view text) {
        if (x >= 0 && x <= 1 && y >= 0 && y <= 1) {
            marks_[(height_ - 1 - place(y, height_)) * width_ + place(x, width_)] = text;
        }
    }
    [[nodiscard]] std::string line(std::size_t row) const {
        std::string text;
        for (std::size_t column = 0; column < width_; ++column) {
            const std::string& mark = marks_[row * width_ + column];
            const unsigned dots = dots_[row * width_ + column];
            if (!mark.empty()) {
                text += mark;
            } else if (dots == 0) {
                text += ' ';
            } else {  // U+2800 + dots in UTF-8
                text += {'\xe2', static_cast<char>(0xa0u | dots >> 6), static_cast<char>(0x80u | (dots & 0x3fu))};
            }
        }
        return text;
    }

    [[nodiscard]] static std::size_t place(double share, std::size_t cells) {
        return std::min(cells - 1, static_cast<std::size_t>(share * static_cast<double>(cells - 1) + 0.5));
    }

private:
    std::size_t width_;
    std::size_t height_;
    bool utf8_;
    std::vector<unsigned> dots_;
    std::vector<std::string> marks_;
};

/// Labels under an axis, each beginning where it belongs, those that would touch the one before left out.
template <class = when_called>
std::string axis_labels(const std::vector<std::pair<std::size_t, std::string>>& labels, std::size_t width) {
    std::string text;
    for (const auto& [column, label] : labels) {
        const std::size_t begin = std::min(column, width - std::min(width, label.size()));
        if (begin >= text.size() + (text.empty() ? 0 : 1)) {
            text += std::string(begin - text.size(), ' ') + label;
        }
    }
    return text;
}

} // namespace detail

/// @brief Speed-up over threads as a chart for a terminal, both axes logarithmic: the ideal, Amdahl's law as fitted (of weak scaling
/// Gustafson's), what a trace predicts, and what was measured.
///
/// @returns  Lines of at most `width` columns, each with its newline; the last ones explain the marks. Empty for a single thread count. No colours.
/// @throws argument_error  if the report has no points, or a size is out of range
template <class = when_called>
[[nodiscard]] std::string to_chart(const scalability_report& report, const chart_options& options = {}) {
    check(!report.points.empty(), "to_chart: the report has no points");
    check(options.width >= 24 && options.width <= 400, "to_chart: options.width must be 24 to 400", options.width);
    check(options.height >= 4 && options.height <= 100, "to_chart: options.height must be 4 to 100", options.height);
    const auto threads_of = [](const auto& point) { return static_cast<double>(point.threads); };
    const what_if_result* const prediction = report.weak || report.baseline_threads != 1 ? nullptr : options.prediction;
    const double least = threads_of(report.points.front());
    double most = threads_of(report.points.back());
    if (prediction != nullptr) {
        for (const what_if_point& point : prediction->points) {
            most = std::max(most, threads_of(point));
        }
    }
    if (most <= least) {
        return {};
    }
    double low = 1;
    double high = most / least;
    for (const scaling_point& point : report.points) {
        low = std::min(low, point.speed_up);
        high = std::max(high, point.speed_up);
    }
    const auto x_of = [&](double threads) { return std::log(threads / least) / std::log(most / least); };
    const auto y_of = [&](double speed_up) { return std::log(speed_up / low) / std::log(high / low); };

    constexpr std::size_t margin = 7;  // "  16x | "
    const std::size_t width = options.width - margin;
    detail::dot_canvas canvas(width, options.height, options.utf8);
    const auto law = detail::law_curve_of(report);
    for (std::size_t i = 0; i < canvas.dots_wide(); ++i) {
        const double x = static_cast<double>(i) / static_cast<double>(canvas.dots_wide() - 1);
        const double threads = least * std::pow(most / least, x);
        if (law) {
            canvas.dot(x, y_of(law->speed_up(threads)), '.');
        }
        if (prediction != nullptr && i % 6 < 3 && prediction->parallelism < threads) {
            canvas.dot(x, y_of(prediction->parallelism), '=');
        }
        if (i % 2 == 0) {
            canvas.dot(x, y_of(threads / least), '-');
        }
    }
    const std::string_view solid = options.utf8 ? "●" : "*";
    const std::string_view hollow = options.utf8 ? "○" : "o";
    const std::string_view replayed = options.utf8 ? "◇" : "+";
    bool any_hollow = false;
    if (prediction != nullptr) {
        for (const what_if_point& point : prediction->points) {
            canvas.mark(x_of(threads_of(point)), y_of(prediction->speed_up(point)), replayed);
        }
    }
    for (const scaling_point& point : report.points) {
        canvas.mark(x_of(threads_of(point)), y_of(point.speed_up), point.oversubscribed ? hollow : solid);
        any_hollow = any_hollow || point.oversubscribed;
    }

    std::vector<std::string> ticks(options.height);
    for (double tick = std::exp2(std::ceil(std::log2(low) - 1e-9)); tick <= high * (1 + 1e-9); tick *= 2) {
        const std::size_t row = options.height - 1 - detail::dot_canvas::place(std::max(0.0, y_of(tick)), options.height);
        if (ticks[row].empty()) {
            ticks[row] = detail::fixed(tick, tick < 1 ? 2 : 0) + (options.utf8 ? "×" : "x");
        }
    }
    std::string text;
    const auto add_line = [&](std::string line) {
        while (line.ends_with(' ')) {
            line.pop_back();
        }
        text += line + "\n";
    };
    for (std::size_t row = 0; row < options.height; ++row) {
        const std::string& tick = ticks[row];
        const std::string_view axis = options.utf8 ? (tick.empty() ? "│" : "┤") : "|";
        add_line(std::string(margin - 2 - detail::columns(tick), ' ') + tick + " " + std::string(axis) + canvas.line(row));
    }
    std::string rule(margin - 1, ' ');
    rule += options.utf8 ? "└" : "+";
    for (std::size_t column = 0; column < width; ++column) {
        rule += options.utf8 ? "─" : "-";
    }
    add_line(rule);
    std::vector<std::pair<std::size_t, std::string>> labels;
    const auto add_label = [&](const auto& point) {
        labels.emplace_back(detail::dot_canvas::place(x_of(threads_of(point)), width), to_text(point.threads));
    };
    std::for_each(report.points.begin(), report.points.end(), add_label);
    if (prediction != nullptr) {
        std::for_each(prediction->points.begin(), prediction->points.end(), add_label);
        std::sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    }
    add_line(std::string(margin, ' ') + detail::axis_labels(labels, width));
    std::string legend(margin, ' ');
    const auto explain = [&](std::string_view mark, std::string_view meaning) {
        const std::string entry = std::string(mark) + " " + std::string(meaning);
        if (detail::columns(legend) + 2 + detail::columns(entry) > options.width && legend.size() > margin) {
            add_line(std::exchange(legend, std::string(margin, ' ')));
        }
        legend += (legend.size() > margin ? "  " : "") + entry;
    };
    explain(solid, detail::speed_up_name(report));
    if (any_hollow) {
        explain(hollow, options.width < 40 ? "too many" : "more threads than cores");
    }
    explain(options.utf8 ? "⠄⠄" : "-", "ideal");
    if (law) {
        explain(options.utf8 ? "⠤⠤" : ".", law->name());
    }
    if (prediction != nullptr) {
        explain(replayed, "replayed");
        explain(options.utf8 ? "⠤⠀⠤" : "=", "limit");
    }
    add_line(legend);
    return text;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_CHART_HPP
