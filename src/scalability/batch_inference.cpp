// SPDX-License-Identifier: Apache-2.0
// Every row is classified by its nearest neighbours among all other rows.
#include <iomanip>
#include <memory>
#include <sstream>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>

#include "scalability/workload.hpp"

namespace scalability {

std::string accuracy_text(const std::vector<int>& expected, const std::vector<int>& predicted) {
    std::ostringstream text;
    text << "accuracy " << std::fixed << std::setprecision(4) << xrayon::ml::accuracy(expected, predicted);
    return text.str();
}

workload batch_inference(const labelled_rows& data, const settings& asked) {
    const auto model = std::make_shared<xrayon::ml::k_nearest_neighbors<double>>(xrayon::ml::k_nearest_neighbors_options{.k = asked.k});
    model->fit(data.x, data.y);
    std::vector<xrayon::index_block> blocks;
    for (std::size_t copy = 0; copy < asked.copies; ++copy) {  // rows are asked for again, among the same neighbours
        for (const xrayon::index_block rows : xrayon::row_blocks(data.y.size(), asked.batch_rows)) {
            blocks.push_back(rows);
        }
    }
    const auto classify = [model, blocks] {
        return xrayon::ml::batch_inference(blocks, [&](const xrayon::index_block& rows) { return model->predict_left_out(rows); });
    };
    std::vector<int> predicted;
    for (const auto& labels : classify()) {
        predicted.insert(predicted.end(), labels.begin(), labels.end());
    }
    predicted.resize(data.y.size());
    return {"k nearest neighbours, k = " + xrayon::to_text(asked.k) + ", leave-one-out: " + counted(data.y.size(), "row") + " of "
                + counted(data.x.shape(1), "value") + " in " + counted(blocks.size(), "batch") + " of up to "
                + counted(asked.batch_rows, "row"),
            accuracy_text(data.y, predicted), "labels", measuring(classify)};
}

} // namespace scalability
