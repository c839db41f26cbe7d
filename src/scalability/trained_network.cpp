// SPDX-License-Identifier: Apache-2.0
#include "scalability/trained_network.hpp"

#include <algorithm>

#include <xrayon/array/batches.hpp>
#include <xrayon/ml/gradient/data_parallel_step.hpp>
#include <xrayon/ml/gradient/zip_batches.hpp>
#include <xrayon/ml/optimizer/adam.hpp>
#include <xrayon/random/stream.hpp>

namespace scalability {

classification::classification(const labelled_rows& data)
    : learnt(every_second(data, 0)), asked(every_second(data, 1)), labels(data.y) {
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    scaler.fit(learnt.x);
    for (labelled_rows* const part : {&learnt, &asked}) {
        scaler.transform_in_place(part->x);
        for (int& y : part->y) {
            y = static_cast<int>(std::lower_bound(labels.begin(), labels.end(), y) - labels.begin());
        }
    }
}

network untrained_network(const classification& data, std::size_t hidden, std::size_t seed, double dropout) {
    return network({.layers = {data.learnt.x.shape(1), hidden, data.labels.size()}, .dropout = {dropout}, .seed = seed});
}

network trained_network(const classification& data, std::size_t hidden, std::size_t seed, double dropout) {
    constexpr int epochs = 20;
    network net = untrained_network(data, hidden, seed, dropout);
    network::parameters_type weights = net.parameters();
    xrayon::ml::adam optimizer({.learning_rate = 0.01});
    for (int epoch = 0; epoch < epochs; ++epoch) {
        for (const auto& rows : xrayon::row_blocks(data.learnt.y.size(), 128)) {
            const auto x = xrayon::view_of(data.learnt.x).slice(rows.begin, rows.end);
            const auto y = xrayon::view_of(data.learnt.y).slice(rows.begin, rows.end);
            xrayon::ml::data_parallel_step(
                xrayon::ml::zip_batches(xrayon::batches(x, 32), xrayon::batches(y, 32)),
                [&](const network::parameters_type&, const auto& batch_x, const auto& batch_y, network::parameters_type& sum) {
                    return net.add_gradient(batch_x, batch_y, sum);
                },
                weights, optimizer);
            net.set_parameters(weights);
        }
    }
    return net;
}

std::string split_text(const classification& data) {
    return "learnt from " + counted(data.learnt.y.size(), "row") + ", asked for " + counted(data.asked.y.size(), "other");
}

} // namespace scalability
