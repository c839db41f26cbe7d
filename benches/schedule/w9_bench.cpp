// SPDX-License-Identifier: Apache-2.0
// bench.schedule.w9: heavy-tailed tasks. How near to the lower bound max(T1 / P, longest task) does invoke_all come, with costs that are known,
// learned from one run, or unknown, beside oneTBB and OpenMP used directly? W9a: 200 tasks of lognormal(0, 2) cost in the order in which
// they were drawn; W9b: the dearest last. Paired; below each table stands what a replay of the recorded costs in virtual time says.
//
//     ./dev bench schedule.w9 [--pairs 30] [--seconds 300] [--iterations 2e7] [--markdown]
//
// Exit codes: 0 done; 1 error, or rivals whose answers differ.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <oneapi/tbb/task_group.h>

#include <xrayon/analyze/statistics.hpp>
#include <xrayon/core/index_order.hpp>
#include <xrayon/core/list_schedule.hpp>
#include <xrayon/schedule/cost_model.hpp>
#include <xrayon/schedule/invoke_all.hpp>

#include "../../tests/schedule/heavy_tailed.hpp"
#include "rivals/venue.hpp"
#include "support/machine.hpp"
#include "support/paired.hpp"
#include "support/report.hpp"

namespace {

using namespace xrayon::bench;
using doubles = std::vector<double>;

/// A chain bound by latency: a neighbour on the same core does not change how long it takes.
double spin(double iterations) {
    double x = 2;
    for (auto left = static_cast<std::int64_t>(iterations); left > 0; --left) {
        x = x * 0.999999 + 1e-6;
    }
    return x;
}

struct tasks {
    std::string name;
    doubles costs;                                ///< In iterations.
    std::vector<std::function<double()>> calls;
    doubles seconds;                              ///< Of each, alone on one thread: the least of three.

