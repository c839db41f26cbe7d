// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_SPLITTER_CASES_HPP
#define XRAYON_TESTS_ML_SPLITTER_CASES_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <xrayon/ml/split/group_k_fold.hpp>
#include <xrayon/ml/split/group_shuffle_split.hpp>
#include <xrayon/ml/split/k_fold.hpp>
#include <xrayon/ml/split/leave_groups_out.hpp>
#include <xrayon/ml/split/leave_one_out.hpp>
#include <xrayon/ml/split/leave_p_out.hpp>
#include <xrayon/ml/split/predefined_split.hpp>
#include <xrayon/ml/split/repeated.hpp>
#include <xrayon/ml/split/shuffle_split.hpp>
#include <xrayon/ml/split/stratified_group_k_fold.hpp>
#include <xrayon/ml/split/stratified_k_fold.hpp>
#include <xrayon/ml/split/stratified_shuffle_split.hpp>
#include <xrayon/ml/split/time_series_split.hpp>
#include <xrayon/ml/train_test_split.hpp>

#include "golden/splitters.hpp"

namespace splitters {

/// SplitMix64's output function, as make_splitters.py has it.
inline std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

inline std::vector<int> labels(std::size_t n, std::size_t count, std::uint64_t data) {
    std::vector<int> out(n);
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = static_cast<int>(mix(data + i) % count);
    }
    return out;
}

struct digest {
    std::uint64_t value = 0xcbf29ce484222325u;
    void add(const std::vector<std::size_t>& part) {
        word(part.size());
        for (const std::size_t index : part) {
            word(index);
        }
    }
    void word(std::uint64_t w) { value = (value ^ w) * 0x100000001b3u; }
};

inline std::optional<xrayon::ml::split_size> size_of(double value) {
    if (value == 0) {
        return std::nullopt;
    }
    return value < 1 ? xrayon::ml::split_size(value) : xrayon::ml::split_size(static_cast<std::size_t>(value));
}

inline std::optional<std::size_t> count_of(double value) {
    return value == 0 ? std::nullopt : std::optional(static_cast<std::size_t>(value));
}

/// The digest of the folds that we give.
inline std::uint64_t folds_of(const golden::splitter_case& c) {
    using namespace xrayon::ml;
    const std::vector<int> y = labels(c.n, c.classes, c.data);
    const std::vector<int> groups = labels(c.n, c.groups, c.data + 1'000'003);
    const auto test = size_of(c.test_size);
    const auto train = size_of(c.train_size);
    digest out;
    const auto take = [&](const auto& folds) {
        for (const fold& f : folds) {
            out.add(f.train);
            out.add(f.test);
        }
        return out.value;
    };
    const k_fold plain{.folds = c.k, .shuffle = c.shuffle, .seed = c.seed};
    const stratified_k_fold stratified{.folds = c.k, .shuffle = c.shuffle, .seed = c.seed, .allow_small_classes = true};
    using which = golden::splitter_case;
    switch (c.kind) {
        case which::k_fold:
            return take(plain.split(c.n));
        case which::stratified_k_fold:
            return take(stratified.split(y));
        case which::group_k_fold:
            return take(group_k_fold{.folds = c.k}.split(groups));
        case which::stratified_group_k_fold:
            return take(
                stratified_group_k_fold{.folds = c.k, .shuffle = c.shuffle, .seed = c.seed, .allow_small_classes = true}.split(y, groups));
        case which::leave_one_out:
            return take(leave_one_out{}.split(c.n));
        case which::leave_p_out:
            return take(leave_p_out{.p = c.k}.split(c.n));
        case which::leave_one_group_out:
            return take(leave_one_group_out{}.split(groups));
        case which::leave_p_groups_out:
            return take(leave_p_groups_out{.p = c.k}.split(groups));
        case which::shuffle_split:
            return take(shuffle_split{.splits = c.k, .test_size = test, .train_size = train, .seed = c.seed}.split(c.n));
        case which::stratified_shuffle_split:
            return take(stratified_shuffle_split{.splits = c.k, .test_size = test, .train_size = train, .seed = c.seed}.split(y));
        case which::group_shuffle_split:
            return take(group_shuffle_split{.splits = c.k, .test_size = test, .train_size = train, .seed = c.seed}.split(groups));
        case which::time_series_split:
            return take(time_series_split{
                .folds = c.k, .max_train_size = count_of(c.train_size), .test_size = count_of(c.test_size), .gap = c.extra}
                            .split(c.n));
        case which::predefined_split: {
            std::vector<int> fold_of_row = groups;
            for (int& number : fold_of_row) {
                --number;
            }
            return take(predefined_split{fold_of_row}.split(c.n));
        }
        case which::repeated_k_fold:
            return take(repeated<k_fold>{.splitter = plain, .repeats = c.extra, .seed = c.seed}.split(c.n));
        case which::repeated_stratified_k_fold:
            return take(repeated<stratified_k_fold>{.splitter = stratified, .repeats = c.extra, .seed = c.seed}.split(y));
        case which::stratified_train_test_split:
            return take(std::vector{stratified_train_test_split(y, {.test_size = test, .train_size = train, .seed = c.seed})});
    }
    return 0;
}

} // namespace splitters

#endif // XRAYON_TESTS_ML_SPLITTER_CASES_HPP
