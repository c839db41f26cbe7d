// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_TRAINED_NETWORK_HPP
#define SCALABILITY_TRAINED_NETWORK_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/ml/models/multilayer_perceptron.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>

#include "scalability/labelled_rows.hpp"

namespace scalability {

using network = xrayon::ml::multilayer_perceptron<double>;

/// Rows to learn from (the even ones) and rows to ask for (the odd ones), scaled by the former; labels as 0, 1, 2, ... in ascending order.
struct classification {
    explicit classification(const labelled_rows& data);

    xrayon::ml::min_max_scaler scaler;
    labelled_rows learnt;
    labelled_rows asked;
    std::vector<int> labels;  ///< What class 0, 1, 2, ... was in the data.
};

/// The layers {values, hidden, classes}.
network untrained_network(const classification& data, std::size_t hidden, std::size_t seed, double dropout = 0);

/// Such a network after some epochs of Adam on `data.learnt`, by steps down the mean gradient of four batches of 32 rows.
network trained_network(const classification& data, std::size_t hidden, std::size_t seed, double dropout = 0);

/// "Learnt from 899 rows, asked for 898."
std::string split_text(const classification& data);

} // namespace scalability

#endif // SCALABILITY_TRAINED_NETWORK_HPP
