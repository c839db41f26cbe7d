// SPDX-License-Identifier: Apache-2.0
#include <xrayon/core/list_schedule.hpp>

#include "../support/catch.hpp"
#include "../support/property.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

using namespace xrayon;

namespace {

using indices = std::vector<std::size_t>;

/// The least possible makespan, by trying every assignment; workers are alike, so a task may open at most one new one.
double best_makespan(const std::vector<double>& costs, std::size_t task, std::vector<double>& loads, std::size_t open, double best) {
    if (task == costs.size()) {
        return *std::max_element(loads.begin(), loads.end());
    }
    for (std::size_t w = 0; w < std::min(open + 1, loads.size()); ++w) {
        if (loads[w] + costs[task] >= best) {
            continue;
        }
        loads[w] += costs[task];
        best = std::min(best, best_makespan(costs, task + 1, loads, std::max(open, w + 1), best));
        loads[w] -= costs[task];
    }
    return best;
}
double best_makespan(const std::vector<double>& costs, std::size_t workers) {
    std::vector<double> loads(workers, 0.0);
    return best_makespan(costs, 0, loads, 0, std::numeric_limits<double>::infinity());
}

/// Whole numbers, so that sums are exact; some of them equal, some of them much larger than others.
std::vector<double> draw_costs(test::draws& draw, std::size_t most_tasks) {
    const std::size_t n = draw.between("tasks", 1, most_tasks);
    const std::size_t largest = draw.one_of<std::size_t>("largest", 3, 20, 1000);
    std::vector<double> costs(n);
    for (double& cost : costs) {
        cost = static_cast<double>(draw.between("cost", 0, largest));
    }
    return costs;
}

indices draw_order(test::draws& draw, std::size_t n) {
    indices order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = n; i > 1; --i) {
        std::swap(order[i - 1], order[draw.between("swap", 0, i - 1)]);
    }
    return order;
}

/// What is wrong with an assignment by its definition: each task once, loads the sums, the makespan the greatest.
std::string inconsistent(const task_assignment& all, const std::vector<double>& costs, std::size_t workers) {
    if (all.worker.size() != costs.size() || all.order.size() != workers || all.loads.size() != workers) {
        return "sizes";
    }
    std::vector<int> seen(costs.size(), 0);
    double greatest = 0;
    for (std::size_t w = 0; w < workers; ++w) {
        double load = 0;
        for (const std::size_t task : all.order[w]) {
            if (task >= costs.size() || all.worker[task] != w) {
                return "worker and order disagree";
            }
            ++seen[task];
            load += costs[task];
        }
        if (load != all.loads[w]) {
            return "load of worker " + std::to_string(w);
        }
        greatest = std::max(greatest, load);
    }
    return greatest != all.makespan ? "makespan" : std::count(seen.begin(), seen.end(), 1) != static_cast<std::ptrdiff_t>(costs.size()) ? "tasks" : "";
}

/// Graham 1969: longest first is at most 4/3 - 1/(3P) times the optimum.
std::string graham_1969(test::draws& draw) {
    const std::size_t workers = draw.between("workers", 1, 4);
    const auto costs = draw_costs(draw, 9);
    const auto all = lpt(costs, workers);
    if (auto wrong = inconsistent(all, costs, workers); !wrong.empty()) {
        return wrong;
    }
    const double best = best_makespan(costs, workers);
    const double p = static_cast<double>(workers);
    if (all.makespan < best) {
        return "better than the best";
    }
    return 3 * p * all.makespan <= (4 * p - 1) * best ? "" : "lpt " + std::to_string(all.makespan) + ", best " + std::to_string(best);
}

/// Graham 1966, for any list: whoever ends last began when everybody else was busy, so its makespan is at most (all - last) / P + last,
/// and so at most all / P + (1 - 1/P) longest. Against the lower bound max(all / P, longest): at most 2 - 1/P times.
std::string graham_1966(test::draws& draw) {
    const std::size_t workers = draw.between("workers", 1, 64);
    const auto costs = draw_costs(draw, 200);
    const auto order = draw_order(draw, costs.size());
    const auto all = greedy_schedule(costs, order, workers);
    if (auto wrong = inconsistent(all, costs, workers); !wrong.empty()) {
        return wrong;
    }
    const double p = static_cast<double>(workers);
    for (std::size_t w = 0; w < workers; ++w) {
        if (all.loads[w] == all.makespan && !all.order[w].empty()) {
            const double last = costs[all.order[w].back()];
            const double total = std::accumulate(costs.begin(), costs.end(), 0.0);
            if (p * all.makespan > total + (p - 1) * last) {
                return "the last task began late";
            }
        }
    }
    const double bound = makespan_bound(costs, workers);
    return all.makespan >= bound * (1 - 1e-15) && all.makespan <= (2 - 1 / p) * bound * (1 + 1e-15) ? "" : "bound";
}

/// Longest first does not see the order in which tasks are listed, but for which of equal ones is which.
std::string order_of_input_is_nothing(test::draws& draw) {
    const std::size_t workers = draw.between("workers", 1, 9);
    const auto costs = draw_costs(draw, 60);
    const auto order = draw_order(draw, costs.size());
    std::vector<double> moved(costs.size());
    for (std::size_t i = 0; i < costs.size(); ++i) {
        moved[i] = costs[order[i]];
    }
    return lpt(costs, workers).loads == lpt(moved, workers).loads ? "" : "loads";
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

} // namespace

