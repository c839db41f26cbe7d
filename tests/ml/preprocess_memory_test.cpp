// SPDX-License-Identifier: Apache-2.0
// Peak memory of the scalers, by an operator new that counts.
#include <xrayon/ml/preprocess/standardize_chunk.hpp>

#include "../support/catch.hpp"
#include "../support/counted_memory.hpp"

#include <algorithm>
#include <cstddef>

#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/recycling_resource.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>
#include <xrayon/ml/preprocess/robust_scaler.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>

using namespace xrayon;

TEST_CASE("scalers: memory beyond the data is that of a few rows a thread, and of the result", "[ml][scalers][memory]") {
    constexpr std::size_t rows = 100'000;
    constexpr std::size_t columns = 20;
    xt::xtensor<double, 2> x = xt::xtensor<double, 2>::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = static_cast<double>(i * 2654435761u % 1000);
    }
    constexpr std::size_t data = rows * columns * sizeof(double);
    const pool workers(4);
    workers.install([&] {
        ml::standard_scaler scaler;
        ml::min_max_scaler range;
        scaler.fit(x);  // the pool's own memory, once
        // Partial results: threads x (2 + log2 98 leaves) rows of statistics, and what the loop needs for itself.
        constexpr std::size_t little = 256 << 10;
        REQUIRE(rise([&] { scaler.fit(x); }) < little);
        REQUIRE(rise([&] { range.fit(x); }) < little);
        REQUIRE(rise([&] { scaler.transform_in_place(x); }) < little);
        REQUIRE(rise([&] { scaler.inverse_transform_in_place(x); }) < little);
        REQUIRE(rise([&] { ml::standardize_chunk_in_place(x); }) < little);
        REQUIRE(rise([&] { (void)scaler.transform(x); }) < data + little);
        recycling_resource memory;
        (void)scaler.transform(x, memory);
        REQUIRE(rise([&] { (void)scaler.transform(x, memory); }) < little);
        REQUIRE(memory.reused() == 1);
        // A column a thread here.
        ml::robust_scaler robust;
        REQUIRE(rise([&] { robust.fit(x); }) < 4 * rows * sizeof(double) + little);
    });
}
