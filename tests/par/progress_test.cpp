// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/terminal.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

/// Keeps what a call says about its progress, and lets items wait until it has said something: so a test sees a call in the middle
/// without knowing how long anything takes.
class listener {
public:
    [[nodiscard]] progress_function function() {
        return [this](const progress_state& state) {
            const bool alone = !inside_.exchange(true);
            {
                const std::lock_guard lock(mutex_);
                overlapped_ = overlapped_ || !alone;
                told_.push_back(state);
                names_.emplace(state.name);
                threads_.insert(std::this_thread::get_id());
            }
            changed_.notify_all();
            inside_ = false;
        };
    }

    /// For items: returns when the call has said that `done` items or more have finished. Gives up, and remembers it, after a minute.
    void wait_until_done(std::size_t done) {
        wait([done](const std::vector<progress_state>& told) { return told.back().done >= done; });
    }
    void wait_until_told(std::size_t times) {
        wait([times](const std::vector<progress_state>& told) { return told.size() >= times; });
    }

    // For the main thread, when the call is over.
    [[nodiscard]] const std::vector<progress_state>& told() const { return told_; }
    [[nodiscard]] const std::set<std::string>& names() const { return names_; }
    [[nodiscard]] const std::set<std::thread::id>& threads() const { return threads_; }
    [[nodiscard]] bool gave_up() const { return gave_up_; }

    /// What must hold of all calls: one at a time, on one thread, ascending, in range, the last one and only that one says that it is over.
    void require_lawful(std::size_t total, std::size_t done) const {
        REQUIRE_FALSE(gave_up_);
        REQUIRE_FALSE(overlapped_);
        REQUIRE(threads_.size() == 1);
        REQUIRE_FALSE(threads_.contains(std::this_thread::get_id()));
        std::size_t before = 0;
        for (const progress_state& state : told_) {
            REQUIRE(state.done >= before);
            REQUIRE(state.done <= total);
            REQUIRE(state.total == total);
            before = state.done;
            REQUIRE(state.ended == (&state == &told_.back()));
        }
        REQUIRE(told_.back().done == done);
    }

private:
    template <class Condition>
    void wait(const Condition& condition) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, std::chrono::minutes(1), [&] { return !told_.empty() && condition(told_); })) {
            gave_up_ = true;
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<progress_state> told_;  // their names may be gone
    std::set<std::string> names_;
    std::set<std::thread::id> threads_;
    std::atomic<bool> inside_{false};
    bool overlapped_ = false;
    bool gave_up_ = false;
};