TEST_CASE("lpt: of equal costs the lower index goes first, of equal loads the lower worker gets it", "[core][list_schedule]") {
    REQUIRE(longest_first(std::vector<double>{2, 5, 2, 5, 0}) == indices{1, 3, 0, 2, 4});
    // By hand: 5 -> w0, 5 -> w1, 2 -> w2, 2 -> w2 (load 2 is the least), 0 -> w2 (4 < 5).
    const auto all = lpt(std::vector<double>{2, 5, 2, 5, 0}, 3);
    REQUIRE(all.worker == indices{2, 0, 2, 1, 2});
    REQUIRE(all.order == std::vector<indices>{{1}, {3}, {0, 2, 4}});
    REQUIRE(all.loads == std::vector<double>{5, 5, 4});
    REQUIRE(all.makespan == 5);
}

TEST_CASE("lpt: reaches Graham's worst case exactly", "[core][list_schedule]") {
    // Graham 1969: two each of P + 1 ... 2P - 1 and three of P give 4P - 1 where 3P is possible.
    for (std::size_t p = 2; p <= 64; ++p) {
        std::vector<double> costs;
        for (std::size_t c = 2 * p - 1; c > p; --c) {
            costs.insert(costs.end(), 2, static_cast<double>(c));
        }
        costs.insert(costs.end(), 3, static_cast<double>(p));
        REQUIRE(lpt(costs, p).makespan == static_cast<double>(4 * p - 1));
    }
}

TEST_CASE("greedy_schedule: the next task goes to whoever is free first", "[core][list_schedule]") {
    // By hand: w0 0-3, w1 0-1, w1 1-3, then both are free at 3: w0 3-7.
    const auto all = greedy_schedule(std::vector<double>{3, 1, 2, 4}, indices{0, 1, 2, 3}, 2);
    REQUIRE(all.worker == indices{0, 1, 1, 0});
    REQUIRE(all.makespan == 7);
    REQUIRE(greedy_schedule(std::vector<double>{3, 1, 2, 4}, indices{3, 0, 2, 1}, 2).makespan == 5);
}

TEST_CASE("lpt: without tasks, and with tasks that cost nothing, the makespan is 0", "[core][list_schedule]") {
    const auto none = lpt({}, 3);
    REQUIRE(none.makespan == 0);
    REQUIRE(none.loads == std::vector<double>{0, 0, 0});
    REQUIRE(none.worker.empty());
    REQUIRE(lpt(std::vector<double>{0, 0, 0}, 2).makespan == 0);
    REQUIRE(lpt(std::vector<double>{4}, 1'000'000).loads.size() == 1'000'000);
    REQUIRE(makespan_bound({}, 2) == 0);
    REQUIRE(makespan_bound(std::vector<double>{1, 2, 3}, 2) == 3);
    REQUIRE(makespan_bound(std::vector<double>{2, 2, 3}, 2) == 3.5);
}

TEST_CASE("lpt: costs that are no costs, and no workers, are refused", "[core][list_schedule][errors]") {
    REQUIRE_THROWS_WITH((void)lpt(std::vector<double>{1, not_a_number}, 2), "lpt: costs must be finite and >= 0, got nan");
    REQUIRE_THROWS_WITH((void)lpt(std::vector<double>{-1}, 2), "lpt: costs must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH((void)lpt(std::vector<double>{infinity}, 2), "lpt: costs must be finite and >= 0, got inf");
    REQUIRE_THROWS_WITH((void)lpt({}, 0), "lpt: workers must be >= 1, got 0");
    REQUIRE_THROWS_WITH((void)longest_first(std::vector<double>{not_a_number}), "longest_first: costs must be finite and >= 0, got nan");
    REQUIRE_THROWS_WITH((void)greedy_schedule(std::vector<double>{1}, indices{0}, 0), "greedy_schedule: workers must be >= 1, got 0");
    REQUIRE_THROWS_WITH((void)greedy_schedule(std::vector<double>{-2}, indices{0}, 1), "greedy_schedule: costs must be finite and >= 0, got -2");
    REQUIRE_THROWS_WITH((void)greedy_schedule(std::vector<double>{1, 2}, indices{0}, 1), "greedy_schedule: order must be as long as costs (2), got 1");
    REQUIRE_THROWS_WITH((void)greedy_schedule(std::vector<double>{1, 2}, indices{1, 1}, 1),
                        "greedy_schedule: order must hold each of 0 ... 1 once, got 1");
    REQUIRE_THROWS_WITH((void)makespan_bound({}, 0), "makespan_bound: workers must be >= 1, got 0");
    REQUIRE_THROWS_WITH((void)makespan_bound(std::vector<double>{not_a_number}, 1), "makespan_bound: costs must be finite and >= 0, got nan");
}

TEST_CASE("lpt: is within 4/3 - 1/(3P) of the best of all assignments, in ten thousand random sets", "[core][list_schedule][properties]") {
    test::require_property(graham_1969, 10'000);
}
TEST_CASE("greedy_schedule: is within 2 - 1/P of the lower bound in any order, in two thousand random sets", "[core][list_schedule][properties]") {
    test::require_property(graham_1966, 2'000);
}
XRAYON_PROPERTY("lpt: gives the same loads whatever the order of the tasks", "[core][list_schedule][properties]", order_of_input_is_nothing)
