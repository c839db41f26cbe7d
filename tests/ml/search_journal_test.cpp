// SPDX-License-Identifier: Apache-2.0
// Searches that are killed and go on.
#include <xrayon/ml/search/grid_search.hpp>

#include "../support/catch.hpp"
#include "../support/child_process.hpp"
#include "../support/delays.hpp"
#include "../support/fixture_root.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using namespace xrayon::ml;
using matrix = xt::xtensor<double, 2>;
using rows_view = array_view<const double, 2>;
using numbers = std::span<const double>;

namespace {

struct params {
    double shift = 0;
    int power = 1;
};

const grid space(params{}, axis("shift", &params::shift, {0.0, 0.5, 1.0, 1.5, 2.0, 2.5}), axis("power", &params::power, {1, 2, 3, 4}));

struct table {
    matrix x = matrix::from_shape({40, 3});
    std::vector<double> y = std::vector<double>(40);
    table() {
        for (std::size_t i = 0; i < 40; ++i) {
            for (std::size_t j = 0; j < 3; ++j) {
                x(i, j) = static_cast<double>(test::mix(i * 3 + j + 1) % 1000) / 1000;
            }
            y[i] = static_cast<double>(i % 7) / 7;
        }
    }
};
const table data;

/// A search of 24 candidates on 5 folds; `before` is told of each fit that is really done.
template <class Before>
auto search(const std::string& path, const Before& before, std::size_t threads, std::string key = "test") {
    search_options options;
    options.journal.path = path;
    options.journal.key = std::move(key);
    pool workers(threads);
    return workers.install([&] {
        return grid_search(
            space, data.x, data.y, k_fold{.folds = 5, .shuffle = true, .seed = 1},
            [&](const params& p, const rows_view& tx, const numbers&, const rows_view& vx, const numbers& vy) {
                before();
                double sum = p.shift;
                for (std::size_t i = 0; i < vx.shape(0); ++i) {
                    for (int k = 0; k < p.power; ++k) {
                        sum += vx(i, 0) * vy[i] - tx(i, 1) / 3;
                    }
                }
                return sum;
            },
            options);
    });
}
const auto nothing = [] {};

/// A child runs the search; it is killed at its `fit`-th fit, or after `wait`.
void killed_search(const std::string& path, std::size_t threads, int fit, std::chrono::microseconds wait) {
    const ::pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(60);
        try {
            std::atomic<int> fits{0};
            (void)search(
                path,
                [&] {
                    if (++fits == fit) {
                        ::raise(SIGKILL);
                    }
                    if (fit == 0) {
                        std::this_thread::sleep_for(std::chrono::microseconds(50));
                    }
                },
                threads);
        } catch (...) {
            ::_exit(3);
        }
        ::_exit(0);
    }
    if (fit == 0) {
        std::this_thread::sleep_for(wait);
        ::kill(child, SIGKILL);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE((WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0)));
}

std::string read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void cycles(std::size_t count, bool at_fits) {
    if (!test::child_may_start_threads) {
        return;
    }
    const test::fixture_root root;
    const std::string expected = search("", nothing, 1).csv();
    std::size_t resumed = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string path = root.path() + "/" + std::to_string(i);
        const std::uint64_t lot = test::mix(i + 1);
        killed_search(path, 1 + lot % 4, at_fits ? static_cast<int>(1 + lot / 4 % 130) : 0, std::chrono::microseconds(lot / 4 % 6000));
        std::atomic<std::size_t> fits{0};
        const auto found = search(
            path, [&] { ++fits; }, 1 + lot / 1024 % 5);
        REQUIRE(found.csv() == expected);
        REQUIRE(found.complete);
        REQUIRE(fits <= 120);
        resumed += fits < 120 ? 1 : 0;
        // Now all is written down.
        std::atomic<std::size_t> again{0};
        REQUIRE(search(
                    path, [&] { ++again; }, 2)
                    .csv()
                == expected);
        REQUIRE(again == 0);
        std::filesystem::remove(path);
    }
    REQUIRE(resumed > 0);
}

} // namespace

TEST_CASE("search journal: killed fifty times and resumed, the table is that of one that ran through", "[ml][search][journal]") {
    cycles(50, true);
}

TEST_CASE("search journal: a thousand kills at any moment", "[.soak][soak][ml][search][journal]") { cycles(1000, false); }