    tasks(std::string called, doubles iterations) : name(std::move(called)), costs(std::move(iterations)), seconds(costs.size(), 1e9) {
        for (const double cost : costs) {
            calls.emplace_back([cost] { return spin(cost); });
        }
        for (int round = 0; round < 3; ++round) {
            for (std::size_t i = 0; i < costs.size(); ++i) {
                const auto begin = std::chrono::steady_clock::now();
                double result = calls[i]();
                keep(result);
                seconds[i] = std::min(seconds[i], std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
            }
        }
    }
};

template <class Results>
double sum_of(const Results& y) {
    return ordered_sum(y, 200);
}

void add_rivals(contest& c, const tasks& all, venue& at) {
    const std::size_t n = all.costs.size();
    const auto check = [](const doubles& y) { return sum_of(y); };
    c.add("raw oneTBB simple, 1", check, [&, n] {
        doubles y(n);
        at.arena.execute([&] {
            tbb::parallel_for(range(0, n, 1), [&](const range& r) {
                for (std::size_t i = r.begin(); i != r.end(); ++i) {
                    y[i] = all.calls[i]();
                }
            }, tbb::simple_partitioner{});
        });
        return y;
    });
    c.add("raw oneTBB auto", check, [&, n] {
        doubles y(n);
        at.arena.execute([&] {
            tbb::parallel_for(range(0, n), [&](const range& r) {
                for (std::size_t i = r.begin(); i != r.end(); ++i) {
                    y[i] = all.calls[i]();
                }
            });
        });
        return y;
    });
    c.add("raw oneTBB task_group", check, [&, n] {
        doubles y(n);
        at.arena.execute([&] {
            tbb::task_group group;
            for (std::size_t i = 0; i < n; ++i) {
                group.run([&y, &all, i] { y[i] = all.calls[i](); });
            }
            group.wait();
        });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1", check, [&, n] {
        doubles y(n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(at.team)
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = all.calls[i]();
        }
        return y;
    });
#endif
}

contest known(const tasks& all, venue& at, const xrayon::cost_model& learned) {
    contest c(all.name + ".known", "200 heavy-tailed tasks, costs known: longest first", at.threads, 1, "run");
    const auto check = [](const auto& y) { return sum_of(y); };
    c.add("xrayon invoke_all, costs", check, [&] { return at.workers.install([&] { return xrayon::invoke_all(all.calls, {.costs = all.costs}); }); });
    c.add("xrayon, learned in one run", check, [&] {
        xrayon::cost_model model = learned;
        return at.workers.install([&] { return xrayon::invoke_all(all.calls, {.model = &model, .key = all.name}); });
    });
    c.add("xrayon, nothing known", check, [&] { return at.workers.install([&] { return xrayon::invoke_all(all.calls); }); });
    add_rivals(c, all, at);
    return c;
}

contest unknown(const tasks& all, venue& at) {
    contest c(all.name + ".unknown", "200 heavy-tailed tasks, nothing known of their costs", at.threads, 1, "run");
    c.add("xrayon invoke_all", [](const auto& y) { return sum_of(y); },
          [&] { return at.workers.install([&] { return xrayon::invoke_all(all.calls); }); });
    add_rivals(c, all, at);
    return c;
}

/// Each rival's median, and the replay of the recorded costs, as multiples of the lower bound.
void print_bound(const contest& what, const contest_times& times, const tasks& all) {
    const double bound = xrayon::makespan_bound(all.seconds, what.threads());
    std::cout << "over the lower bound of " << std::fixed << std::setprecision(2) << bound * 1e3 << " ms: in virtual time " << std::setprecision(3)
              << xrayon::lpt(all.seconds, what.threads()).makespan / bound << " longest first, "
              << xrayon::greedy_schedule(all.seconds, xrayon::input_order(all.costs.size()), what.threads()).makespan / bound << " in input order; measured";
    for (std::size_t r = 0; r < what.rivals().size(); ++r) {
        std::cout << (r == 0 ? " " : ", ") << xrayon::analyze::median(times.seconds[r]) / bound << " " << what.rivals()[r].name;
    }
    std::cout << std::defaultfloat << "\n" << std::endl;
}

/// The value behind an option, or the default.
double number_of(int argc, char** argv, std::string_view option, double otherwise) {
    for (int i = 1; i + 1 < argc; ++i) {
        if (argv[i] == option) {
            char* end = nullptr;
            const double value = std::strtod(argv[i + 1], &end);
            if (*end != '\0' || !(value > 0)) {
                throw std::invalid_argument(std::string(option) + " takes a number above 0, got " + argv[i + 1]);
            }
            return value;
        }
    }
    return otherwise;
}

int run_all(int argc, char** argv) {
    contest_options rounds;
    rounds.pairs = static_cast<std::size_t>(number_of(argc, argv, "--pairs", 30));
    rounds.seconds = number_of(argc, argv, "--seconds", 300);
    const double iterations = number_of(argc, argv, "--iterations", 2e7);
    const bool markdown = std::any_of(argv + 1, argv + argc, [](const char* each) { return each == std::string_view("--markdown"); });
    const auto drawn = xrayon::test::heavy_tailed_costs(8, 200, iterations);
    std::cout << describe_machine() << "load average before: " << load_average() << "\n" << std::endl;
    bool agree = true;
    for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
        venue at(threads);
        for (const tasks& all : {tasks("W9a", drawn), tasks("W9b", xrayon::test::ascending(drawn))}) {
            xrayon::cost_model learned({.weight = 1});
            at.workers.install([&] { return xrayon::invoke_all(all.calls, {.model = &learned, .key = all.name}); });
            for (const contest& what : {known(all, at, learned), unknown(all, at)}) {
                const contest_times times = xrayon::bench::run(what, rounds);
                std::cout << to_report(what, times, markdown);
                agree = agree && !times.disagrees;
                if (!times.disagrees) {
                    print_bound(what, times, all);
                }
            }
        }
    }
    std::cout << "load average after: " << load_average() << std::endl;
    return agree ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    restart_with_sleeping_openmp_teams(argv);
    try {
        return run_all(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "bench.schedule.w9: " << error.what() << '\n';
        return 1;
    }
}
