// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

#include <vector>

#include "../support/battery.hpp"
#include "../support/catch.hpp"

using namespace xrayon;

namespace {

/// The battery knows items, and paths that end with them; ours goes on to the sample of the batch.
template <class Run>
auto paths_to_items(const Run& run) {
    try {
        return run();
    } catch (const task_errors&) {
        throw;
    } catch (const task_error& error) {
        const std::string path = error.path().substr(0, error.path().find(" > sample"));
        try {
            error.rethrow_nested();
        } catch (...) {
            throw task_error(error.what(), error.index(), error.count(), path);
        }
        throw;
    }
}

} // namespace

TEST_CASE("battery: batch_inference_with_uncertainty", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"batch_inference_with_uncertainty",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           return paths_to_items([&] {
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
