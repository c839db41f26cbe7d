// SPDX-License-Identifier: Apache-2.0
#include "scalability/foreign_program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xrayon/analyze/detail/foreign_use.hpp>
#include <xrayon/analyze/detail/usable_cores.hpp>
#include <xrayon/analyze/summarize_runs.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/exec/cpu_topology.hpp>

extern char** environ;

namespace scalability {

namespace {

using clock = std::chrono::steady_clock;

class descriptor {
public:
    explicit descriptor(int value = -1) : value_(value) {}
    ~descriptor() { close(); }
    descriptor(descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        close();
        value_ = std::exchange(other.value_, -1);
        return *this;
    }
    [[nodiscard]] int get() const { return value_; }
    void close() {
        if (value_ >= 0) {
            ::close(std::exchange(value_, -1));
        }
    }

private:
    int value_;
};

struct both_ends {
    descriptor read;
    descriptor write;
};

both_ends make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw program_failed(std::string("no pipe: ") + std::strerror(errno));
    }
    return {descriptor(ends[0]), descriptor(ends[1])};
}

/// The last bytes of what a program says on stderr, and a fingerprint of all that it prints on stdout.
struct heard {
    std::uint64_t fingerprint = 1469598103934665603u;  // FNV-1a
    std::uint64_t bytes = 0;
    std::string last_words;

    void out(std::string_view text) {
        for (const char c : text) {
            fingerprint = (fingerprint ^ static_cast<unsigned char>(c)) * 1099511628211u;
        }
        bytes += text.size();
    }
    void err(std::string_view text) {
        last_words += text;
        if (last_words.size() > 4096) {
            last_words.erase(0, last_words.size() - 2048);
        }
    }
    /// The last lines, printable and short.
    [[nodiscard]] std::string said() const {
        std::string text;
        std::size_t lines = 0;
        std::string_view rest = last_words;
        while (!rest.empty() && lines < 5) {
            const std::size_t end = rest.find_last_not_of("\r\n");
            if (end == std::string_view::npos) {
                break;
            }
            rest = rest.substr(0, end + 1);
            const std::size_t begin = rest.rfind('\n');
            const std::string_view line = begin == std::string_view::npos ? rest : rest.substr(begin + 1);
            text = "\n  | " + xrayon::escaped(line, 160) + text;
            rest = begin == std::string_view::npos ? std::string_view() : rest.substr(0, begin);
            ++lines;
        }
        return text.empty() ? std::string() : "; its last words:" + text;
    }
};

struct one_run {
    double seconds = 0;
    double cpu_seconds = 0;
    heard output;
};

/// So many processors out of those this process may use; one of each core before the second of any. Empty: they are not known, or more than
/// a plain mask holds.
std::vector<std::size_t> processors_for(std::size_t threads) {
    std::vector<std::size_t> first;
    std::vector<std::size_t> others;
    std::size_t cores = 0;
    std::vector<std::size_t> seen;
    for (const std::size_t cpu : xrayon::affinity_processors()) {
        if (cpu >= CPU_SETSIZE) {
            return {};
        }
        seen.push_back(cpu);
        // One more processor is one more core, or a hyper-thread of one before.
        const std::size_t with_this = xrayon::read_cpu_topology(seen).physical;
        (with_this > cores ? first : others).push_back(cpu);
        cores = with_this;
    }
    first.insert(first.end(), others.begin(), others.end());
    first.resize(std::min(first.size(), threads));
    return first;
}

/// What the child needs, made before the fork: after it only plain system calls are safe.
struct child_plan {
    std::vector<std::string> texts;
    std::vector<char*> arguments;
    std::vector<char*> environment;
    cpu_set_t mask;
    bool pinned = false;
};

child_plan plan_for(const foreign_program& program, std::size_t threads) {
    child_plan plan;
    CPU_ZERO(&plan.mask);
    std::vector<std::string> environment;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view entry = *each;
        const std::string_view name = entry.substr(0, entry.find('='));
        if (std::find(program.variables.begin(), program.variables.end(), name) == program.variables.end()) {
            environment.emplace_back(entry);
        }
    }
    for (const std::string& name : program.variables) {
        environment.push_back(name + "=" + xrayon::to_text(threads));
    }
    plan.texts = program.command;
    plan.texts.insert(plan.texts.end(), environment.begin(), environment.end());
    for (std::size_t i = 0; i < plan.texts.size(); ++i) {
        (i < program.command.size() ? plan.arguments : plan.environment).push_back(plan.texts[i].data());
    }
    plan.arguments.push_back(nullptr);
    plan.environment.push_back(nullptr);
    if (program.pin) {
        for (const std::size_t cpu : processors_for(threads)) {
            CPU_SET(cpu, &plan.mask);
            plan.pinned = true;
        }
    }
    return plan;
}

