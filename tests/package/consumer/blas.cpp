// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/blas.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/par/index.hpp>

#include <cstddef>
#include <cstdio>

int main() {
    const xt::xtensor<double, 2> row{{0.0, 1.0}};
    const xt::xtensor<double, 2> matrix{{5.0, 5.0}, {1.0, 2.0}};
    xt::xtensor<double, 2> product{{0.0, 0.0}};
    xrayon::gemm(1.0, row, matrix, 0.0, product);  // (1, 2)
    const auto squares = xrayon::map_index(5, [&](std::size_t i) {
        const auto x = static_cast<double>(i) * product(0, 0);
        return x * x * product(0, 1) / 2.0;
    });
    for (std::size_t i = 0; i != squares.size(); ++i) {
        std::printf("%.0f%s", squares[i], i + 1 == squares.size() ? "\n" : " ");
    }
}