/// How many threads of this process have that name.
std::size_t threads_named(const std::string& name) {
    std::size_t count = 0;
    DIR* const tasks = ::opendir("/proc/self/task");
    while (const dirent* const task = ::readdir(tasks)) {
        char text[32] = {};
        const test::descriptor comm(::open(("/proc/self/task/" + std::string(task->d_name) + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
        if (comm.get() >= 0 && ::read(comm.get(), text, sizeof text - 1) > 0) {
            count += std::string(text) == name + "\n";
        }
    }
    ::closedir(tasks);
    return count;
}

} // namespace

// --- what is counted ------------------------------------------------------------------------------------------------------------

TEST_CASE("progress: a call says how many items have finished, while it runs and in the end", "[par][progress]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        listener heard;
        run_report report;
        std::atomic<std::size_t> ended{0};
        std::atomic<bool> too_early{false};
        const auto hear = heard.function();
        const auto told = [&](const progress_state& state) {
            too_early = too_early || state.done > ended;
            hear(state);
        };
        const auto squares = workers.install([&] {
            return map_index(
                60,
                [&](std::size_t i) {
                    if (i == 0 && threads > 1) {  // so that two threads at least have a part in it
                        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
                        while (ended == 0 && std::chrono::steady_clock::now() < give_up) {
                            std::this_thread::yield();
                        }
                    }
                    if (i == 40) {
                        heard.wait_until_done(40);
                    }
                    ++ended;
                    return i * i;
                },
                {.grain = 1, .run = {.on_progress = told, .label = "squares", .report = &report}});
        });
        INFO("threads = " << threads);
        REQUIRE_FALSE(too_early);  // no item is counted before it has finished
        heard.require_lawful(60, 60);
        REQUIRE(report.done == 60);
        REQUIRE(heard.told().size() >= 2);
        REQUIRE(heard.names() == std::set<std::string>{"squares"});
        REQUIRE(heard.told().back().remaining->count() == 0);
        REQUIRE(heard.told().back().rate == static_cast<double>(60) / heard.told().back().elapsed.count());
        REQUIRE(squares[59] == 59 * 59);
    }
}

TEST_CASE("progress: items of one long claim are counted one by one", "[par][progress]") {
    const pool one(1);
    listener heard;
    one.install([&] {
        for_each_index(
            100,
            [&](std::size_t i) {
                if (i == 50 || i == 99) {
                    heard.wait_until_done(i);
                }
            },
            {.grain = 100, .run = {.on_progress = heard.function()}});
    });
    heard.require_lawful(100, 100);
    REQUIRE(heard.names() == std::set<std::string>{"for_each_index"});
    const auto seen = [](const listener& from, std::size_t done) {
        return std::any_of(from.told().begin(), from.told().end(), [=](const progress_state& state) { return state.done == done; });
    };
    REQUIRE(seen(heard, 50));
    REQUIRE(seen(heard, 99));

    listener folded;
    const std::size_t sum = one.install([&] {
        return fold_index(
            64, 1,
            [&](std::size_t i, std::size_t) {
                if (i == 1 || i == 40) {
                    folded.wait_until_done(i);
                }
                return i;
            },
            std::plus<>{}, {.grain = 64, .run = {.on_progress = folded.function()}});
    });
    REQUIRE(sum == 63 * 64 / 2);
    folded.require_lawful(64, 64);
    REQUIRE(seen(folded, 1));
    REQUIRE(seen(folded, 40));
}

TEST_CASE("progress: cheap items of one long claim are counted run by run, and dear ones behind them one by one", "[par][progress]") {
    // The first claim finds items cheap; the second runs them 64, 512, 512 ... at a time, and is inside its eighth run at item 9000.
    // That one takes long, so from the next run on they go one by one.
    const pool one(1);
    listener heard;
    one.install([&] {
        for_each_index(
            10'000,
            [&](std::size_t i) {
                if (i == 9000) {
                    heard.wait_until_done(5000 + 64 + 7 * 512);
                }
                if (i == 9600) {
                    heard.wait_until_done(9600);
                }
            },
            {.grain = 5000, .run = {.on_progress = heard.function()}});
    });
    heard.require_lawful(10'000, 10'000);
    REQUIRE(std::any_of(heard.told().begin(), heard.told().end(), [](const progress_state& state) { return state.done == 9600; }));
}

TEST_CASE("progress: counts stay right beside a hook and delays, at every thread count", "[par][progress]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const test::random_delays delays(threads, 16);
        listener heard;
        run_report report;
        const double sum = workers.install([&] {
            return fold_index(
                1000, 1, [](std::size_t i, std::size_t) { return static_cast<double>(i); }, std::plus<>{},
                {.run = {.on_progress = heard.function(), .report = &report}});
        });
        REQUIRE(sum == 499'500);
        REQUIRE(report.done == 1000);
        heard.require_lawful(1000, 1000);
    }
}

TEST_CASE("progress: a call that fails ends with what was done, whatever it does with errors", "[par][progress]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const on_error error : {on_error::rethrow, on_error::wrap, on_error::collect}) {
            const test::random_delays delays(threads, 8);
            for (const bool fold : {false, true}) {
                listener heard;
                run_report report;
                const loop_options options{.run = {.on_progress = heard.function(), .error = error, .report = &report}};
                const auto item = [&](std::size_t i) {
                    if (i % 50 == 30) {
                        throw std::runtime_error("x");
                    }
                    return i;
                };
                const auto call = [&] {
                    if (fold) {
                        (void)fold_index(200, 1, [&](std::size_t i, std::size_t) { return item(i); }, std::plus<>{}, options);
                    } else {
                        for_each_index(200, item, options);
                    }
                };
                REQUIRE_THROWS_AS(workers.install(call), std::runtime_error);
                INFO("threads = " << threads << ", fold = " << fold);
                REQUIRE(report.done >= 30);
                REQUIRE(report.done <= 196);
                REQUIRE((error != on_error::collect || report.done == 196));
                heard.require_lawful(200, report.done);
                REQUIRE_FALSE(heard.told().back().remaining.has_value());
            }
        }
    }
}

