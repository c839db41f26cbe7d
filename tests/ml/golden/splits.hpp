// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_SPLITS_HPP
#define XRAYON_TESTS_ML_GOLDEN_SPLITS_HPP

// Written by make_splits.py with scikit-learn 1.2.1 and numpy 1.24.2. Do not edit.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace golden {

using indices = std::vector<std::size_t>;

/// RandomState(seed): the first outputs, 32 bits each; the last are the 623rd to 626th, around the first renewal.
struct engine_case {
    std::uint32_t seed;
    std::vector<std::uint32_t> first, around_623;
};
inline const std::vector<engine_case> engine_cases = {
    {0u, {2357136044u, 2546248239u, 3071714933u, 3626093760u, 2588848963u}, {631131020u, 3791854820u, 341544762u, 1076416385u}},
    {1u, {1791095845u, 4282876139u, 3093770124u, 4005303368u, 491263u}, {3906854836u, 2006116153u, 1104314680u, 939235918u}},
    {42u, {1608637542u, 3421126067u, 4083286876u, 787846414u, 3143890026u}, {336967606u, 1077437785u, 108880612u, 791707097u}},
    {5489u, {3499211612u, 581869302u, 3890346734u, 3586334585u, 545404204u}, {2227348307u, 4020325887u, 4178893912u, 610818241u}},
    {4294967295u, {419326371u, 479346978u, 3918654476u, 2416749639u, 3388880820u}, {1222270187u, 1027084080u, 3860652269u, 657474326u}},
};

/// RandomState(seed).randint(0, most, endpoint included): masked rejection.
struct interval_case {
    std::uint32_t seed;
    std::uint64_t most;
    std::vector<std::uint64_t> values;
};
inline const std::vector<interval_case> interval_cases = {
    {3u, 4294967296u, {303761048u, 521102280u, 2445173525u, 80522091u, 1064672149u, 2984244884u}},
    {3u, 1099511627775u, {455570294424u, 1073054410371u, 790795084744u, 2445173525u, 1088503892627u, 867663915883u}},
    {4u, 1099511627776u, {527854149806u, 376277942728u, 249715687164u, 406726617911u, 787661638165u, 643437416137u}},
    {5u, 9223372036854788153u, {4095051218741643470u, 3813295331020233846u, 9009596224835060452u, 5475002791668117708u, 3462845419123084401u, 1489413524815015911u}},
};

/// RandomState(seed).permutation(n), as digest.
struct permutation_case {
    std::size_t n;
    std::uint32_t seed;
    std::uint64_t digest;
};
inline const std::vector<permutation_case> permutation_cases = {
    {0, 0u, 14695981039346656037u},
    {1, 7u, 12638153115695167455u},
    {2, 7u, 590682968308805178u},
    {3, 3u, 15034028311181735026u},
    {64, 1u, 11199087255074780703u},
    {65, 1u, 15150352815517574505u},
    {1000, 42u, 1291987665925908879u},
    {65536, 9u, 17516549450965296025u},
    {65537, 9u, 87043063734009143u},
    {100003, 4294967295u, 12638893618929122400u},
};

/// The test sets of KFold(k, shuffle=shuffle, random_state=seed).split(arange(n)); each training set is the rest, ascending.
struct k_fold_case {
    std::size_t n, k;
    bool shuffle;
    std::uint32_t seed;
    std::vector<indices> test;
};
inline const std::vector<k_fold_case> k_fold_cases = {
    {2, 2, false, 0u, {{0}, {1}}},
    {10, 5, false, 0u, {{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}}},
    {11, 3, false, 0u, {{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10}}},
    {7, 7, false, 0u, {{0}, {1}, {2}, {3}, {4}, {5}, {6}}},
    {23, 5, false, 0u, {{0, 1, 2, 3, 4}, {5, 6, 7, 8, 9}, {10, 11, 12, 13, 14}, {15, 16, 17, 18}, {19, 20, 21, 22}}},
    {2, 2, true, 0u, {{1}, {0}}},
    {5, 2, true, 1u, {{1, 2, 4}, {0, 3}}},
    {10, 3, true, 0u, {{2, 4, 8, 9}, {1, 6, 7}, {0, 3, 5}}},
    {10, 3, true, 42u, {{0, 1, 5, 8}, {2, 7, 9}, {3, 4, 6}}},
    {11, 11, true, 7u, {{8}, {5}, {0}, {2}, {1}, {10}, {7}, {3}, {6}, {9}, {4}}},
    {23, 4, true, 4294967295u, {{4, 8, 9, 17, 21, 22}, {1, 5, 13, 14, 19, 20}, {6, 10, 11, 15, 16, 18}, {0, 2, 3, 7, 12}}},
    {64, 5, true, 123456789u, {{0, 1, 4, 5, 13, 17, 22, 27, 30, 52, 58, 59, 62}, {2, 6, 9, 11, 12, 23, 33, 39, 41, 46, 49, 51, 57}, {3, 8, 10, 16, 34, 37, 38, 40, 43, 48, 53, 60, 61}, {14, 18, 20, 21, 24, 31, 32, 35, 42, 47, 54, 55, 63}, {7, 15, 19, 25, 26, 28, 29, 36, 44, 45, 50, 56}}},
};