TEST_CASE("search journal: an exception is not the end: what was done is kept", "[ml][search][journal]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/j";
    std::atomic<int> fits{0};
    REQUIRE_THROWS_WITH(search(
                            path,
                            [&] {
                                if (++fits == 60) {
                                    throw std::runtime_error("out of luck");
                                }
                            },
                            3),
                        "out of luck");
    std::atomic<int> more{0};
    REQUIRE(search(
                path, [&] { ++more; }, 2)
                .csv()
            == search("", nothing, 1).csv());
    REQUIRE(more < 120);
}

TEST_CASE("search journal: cut at any byte, or with a flipped bit, it is whole again or an error", "[ml][search][journal]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/j";
    const std::string expected = search(path, nothing, 1).csv();
    const std::string whole = read_bytes(path);
    std::size_t cut = 0;
    for (std::size_t size = 0; size < whole.size(); size += 97) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
        REQUIRE(search(path, nothing, 1).csv() == expected);
        ++cut;
    }
    REQUIRE(cut > 50);
    std::size_t errors = 0;
    std::size_t wrong = 0;
    for (std::size_t byte = 0; byte < whole.size(); byte += 41) {
        std::string bytes = whole;
        bytes[byte] = static_cast<char>(bytes[byte] ^ (1 << byte % 8));
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
        try {
            wrong += search(path, nothing, 1).csv() == expected ? 0 : 1;
        } catch (const journal_error&) {
            ++errors;
        }
    }
    REQUIRE(wrong == 0);
    REQUIRE(errors > 50);
}

TEST_CASE("search journal: of another search, it is an error before any fit", "[ml][search][journal][errors]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/j";
    (void)search(path, nothing, 1);
    std::atomic<int> fits{0};
    const auto count = [&] { ++fits; };
    REQUIRE_THROWS_AS(search(path, count, 1, "another model"), journal_error);
    search_options options;
    options.journal.path = path;
    options.journal.key = "test";
    const auto score = [&](const params&, const rows_view&, const numbers&, const rows_view&, const numbers&) {
        ++fits;
        return 1.0;
    };
    const k_fold folds{.folds = 5, .shuffle = true, .seed = 1};
    matrix other = data.x;
    other(39, 2) += 1e-9;
    REQUIRE_THROWS_WITH(grid_search(space, other, data.y, folds, score, options), test::contains("journal: is of \""));  // S19
    REQUIRE_THROWS_AS(grid_search(grid(params{}, axis("shift", &params::shift, {1.0})), data.x, data.y, folds, score, options),
                      journal_error);  // S20
    REQUIRE_THROWS_AS(grid_search(space, data.x, data.y, k_fold{}, score, options), journal_error);
    REQUIRE(fits == 0);
    // A record with a checksum that is right, and a content that is not.
    const auto with_record = [&](const std::string& record) {
        const std::string head = read_bytes(path).substr(0, read_bytes(path).find('\n') + 1);
        char sum[10];
        std::snprintf(sum, sizeof sum, "%08x ", xrayon::crc32(record));
        const std::string other_path = root.path() + "/bad";
        std::ofstream(other_path, std::ios::binary | std::ios::trunc) << head << sum << record << "\n";
        return other_path;
    };
    const std::string zeros = " 0000000000000000 0000000000000000 3ff0000000000000";
    REQUIRE_THROWS_WITH(search(with_record("24 0 0" + zeros), count, 1),
                        test::contains("record 1 is of a candidate or fold that is not in the search"));  // L7
    REQUIRE_THROWS_WITH(search(with_record("0 5 0" + zeros), count, 1), test::contains("record 1 is of a candidate or fold"));
    REQUIRE_THROWS_WITH(search(with_record("0 0 0" + zeros + " 0000000000000000"), count, 1),
                        test::contains("record 1 is not what a search writes"));
    REQUIRE_THROWS_WITH(search(with_record("0 0 0 zz"), count, 1), test::contains("record 1 is not what a search writes"));
    REQUIRE(fits == 0);
    const std::string twice = with_record("0 0 0" + zeros);
    char sum[10];
    const std::string second = "0 0 0 0000000000000000 0000000000000000 4000000000000000";
    std::snprintf(sum, sizeof sum, "%08x ", xrayon::crc32(second));
    std::ofstream(twice, std::ios::binary | std::ios::app) << sum << second << "\n";
    REQUIRE_THROWS_WITH(search(twice, count, 1), test::contains("record 2 given twice with different values"));
}
