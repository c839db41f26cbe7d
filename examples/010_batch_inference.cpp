// SPDX-License-Identifier: Apache-2.0
// Batch inference on real data: handwritten digits are classified by their nearest neighbours, in batches, on all cores.
// The answers are the same bits on one thread and on many.
#include <cstddef>
#include <iostream>
#include <vector>

#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#include <xrayon/xrayon.hpp>

using matrix = xt::xtensor<double, 2>;
using labels = xt::xtensor<int, 1>;

int main() {
    const xrayon::csv_table table = xrayon::read_csv("examples/data/digits.csv");
    const matrix pixels = xt::view(table.values, xt::all(), xt::range(0, 64));
    const labels digits = xt::adapt(table.integers("label"));

    // scikit-learn's own split for this seed. The rows are gathered once, into memory of their own.
    const auto [train, test] = xrayon::ml::train_test_split(digits.size(), {.test_size = 0.25, .seed = 42});
    const matrix train_x = xt::view(pixels, xt::keep(train), xt::all());
    const labels train_y = xt::view(digits, xt::keep(train));
    const matrix test_x = xt::view(pixels, xt::keep(test), xt::all());
    const labels test_y = xt::view(digits, xt::keep(test));

    xrayon::ml::k_nearest_neighbors model({.k = 3});
    model.fit(train_x, train_y);

    // A batch is a view of 64 rows. The model is anything that can be called with one from several threads at once.
    const auto batches = xrayon::batches(test_x, 64);
    const auto classify = [&](const xrayon::array_view<const double, 2>& batch) { return model.predict(batch); };
    const auto predicted = xrayon::ml::batch_inference(batches, classify);

    std::vector<int> together;
    for (const labels& part : predicted) {
        together.insert(together.end(), part.begin(), part.end());
    }
    std::cout << train.size() << " digits learnt, " << test.size() << " asked for in " << batches.size() << " batches\n"
              << "accuracy " << xrayon::ml::accuracy(test_y, together) << "\n";

    for (const int threads : {1, 8}) {
        const auto again = xrayon::pool(threads).install([&] { return xrayon::ml::batch_inference(batches, classify); });
        std::cout << "on a pool of " << threads << ": " << (again == predicted ? "the same bits" : "other bits") << "\n";
    }
}

// Output:
// 1347 digits learnt, 450 asked for in 8 batches
// accuracy 0.986667
// on a pool of 1: the same bits
// on a pool of 8: the same bits
