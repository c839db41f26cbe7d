// SPDX-License-Identifier: Apache-2.0
#include "scalability/outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <xrayon/analyze/compare_reports.hpp>
#include <xrayon/analyze/markdown.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/atomic_file.hpp>

namespace scalability {

namespace analyze = xrayon::analyze;

namespace {

/// Files that are there stay whole when the disk is full; devices and pipes, such as /dev/stdout, are written to as they are.
void write_file(const std::string& path, const std::string& text) {
    if (path == "/dev/stdout" || path == "/dev/stderr") {  // opened once more, a file that they lead to would begin anew
        std::ostream& stream = path == "/dev/stdout" ? std::cout : std::cerr;
        stream << text << std::flush;
        return;
    }
    if (path.starts_with("/dev/")) {
        std::ofstream file(path, std::ios::binary);
        file << text << std::flush;
        if (!file) {
            throw std::runtime_error("cannot write " + path);
        }
        return;
    }
    xrayon::atomic_file file(path, {.permissions = 0644, .function = "write"});
    file.write(text);
    file.commit();
}

void save(const std::string& path, std::string_view what, const std::string& text) {
    write_file(path, text);
    std::cout << "Saved " << path << " (" << what << ").\n" << std::flush;
}

} // namespace

outputs::outputs(const options& asked, std::vector<std::string> environment, analyze::json_context context)
    : asked_(asked), environment_(std::move(environment)), context_(std::move(context)) {
    for (const std::string* path : {&asked_.json, &asked_.html, &asked_.csv, &asked_.markdown}) {
        const std::size_t slash = path->rfind('/');
        const std::string folder = slash == std::string::npos ? "." : path->substr(0, slash + 1);
        if (!path->empty() && ::access(folder.c_str(), W_OK) != 0) {
            throw xrayon::io_error(errno, "write", *path);
        }
    }
    if (!asked_.compare.empty()) {
        before_ = read_baseline(asked_.compare);
        const bool same = before_->cpu_model == context_.cpu_model;
        if (!same && !asked_.force) {
            throw std::runtime_error(asked_.compare + ": the baseline was taken on "
                                     + (before_->cpu_model.empty() ? "an unknown processor" : "\"" + before_->cpu_model + "\"")
                                     + ", this is \"" + context_.cpu_model + "\"; --force compares all the same");
        }
    }
}

void outputs::add(analyze::html_section section) {
    if (before_) {
        compare(section.report);
    }
    if (!section.report.points.empty()) {
        reports_.push_back(section.report);
    }
    sections_.push_back(std::move(section));
}

int outputs::finish() {
    if (!asked_.json.empty()) {
        save(asked_.json, "Google Benchmark's format", analyze::to_json(reports_, context_));
    }
    if (!asked_.html.empty()) {
        save(asked_.html, "one page, for a browser", analyze::to_html(sections_, {.environment = environment_, .context = context_}));
    }
    if (!asked_.csv.empty()) {
        save(asked_.csv, "every repetition", csv());
    }
    if (!asked_.markdown.empty()) {
        save(asked_.markdown, "Markdown", markdown());
    }
    if (!std::cout) {
        throw std::runtime_error("cannot write to standard output");
    }
    const auto every = [&](bool analyze::scalability_report::*holds) {
        return std::all_of(reports_.begin(), reports_.end(), [&](const auto& report) { return report.*holds; });
    };
    if (!every(&analyze::scalability_report::answers_agree)) {
        return answers_differ;
    }
    return slower_ ? slower : asked_.strict && !every(&analyze::scalability_report::trusted) ? not_trusted : done;
}

void outputs::compare(const analyze::scalability_report& report) {
    const auto old = std::find_if(before_->reports.begin(), before_->reports.end(),
                                  [&](const analyze::scalability_report& each) { return each.label == report.label; });
    if (old == before_->reports.end()) {
        std::cout << "Not in " << asked_.compare << ": nothing to compare with.\n";
        return;
    }
    const bool common = std::any_of(report.points.begin(), report.points.end(), [&](const auto& point) {
        return std::any_of(old->points.begin(), old->points.end(), [&](const auto& each) { return each.threads == point.threads; });
    });
    if (!common) {
        std::cout << asked_.compare << " has other thread counts: nothing to compare with.\n";
        return;
    }
    const auto points = analyze::compare_reports(*old, report);
    std::cout << "\nCompared with " << asked_.compare << (before_->date.empty() ? "" : " of " + before_->date) << ":\n"
              << analyze::to_summary(points);
    for (const auto& point : points) {
        slower_ = slower_ || point.verdict == analyze::comparison_verdict::slower;
    }
}
std::string outputs::csv() const {
    std::string text;
    for (const auto& report : reports_) {
        text += analyze::to_csv(report, text.empty());
    }
    return text;
}

std::string outputs::markdown() const {
    std::string text;
    for (const auto& report : reports_) {
        text += "### " + analyze::finding_of(report, {.utf8 = false}) + "\n\n" + analyze::to_markdown(report) + "\n";
    }
    return text;
}

} // namespace scalability