TEST_CASE("progress: a merge that fails does not count its last leaf as done", "[par][progress]") {
    // With grain 1 both halves of each merge are claims of their own, and the one that comes second fails.
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t grain : {std::size_t{1}, std::size_t{2}, std::size_t{4}, std::size_t{64}}) {
            for (const on_error error : {on_error::rethrow, on_error::collect}) {
                const test::random_delays delays(threads * 64 + grain, 8);
                listener heard;
                run_report report;
                const auto merge = [](std::string a, std::string b) -> std::string {
                    return a == "4 " && b == "5 " ? throw std::runtime_error("x") : a + b;
                };
                const loop_options options{.grain = grain, .run = {.on_progress = heard.function(), .error = error, .report = &report}};
                REQUIRE_THROWS_AS(workers.install([&] {
                    return fold_index(64, 1, [](std::size_t i, std::size_t) { return std::to_string(i) + " "; }, merge, options);
                }),
                                  std::runtime_error);
                INFO("threads " << threads << ", grain " << grain);
                REQUIRE(report.failed == 5u);
                REQUIRE(report.done <= 63);
                std::size_t listed = 0;
                for (const index_block& each : report.completed) {
                    REQUIRE_FALSE((each.begin <= 5 && 5 < each.end));
                    listed += each.size();
                }
                REQUIRE(listed == report.done);
                heard.require_lawful(64, report.done);
            }
        }
    }
}

TEST_CASE("progress: a function can end the call through its stop token", "[par][progress]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::stop_source stop;
        listener heard;
        run_report report;
        const auto listen = heard.function();
        std::size_t done = 0;
        try {
            workers.install([&] {
                for_each_index(
                    200,
                    [&](std::size_t i) {
                        if (i == 20) {  // holds one thread up until the stop is there; the others find it at their next item
                            heard.wait_until_told(1);
                        }
                    },
                    {.grain = 1, .run = {.stop = stop.get_token(),
                                         .on_progress =
                                             [&](const progress_state& state) {
                                                 stop.request_stop();
                                                 listen(state);
                                             },
                                         .report = &report}});
            });
            done = 200;  // the other threads may have done everything else before
        } catch (const cancelled& end) {
            REQUIRE(end.reason() == cancel_reason::stop_requested);
            done = end.done();
        }
        REQUIRE((threads != 1 || done == 21));
        REQUIRE(report.done == done);
        heard.require_lawful(200, done);
    }
}

TEST_CASE("progress: calls without items say nothing", "[par][progress]") {
    listener heard;
    for_each_index(0, [](std::size_t) {}, {.run = {.on_progress = heard.function()}});
    (void)fold_index(0, 1, [](std::size_t, std::size_t) { return 0; }, std::plus<>{}, {.run = {.on_progress = heard.function()}});
    REQUIRE(heard.told().empty());
}

// --- nested calls -----------------------------------------------------------------------------------------------------------------

TEST_CASE("progress: of calls inside each other only the outermost one that asks is counted", "[par][progress][nesting]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const pool others(2);
        listener outer;
        listener inner;
        std::atomic<int> innermost{0};
        const auto leaf_call = [&] {
            for_each_index(3, [&](std::size_t) { ++innermost; }, {.run = {.on_progress = inner.function()}});
        };
        workers.install([&] {
            for_each_index(2, [&](std::size_t) {  // does not ask
                const auto item = [&](std::size_t i) {
                    i % 2 == 0 ? others.install(leaf_call) : for_each_index(2, [&](std::size_t) { leaf_call(); });
                };
                for_each_index(8, item, {.run = {.on_progress = outer.function()}});
            });
        });
        REQUIRE(innermost == 2 * (4 * 3 + 4 * 2 * 3));
        REQUIRE(inner.told().empty());
        // Both calls of the middle level asked, and nobody around them.
        const auto& told = outer.told();
        const auto ended = [](const progress_state& state) { return state.ended && state.done == 8 && state.total == 8; };
        REQUIRE(std::count_if(told.begin(), told.end(), ended) == 2);
    }
}

