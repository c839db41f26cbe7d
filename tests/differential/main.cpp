// SPDX-License-Identifier: Apache-2.0
// Reads cases "shape n threads grain p0 p1 ..." and prints what each pipeline gives, a line each. main.rs does the same with Rayon.
#include <cstddef>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <xrayon/exec/pool.hpp>

#include "prelude.hpp"
#include "shapes.hpp"

int main() {
    using namespace xrayon;
    std::map<std::size_t, std::unique_ptr<pool>> pools;
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::size_t shape = 0;
        std::size_t n = 0;
        std::size_t threads = 0;
        std::size_t grain = 0;
        words >> shape >> n >> threads >> grain;
        std::vector<differential::word> p;
        for (differential::word each = 0; words >> each;) {
            p.push_back(each);
        }
        loop_options how;
        if (grain != 0) {
            how.grain = grain;
        }
        auto& workers = pools[threads];
        if (workers == nullptr) {
            workers = std::make_unique<pool>(threads);
        }
        try {
            std::cout << workers->install([&] { return differential::shapes[shape](n, p.data(), how); }) << '\n';
        } catch (const std::exception& error) {
            std::cout << "error: " << error.what() << '\n';
        }
    }
    return std::cout.flush() ? 0 : 1;
}
