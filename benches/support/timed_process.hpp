// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_SUPPORT_TIMED_PROCESS_HPP
#define XRAYON_BENCHES_SUPPORT_TIMED_PROCESS_HPP

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

#include "paired.hpp"

namespace xrayon::bench {

/// A rival's program, alive as long as this is: asked for one sample at a time, so that it takes its turn among the others. It times itself and
/// sleeps while it waits. A question is a line "WORKLOAD N RUNS", the answer a line "SECONDS CHECKSUM", of one run.
class timed_process {
public:
    /// @param command  The program and its arguments. @param who  What messages call it.
    timed_process(std::vector<std::string> command, std::string who) : who_(std::move(who)) {
        std::array<int, 2> asked{};
        std::array<int, 2> answered{};
        if (::pipe2(asked.data(), O_CLOEXEC) != 0 || ::pipe2(answered.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error(who_ + ": no pipes");
        }
        ::posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, asked[0], 0);
        ::posix_spawn_file_actions_adddup2(&actions, answered[1], 1);
        std::vector<char*> arguments;
        for (std::string& each : command) {
            arguments.push_back(each.data());
        }
        arguments.push_back(nullptr);
        const int failed = ::posix_spawnp(&child_, arguments.front(), &actions, nullptr, arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(asked[0]);
        ::close(answered[1]);
        to_ = ::fdopen(asked[1], "w");
        from_ = ::fdopen(answered[0], "r");
        if (failed != 0) {
            std::fclose(to_);
            std::fclose(from_);
            throw std::runtime_error(who_ + ": cannot start " + command.front());
        }
        std::signal(SIGPIPE, SIG_IGN);
    }
    timed_process(const timed_process&) = delete;
    timed_process& operator=(const timed_process&) = delete;
    ~timed_process() {
        std::fclose(to_);  // it ends where its input does
        std::fclose(from_);
        ::waitpid(child_, nullptr, 0);
    }

    contest::timing sample(const std::string& workload, std::size_t n, std::size_t runs) {
        contest::timing result;
        if (std::fprintf(to_, "%s %zu %zu\n", workload.c_str(), n, runs) < 0 || std::fflush(to_) != 0
            || std::fscanf(from_, "%lf %lf", &result.seconds, &result.checksum) != 2) {
            throw std::runtime_error(who_ + ": its program ended at " + workload);
        }
        return result;
    }

private:
    std::string who_;
    ::pid_t child_ = 0;
    std::FILE* to_ = nullptr;
    std::FILE* from_ = nullptr;
};

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_SUPPORT_TIMED_PROCESS_HPP
