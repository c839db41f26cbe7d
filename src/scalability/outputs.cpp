// SPDX-License-Identifier: Apache-2.0
#include "scalability/outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <sys/stat.h>
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

/// Whether a file can be put there, as far as one can tell before it is.
void check_writable(const std::string& path) {
    struct stat found {};
    if (path.starts_with("/dev/")) {
        return;
    }
    if (::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
        throw xrayon::io_error(S_ISDIR(found.st_mode) ? EISDIR : EINVAL, "write", path);
    }
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    if (::access(folder.c_str(), W_OK) != 0) {
        throw xrayon::io_error(errno, "write", path);
    }
}

} // namespace

outputs::outputs(const options& asked, std::vector<std::string> environment, analyze::json_context context)
    : asked_(asked), environment_(std::move(environment)), context_(std::move(context)) {
    for (const std::string* path : {&asked_.json, &asked_.html, &asked_.csv, &asked_.markdown}) {
        if (!path->empty()) {
            check_writable(*path);
        }
    }
    if (!asked_.compare.empty()) {
        before_ = read_baseline(asked_.compare);
        const bool same = context_.cpu_model.empty() || before_->cpu_model == context_.cpu_model;  // of given times nobody knows
        if (!same && !asked_.force) {
            throw std::runtime_error(
                asked_.compare + ": the baseline was taken on "
                + (before_->cpu_model.empty() ? "an unknown processor" : "\"" + xrayon::escaped(before_->cpu_model, 100) + "\"")
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
    std::exception_ptr failure;  // the first; what can be written is, after hours of measuring
    const auto save = [&](const std::string& path, std::string_view what, const auto& make) {
        if (path.empty()) {
            return;
        }
        try {
            write_file(path, make());
            std::cout << "Saved " << path << " (" << what << ").\n" << std::flush;
        } catch (...) {
            failure = failure ? failure : std::current_exception();
        }
    };
    save(asked_.json, "Google Benchmark's format", [&] { return analyze::to_json(reports_, context_); });
    save(asked_.html, "one page, for a browser",
         [&] { return analyze::to_html(sections_, {.environment = environment_, .context = context_}); });
    save(asked_.csv, "every repetition", [&] { return csv(); });
    save(asked_.markdown, "Markdown", [&] { return markdown(); });
    if (failure) {
        std::rethrow_exception(failure);
    }
    if (before_ && !compared_) {
        throw std::runtime_error(asked_.compare + ": nothing to compare with: other names or other thread counts");
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
    auto old = std::find_if(before_->reports.begin(), before_->reports.end(),
                            [&](const analyze::scalability_report& each) { return each.label == report.label; });
    if (!asked_.times.empty() && before_->reports.size() == 1) {
        old = before_->reports.begin();  // named after their files
    }
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
    compared_ = true;
    const auto points = analyze::compare_reports(*old, report);
    std::cout << "\nCompared with " << asked_.compare << (before_->date.empty() ? "" : " of " + xrayon::escaped(before_->date, 40)) << ":\n"
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
