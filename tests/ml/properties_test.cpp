// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/split/k_fold.hpp>
#include <xrayon/ml/train_test_split.hpp>

#include "../support/catch.hpp"
#include "../support/property.hpp"

using namespace xrayon;
using test::draws;

namespace {

const pool& draw_pool(draws& draw) {
    static std::map<std::size_t, pool> pools;
    const auto threads = draw.one_of<std::size_t>("threads", 1, 2, 3, 5, 8);
    return pools.try_emplace(threads, threads).first->second;
}

bool ascends(const std::vector<std::size_t>& all) {
    return std::adjacent_find(all.begin(), all.end(), [](std::size_t a, std::size_t b) { return a >= b; }) == all.end();
}

std::string k_fold_partitions(draws& draw) {
    const std::size_t n = draw.between("n", 2, 200);
    const std::size_t k = draw.between("k", 2, n);
    const bool last = draw.flip("rest last");
    const ml::k_fold splitter{.folds = k,
                              .shuffle = draw.flip("shuffle"),
                              .seed = static_cast<std::uint32_t>(draw.between("seed", 0, 0xffffffffu)),
                              .rest = last ? ml::remainder_rule::last : ml::remainder_rule::spread};
    std::vector<int> tested(n, 0);
    std::size_t smallest = n;
    std::size_t largest = 0;
    std::size_t folds = 0;
    for (const auto& [train, held_out] : splitter.split(n)) {
        ++folds;
        smallest = std::min(smallest, held_out.size());
        largest = std::max(largest, held_out.size());
        if (!ascends(train) || !ascends(held_out) || train.size() + held_out.size() != n) {
            return "a fold does not hold n rows in ascending order";
        }
        std::vector<int> seen(n, 0);
        for (const auto* part : {&train, &held_out}) {
            for (const std::size_t row : *part) {
                if (row >= n || ++seen[row] > 1) {
                    return "row " + std::to_string(row) + " is there twice, or is no row";
                }
            }
        }
        for (const std::size_t row : held_out) {
            ++tested[row];
        }
    }
    if (folds != k || std::any_of(tested.begin(), tested.end(), [](int times) { return times != 1; })) {
        return "not every row is tested once";
    }
    return last ? smallest == n / k && largest == n / k + n % k ? "" : "the last fold does not hold the rest"
           : largest - smallest <= 1 ? "" : "sizes differ by more than one";
}

std::string train_test_split_partitions(draws& draw) {
    const std::size_t n = draw.between("n", 2, 500);
    const std::size_t test_rows = draw.between("test rows", 1, n - 1);
    const bool both = draw.flip("both sizes");
    const std::size_t train_rows = both ? draw.between("training rows", 1, n - test_rows) : n - test_rows;
    ml::train_test_split_options options{.test_size = test_rows, .shuffle = draw.flip("shuffle"), .seed = static_cast<std::uint32_t>(draw.between("seed", 0, 1u << 30))};
    if (both) {
        options.train_size = train_rows;
    }
    const auto [train, held_out] = ml::train_test_split(n, options);
    if (train.size() != train_rows || held_out.size() != test_rows) {
        return "other sizes than asked for";
    }
    std::vector<std::size_t> all(train);
    all.insert(all.end(), held_out.begin(), held_out.end());
    std::sort(all.begin(), all.end());
    if (!ascends(all) || all.back() >= n) {
        return "a row is there twice, or is no row";
    }
    if (!both && all.size() != n) {
        return "a row is missing";
    }
    return options.shuffle || (ascends(train) && ascends(held_out)) ? "" : "not in order although nothing is shuffled";
}

std::string permuted_batches_give_permuted_results(draws& draw) {
    const std::size_t n = draw.between("batches", 0, 60);
    const pool& workers = draw_pool(draw);
    std::vector<std::vector<double>> batches(n);
    for (std::size_t i = 0; i < n; ++i) {
        batches[i].resize(1 + (i * 7) % 5, 1.0 / static_cast<double>(i + 3));
    }
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = n; i > 1; --i) {
        std::swap(order[i - 1], order[draw.between("swap", 0, i - 1)]);
    }
    std::vector<std::vector<double>> permuted(n);
    for (std::size_t i = 0; i < n; ++i) {
        permuted[i] = batches[order[i]];
    }
    const auto model = [](const std::vector<double>& batch) { return std::accumulate(batch.begin(), batch.end(), 0.0) / 3.0; };
    const auto straight = workers.install([&] { return ml::batch_inference(batches, model); });
    const auto turned = workers.install([&] { return ml::batch_inference(permuted, model); });
    for (std::size_t i = 0; i < n; ++i) {
        if (straight[i] != model(batches[i]) || turned[i] != straight[order[i]]) {
            return "result " + std::to_string(i) + " is another batch's";
        }
    }
    return "";
}

std::string accuracy_counts(draws& draw) {
    const std::size_t n = draw.between("n", 1, 10'000);
    const pool& workers = draw_pool(draw);
    const std::size_t one_in = draw.between("one in", 1, 9);
    std::vector<int> truth(n);
    std::vector<int> predicted(n);
    std::size_t hits = 0;
    for (std::size_t i = 0; i < n; ++i) {
        truth[i] = static_cast<int>(test::mix(i) % 3);
        predicted[i] = test::mix(i + n) % one_in == 0 ? truth[i] : 3;
        hits += predicted[i] == truth[i];
    }
    const double got = workers.install([&] { return ml::accuracy(truth, predicted); });
    return got == static_cast<double>(hits) / static_cast<double>(n) ? "" : "not hits / n";
}

} // namespace

XRAYON_PROPERTY("property: k_fold tests every row once, in folds whose sizes differ by one at most", "[ml][property]", k_fold_partitions)
XRAYON_PROPERTY("property: train_test_split gives each row to one set at most, and all rows unless told otherwise", "[ml][property]",
                train_test_split_partitions)
XRAYON_PROPERTY("property: permuting batches permutes results", "[ml][property]", permuted_batches_give_permuted_results)
XRAYON_PROPERTY("property: accuracy is hits over n", "[ml][property]", accuracy_counts)
