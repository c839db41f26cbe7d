// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

#include <string>
#include <vector>

#include "../support/battery.hpp"
#include "../support/catch.hpp"

using namespace xrayon;

namespace {

std::string to_item(const std::string& path) { return path.substr(0, path.find(" > sample")); }

/// The battery knows items, and paths that end with them; ours go on to the sample of the batch.
template <class Run>
auto paths_to_items(const run_options& options, const Run& run) {
    const auto in_report = [&] {
        if (options.report != nullptr) {
            options.report->path = to_item(options.report->path);
        }
    };
    try {
        return run();
    } catch (const task_errors&) {
        in_report();
        throw;
    } catch (const task_error& error) {
        in_report();
        try {
            error.rethrow_nested();
        } catch (...) {
            throw task_error(error.what(), error.index(), error.count(), to_item(error.path()));
        }
        throw;
    } catch (...) {
        in_report();
        throw;
    }
}

} // namespace

TEST_CASE("battery: batch_inference_with_uncertainty", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"batch_inference_with_uncertainty",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           return paths_to_items(run, [&] {
                               std::vector<double> means;
                               for (const auto& each : ml::batch_inference_with_uncertainty(
                                        input, [&](double x, stream&) { return f(x); }, {.samples = 1, .grain = grain, .run = run})) {
                                   means.push_back(each.mean);
                               }
                               return means;
                           });
                       },
                       test::mapped});
}