/// The same for the 1,797 rows of the digits and for 100,000 rows: digest of all test sets in turn, and of all training sets.
struct k_fold_digest {
    std::size_t n, k;
    std::uint32_t seed;
    std::uint64_t test, train;
};
inline const std::vector<k_fold_digest> k_fold_digests = {
    {1797, 5, 0u, 7130236502127670633u, 17780136848830270181u},
    {1797, 10, 42u, 10159323366222459839u, 4098816398126801551u},
    {100000, 7, 2024u, 6612603117828996447u, 10216506340071039159u},
};

/// train_test_split(arange(n), test_size=, train_size=, shuffle=, random_state=seed). Sizes: a fraction in (0, 1), a whole
/// number of rows, or 0 where not given.
struct train_test_case {
    std::size_t n;
    double test_size, train_size;
    bool shuffle;
    std::uint32_t seed;
    indices train, test;
};
inline const std::vector<train_test_case> train_test_cases = {
    {4, 0.0, 0.0, true, 0u, {3, 1, 0}, {2}},
    {10, 0.0, 0.0, true, 42u, {0, 7, 2, 9, 4, 3, 6}, {8, 1, 5}},
    {10, 0.2, 0.0, true, 1u, {6, 4, 0, 3, 1, 7, 8, 5}, {2, 9}},
    {10, 3.0, 0.0, true, 2u, {0, 7, 2, 3, 6, 9, 8}, {4, 1, 5}},
    {11, 0.1, 0.0, true, 3u, {1, 2, 9, 6, 7, 0, 3, 8, 10}, {5, 4}},
    {11, 0.0, 0.55, true, 4u, {6, 0, 1, 5, 7, 10}, {3, 8, 4, 9, 2}},
    {12, 0.0, 5.0, true, 5u, {1, 0, 10, 6, 3}, {7, 5, 2, 9, 11, 4, 8}},
    {20, 0.25, 0.5, true, 6u, {2, 15, 14, 4, 11, 12, 1, 18, 0, 16}, {17, 7, 5, 6, 8}},
    {20, 2.0, 0.3, true, 7u, {2, 5, 11, 0, 18, 6}, {1, 17}},
    {20, 0.35, 4.0, true, 8u, {2, 13, 1, 16}, {7, 11, 6, 15, 18, 4, 12}},
    {2, 0.5, 0.0, true, 9u, {0}, {1}},
    {10, 0.3, 0.7, true, 10u, {6, 3, 1, 0, 7, 4, 9}, {8, 2, 5}},
    {30, 0.1, 0.0, true, 11u, {26, 3, 11, 14, 21, 9, 5, 10, 22, 2, 4, 20, 29, 19, 0, 28, 24, 18, 7, 1, 12, 13, 23, 17, 27, 16, 25}, {15, 8, 6}},
    {50, 0.07, 0.0, true, 4294967295u, {39, 28, 26, 18, 6, 29, 45, 42, 2, 49, 30, 46, 8, 1, 5, 15, 33, 3, 41, 31, 20, 17, 36, 24, 37, 16, 4, 47, 43, 48, 9, 14, 44, 23, 13, 27, 10, 11, 32, 25, 22, 0, 7, 12, 34, 35}, {21, 38, 40, 19}},
    {10, 0.0, 0.0, false, 0u, {0, 1, 2, 3, 4, 5, 6}, {7, 8, 9}},
    {10, 0.3, 0.0, false, 0u, {0, 1, 2, 3, 4, 5, 6}, {7, 8, 9}},
    {10, 2.0, 5.0, false, 0u, {0, 1, 2, 3, 4}, {5, 6}},
    {100, 0.29, 0.57, true, 13u, {47, 39, 27, 42, 13, 8, 88, 17, 84, 35, 95, 81, 0, 67, 55, 30, 36, 71, 61, 64, 10, 98, 80, 38, 70, 15, 56, 92, 6, 53, 60, 7, 45, 65, 63, 78, 49, 51, 5, 85, 34, 22, 94, 40, 79, 28, 24, 18, 1, 86, 11, 99, 21, 19, 32, 2}, {37, 62, 83, 14, 43, 9, 44, 31, 69, 57, 33, 87, 12, 91, 41, 23, 76, 29, 50, 68, 3, 4, 90, 72, 20, 59, 93, 96, 89}},
};

} // namespace golden

#endif // XRAYON_TESTS_ML_GOLDEN_SPLITS_HPP
