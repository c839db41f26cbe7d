// SPDX-License-Identifier: Apache-2.0
// bench.array.packed_gemm: what do bits that do not depend on the batch cost, compared with OpenBLAS on one thread? W is packed before
// the clock starts, x is read as it comes. Each contest is a product of one size, type and clone; first it is counted how many
// bits of either move when a row stands in another batch.
//
//     ./dev bench array.packed_gemm [CONTEST...] [--pairs 30] [--seconds 300] [--markdown] [--csv FILE]
//     OPENBLAS_CORETYPE=SkylakeX ./dev bench array.packed_gemm     # OpenBLAS with kernels that it would not choose here
//
// Contests are called TYPE.CLONE.LAYOUT.ROWSxN: "double.avx2.rows.128x500" is a batch of 128 rows times a 500 x 500 matrix; with
// "columns", x is a transposed view, as in the gradient of a layer.
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <xrayon/array/blas.hpp>
#include <xrayon/array/packed_matrix.hpp>

#include "support/contests.hpp"

namespace {

using namespace xrayon;
using namespace xrayon::bench;

template <class T>
std::vector<T> values(std::size_t count, unsigned seed) {
    std::vector<T> out(count);
    std::uint64_t state = seed;
    for (T& value : out) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        value = static_cast<T>(static_cast<double>(state >> 40) / 8388608.0 - 1.0);
    }
    return out;
}

/// x (m x n, or its transpose in memory) times w (n x n).
template <class T>
struct product {
    std::size_t m, n;
    std::vector<T> x, w, y;
    array_view<const T, 2> x_view, w_view;
    array_view<T, 2> y_view;
    packed_matrix<T> packed;

    product(std::size_t rows, std::size_t columns, bool transposed)
        : m(rows),
          n(columns),
          x(values<T>(m * n, 1)),
          w(values<T>(n * n, 2)),
          y(m * n),
          x_view(transposed ? array_view<const T, 2>(x.data(), {n, m}).transposed() : array_view<const T, 2>(x.data(), {m, n})),
          w_view(w.data(), {n, n}),
          y_view(y.data(), {m, n}),
          packed(w_view) {}
};

const char* name_of(instruction_set set) {
    return set == instruction_set::avx512 ? "avx512" : set == instruction_set::avx2 ? "avx2" : "portable";
}

template <class T>
contest multiply(const std::string& name, instruction_set set, std::size_t m, std::size_t n, bool transposed) {
    const std::string question = std::to_string(m) + " x " + std::to_string(n) + " times " + std::to_string(n) + " x " + std::to_string(n);
    contest c(name, question, 1, m, "row", std::same_as<T, float> ? 1e-4 : 1e-10);
    const auto of = std::make_shared<product<T>>(m, n, transposed);
    const auto check = [](const std::vector<T>* y) {
        double sum = 0;
        for (const T v : *y) {
            sum += std::abs(static_cast<double>(v));
        }
        return sum;
    };
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    c.add("xrayon packed_gemm", check, one_blas_thread, [of, set] {
        ::xrayon::detail::packed_gemm_with<T>(set, of->x_view, of->packed, of->y_view, {});
        return &std::as_const(of->y);
    });
    c.add("OpenBLAS", check, one_blas_thread, [of] {
        gemm(1, of->x_view, of->w_view, 0, of->y_view);
        return &std::as_const(of->y);
    });
    return c;
}

template <class T>
void add_contests(std::vector<named_contest>& all, const std::string& type) {
    for (const auto set : {instruction_set::avx512, instruction_set::avx2}) {
        if (!runs(set)) {
            continue;
        }
        for (const bool transposed : {false, true}) {
            for (const std::size_t n : {64u, 128u, 256u, 500u, 1000u, 2000u}) {
                const auto add = [&](std::size_t m) {
                    const std::string name =
                        type + "." + name_of(set) + (transposed ? ".columns." : ".rows.") + std::to_string(m) + "x" + std::to_string(n);
                    all.push_back({name, [=] { return multiply<T>(name, set, m, n, transposed); }});
                };
                add(128);
                if (n > 128) {
                    add(n);
                }
            }
        }
    }
}

std::vector<named_contest> contests(std::size_t) {
    std::vector<named_contest> all;
    add_contests<double>(all, "double");
    add_contests<float>(all, "float");
    return all;
}

/// Of the results of `batch` rows from `offset` on: how many are not, bit for bit, those of the same rows among 128?
template <class T, class Multiply>
std::size_t moved(const product<T>& of, std::size_t offset, std::size_t batch, Multiply multiply) {
    std::vector<T> part(batch * of.n);
    multiply(of.x_view.slice(offset, offset + batch), array_view<T, 2>(part.data(), {batch, of.n}));
    std::size_t count = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
        count += std::memcmp(&part[i], &of.y[offset * of.n + i], sizeof(T)) != 0;
    }
    return count;
}

template <class T>
void count_moved(const char* type) {
    for (const std::size_t n : {100u, 500u, 1000u}) {
        product<T> of(128, n, false);
        const auto show = [&](const char* who, auto multiply) {
            multiply(of.x_view, of.y_view);
            std::cout << "  " << type << ", n = " << n << ", " << who << ":";
            for (const std::size_t batch : {1u, 3u, 8u, 33u, 64u}) {
                std::cout << "  " << batch << " rows " << moved(of, 0, batch, multiply) << ", from row 5 " << moved(of, 5, batch, multiply)
                          << " of " << batch * n << ";";
            }
            std::cout << "\n";
        };
        show("OpenBLAS", [&](const auto& x, const auto& y) { gemm(1, x, of.w_view, 0, y); });
        show("packed_gemm", [&](const auto& x, const auto& y) { packed_gemm(x, of.packed, y); });
    }
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Times packed_gemm against OpenBLAS on one thread, in interleaved pairs.", "bench.array.packed_gemm");
    openblas::set_threads(1);
    if (const auto core = reinterpret_cast<char* (*)()>(::dlsym(RTLD_DEFAULT, "openblas_get_corename"))) {
        std::cout << "OpenBLAS uses its kernels for " << core() << "\n";
    }
    std::cout << "results that differ from those of the same rows in a batch of 128:\n";
    count_moved<double>("double");
    count_moved<float>("float");
    return run_contests(argc, argv, app, contests, {1});
}
