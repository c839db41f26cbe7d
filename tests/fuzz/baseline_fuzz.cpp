// SPDX-License-Identifier: Apache-2.0
// Any bytes as a baseline of xrayon-scalability: they give reports that hold together, or a data_error and nothing else.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <xrayon/core/error.hpp>

#include "scalability/baseline.hpp"

namespace {

void hold(bool true_as_it_must, const char* what) {
    if (!true_as_it_must) {
        std::fprintf(stderr, "baseline_fuzz: does not hold: %s\n", what);
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const auto read = scalability::parse_baseline(std::string_view(reinterpret_cast<const char*>(data), size), "input");
        hold(!read.reports.empty(), "a baseline has a report");
        for (const auto& report : read.reports) {
            hold(!report.points.empty(), "a report has points");
            std::size_t before = 0;
            for (const auto& point : report.points) {
                hold(point.threads > before && point.threads <= 1'000'000, "counts ascend");
                before = point.threads;
                hold(point.median > 0 && std::isfinite(point.median), "medians are times");
                hold(!point.repetitions.empty(), "a point has repetitions");
            }
        }
    } catch (const xrayon::data_error& error) {
        hold(std::string_view(error.what()).starts_with("input: "), "messages name the file");
        hold(std::string_view(error.what()).size() < 600, "messages are short");
    }
    return 0;
}
