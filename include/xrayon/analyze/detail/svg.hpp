// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_SVG_HPP
#define XRAYON_ANALYZE_DETAIL_SVG_HPP

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze::detail {

/// Text for HTML and SVG. Control characters, which XML has not, become blanks; bytes that are not UTF-8 are the caller's business.
inline std::string html_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
        }
    }
    return out;
}

/// A number in an SVG attribute: two decimals will do for what is drawn in pixels.
inline std::string px(double value) { return fixed(value, 2); }

/// A drawing with axes: `to_x` and `to_y` turn what is shown into pixels. Colours are classes of the page's style sheet.
class svg_plot {
public:
    /// @param title, description  What a screen reader says.
    svg_plot(double width, double height, std::string_view title, std::string_view description) : width_(width), height_(height) {
        text_ = "<svg viewBox=\"0 0 " + px(width) + " " + px(height) + "\" role=\"img\"><title>" + html_text(title) + "</title><desc>"
                + html_text(description) + "</desc>\n";
    }
    static constexpr double left = 56;
    static constexpr double right = 24;
    static constexpr double top = 26;
    static constexpr double bottom = 38;
    [[nodiscard]] double plot_width() const { return width_ - left - right; }
    [[nodiscard]] double plot_height() const { return height_ - top - bottom; }
    /// From 0 to 1 along the axes.
    [[nodiscard]] double x(double share) const { return left + share * plot_width(); }
    [[nodiscard]] double y(double share) const { return height_ - bottom - share * plot_height(); }

    void line(double x1, double y1, double x2, double y2, std::string_view css) {
        text_ += "<line x1=\"" + px(x1) + "\" y1=\"" + px(y1) + "\" x2=\"" + px(x2) + "\" y2=\"" + px(y2) + "\" class=\"" + std::string(css)
                 + "\"/>\n";
    }
    void rectangle(double x1, double y1, double wide, double high, std::string_view css, std::string_view tip = "") {
        text_ += "<rect x=\"" + px(x1) + "\" y=\"" + px(y1) + "\" width=\"" + px(wide) + "\" height=\"" + px(high) + "\" class=\""
                 + std::string(css) + "\"" + closed("rect", tip);
    }
    void circle(double cx, double cy, double radius, std::string_view css, std::string_view tip = "") {
        text_ += "<circle cx=\"" + px(cx) + "\" cy=\"" + px(cy) + "\" r=\"" + px(radius) + "\" class=\"" + std::string(css) + "\""
                 + closed("circle", tip);
    }
    void path(const std::vector<std::pair<double, double>>& points, std::string_view css, bool close = false) {
        std::string d;
        for (const auto& [px_x, px_y] : points) {
            d += (d.empty() ? "M" : "L") + px(px_x) + " " + px(px_y);
        }
        text_ += "<path d=\"" + d + (close ? "Z" : "") + "\" class=\"" + std::string(css) + "\"/>\n";
    }
    void label(double at_x, double at_y, std::string_view anchor, std::string_view text, std::string_view css = "label") {
        text_ += "<text x=\"" + px(at_x) + "\" y=\"" + px(at_y) + "\" text-anchor=\"" + std::string(anchor) + "\" class=\""
                 + std::string(css) + "\">" + html_text(text) + "</text>\n";
    }
    void axes(std::string_view x_name, std::string_view y_name) {
        line(left, top, left, height_ - bottom, "axis");
        line(left, height_ - bottom, width_ - right, height_ - bottom, "axis");
        label(width_ - right, height_ - 6, "end", x_name);
        label(4, 12, "start", y_name);
    }
    void x_tick(double share, std::string_view text, std::string_view anchor = "middle") {
        line(x(share), height_ - bottom, x(share), height_ - bottom + 4, "axis");
        label(x(share), height_ - bottom + 16, anchor, text);
    }
    void y_tick(double share, std::string_view text) {
        line(left, y(share), width_ - right, y(share), "grid");
        label(left - 6, y(share) + 4, "end", text);
    }
    [[nodiscard]] std::string finish() && { return std::move(text_) + "</svg>\n"; }

private:
    static std::string closed(std::string_view element, std::string_view tip) {
        return tip.empty() ? std::string("/>\n") : "><title>" + html_text(tip) + "</title></" + std::string(element) + ">\n";
    }

    double width_;
    double height_;
    std::string text_;
};

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_SVG_HPP
