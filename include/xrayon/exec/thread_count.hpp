// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_THREAD_COUNT_HPP
#define XRAYON_EXEC_THREAD_COUNT_HPP

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/cpu_quota.hpp>
#include <xrayon/exec/cpu_topology.hpp>

// How many threads a pool gets when its maker does not say, and who decided.

namespace xrayon {

/// No pool has more threads; garbage never reaches oneTBB.
inline constexpr std::size_t max_threads = 1024;

/// Who decided a thread count.
enum class thread_count_origin {
    config,       ///< pool_config::threads, or the constructor's argument.
    environment,  ///< XRAYON_NUM_THREADS.
    quota,        ///< The CPU quota of the control group, rounded up: it is below the number of cores.
    cores,        ///< Physical cores inside the affinity mask.
    arena,        ///< The oneTBB arena that the pool is attached to.
};

[[nodiscard]] constexpr std::string_view to_text(thread_count_origin origin) noexcept {
    switch (origin) {
    case thread_count_origin::config: return "the program";
    case thread_count_origin::environment: return "XRAYON_NUM_THREADS";
    case thread_count_origin::quota: return "the CPU quota of the control group";
    case thread_count_origin::cores: return "the physical cores in the affinity mask";
    case thread_count_origin::arena: return "the attached oneTBB arena";
    }
    return "unknown";
}

struct thread_count {
    std::size_t threads = 1;
    thread_count_origin origin = thread_count_origin::cores;
};

/// What XRAYON_NUM_THREADS may say.
struct thread_request {
    enum class kind { automatic, physical, exactly } what = kind::automatic;
    std::size_t threads = 0;  ///< For `exactly`.
};

/// Reads the text of XRAYON_NUM_THREADS: "", "0" and "auto" are automatic, "physical" the physical cores, else 1 to 1024.
/// @throws environment_error  on anything else, blanks and signs included: it names the variable, the text and what is accepted.
[[nodiscard]] inline thread_request parse_thread_request(std::string_view text) {
    using kind = thread_request::kind;
    if (text.empty() || text == "auto") {
        return {};
    }
    if (text == "physical") {
        return {kind::physical, 0};
    }
    const auto fail = [&](std::string_view rule) {
        const std::string shown = escaped(text, 24);  // the whole message stays within 200 bytes
        throw environment_error("XRAYON_NUM_THREADS=\"" + shown + "\": " + std::string(rule)
                                    + " (accepted: auto, physical, or an integer from 1 to 1024)",
                                "XRAYON_NUM_THREADS", shown);
    };
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) {
        fail("not a number");
    }
    std::size_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || value > max_threads) {
        fail("too large");
    }
    return value == 0 ? thread_request{} : thread_request{kind::exactly, value};
}

/// What this process may use: the smaller of its physical cores and its CPU quota rounded up, at least 1.
[[nodiscard]] inline thread_count automatic_thread_count(const cpu_topology& cpus, const cpu_quota& quota) {
    const std::size_t cores = std::clamp<std::size_t>(cpus.physical, 1, max_threads);
    if (quota.cpus) {
        const double allowed = std::max(1.0, std::ceil(*quota.cpus));
        if (allowed < static_cast<double>(cores)) {
            return {static_cast<std::size_t>(allowed), thread_count_origin::quota};
        }
    }
    return {cores, thread_count_origin::cores};
}

/// The thread count of a pool: `configured` if given (0 is automatic), else XRAYON_NUM_THREADS, else automatic.
/// @throws argument_error, environment_error
[[nodiscard]] inline thread_count resolve_thread_count(std::optional<std::size_t> configured) {
    if (configured) {
        check(*configured <= max_threads, "pool: threads must be 0 (automatic) or 1 to 1024", *configured);
        if (*configured != 0) {
            return {*configured, thread_count_origin::config};
        }
        return automatic_thread_count(read_cpu_topology(), read_cpu_quota());
    }
    const char* const text = std::getenv("XRAYON_NUM_THREADS");
    const thread_request request = parse_thread_request(text == nullptr ? "" : text);
    switch (request.what) {
    case thread_request::kind::exactly: return {request.threads, thread_count_origin::environment};
    case thread_request::kind::physical:
        return {std::clamp<std::size_t>(read_cpu_topology().physical, 1, max_threads), thread_count_origin::environment};
    case thread_request::kind::automatic: break;
    }
    return automatic_thread_count(read_cpu_topology(), read_cpu_quota());
}

} // namespace xrayon

#endif // XRAYON_EXEC_THREAD_COUNT_HPP
