// SPDX-License-Identifier: Apache-2.0
// What scikit-learn has no word for: errors, purged and blocked series, and that folds are computed when asked for.
#include <xrayon/ml/split/blocked_time_series_split.hpp>
#include <xrayon/ml/split/purged_k_fold.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <xrayon/ml/split/detail/numpy_order.hpp>
#include <xrayon/ml/split/detail/numpy_sum.hpp>

#include "splitter_cases.hpp"

using namespace xrayon;
using namespace xrayon::ml;
using indices = std::vector<std::size_t>;

namespace {

indices iota(std::size_t begin, std::size_t end) {
    indices out;
    for (; begin < end; ++begin) {
        out.push_back(begin);
    }
    return out;
}

static_assert(indexed_range<decltype(stratified_k_fold{}.split(std::vector<int>{}))>);
static_assert(indexed_range<decltype(leave_p_out{}.split(3))>);
static_assert(indexed_range<decltype(purged_k_fold{}.split(3))>);

} // namespace

TEST_CASE("numpy_order: the order of numpy's argsort, where its quicksort gives up too", "[ml][split]") {
    const auto got = ml::detail::numpy_order(golden::adversary_keys);
    REQUIRE(std::equal(got.begin(), got.end(), std::begin(golden::adversary_order), std::end(golden::adversary_order)));
    REQUIRE(ml::detail::numpy_order({}).empty());
}

TEST_CASE("numpy_sum: eight running sums, halves above 128", "[ml][split]") {
    // 2^53 + 1 is lost one by one, and not when the ones are added to each other first: each running sum keeps its own.
    std::vector<double> x(16, 1.0);
    x[0] = 9007199254740992.0;  // 2^53
    // parts: 2^53 + 1 (lost), 2, 2, 2, 2, 2, 2, 2 -> ((2^53 + 2) + 4) + 8
    REQUIRE(ml::detail::numpy_sum(x) == 9007199254740992.0 + 14);
    x.resize(7);
    REQUIRE(ml::detail::numpy_sum(x) == 9007199254740992.0);
    REQUIRE(ml::detail::numpy_sum({}) == 0);
    std::vector<double> two{1, 3};
    REQUIRE(ml::detail::numpy_std(two) == 1);
}

TEST_CASE("splitters: a fold asked for twice, or out of order, is the same", "[ml][split]") {
    const std::vector<int> y = splitters::labels(60, 3, 5);
    const auto check_view = [](const auto& folds) {
        std::vector<fold> forward(folds.begin(), folds.end());
        for (std::size_t i = folds.size(); i-- > 0;) {
            REQUIRE(folds[i] == forward[i]);
        }
    };
    check_view(shuffle_split{.splits = 4, .seed = 3}.split(40));
    check_view(stratified_shuffle_split{.splits = 4, .seed = 3}.split(y));
    check_view(group_shuffle_split{.splits = 4, .seed = 3}.split(y));
    check_view(repeated<k_fold>{.splitter = {.folds = 3}, .repeats = 3, .seed = 9}.split(20));
    check_view(repeated<stratified_k_fold>{.splitter = {.folds = 3}, .repeats = 3, .seed = 9}.split(y));
    check_view(leave_p_out{.p = 3}.split(8));
}

TEST_CASE("leave_p_out: a fold among more than can be walked through", "[ml][split]") {
    const auto folds = leave_p_out{.p = 5}.split(1000);
    REQUIRE(folds.size() == 8250291250200u);  // 1000! / (5! 995!)
    REQUIRE(folds[0].test == indices{0, 1, 2, 3, 4});
    REQUIRE(folds[folds.size() - 1].test == indices{995, 996, 997, 998, 999});
    REQUIRE(folds[0].train == iota(5, 1000));
}

TEST_CASE("stratified_k_fold: labels may be anything that is ordered, and only their equality counts", "[ml][split]") {
    const std::vector<std::string> words{"cat", "ant", "cat", "ant", "cat", "ant", "bee", "bee"};
    const std::vector<int> numbers{1, 5, 1, 5, 1, 5, 0, 0};
    const stratified_k_fold two{.folds = 2};
    REQUIRE(two.split(words)[0] == two.split(numbers)[0]);
    REQUIRE(two.split(words)[1] == two.split(numbers)[1]);
    REQUIRE(two.split(std::vector<double>{1, 5, 1, 5, 1, 5, 0, 0})[1] == two.split(numbers)[1]);
}