[[noreturn]] void become(const child_plan& plan, int out, int err, int trouble) {
    ::setpgid(0, 0);  // what it starts can be killed with it
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (nothing >= 0 && ::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 && ::dup2(err, STDERR_FILENO) >= 0
        && (!plan.pinned || ::sched_setaffinity(0, sizeof plan.mask, &plan.mask) == 0)) {
        environ = const_cast<char**>(plan.environment.data());
        ::execvp(plan.arguments.front(), plan.arguments.data());
    }
    const int error = errno;
    (void)!::write(trouble, &error, sizeof error);
    ::_exit(127);
}

/// Reads what there is; false at the end.
template <class Take>
bool drain(int from, const Take& take) {
    std::array<char, 65536> buffer;
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0) {
        return errno == EINTR || errno == EAGAIN;
    }
    take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    return got > 0;
}

/// The group that dies with us when somebody ends us; 0: none.
volatile std::sig_atomic_t group_to_kill = 0;

extern "C" void end_with_group(int signal_number) {
    if (group_to_kill > 0) {
        ::kill(-static_cast<::pid_t>(group_to_kill), SIGKILL);
    }
    ::signal(signal_number, SIG_DFL);
    ::raise(signal_number);
}

/// While it lives, signals that end us end what we have started too: it stands in a group of its own, where Ctrl-C does not reach it.
class signals_passed_on {
public:
    signals_passed_on() {
        for (std::size_t i = 0; i < signals.size(); ++i) {
            before_[i] = ::signal(signals[i], end_with_group);
        }
    }
    ~signals_passed_on() {
        for (std::size_t i = 0; i < signals.size(); ++i) {
            ::signal(signals[i], before_[i]);
        }
    }
    signals_passed_on(const signals_passed_on&) = delete;
    signals_passed_on& operator=(const signals_passed_on&) = delete;

private:
    static constexpr std::array<int, 3> signals{SIGINT, SIGTERM, SIGHUP};
    std::array<void (*)(int), 3> before_{};
};

/// Kills the whole group when it goes, unless the program has been waited for.
class running_child {
public:
    explicit running_child(::pid_t pid) : pid_(pid) { group_to_kill = static_cast<std::sig_atomic_t>(pid); }
    ~running_child() {
        group_to_kill = 0;
        if (pid_ > 0) {
            ::kill(-pid_, SIGKILL);
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }
    running_child(const running_child&) = delete;
    running_child& operator=(const running_child&) = delete;

    /// True when it has ended; then with its status and what it used.
    bool ended(int& status, rusage& used, bool wait) {
        const ::pid_t got = ::wait4(pid_, &status, wait ? 0 : WNOHANG, &used);
        if (got == pid_) {
            ::kill(-pid_, SIGKILL);  // what it may have left behind would disturb the next run
            pid_ = 0;
            return true;
        }
        return false;
    }

private:
    ::pid_t pid_;
};

double seconds_of(const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); }

