// SPDX-License-Identifier: Apache-2.0
// 10-fold cross-validation of a scaler and nearest neighbours: each fold scales by its own training rows and fits on them.
#include <cstdint>
#include <iomanip>
#include <sstream>
#include <vector>

#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#include <xrayon/ml/pipeline.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>
#include <xrayon/ml/validation/cross_validate.hpp>

#include "scalability/workload.hpp"

namespace scalability {

workload cross_validation(const labelled_rows& data, const settings& asked) {
    const auto validate = [&data, k = asked.k](std::size_t copy) {
        const auto model = xrayon::ml::standard_scaler() | xrayon::ml::k_nearest_neighbors<>({.k = k});
        return xrayon::ml::cross_validate(model, data.x, data.y,
                                          xrayon::ml::k_fold{.folds = 10, .shuffle = true, .seed = 1 + static_cast<std::uint32_t>(copy)},
                                          xrayon::ml::accuracy)
            .scores();
    };
    const xrayon::ml::score_summary found = xrayon::ml::summarise_scores(validate(0));
    std::ostringstream quality;
    quality << "accuracy " << std::fixed << std::setprecision(4) << found.mean << " +- " << found.stddev << " over the folds";
    return {"10-fold cross-validation of a scaler and " + counted(asked.k, "nearest neighbour") + ", " + counted(data.x.shape(0), "row")
                + " of " + counted(data.x.shape(1), "value"),
            quality.str(), "scores", measuring_copies(validate, asked.copies)};
}

} // namespace scalability