TEST_CASE("purged_k_fold: no row is learnt from whose label knows of the tested block", "[ml][split]") {
    // 10 rows, 5 blocks of 2, labels look 2 rows ahead, 1 row of embargo. Block 2 is rows 4 and 5; its labels know of rows up to 7.
    const auto folds = purged_k_fold{.folds = 5, .horizon = 2, .embargo = 1}.split(10);
    REQUIRE(folds.size() == 5);
    REQUIRE(folds[2].test == indices{4, 5});
    REQUIRE(folds[2].train == indices{0, 1, 9});  // 2 and 3 know of 4 and 5, 6 and 7 are known of, 8 is under embargo
    REQUIRE(folds[0].train == iota(5, 10));
    REQUIRE(folds[4].train == iota(0, 6));
    // Without any of it: k_fold.
    const auto plain = purged_k_fold{.folds = 4}.split(11);
    const auto k = k_fold{.folds = 4}.split(11);
    for (std::size_t i = 0; i < 4; ++i) {
        REQUIRE(plain[i] == k[i]);
    }
    // Spans: by the definition, row by row.
    const indices last{0, 9, 3, 3, 4, 8, 6, 7, 9, 9};
    const auto spans = purged_k_fold{.folds = 5, .embargo = 1}.split_spans(last);
    for (std::size_t f = 0; f < 5; ++f) {
        const std::size_t begin = 2 * f;
        const std::size_t end = begin + 2;
        const std::size_t known = std::max({end - 1, last[begin], last[begin + 1]});
        indices train;
        for (std::size_t row = 0; row < 10; ++row) {
            const bool meets = row <= known && last[row] >= begin;
            const bool embargo = row > known && row <= known + 1;
            if (!meets && !embargo) {
                train.push_back(row);
            }
        }
        REQUIRE(spans[f].train == train);
        REQUIRE(spans[f].test == indices{begin, begin + 1});
    }
    REQUIRE(
        purged_k_fold{.folds = 2, .horizon = std::numeric_limits<std::size_t>::max(), .embargo = std::numeric_limits<std::size_t>::max()}
            .split(4)[0]
            .train.empty());
}

TEST_CASE("blocked_time_series_split: no fold sees a row of another block", "[ml][split]") {
    const auto folds = blocked_time_series_split{.folds = 2, .test_size = 0.4, .gap = 1}.split(11);
    REQUIRE(folds[0].train == indices{0, 1});  // six rows: ceil(0.4 x 6) = 3 tested, 1 between
    REQUIRE(folds[0].test == indices{3, 4, 5});
    REQUIRE(folds[1].train == indices{6, 7});  // five rows: 2 tested
    REQUIRE(folds[1].test == indices{9, 10});
    REQUIRE(blocked_time_series_split{.folds = 2, .test_size = 1}.split(4)[1] == fold{{2}, {3}});
}

