// SPDX-License-Identifier: Apache-2.0
// Any bytes as a trace of XRAYON_TRACE: they give a trace that everything which is made of traces takes, or a data_error and nothing else.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <xrayon/analyze/html_report.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/call_summary.hpp>

#include "scalability/trace_reader.hpp"

namespace {

void hold(bool true_as_it_must, const char* what) {
    if (!true_as_it_must) {
        std::fprintf(stderr, "trace_fuzz: does not hold: %s\n", what);
        std::abort();
    }
}

void use(const xrayon::task_trace& trace, bool names_have_nan) {
    namespace analyze = xrayon::analyze;
    for (const auto& call : xrayon::summarize_calls(trace)) {
        hold(call.wall >= 0 && call.item_max >= call.item_median, "items have lengths");
    }
    analyze::html_section section{.trace = trace};
    try {
        section.what_if = analyze::what_if(trace, {.threads = {1, 2, 64}});
        hold(section.what_if->span <= section.what_if->work * (1 + 1e-9), "no chain is longer than all tasks");
        hold(!section.what_if->reason.empty(), "there is a reason");
    } catch (const xrayon::argument_error&) {  // dropped tasks, or no work
    }
    hold(names_have_nan || analyze::to_html({section}).find("nan") == std::string::npos, "a page has numbers");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const std::string_view input(reinterpret_cast<const char*>(data), size);
        const auto has = [&](const char* text) { return input.find(text) != std::string_view::npos; };
        use(scalability::parse_trace(input, "input"), has("nan") || has("\\u"));
    } catch (const xrayon::data_error& error) {
        hold(std::string_view(error.what()).starts_with("input: "), "messages name the file");
        hold(std::string_view(error.what()).size() < 600, "messages are short");
    }
    return 0;
}
