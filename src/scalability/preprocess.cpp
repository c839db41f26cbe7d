// SPDX-License-Identifier: Apache-2.0
// A scaler learns mean and deviation of each column of a large table, and scales it.
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <memory>
#include <sstream>

#include <xrayon/exec/recycling_resource.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>

#include "scalability/workload.hpp"

namespace scalability {

workload preprocess(const labelled_rows& rows, const settings& asked) {
    constexpr std::size_t enough = 50'000;  // the digits alone take a tenth of a millisecond
    const std::size_t n = rows.y.size();
    const std::size_t copies = asked.copies * std::max<std::size_t>(1, (enough + n - 1) / n);
    const auto x = std::make_shared<matrix>(matrix::from_shape({copies * n, rows.x.shape(1)}));
    for (std::size_t copy = 0; copy < copies; ++copy) {
        std::copy(rows.x.begin(), rows.x.end(), x->begin() + static_cast<std::ptrdiff_t>(copy * rows.x.size()));
    }
    // Results use the same memory again: fresh pages would take most of the time.
    const auto memory = std::make_shared<xrayon::recycling_resource>();
    const auto scale = [x, memory] {
        xrayon::ml::standard_scaler scaler;
        scaler.fit(*x);
        return scaler.transform(*x, *memory);
    };
    const auto scaled = scale();
    double furthest = 0;
    for (std::size_t j = 0; j < scaled.shape(1); ++j) {
        double sum = 0;
        for (std::size_t i = 0; i < scaled.shape(0); ++i) {
            sum += scaled(i, j);
        }
        furthest = std::max(furthest, std::abs(sum / static_cast<double>(scaled.shape(0))));
    }
    std::ostringstream quality;
    quality << "column means within " << std::scientific << std::setprecision(1) << furthest << " of 0";
    return {"standard_scaler, fit and transform: " + counted(x->shape(0), "row") + " of " + counted(x->shape(1), "value") + " ("
                + counted(n, "row") + (copies > 1 ? ", " + xrayon::to_text(copies) + " times over)" : ")"),
            quality.str(), "scaled rows", measuring(scale)};
}

} // namespace scalability