TEST_CASE("splitters: say which argument is wrong", "[ml][split][errors]") {
    const std::vector<int> y{0, 0, 1, 1, 1, 2};
    const std::vector<int> one_class{1, 1, 1};
    const std::vector<double> nan{1, 0, std::nan("")};
    REQUIRE_THROWS_WITH(stratified_k_fold{.folds = 1}.split(y), "stratified_k_fold: folds must be >= 2, got 1");
    REQUIRE_THROWS_WITH(stratified_k_fold{.folds = 2}.split(one_class), "stratified_k_fold: the number of classes must be >= 2, got 1");
    REQUIRE_THROWS_WITH(stratified_k_fold{.folds = 4}.split(y),
                        "stratified_k_fold: folds = 4 is greater than the number of rows of every class");
    REQUIRE_THROWS_WITH(stratified_k_fold{.folds = 2}.split(y),
                        "stratified_k_fold: class 2 (in ascending order) has 1 rows, folds = 2 (allow_small_classes takes it)");
    REQUIRE(stratified_k_fold{.folds = 2, .allow_small_classes = true}.split(y).size() == 2);
    REQUIRE_THROWS_WITH(stratified_k_fold{.folds = 2}.split(nan), "stratified_k_fold: y row 2 is NaN");
    REQUIRE_THROWS_WITH(group_k_fold{.folds = 5}.split(y), "group_k_fold: 3 groups, folds = 5");
    REQUIRE_THROWS_WITH(group_k_fold{.folds = 1}.split(y), "group_k_fold: folds must be >= 2, got 1");
    REQUIRE_THROWS_WITH((stratified_group_k_fold{.folds = 3, .allow_small_classes = true}.split(y, std::vector{1, 1, 1, 2, 2, 2})),
                        "stratified_group_k_fold: 2 groups, folds = 3");
    REQUIRE_THROWS_WITH(stratified_group_k_fold{.folds = 2}.split(y, one_class),
                        "stratified_group_k_fold: y has shape (6,), groups has (3,)");
    REQUIRE_THROWS_WITH(leave_one_out{}.split(1), "leave_one_out: the number of rows must be >= 2, got 1");
    REQUIRE_THROWS_WITH(leave_p_out{.p = 0}.split(4), "leave_p_out: p must be >= 1, got 0");
    REQUIRE_THROWS_WITH(leave_p_out{.p = 4}.split(4), "leave_p_out: p must be less than the number of rows 4, got 4");
    REQUIRE_THROWS_WITH(leave_p_out{.p = 50}.split(100), "leave_p_out: the number of folds must be below 2^64; p of 100 rows, got 50");
    REQUIRE_THROWS_WITH(leave_one_group_out{}.split(one_class), "leave_one_group_out: the number of groups must be >= 2, got 1");
    REQUIRE_THROWS_WITH(leave_p_groups_out{.p = 3}.split(y), "leave_p_groups_out: p must be less than the number of groups 3, got 3");
    REQUIRE_THROWS_WITH(shuffle_split{.splits = 0}.split(4), "shuffle_split: splits must be >= 1, got 0");
    REQUIRE_THROWS_WITH(shuffle_split{.test_size = 4}.split(4), "shuffle_split: test_size as a number of rows must be from 1 to 3, got 4");
    REQUIRE_THROWS_WITH(group_shuffle_split{.test_size = 3}.split(y),
                        "group_shuffle_split: test_size as a number of groups must be from 1 to 2, got 3");
    REQUIRE_THROWS_WITH(stratified_shuffle_split{}.split(y),
                        "stratified_shuffle_split: class 2 (in ascending order) must have at least 2 rows, got 1");
    REQUIRE_THROWS_WITH(stratified_shuffle_split{.test_size = 1}.split(std::vector{0, 0, 1, 1}),
                        "stratified_shuffle_split: the test rows must be at least as many as the classes, 2, got 1");
    REQUIRE_THROWS_WITH(stratified_train_test_split(std::vector{0, 0, 1, 1}, {.train_size = 1}),
                        "stratified_train_test_split: the training rows must be at least as many as the classes, 2, got 1");
    REQUIRE_THROWS_WITH(time_series_split{.folds = 1}.split(9), "time_series_split: folds must be >= 2, got 1");
    REQUIRE_THROWS_WITH(time_series_split{.folds = 9}.split(9), "time_series_split: folds = 9 must be less than the number of rows 9");
    REQUIRE_THROWS_WITH((time_series_split{.folds = 2, .gap = 6}.split(9)),  // K17
                        "time_series_split: 2 folds of 3 rows and a gap of 6 leave nothing to learn from of 9 rows");
    REQUIRE_THROWS_WITH((time_series_split{.folds = 2, .gap = std::numeric_limits<std::size_t>::max()}.split(9)),
                        test::contains("leave nothing to learn from"));
    REQUIRE_THROWS_WITH((time_series_split{.folds = 3, .test_size = std::numeric_limits<std::size_t>::max() / 2}.split(9)),
                        test::contains("leave nothing to learn from"));
    REQUIRE_THROWS_WITH(time_series_split{.max_train_size = 0}.split(9), "time_series_split: max_train_size must be >= 1, got 0");
    REQUIRE_THROWS_WITH(blocked_time_series_split{.folds = 5}.split(9), "blocked_time_series_split: 9 rows are too few for 5 blocks of 2");
    REQUIRE_THROWS_WITH((blocked_time_series_split{.folds = 2, .gap = 3}.split(8)),
                        "blocked_time_series_split: gap must be less than the 3 rows before a block's test set, got 3");
    REQUIRE_THROWS_WITH((blocked_time_series_split{.folds = 2, .test_size = 0.0}.split(8)),
                        "blocked_time_series_split: test_size as a fraction must be in (0, 1), got 0");
    REQUIRE_THROWS_WITH(purged_k_fold{.folds = 5}.split(4), "purged_k_fold: folds = 5 is greater than the number of rows 4");
    REQUIRE_THROWS_WITH(purged_k_fold{.folds = 2}.split_spans(std::vector{0, 0, 2}),
                        "purged_k_fold: the last row of row 1 must be from 1 to 2, got 0");
    REQUIRE_THROWS_WITH((predefined_split{{0, 1}}.split(3)), "predefined_split: test_fold has shape (2,), the rows has (3,)");
    REQUIRE_THROWS_WITH((predefined_split{{-1, -1}}.split(2)), "predefined_split: at least one row must have a fold");
    REQUIRE_THROWS_WITH((predefined_split{{0, -2}}.split(2)), "predefined_split: the fold of row 1 must be >= -1, got -2");
    REQUIRE_THROWS_WITH((repeated<k_fold>{.repeats = 0}.split(9)), "repeated: repeats must be >= 1, got 0");  // K23
    REQUIRE_THROWS_WITH((repeated<k_fold>{.splitter = {.folds = 10}}.split(9)), "k_fold: folds = 10 is greater than the number of rows 9");
}

TEST_CASE("splitters: labels and groups that are pointers to text are the text", "[ml][split]") {
    const std::vector<std::string> words{"cat", "ant", "cat", "ant", "cat", "ant", "bee", "bee"};
    std::vector<const char*> pointers;
    for (const std::string& word : words) {
        pointers.push_back(word.c_str());
    }
    for (std::size_t i = 0; i < 2; ++i) {
        REQUIRE(stratified_k_fold{.folds = 2}.split(pointers)[i] == stratified_k_fold{.folds = 2}.split(words)[i]);
        REQUIRE(group_k_fold{.folds = 2}.split(pointers)[i] == group_k_fold{.folds = 2}.split(words)[i]);
    }
    const auto groups = leave_one_group_out{}.split(pointers);
    REQUIRE(groups.size() == 3);
    REQUIRE(groups[0].test == indices{1, 3, 5});  // ant
    REQUIRE(groups[1].test == indices{6, 7});     // bee
    pointers[3] = nullptr;
    REQUIRE_THROWS_WITH(leave_one_group_out{}.split(pointers), "labels: a label that is text must not be a null pointer");
}
