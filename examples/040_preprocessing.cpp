// SPDX-License-Identifier: Apache-2.0
// Preprocessing of handwritten digits: a scaler is fitted to the training rows and used on all; chunks are worked on in parallel, by their own
// statistics or by those of all, which is not the same; and results that are made over and over use their memory again.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iostream>

#include <xrayon/exec/recycling_resource.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>
#include <xrayon/ml/preprocess/preprocess.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>
#include <xrayon/ml/preprocess/standardize_chunk.hpp>
#include <xrayon/xrayon.hpp>

using matrix = xt::xtensor<double, 2>;

int main() {
    const xrayon::csv_table table = xrayon::read_csv("examples/data/digits.csv");
    const matrix pixels = xt::view(table.values, xt::all(), xt::range(0, 64));
    const auto train = xrayon::view_of(pixels).slice(0, 1200);
    const auto test = xrayon::view_of(pixels).slice(1200, pixels.shape(0));

    // Statistics of the training rows, applied to both. Pixel 0 is 0 in every digit: a constant column has scale 1 and comes out as 0.
    xrayon::ml::standard_scaler scaler;
    const matrix train_z = scaler.fit_transform(train);
    const matrix test_z = scaler.transform(test);
    std::cout << "pixel 20: mean " << scaler.mean()(20) << ", deviation " << scaler.scale()(20) << "\n"
              << "pixel 0: mean " << scaler.mean()(0) << ", scale " << scaler.scale()(0) << ", comes out as " << test_z(7, 0) << "\n";

    // The same statistics from pieces that arrive one after the other, or from several machines.
    xrayon::ml::standard_scaler pieces;
    for (const auto& piece : xrayon::batches(train, 250)) {
        pieces.partial_fit(piece);
    }
    std::cout << "in pieces: mean " << pieces.mean()(20) << ", deviation " << pieces.scale()(20) << "\n";

    // Chunks in parallel, each by its own statistics or by those of all: two different things.
    const auto chunks = xrayon::batches(pixels, 300);
    const auto own = xrayon::ml::preprocess(chunks, [](const auto& chunk) { return xrayon::ml::standardize_chunk(chunk); });
    const auto global = xrayon::ml::preprocess(chunks, [&](const auto& chunk) { return scaler.transform(chunk); });
    const auto mean_of = [](const auto& x) {
        double sum = 0;
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            sum += x(i, 20);
        }
        const double mean = sum / static_cast<double>(x.shape(0));
        return std::abs(mean) < 1e-12 ? 0 : mean;
    };
    std::cout << "chunk 3, pixel 20: mean " << mean_of(own[3]) << " by its own statistics, " << mean_of(global[3]) << " by those of all\n";

    // Again and again: from the second round on, results lie in memory that was used before, and cost no page faults.
    xrayon::recycling_resource memory;
    xrayon::ml::min_max_scaler range;
    range.fit(train);
    for (int round = 0; round < 3; ++round) {
        const auto scaled = range.transform(pixels, memory);
        std::cout << "round " << round << ": largest " << *std::max_element(scaled.begin(), scaled.end()) << ", memory used again "
                  << memory.reused() << " times\n";
    }

    // In place: nothing is allocated.
    matrix copy = pixels;
    xrayon::ml::preprocess_in_place(xrayon::batches(copy, 300), [](const auto& chunk) { xrayon::ml::standardize_chunk_in_place(chunk); });
    std::cout << "in place: " << (copy(1000, 20) == own[3](100, 20) ? "the same bits" : "other bits") << "\n";
}

// Output:
// pixel 20: mean 7.0625, deviation 6.16322
// pixel 0: mean 0, scale 1, comes out as 0
// in pieces: mean 7.0625, deviation 6.16322
// chunk 3, pixel 20: mean 0 by its own statistics, -0.123177 by those of all
// round 0: largest 2, memory used again 0 times
// round 1: largest 2, memory used again 1 times
// round 2: largest 2, memory used again 2 times
// in place: the same bits