TEST_CASE("progress: a call on a thread that an item made is a call of its own", "[par][progress][nesting]") {
    listener outer;
    listener own;
    const auto call = [&] { for_each_index(7, [](std::size_t) {}, {.run = {.on_progress = own.function()}}); };
    for_each_index(1, [&](std::size_t) { std::thread(call).join(); }, {.run = {.on_progress = outer.function()}});
    outer.require_lawful(1, 1);
    own.require_lawful(7, 7);
}

// --- the function and its thread --------------------------------------------------------------------------------------------------

TEST_CASE("progress: a function that throws is not called again and changes nothing", "[par][progress]") {
    std::atomic<int> calls{0};
    const auto out = map_index(
        100, [](std::size_t i) { return i; },
        {.run = {.on_progress = [&](const progress_state&) {
             ++calls;
             throw std::runtime_error("x");
         }}});
    REQUIRE(out.size() == 100);
    REQUIRE(calls == 1);
}

TEST_CASE("progress: the thread is named, takes no signals, and is gone when the call returns", "[par][progress]") {
    std::atomic<std::size_t> threads{0};
    std::atomic<bool> all_blocked{false};
    for_each_index(5, [](std::size_t) {}, {.run = {.on_progress = [&](const progress_state&) {
                                               threads = threads_named("xrayon-progress");
                                               ::sigset_t mask;
                                               ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                                               all_blocked = ::sigismember(&mask, SIGINT) == 1 && ::sigismember(&mask, SIGPIPE) == 1
                                                             && ::sigismember(&mask, SIGTERM) == 1;
                                           }}});
    REQUIRE(threads == 1);
    REQUIRE(all_blocked);
    REQUIRE(threads_named("xrayon-progress") == 0);
    ::sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    REQUIRE(::sigismember(&mask, SIGINT) == 0);
    listener heard;
    for_each_index(5, [](std::size_t) {}, {.run = {.on_progress = heard.function(), .error = on_error::collect}});
    heard.require_lawful(5, 5);
}

TEST_CASE("progress: where there is no thread to be had the work goes on without", "[par][progress]") {
    ::pthread_attr_t usual;
    REQUIRE(::pthread_getattr_default_np(&usual) == 0);
    ::pthread_attr_t impossible;
    REQUIRE(::pthread_getattr_default_np(&impossible) == 0);
    ::pthread_attr_setstacksize(&impossible, std::size_t{1} << 47);  // more than there are addresses
    listener heard;
    run_report report;
    listener nested;
    ::pthread_setattr_default_np(&impossible);
    bool impossible_indeed = false;
    try {
        std::thread([] {}).join();
    } catch (const std::system_error&) {
        impossible_indeed = true;
    }
    const auto out = map_index(100, [](std::size_t i) { return i; }, {.run = {.on_progress = heard.function(), .report = &report}});
    ::pthread_setattr_default_np(&usual);
    ::pthread_attr_destroy(&usual);
    ::pthread_attr_destroy(&impossible);
    REQUIRE(impossible_indeed);
    REQUIRE(out.size() == 100);
    REQUIRE(report.done == 100);
    REQUIRE(heard.told().empty());
}

TEST_CASE("progress: a child forked by an item leaves the call without waiting for a thread that it has not got", "[par][progress]") {
    const pool one(1);
    ::pid_t child = -1;
    listener heard;
    one.install([&] {
        for_each_index(3, [&](std::size_t i) {
            if (i == 1) {
                heard.wait_until_told(1);  // and then the thread waits for the next time
                child = ::fork();
                if (child == 0) {
                    ::alarm(30);
                }
            }
        }, {.grain = 1, .run = {.on_progress = heard.function()}});
        if (child == 0) {
            ::_exit(7);
        }
    });
    REQUIRE(child > 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 7);
}