one_run run_once(const foreign_program& program, std::size_t threads) {
    const std::string name = "'" + xrayon::escaped(program.command.front(), 120) + "'";
    const std::string at = " with " + xrayon::to_text(threads) + (threads == 1 ? " thread" : " threads");
    const child_plan plan = plan_for(program, threads);
    both_ends out = make_pipe();
    both_ends err = make_pipe();
    both_ends trouble = make_pipe();
    one_run run;
    const auto begin = clock::now();
    const ::pid_t pid = ::fork();
    if (pid < 0) {
        throw program_failed("cannot start " + name + ": " + std::strerror(errno));
    }
    if (pid == 0) {
        become(plan, out.write.get(), err.write.get(), trouble.write.get());
    }
    running_child child(pid);
    out.write.close();
    err.write.close();
    trouble.write.close();
    int error = 0;
    if (::read(trouble.read.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
        int status = 0;
        rusage used{};
        child.ended(status, used, true);
        throw program_failed("cannot start " + name + ": " + std::strerror(error));
    }
    const auto deadline = begin + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(program.timeout));
    const auto too_late = [&] {
        return program_failed(name + " had not ended after " + xrayon::to_text(program.timeout) + " s" + at + " and was killed"
                              + run.output.said());
    };
    int status = 0;
    rusage used{};
    bool hears_out = true;
    bool hears_err = true;
    bool over = false;
    auto ended = clock::time_point::max();
    while (hears_out || hears_err) {
        std::array<pollfd, 2> wait{pollfd{hears_out ? out.read.get() : -1, POLLIN, 0}, pollfd{hears_err ? err.read.get() : -1, POLLIN, 0}};
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
        if (left <= 0) {
            throw too_late();
        }
        // Something that it started may keep the pipes, and write to them, when it has ended itself; so look for that as well.
        const bool quiet = ::poll(wait.data(), wait.size(), static_cast<int>(std::min<std::int64_t>(left, 2))) == 0;
        if (!over && child.ended(status, used, false)) {
            over = true;
            ended = clock::now();
        }
        if (over && (quiet || clock::now() - ended > std::chrono::milliseconds(100))) {
            break;
        }
        if (wait[0].revents != 0) {
            hears_out = drain(out.read.get(), [&](std::string_view text) { run.output.out(text); });
        }
        if (wait[1].revents != 0) {
            hears_err = drain(err.read.get(), [&](std::string_view text) { run.output.err(text); });
        }
    }
    while (!over && !child.ended(status, used, false)) {  // it has closed its output, which is not quite its end
        if (clock::now() > deadline) {
            throw too_late();
        }
        ::usleep(50);
    }
    run.seconds = std::chrono::duration<double>(std::min(ended, clock::now()) - begin).count();
    run.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
    if (WIFSIGNALED(status)) {
        throw program_failed(name + " was killed by signal " + xrayon::to_text(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status))
                             + ")" + at + run.output.said());
    }
    if (WEXITSTATUS(status) != 0) {
        throw program_failed(name + " failed with exit status " + xrayon::to_text(WEXITSTATUS(status)) + at + run.output.said());
    }
    return run;
}

} // namespace

xrayon::analyze::scalability_report measure_program(const foreign_program& program, std::vector<std::size_t> threads) {
    std::sort(threads.begin(), threads.end());
    threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
    std::vector<xrayon::analyze::measured_runs> runs;
    for (const std::size_t count : threads) {
        runs.push_back({.threads = count});
    }
    const signals_passed_on signals;
    const xrayon::analyze::detail::foreign_use foreign;
    std::optional<std::uint64_t> first_output;
    bool differs = false;
    const std::size_t rounds = program.warmup + program.repetitions;
    for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t k = 0; k < runs.size(); ++k) {
            auto& run = runs[(round + k) % runs.size()];
            const one_run taken = run_once(program, run.threads);
            differs = differs || (first_output && *first_output != taken.output.fingerprint);
            first_output = taken.output.fingerprint;
            if (round >= program.warmup) {
                run.seconds.push_back(taken.seconds);
                run.cpu_seconds.push_back(taken.cpu_seconds);
            }
        }
        if (program.on_round) {
            program.on_round(round + 1, rounds);
        }
    }
    const auto processors = xrayon::analyze::detail::find_usable_processors();
    xrayon::analyze::run_facts facts;
    for (const std::string& word : program.command) {  // all of it: two scripts of one interpreter are not the same thing
        facts.label += (facts.label.empty() ? "" : " ") + xrayon::escaped(word, 200);
    }
    facts.label.resize(std::min<std::size_t>(facts.label.size(), 400));
    facts.cores = processors.cores;
    facts.hardware_threads = processors.hardware_threads;
    facts.warmup = program.warmup;
    facts.others = foreign.processors();
    facts.notes.push_back("times are those of whole processes, start and end included");
    if (differs) {
        facts.notes.push_back("what it prints is not the same in every run");
    }
    facts.has_answers = false;  // what a program's answer is is not ours to know
    return xrayon::analyze::summarize_runs(std::move(runs), facts);
}

} // namespace scalability
