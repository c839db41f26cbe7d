// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_PAR_SEQUENCE_RAYON_PROCESS_HPP
#define XRAYON_BENCHES_PAR_SEQUENCE_RAYON_PROCESS_HPP

#include <cstddef>
#include <string>
#include <utility>

#include <xrayon/core/check.hpp>

#include "support/timed_process.hpp"

namespace xrayon::bench {

/// Rayon's program (rayon/main.rs).
struct rayon_process : timed_process {
    rayon_process(std::string program, std::size_t threads) : timed_process({std::move(program), to_text(threads)}, "Rayon") {}
};

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_PAR_SEQUENCE_RAYON_PROCESS_HPP
