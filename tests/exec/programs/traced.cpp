// SPDX-License-Identifier: Apache-2.0
// A program under XRAYON_TRACE, seen from outside: the file is whole when it has exited, also where it forked meanwhile and the child exited first,
// where threads outlive main, and where the pool belongs to a static.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

namespace {

void work() {
    xrayon::for_each_index(20, [](std::size_t) { std::this_thread::sleep_for(std::chrono::microseconds(100)); },
                           {.run = {.label = "work"}});
}

int wait_for(::pid_t child) {
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct at_the_end {
    ~at_the_end() { work(); }
};

[[noreturn]] void be_traced(const std::string& scenario) {
    static const xrayon::pool kept(2);
    kept.install(work);
    if (scenario == "forks") {
        const ::pid_t child = ::fork();
        if (child == 0) {
            std::exit(0);
        }
        if (wait_for(child) != 0) {
            std::_Exit(3);
        }
    } else if (scenario == "threads_outlive_main") {
        std::thread([] {
            for (;;) {
                work();
            }
        }).detach();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    } else if (scenario == "statics") {
        static const at_the_end last;
    }
    work();
    std::exit(0);
}

} // namespace

int main(int argc, char** argv) {
    const std::string scenario = argc > 1 ? argv[1] : "plain";
    const std::string path = "traced-" + scenario + "-" + std::to_string(::getpid()) + ".json";
    const ::pid_t child = ::fork();
    if (child == 0) {
        ::setenv("XRAYON_TRACE", path.c_str(), 1);
        be_traced(scenario);
    }
    if (const int status = wait_for(child); status != 0) {
        std::fprintf(stderr, "the traced program ended with %d\n", status);
        return 1;
    }
    std::ifstream file(path);
    const auto trace = nlohmann::json::parse(file, nullptr, false);
    file.close();
    std::remove(path.c_str());
    if (trace.is_discarded()) {
        std::fprintf(stderr, "the trace is no JSON\n");
        return 1;
    }
    std::size_t calls = 0;
    std::size_t items = 0;
    for (const auto& event : trace.at("traceEvents")) {
        if (event.at("name") != "work") {
            continue;
        }
        const auto& args = event.at("args");
        calls += event.at("cat") == "call";
        items += event.at("cat") == "task" ? args.at("end").get<std::size_t>() - args.at("begin").get<std::size_t>() : 0;
    }
    const std::size_t made = scenario == "statics" ? 3 : 2;  // what is destroyed before the pool is in it
    const bool whole = scenario == "threads_outlive_main" ? calls >= made && items >= 20 * made : calls == made && items == 20 * made;
    if (!whole) {
        std::fprintf(stderr, "%zu calls with %zu items\n", calls, items);
    }
    return whole ? 0 : 1;
}
