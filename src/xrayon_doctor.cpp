// SPDX-License-Identifier: Apache-2.0
// xrayon-doctor: what the library sees on this machine. For people who wonder why so many threads, and for bug reports.
#include <exception>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include <xrayon/exec/runtime_info.hpp>

int main(int argc, char** argv) {
    CLI::App app("Prints what xrayon sees on this machine: versions, cores, affinity, CPU quota, who decided the thread count, BLAS.",
                 "xrayon-doctor");
    app.set_version_flag("--version", "xrayon-doctor " + xrayon::to_text(XRAYON_VERSION_MAJOR) + "." + xrayon::to_text(XRAYON_VERSION_MINOR)
                                          + "." + xrayon::to_text(XRAYON_VERSION_PATCH));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        std::cout << xrayon::to_text(xrayon::describe_runtime()) << std::flush;
        return std::cout ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "xrayon-doctor: " << error.what() << '\n';
        return 1;
    }
}
