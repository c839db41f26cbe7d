// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_LOOP_OPTIONS_HPP
#define XRAYON_PAR_LOOP_OPTIONS_HPP

#include <cstddef>
#include <optional>
#include <string_view>

#include <xrayon/exec/run_options.hpp>

namespace xrayon {

/// How a guarded loop runs. Nothing in here changes a result.
struct loop_options {
    /// Items that a thread claims at once, >= 1 (a fold rounds down to a power of two of leaves). Unset: by what items cost.
    std::optional<std::size_t> grain = {};
    run_options run = {};
    std::string_view name = {};    ///< Of the algorithm, for messages and paths, unless run.label is set; must outlive the call.
    bool shown_elsewhere = false;  ///< A declared_progress counts its items: calls inside them show nothing.
};

} // namespace xrayon

#endif // XRAYON_PAR_LOOP_OPTIONS_HPP
