// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_PAR_SEQUENCE_STAGE_HPP
#define XRAYON_BENCHES_PAR_SEQUENCE_STAGE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rayon_process.hpp"
#include "rivals/venue.hpp"
#include "support/paired.hpp"

namespace xrayon::bench {

/// What all contests over n numbers in (-1, 1) share: the numbers, where rivals run, and Rayon's process, if there is one.
struct stage {
    stage(std::size_t count, std::shared_ptr<venue> place, std::shared_ptr<rayon_process> process)
        : n(count), at(std::move(place)), rayon(std::move(process)), x(std::make_shared<std::vector<double>>(numbers(count, 0))),
          y(std::make_shared<std::vector<double>>(numbers(count, count))), label(count >= 10'000'000 ? ".1e7" : ".1e5") {}

    static std::vector<double> numbers(std::size_t n, std::size_t first) {
        std::vector<double> all(n);
        for (std::size_t i = 0; i < n; ++i) {
            all[i] = 2 * uniform(first + i) - 1;
        }
        return all;
    }

    /// Adds Rayon's way to a contest, where it is here. `workload` is its name in rayon/main.rs.
    void add_rayon(contest& to, const std::string& workload) const {
        if (rayon != nullptr) {
            to.add({"Rayon", {}, [process = rayon, workload, n = n](std::size_t runs) { return process->sample(workload, n, runs); }});
        }
    }

    std::size_t n;
    std::shared_ptr<venue> at;
    std::shared_ptr<rayon_process> rayon;
    std::shared_ptr<std::vector<double>> x;
    std::shared_ptr<std::vector<double>> y;
    std::string label;
};

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_PAR_SEQUENCE_STAGE_HPP
