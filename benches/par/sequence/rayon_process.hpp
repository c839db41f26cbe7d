// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_PAR_SEQUENCE_RAYON_PROCESS_HPP
#define XRAYON_BENCHES_PAR_SEQUENCE_RAYON_PROCESS_HPP

#include <array>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xrayon/core/check.hpp>

#include "support/paired.hpp"

namespace xrayon::bench {

/// Rayon's program (rayon/main.rs), alive as long as this is: asked for one sample at a time, so that it takes its turn among the others.
/// It times itself and sleeps while it waits.
class rayon_process {
public:
    rayon_process(std::string program, std::size_t threads) {
        std::array<int, 2> asked{};
        std::array<int, 2> answered{};
        if (::pipe2(asked.data(), O_CLOEXEC) != 0 || ::pipe2(answered.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error("Rayon: no pipes");
        }
        ::posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, asked[0], 0);
        ::posix_spawn_file_actions_adddup2(&actions, answered[1], 1);
        std::string count = to_text(threads);
        std::array<char*, 3> arguments{program.data(), count.data(), nullptr};
        const int failed = ::posix_spawn(&child_, program.c_str(), &actions, nullptr, arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(asked[0]);
        ::close(answered[1]);
        to_ = ::fdopen(asked[1], "w");
        from_ = ::fdopen(answered[0], "r");
        if (failed != 0) {
            std::fclose(to_);
            std::fclose(from_);
            throw std::runtime_error("Rayon: cannot start " + program);
        }
        std::signal(SIGPIPE, SIG_IGN);
    }
    rayon_process(const rayon_process&) = delete;
    rayon_process& operator=(const rayon_process&) = delete;
    ~rayon_process() {
        std::fclose(to_);  // it ends where its input does
        std::fclose(from_);
        ::waitpid(child_, nullptr, 0);
    }

    contest::timing sample(const std::string& workload, std::size_t n, std::size_t runs) {
        contest::timing result;
        if (std::fprintf(to_, "%s %zu %zu\n", workload.c_str(), n, runs) < 0 || std::fflush(to_) != 0
            || std::fscanf(from_, "%lf %lf", &result.seconds, &result.checksum) != 2) {
            throw std::runtime_error("Rayon: its program ended at " + workload);
        }
        return result;
    }

private:
    ::pid_t child_ = 0;
    std::FILE* to_ = nullptr;
    std::FILE* from_ = nullptr;
};

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_PAR_SEQUENCE_RAYON_PROCESS_HPP
