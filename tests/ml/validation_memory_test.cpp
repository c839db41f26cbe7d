// SPDX-License-Identifier: Apache-2.0
// Peak memory of cross-validation: for each worker the rows of one fold, never a copy for each fold.
#include <xrayon/ml/validation/cross_validate.hpp>

#include "../support/catch.hpp"
#include "../support/counted_memory.hpp"

#include <cstddef>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/models/gaussian_naive_bayes.hpp>
#include <xrayon/random/stream.hpp>
#include <xrayon/random/uniform.hpp>

using namespace xrayon;
using namespace xrayon::ml;
using rows_view = array_view<const double, 2>;

namespace {

/// Reads all its rows and keeps none.
struct reader {
    double sum = 0;
    reader& fit(const rows_view& x, const std::span<const int>&) {
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            sum += x(i, 0);
        }
        return *this;
    }
    [[nodiscard]] std::vector<int> predict(const rows_view& x) const { return std::vector<int>(x.shape(0), sum > 0 ? 1 : 0); }
};

} // namespace

TEST_CASE("cross_validate: memory is the rows of one fold for each worker", "[ml][validation][memory]") {
    constexpr std::size_t rows = 20000;
    constexpr std::size_t columns = 40;
    constexpr std::size_t data = rows * columns * sizeof(double);
    constexpr std::size_t beside = rows * 64;  // labels, and the lists of 20 folds' rows as they are made
    xt::xtensor<double, 2> x = xt::xtensor<double, 2>::from_shape({rows, columns});
    stream source(1);
    fill_uniform(source, std::span<double>(x.data(), x.size()));
    std::vector<int> y(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        y[i] = x(i, 0) > 0.5 ? 1 : 0;
    }
    const auto folds = k_fold{.folds = 20, .shuffle = true, .seed = 3};
    for (const std::size_t threads : {1u, 2u, 4u}) {
        pool workers(threads);
        workers.install([&] {
            // Fitted on rows: those of one fold, which are all.
            const std::size_t plain = rise([&] { (void)cross_validate(reader(), x, y, folds, accuracy); });
            CHECK(plain >= data);
            CHECK(plain <= threads * (data + beside) + beside);
            // From sums: the rows that are tested, and 1,024 at a time.
            const std::size_t sums = rise([&] { (void)cross_validate(gaussian_naive_bayes(), x, y, folds, accuracy); });
            CHECK(sums <= threads * (data / 20 + 1024 * columns * sizeof(double) + beside) + beside);
            // Folds that lie together are not copied to be tested.
            const std::size_t views = rise([&] { (void)cross_validate(gaussian_naive_bayes(), x, y, k_fold{.folds = 20}, accuracy); });
            CHECK(views <= threads * beside + beside);
        });
    }
}
