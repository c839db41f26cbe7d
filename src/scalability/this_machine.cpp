// SPDX-License-Identifier: Apache-2.0
#include "scalability/this_machine.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <fstream>

#include <unistd.h>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>

#include "scalability/labelled_rows.hpp"

namespace scalability {

namespace {

using xrayon::to_text;

/// The model of the first processor; empty where the system does not say.
std::string cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    std::string line;
    while (std::getline(file, line)) {
        const std::size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) {
            return xrayon::escaped(line.substr(colon + 2), 100);
        }
    }
    return {};
}

/// As 2024-05-01T12:00:00+02:00.
std::string date() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm local{};
    std::array<char, 64> buffer{};
    if (::localtime_r(&now, &local) == nullptr) {
        return {};
    }
    std::string text(buffer.data(), std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S%z", &local));
    return text.size() > 5 ? text.insert(text.size() - 2, ":") : text;
}

std::string host_name() {
    std::array<char, 256> buffer{};
    return ::gethostname(buffer.data(), buffer.size() - 1) == 0 ? std::string(buffer.data()) : std::string();
}

} // namespace

std::vector<std::string> environment_lines(const xrayon::runtime_info& info, std::string_view dot) {
    const std::string separator(dot);
    std::string versions = "xrayon " + info.version + separator + "oneTBB " + info.tbb_version + separator + "xtensor "
                           + to_text(XTENSOR_VERSION_MAJOR) + "." + to_text(XTENSOR_VERSION_MINOR) + "." + to_text(XTENSOR_VERSION_PATCH);
    for (const xrayon::blas_library& blas : info.blas) {
        // OpenBLAS says "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": name and number will do here.
        const std::string& full = blas.version.starts_with(blas.name) ? blas.version : blas.name + " " + blas.version;
        versions += separator + full.substr(0, full.find(' ', std::min(full.size(), blas.name.size() + 1))) + " (1 thread inside tasks)";
    }
    const std::string model = cpu_model();
    const std::string quota = info.quota.cpus ? "CPU quota " + to_text(*info.quota.cpus) : "no CPU quota";
    return {versions, (model.empty() ? "" : model + separator) + counted(info.usable_cores, "usable core") + separator
                          + counted(info.cpus.logical, "hardware thread") + separator + quota};
}

xrayon::analyze::json_context context_of(const std::string& program_name) {
    return {.date = date(), .host_name = host_name(), .executable = program_name, .cpu_model = cpu_model()};
}

} // namespace scalability
