// SPDX-License-Identifier: Apache-2.0
// A search for the penalty of a ridge classifier: 32 candidates on 5 folds, from one pass over the rows and one factorisation a fold.
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <sstream>
#include <vector>

#include <xrayon/ml/models/ridge_classifier.hpp>
#include <xrayon/ml/search/grid_search.hpp>

#include "scalability/workload.hpp"

namespace scalability {

namespace {

auto search(const labelled_rows& data, std::size_t copy) {
    using xrayon::ml::ridge_classifier_options;
    std::vector<double> alphas;
    for (int i = 0; i < 32; ++i) {
        alphas.push_back(std::pow(10.0, -3 + i * (6.0 / 31)));
    }
    return xrayon::ml::grid_search(
        [](const ridge_classifier_options& o) { return xrayon::ml::ridge_classifier<>(o); },
        xrayon::ml::grid(ridge_classifier_options{}, xrayon::ml::axis("alpha", &ridge_classifier_options::alpha, alphas)), data.x, data.y,
        xrayon::ml::k_fold{.folds = 5, .shuffle = true, .seed = 1 + static_cast<std::uint32_t>(copy)}, xrayon::ml::accuracy,
        {.refit = false});
}

} // namespace

workload grid_search(const labelled_rows& data, const settings& asked) {
    const auto found = search(data, 0);
    std::ostringstream quality;
    quality << "accuracy " << std::fixed << std::setprecision(4) << found.best_score() << " over the folds with alpha "
            << std::setprecision(3) << found.best_params().alpha;
    return {"Search for the penalty of a ridge classifier: " + counted(found.candidates.size(), "candidate") + " on 5 folds, "
                + counted(data.x.shape(0), "row") + " of " + counted(data.x.shape(1), "value"),
            quality.str(), "scores",
            measuring_copies([&data](std::size_t copy) { return search(data, copy).test_scores.front(); }, asked.copies)};
}

} // namespace scalability
