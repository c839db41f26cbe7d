// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/ensemble/detail/row_combiner.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

using namespace xrayon;
using namespace xrayon::ml::detail;
namespace ensemble = xrayon::ml::ensemble;

namespace {

/// What models say: numbers with ties, both zeros and infinities among them.
std::vector<std::vector<double>> predictions(std::size_t models, std::size_t count, std::uint64_t seed) {
    std::vector<std::vector<double>> x(models, std::vector<double>(count));
    for (std::size_t k = 0; k < models; ++k) {
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t draw = test::mix(seed + 1000 * k + i);
            x[k][i] = draw % 5 == 0 ? static_cast<double>(draw / 5 % 3) - 1 : std::ldexp(static_cast<double>(draw >> 11), -50) - 4;
            x[k][i] = draw % 101 == 0 ? HUGE_VAL : draw % 103 == 0 ? -0.0 : x[k][i];
        }
    }
    return x;
}

template <class Combiner>
std::vector<double> combined(const Combiner& how, const std::vector<std::vector<double>>& x) {
    std::vector<const double*> pointers;
    for (const auto& each : x) {
        pointers.push_back(each.data());
    }
    std::vector<double> out(x[0].size());
    strip_memory memory;
    how.run(pointers.data(), out.size(), out.data(), memory, {});
    return out;
}

} // namespace

TEST_CASE("sorting_network: sorts every sequence of zeros and ones, and so every sequence", "[ml][ensemble_predict]") {
    for (std::size_t n = 0; n <= 16; ++n) {
        const auto network = sorting_network(n, 0, n);
        for (std::uint32_t bits = 0; bits < (1U << n); ++bits) {
            std::uint32_t sorted = bits;
            for (const exchange& each : network) {
                const std::uint32_t low = sorted >> each.low & 1U;
                const std::uint32_t high = sorted >> each.high & 1U;
                if (low > high) {
                    sorted ^= (1U << each.low) | (1U << each.high);
                }
            }
            const auto count = static_cast<std::uint32_t>(std::popcount(bits));
            REQUIRE((sorted == ((1U << n) - 1U) - ((1U << (n - count)) - 1U)));
        }
    }
    REQUIRE(sorting_network(8, 0, 8).size() == 19);    // the fewest that there can be
    REQUIRE(sorting_network(16, 0, 16).size() == 63);  // Batcher's; 60 are known
    REQUIRE(sorting_network(8, 3, 5).size() < 19);
}

TEST_CASE("medians and trimmed means: what sorting each element's values gives, for 1 to 40 models", "[ml][ensemble_predict]") {
    const std::size_t models = GENERATE(range(std::size_t{1}, std::size_t{41}));
    const std::size_t count = GENERATE(1u, 63u, 64u, 256u);
    const auto x = predictions(models, count, 77 * models);
    const std::size_t cut = (models - 1) / 3;
    const auto median = combined(combiner<double, ensemble::median>({}, models), x);
    const auto high = combined(combiner<double, ensemble::median_high>({}, models), x);
    const auto trimmed = combined(combiner<double, ensemble::trimmed_mean>({cut}, models), x);
    bool right = true;
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<double> values;
        for (const auto& each : x) {
            values.push_back(each[i]);
        }
        std::sort(values.begin(), values.end());
        double sum = 0;
        for (std::size_t k = cut; k < models - cut; ++k) {
            sum += values[k];
        }
        const double mean = sum / static_cast<double>(models - 2 * cut);
        right = right && median[i] == std::midpoint(values[(models - 1) / 2], values[models / 2]) && high[i] == values[models / 2]
                && (models == 1 || median[i] != 0 || !std::signbit(median[i]))
                && (trimmed[i] == mean || (std::isnan(trimmed[i]) && std::isnan(mean)));
    }
    INFO(models << " models, " << count << " elements");
    REQUIRE(right);
}

TEST_CASE("means: the portable and the vector form give the same bits", "[ml][ensemble_predict]") {
    const auto x = predictions(9, 256, 5);
    const std::vector<double> w{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
    std::vector<const double*> pointers;
    for (const auto& each : x) {
        pointers.push_back(each.data());
    }
    const double* const* const from = pointers.data();
    std::vector<double> chosen(256);
    std::vector<double> portable(256);
    const auto same = [&] {
        return std::equal(chosen.begin(), chosen.end(), portable.begin(),
                          [](double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); });
    };
    run_wide<weighted_mean_kernel>(from, w.data(), 4.5, std::size_t{9}, std::size_t{256}, chosen.data());
    run_at<weighted_mean_kernel>(instruction_set::portable, from, w.data(), 4.5, std::size_t{9}, std::size_t{256}, portable.data());
    REQUIRE(same());
    run_wide<mean_kernel>(from, std::size_t{9}, std::size_t{256}, chosen.data());
    run_at<mean_kernel>(instruction_set::portable, from, std::size_t{9}, std::size_t{256}, portable.data());
    REQUIRE(same());
}

TEST_CASE("vote: the label with the most weight, as counting says, for 1 to 20 models", "[ml][ensemble_predict]") {
    const std::size_t models = GENERATE(range(std::size_t{1}, std::size_t{21}));
    std::vector<std::vector<double>> x(models, std::vector<double>(200));
    std::vector<double> weights(models);
    for (std::size_t k = 0; k < models; ++k) {
        weights[k] = static_cast<double>(1 + test::mix(k) % 4);
        for (std::size_t i = 0; i < 200; ++i) {
            x[k][i] = static_cast<double>(test::mix(1000 * models + 300 * k + i) % 4);
        }
    }
    const auto got = combined(combiner<double, ensemble::vote>({weights}, models), x);
    bool right = true;
    for (std::size_t i = 0; i < 200; ++i) {
        double votes[4] = {};
        for (std::size_t k = 0; k < models; ++k) {
            votes[static_cast<std::size_t>(x[k][i])] += weights[k];
        }
        right = right && got[i] == static_cast<double>(std::max_element(votes, votes + 4) - votes);
    }
    REQUIRE(right);
}
