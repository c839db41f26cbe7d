// SPDX-License-Identifier: Apache-2.0
// Networks of many sizes answer together, the largest first.
#include <algorithm>
#include <iomanip>
#include <memory>
#include <sstream>
#include <vector>

#include <xrayon/ml/ensemble/ensemble_predict.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>

#include "scalability/trained_network.hpp"
#include "scalability/workload.hpp"

namespace scalability {

workload ensemble(const labelled_rows& rows, const settings& asked) {
    const auto data = std::make_shared<classification>(repeated(rows, asked.copies));
    const auto models = std::make_shared<std::vector<network>>();
    std::vector<double> costs;
    double best_alone = 0;
    for (const std::size_t hidden : {32, 32, 48, 48, 64, 64, 96, 128, 192, 256}) {
        models->push_back(trained_network(*data, hidden, models->size()));
        costs.push_back(static_cast<double>(hidden));
        best_alone = std::max(best_alone, xrayon::ml::accuracy(data->asked.y, models->back().predict(data->asked.x)));
    }
    const auto predict = [data, models, costs] {
        return xrayon::ml::ensemble_predict(data->asked.x, *models, xrayon::ml::ensemble::soft_vote{}, {.costs = costs});
    };
    const auto labels = predict();
    std::ostringstream quality;
    quality << accuracy_text(data->asked.y, {labels.begin(), labels.end()}) << ", the best of them alone " << std::fixed
            << std::setprecision(4) << best_alone;
    return {"soft vote of " + counted(models->size(), "network") + " of 32 to 256 hidden units, " + split_text(*data), quality.str(),
            "labels", measuring(predict)};
}

} // namespace scalability
