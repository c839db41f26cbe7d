// SPDX-License-Identifier: Apache-2.0
// A network learns handwritten digits: gradients of four batches at a time in parallel, one step down their mean. The weights come out
// the same, bit for bit, on one thread and on many. Then it says how sure it is.
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <vector>

#include <xrayon/ml/batch_inference_with_uncertainty.hpp>
#include <xrayon/ml/gradient/data_parallel_step.hpp>
#include <xrayon/ml/gradient/zip_batches.hpp>
#include <xrayon/ml/models/multilayer_perceptron.hpp>
#include <xrayon/ml/optimizer/adam.hpp>
#include <xrayon/xrayon.hpp>

using matrix = xt::xtensor<double, 2>;
using labels = xt::xtensor<int, 1>;
using network = xrayon::ml::multilayer_perceptron<double>;

network train(const matrix& x, const labels& y) {
    network net({.layers = {64, 48, 10}, .dropout = {0.1}, .seed = 1});
    network::parameters_type weights = net.parameters();
    xrayon::ml::adam optimizer({.learning_rate = 0.01});
    for (int epoch = 0; epoch < 10; ++epoch) {
        for (const auto& rows : xrayon::row_blocks(y.size(), 128)) {
            const auto step_x = xrayon::view_of(x).slice(rows.begin, rows.end);
            const auto step_y = xrayon::view_of(y).slice(rows.begin, rows.end);
            xrayon::ml::data_parallel_step(
                xrayon::ml::zip_batches(xrayon::batches(step_x, 32), xrayon::batches(step_y, 32)),
                [&](const network::parameters_type&, const auto& batch_x, const auto& batch_y, network::parameters_type& sum) {
                    return net.add_gradient(batch_x, batch_y, sum);
                },
                weights, optimizer);
            net.set_parameters(weights);
        }
    }
    return net;
}

int main() {
    const xrayon::csv_table table = xrayon::read_csv("examples/data/digits.csv");
    const matrix pixels = xt::view(table.values, xt::all(), xt::range(0, 64)) / 16;
    const labels digits = xt::adapt(table.integers("label"));
    const auto [train_rows, test_rows] = xrayon::ml::train_test_split(digits.size(), {.test_size = 0.25, .seed = 42});
    const matrix train_x = xt::view(pixels, xt::keep(train_rows), xt::all());
    const labels train_y = xt::view(digits, xt::keep(train_rows));
    const matrix test_x = xt::view(pixels, xt::keep(test_rows), xt::all());
    const labels test_y = xt::view(digits, xt::keep(test_rows));

    const network net = train(train_x, train_y);
    std::cout << train_y.size() << " digits learnt, accuracy " << xrayon::ml::accuracy(train_y, net.predict(train_x)) << " of them and "
              << xrayon::ml::accuracy(test_y, net.predict(test_x)) << " of " << test_y.size() << " others\n";

    for (const int threads : {1, 8}) {
        const network again = xrayon::pool(threads).install([&] { return train(train_x, train_y); });
        std::cout << "trained on a pool of " << threads << ": " << (again.parameters() == net.parameters() ? "the same bits" : "other bits")
                  << "\n";
    }

    // 100 samples of dropout for each digit: where they differ, the network is not sure, and there it is wrong more often.
    const auto beliefs = xrayon::ml::batch_inference_with_uncertainty(xrayon::batches(test_x, 64), net, {.samples = 100, .seed = 7});
    std::size_t sure = 0;
    std::size_t right = 0;
    for (std::size_t i = 0; i < test_y.size(); ++i) {
        const auto label = static_cast<std::size_t>(test_y(i));
        const auto& belief = beliefs[i / 64];
        const auto row = xrayon::rows(belief.mean)[i % 64];
        const auto best = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
        if (belief.stddev(i % 64, best) < 0.1) {
            ++sure;
            right += best == label;
        }
    }
    std::cout << "sure of " << sure << ", right about " << right << " of those\n";
}

// Output:
// 1347 digits learnt, accuracy 0.982183 of them and 0.968889 of 450 others
// trained on a pool of 1: the same bits
// trained on a pool of 8: the same bits
// sure of 234, right about 234 of those