TEST_CASE("progress: a child that returns from the function is ended and says why, while the call runs and at its end", "[par][progress]") {
    for (const bool at_end : {false, true}) {
        const test::channel pipe = test::open_pipe();
        const ::pid_t parent = ::getpid();
        listener heard;
        const auto hear = heard.function();
        std::atomic<::pid_t> child{-1};
        const auto forks = [&](const progress_state& state) {
            if (::getpid() == parent && child < 0 && state.ended == at_end) {
                const ::pid_t pid = ::fork();
                if (pid == 0) {
                    std::signal(SIGABRT, SIG_DFL);  // Catch2's handler would report for the whole program
                    ::dup2(pipe.program.get(), STDERR_FILENO);
                    std::signal(SIGALRM, SIG_DFL);
                    ::sigset_t alarm_only;
                    ::sigemptyset(&alarm_only);
                    ::sigaddset(&alarm_only, SIGALRM);
                    ::pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
                    ::alarm(30);
                    return;
                }
                child = pid;
            }
            hear(state);
        };
        for_each_index(2, [&](std::size_t i) { if (i == 1 && !at_end) { heard.wait_until_told(2); } },
                       {.grain = 1, .run = {.on_progress = forks, .label = "telling"}});
        heard.require_lawful(2, 2);
        REQUIRE(child > 0);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));
        REQUIRE(WTERMSIG(status) == SIGABRT);
        REQUIRE(pipe.reader.read_all().find("telling: forked inside on_progress, and pid " + std::to_string(child)
                                            + " is the child: it must not return from the function (end it with _exit or exec)")
                != std::string::npos);
    }
}

// --- stderr -------------------------------------------------------------------------------------------------------------------------

namespace {

/// A call that has been looked at `looks` times before its last item ends.
void watched_call(std::size_t looks, const char* label, progress_mode mode = progress_mode::automatic) {
    listener heard;
    for_each_index(4, [&](std::size_t i) { if (i == 3) { heard.wait_until_told(looks); } },
                   {.grain = 1, .run = {.progress = mode, .on_progress = heard.function(), .label = label}});
}

/// The variables that would change what stderr gets, as on a usual machine.
struct usual_environment {
    test::variable_is progress{"XRAYON_PROGRESS", nullptr};
    test::variable_is columns{"COLUMNS", nullptr};
    test::variable_is ci{"CI", nullptr};
    test::variable_is term{"TERM", "xterm"};
    test::variable_is locale{"LC_ALL", "C.UTF-8"};
};

} // namespace

TEST_CASE("progress: on a terminal a bar is drawn in place, as wide as the terminal", "[par][progress][terminal]") {
    const usual_environment usual;
    const auto shown = [](unsigned short width) {
        const test::channel terminal = test::open_terminal(width);
        {
            const test::stderr_is redirected(terminal.program);
            watched_call(3, "größe");
        }
        return terminal.reader.read_all();
    };
    std::string text = shown(70);
    REQUIRE(std::count(text.begin(), text.end(), '\r') >= 4);  // three looks, the end; a terminal writes \r\n for \n
    REQUIRE(text.find("größe  75%|") != std::string::npos);
    auto lines = test::shown_by_terminal(text);
    REQUIRE(lines.size() == 2);
    REQUIRE(lines[0].starts_with("größe 100%|██████"));
    REQUIRE(lines[0].find("█| 4/4 [") != std::string::npos);
    const auto columns = [](const std::string& line) {
        return std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
    };
    REQUIRE(columns(lines[0]) == 69);
    REQUIRE(lines[1].empty());

    const test::variable_is narrower("COLUMNS", "60");
    const test::variable_is plain("LC_ALL", "C");
    lines = test::shown_by_terminal(shown(70));
    REQUIRE(columns(lines[0]) == 59);
    REQUIRE(lines[0].starts_with("gr??e 100%|####"));
}

TEST_CASE("progress: in a pipe there are whole lines only", "[par][progress][terminal]") {
    const usual_environment usual;
    const test::channel pipe = test::open_pipe();
    {
        const test::stderr_is redirected(pipe.program);
        watched_call(1, "fit");
    }
    const std::string text = pipe.reader.read_all();
    REQUIRE(text.find("fit 100%|██████████| 4/4 [") != std::string::npos);
    REQUIRE(text.ends_with("]\n"));
    REQUIRE(text.find('\r') == std::string::npos);
}

