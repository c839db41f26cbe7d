// SPDX-License-Identifier: Apache-2.0
// A network with dropout is asked many times for each row that it has not seen.
#include <algorithm>
#include <iomanip>
#include <memory>
#include <sstream>

#include <xrayon/array/batches.hpp>
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

#include "scalability/trained_network.hpp"
#include "scalability/workload.hpp"

namespace scalability {

workload uncertainty(const labelled_rows& rows, const settings& asked) {
    constexpr std::size_t hidden = 64;
    constexpr double dropout = 0.2;
    const auto data = std::make_shared<classification>(repeated(rows, asked.copies));
    const auto net = std::make_shared<network>(trained_network(*data, hidden, 1, dropout));
    const auto sample = [data, net, asked] {
        std::vector<matrix> both;  // means, then deviations
        const auto batches = xrayon::batches(data->asked.x, asked.batch_rows);
        auto beliefs = xrayon::ml::batch_inference_with_uncertainty(batches, *net, {.samples = asked.samples, .seed = 7});
        for (auto& belief : beliefs) {
            both.push_back(std::move(belief.mean));
            both.push_back(std::move(belief.stddev));
        }
        return both;
    };
    std::vector<int> predicted;
    double deviation = 0;
    const std::vector<matrix> both = sample();
    for (std::size_t batch = 0; batch < both.size(); batch += 2) {
        for (std::size_t i = 0; i < both[batch].shape(0); ++i) {
            const double* const row = &both[batch](i, 0);
            const auto best = std::max_element(row, row + data->labels.size()) - row;
            predicted.push_back(static_cast<int>(best));
            deviation += both[batch + 1](i, static_cast<std::size_t>(best));
        }
    }
    std::ostringstream quality;
    quality << accuracy_text(data->asked.y, predicted) << ", standard deviation of the winner's probability " << std::fixed
            << std::setprecision(4) << deviation / static_cast<double>(predicted.size());
    return {"Monte Carlo dropout of a network " + xrayon::to_text(data->learnt.x.shape(1)) + "-" + xrayon::to_text(hidden) + "-"
                + xrayon::to_text(data->labels.size()) + ", " + split_text(*data) + ": " + counted(both.size() / 2, "batch") + " of up to "
                + counted(asked.batch_rows, "row") + ", " + counted(asked.samples, "sample") + " each",
            quality.str(), "means and deviations", measuring(sample)};
}

} // namespace scalability
