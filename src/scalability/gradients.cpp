// SPDX-License-Identifier: Apache-2.0
// A network takes a few steps down the mean gradient of all rows, computed in batches.
#include <memory>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/ml/gradient/data_parallel_step.hpp>
#include <xrayon/ml/gradient/zip_batches.hpp>
#include <xrayon/ml/optimizer/adam.hpp>

#include "scalability/trained_network.hpp"
#include "scalability/workload.hpp"

namespace scalability {

workload gradients(const labelled_rows& rows, const settings& asked) {
    constexpr std::size_t hidden = 64;
    constexpr int steps = 20;
    const auto data = std::make_shared<classification>(repeated(rows, asked.copies));
    const auto train = [data, asked] {
        network net = untrained_network(*data, hidden, 1);
        network::parameters_type weights = net.parameters();
        xrayon::ml::adam optimizer({.learning_rate = 0.05});
        const auto x_batches = xrayon::batches(data->learnt.x, asked.batch_rows);
        const auto batches = xrayon::ml::zip_batches(x_batches, xrayon::batches(data->learnt.y, asked.batch_rows));
        const std::vector<double> sizes = xrayon::ml::batch_rows(x_batches);
        for (int step = 0; step < steps; ++step) {
            xrayon::ml::data_parallel_step(batches,
                                           [&](const network::parameters_type&, const auto& x, const auto& y,
                                               network::parameters_type& sum) { return net.add_gradient(x, y, sum); },
                                           weights, optimizer, {.weights = sizes});
            net.set_parameters(weights);
        }
        return weights;
    };
    network net = untrained_network(*data, hidden, 1);
    net.set_parameters(train());
    const auto labels = net.predict(data->asked.x);
    const std::size_t count = xrayon::batches(data->learnt.x, asked.batch_rows).size();
    return {xrayon::to_text(steps) + " steps of Adam down the mean gradient of a network " + xrayon::to_text(data->learnt.x.shape(1)) + "-"
                + xrayon::to_text(hidden) + "-" + xrayon::to_text(data->labels.size()) + ", " + split_text(*data) + ": "
                + counted(count, "batch") + " of up to " + counted(asked.batch_rows, "row"),
            accuracy_text(data->asked.y, {labels.begin(), labels.end()}), "weights", measuring(train)};
}

} // namespace scalability