TEST_CASE("progress: XRAYON_PROGRESS has the last word about what is shown, and none about what is told", "[par][progress][terminal]") {
    const usual_environment usual;
    const test::channel pipe = test::open_pipe();
    const auto shown = [&](const char* variable, progress_mode mode) {
        const test::variable_is set("XRAYON_PROGRESS", variable);
        const test::stderr_is redirected(pipe.program);
        watched_call(1, "fit", mode);  // returns, so its function was called
        return pipe.reader.read_all();
    };
    REQUIRE(shown("never", progress_mode::automatic).empty());
    REQUIRE(shown("never", progress_mode::always).empty());
    REQUIRE(shown("always", progress_mode::automatic).starts_with("\rfit  75%|"));
    REQUIRE(shown("auto", progress_mode::always).starts_with("fit "));
    REQUIRE(shown(nullptr, progress_mode::always).starts_with("\rfit  75%|"));
    REQUIRE(shown("always", progress_mode::off).empty());
    REQUIRE(shown("garbage", progress_mode::off).empty());
}

TEST_CASE("progress: garbage in XRAYON_PROGRESS is an error before any item runs", "[par][progress][errors]") {
    const test::variable_is garbage("XRAYON_PROGRESS", "yes");
    std::atomic<int> items{0};
    const auto count = [&](std::size_t) { ++items; };
    REQUIRE_THROWS_WITH(for_each_index(5, count, {.run = {.progress = progress_mode::automatic}}),
                        "XRAYON_PROGRESS=\"yes\": not a mode (accepted: auto, always, never)");
    REQUIRE(items == 0);
    for_each_index(5, count);
    REQUIRE(items == 5);
}

TEST_CASE("progress: calls of several threads share a terminal line by line", "[par][progress][terminal]") {
    const usual_environment usual;
    const test::channel terminal = test::open_terminal(60);
    {
        const test::stderr_is redirected(terminal.program);
        std::vector<std::thread> callers;
        for (const char* label : {"a", "b", "c"}) {
            callers.emplace_back([label] { watched_call(3, label); });
        }
        for (auto& caller : callers) {
            caller.join();
        }
    }
    std::vector<std::string> lines = test::shown_by_terminal(terminal.reader.read_all());
    REQUIRE(lines.size() == 4);
    REQUIRE(lines.back().empty());
    std::sort(lines.begin(), lines.begin() + 3);
    for (std::size_t i = 0; i < 3; ++i) {
        REQUIRE(lines[i].starts_with(std::string(1, static_cast<char>('a' + i)) + " 100%|█"));
        REQUIRE(lines[i].find("█| 4/4 [") != std::string::npos);
        REQUIRE(lines[i].ends_with("]"));
    }
}

TEST_CASE("progress: a stderr that nobody reads, or that is gone, changes nothing", "[par][progress][terminal]") {
    const usual_environment usual;
    test::channel pipe = test::open_pipe();
    const int flags = ::fcntl(pipe.program.get(), F_GETFL);
    ::fcntl(pipe.program.get(), F_SETFL, flags | O_NONBLOCK);
    const std::string filler(4096, 'x');
    while (::write(pipe.program.get(), filler.data(), filler.size()) > 0) {
    }
    ::fcntl(pipe.program.get(), F_SETFL, flags);
    {
        const test::stderr_is full(pipe.program);
        watched_call(2, "full", progress_mode::always);
    }
    pipe.reader.close();
    {
        const test::stderr_is broken(pipe.program);  // writing to it raises SIGPIPE
        watched_call(2, "broken", progress_mode::always);
    }
    SUCCEED("both returned");
}

TEST_CASE("progress: a terminal that nobody reads holds up neither a call nor a fork", "[par][progress][terminal]") {
    const usual_environment usual;
    const test::variable_is wide("COLUMNS", "9999");  // each look is 30 KiB of blocks, and a terminal keeps 64
    const test::channel terminal = test::open_terminal(80);
    const test::stderr_is redirected(terminal.program);
    pool(2).install([] {});  // whoever has made a pool takes part in forks
    listener heard;
    ::pid_t child = -1;
    int status = -1;
    for_each_index(
        4,
        [&](std::size_t i) {
            if (i == 3) {
                heard.wait_until_told(6);
                child = ::fork();
                if (child == 0) {
                    ::_exit(7);
                }
                ::waitpid(child, &status, 0);
                heard.wait_until_told(8);
            }
        },
        {.grain = 1, .run = {.progress = progress_mode::automatic, .on_progress = heard.function(), .label = "unread"}});
    heard.require_lawful(4, 4);
    REQUIRE(child > 0);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 7);
}
