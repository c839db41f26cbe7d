// SPDX-License-Identifier: Apache-2.0
// The folds of scikit-learn, for random arguments: 500 that were written down, and in the soak as many as one likes from scikit-learn itself.
#include "splitter_cases.hpp"

#include "../support/catch.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace {

/// The first Python that has scikit-learn; empty if none has.
std::string python_with_scikit_learn() {
    for (const char* python : {"python3", "/usr/bin/python3"}) {
        if (std::system((std::string(python) + " -c 'import sklearn' >/dev/null 2>&1").c_str()) == 0) {
            return python;
        }
    }
    return {};
}

} // namespace

TEST_CASE("splitters: 500 random cases give the indices that scikit-learn gives", "[ml][split]") {
    std::size_t different = 0;
    for (const golden::splitter_case& c : golden::splitter_cases) {
        const bool same = splitters::folds_of(c) == c.digest;
        CAPTURE(c.kind, c.n, c.k, c.extra, c.classes, c.groups, c.shuffle, c.seed, c.data, c.test_size, c.train_size);
        CHECK(same);
        different += same ? 0 : 1;
    }
    REQUIRE(different == 0);
}

TEST_CASE("splitters: 10,000 cases as they come from scikit-learn give the same indices", "[.soak][soak][ml][split]") {
    const std::string python = python_with_scikit_learn();
    if (python.empty()) {
        WARN("left out: needs python3 with scikit-learn (Debian: python3-sklearn)");
        return;
    }
    const std::string command =
        python + " " + (std::filesystem::path(__FILE__).parent_path() / "golden/make_splitters.py").string() + " --live 10000 7";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    REQUIRE(pipe);
    std::size_t seen = 0;
    std::size_t different = 0;
    while (true) {
        golden::splitter_case c{};
        int kind = 0;
        int shuffle = 0;
        const int read = std::fscanf(pipe.get(), "%d %zu %zu %zu %zu %zu %d %u %lu %lf %lf %lu", &kind, &c.n, &c.k, &c.extra, &c.classes,
                                     &c.groups, &shuffle, &c.seed, &c.data, &c.test_size, &c.train_size, &c.digest);
        if (read != 12) {
            break;
        }
        c.kind = static_cast<golden::splitter_case::which>(kind);
        c.shuffle = shuffle != 0;
        ++seen;
        const bool same = splitters::folds_of(c) == c.digest;
        CAPTURE(c.kind, c.n, c.k, c.extra, c.classes, c.groups, c.shuffle, c.seed, c.data, c.test_size, c.train_size);
        CHECK(same);
        different += same ? 0 : 1;
    }
    REQUIRE(seen == 10000);
    REQUIRE(different == 0);
}
