// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_REPORT_PAGE_HPP
#define XRAYON_ANALYZE_DETAIL_REPORT_PAGE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/analyze/detail/report_style.hpp>
#include <xrayon/analyze/detail/svg.hpp>
#include <xrayon/core/config.hpp>

// What pages are made of.

namespace xrayon::analyze::detail {

template <class = when_called>
std::string html_row(const std::vector<std::string>& cells, std::string_view element) {
    std::string text = "<tr>";
    for (const std::string& cell : cells) {
        text += "<" + std::string(element) + ">" + html_text(cell) + "</" + std::string(element) + ">";
    }
    return text + "</tr>\n";
}

/// Wide tables scroll by themselves, not the page.
template <class = when_called>
std::string html_table(const std::vector<std::vector<std::string>>& rows, std::string_view caption) {
    std::string text = "<div class=\"wide\"><table><caption>" + html_text(caption) + "</caption>\n<thead>" + html_row(rows.front(), "th")
                       + "</thead><tbody>\n";
    for (std::size_t i = 1; i < rows.size(); ++i) {
        text += html_row(rows[i], "td");
    }
    return text + "</tbody></table></div>\n";
}

template <class = when_called>
std::string figure(std::string drawing, std::string_view caption) {
    return "<figure>" + std::move(drawing) + "<figcaption>" + html_text(caption) + "</figcaption></figure>\n";
}

template <class = when_called>
std::string html_list(const std::vector<std::string>& lines) {
    std::string text = "<ul>";
    for (const std::string& line : lines) {
        text += "<li>" + html_text(line) + "</li>";
    }
    return text + "</ul>\n";
}

/// Inside of a script element nothing may look like its end.
inline std::string script_text(std::string_view json) {
    std::string out;
    for (const char c : json) {
        out += c == '<' ? "\\u003c" : std::string(1, c);
    }
    return out;
}

/// One file: the body between title and data, with the style sheet in it.
template <class = when_called>
std::string html_page(std::string_view title, std::string_view heading, const std::string& body, std::string_view json) {
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
           + html_text(title) + "</title>\n<style>" + std::string(report_style) + "</style>\n</head>\n<body>\n<main>\n<h1>"
           + html_text(heading) + "</h1>\n" + body + "</main>\n<script type=\"application/json\" id=\"data\">" + script_text(json)
           + "</script>\n</body>\n</html>\n";
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_REPORT_PAGE_HPP
