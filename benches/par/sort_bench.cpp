// SPDX-License-Identifier: Apache-2.0
// How quick are the sorts and the scan beside std::sort, std::stable_sort, oneTBB's parallel_sort and parallel_scan, and Rayon's sorts? W10s is
// the sort of 1e7 random doubles. Interleaved rounds, paired ratios, answers compared bit for bit (support/paired.hpp); every run sorts a fresh copy of
// the same input, made outside of the clock.
//
//   bench.par.sort [WORKLOAD...] [--threads 1,2] [--pairs 30] [--seconds 120]
//
// Exit codes: 0 done; 1 error, or rivals whose answers differ; 2 usage.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <oneapi/tbb/parallel_scan.h>
#include <oneapi/tbb/parallel_sort.h>

#include <xrayon/par/argsort.hpp>
#include <xrayon/par/scan.hpp>
#include <xrayon/par/sort.hpp>
#include <xrayon/par/top_k.hpp>

#include "../rivals/venue.hpp"
#include "../support/machine.hpp"
#include "../support/paired.hpp"
#include "../support/report.hpp"
#include "sequence/rayon_process.hpp"

namespace {

using namespace xrayon::bench;
using namespace xrayon;

using doubles = std::vector<double>;

doubles random_doubles(std::size_t n) {
    doubles values(n);
    for (std::size_t i = 0; i < n; ++i) {
        values[i] = uniform(i);
    }
    return values;
}

#if defined(XRAYON_BENCH_RAYON)
/// Adds Rayon's sorts of n random doubles, in a process of their own.
void add_rayon(contest& c, std::size_t threads, std::size_t n) {
    const auto process = std::make_shared<rayon_process>(XRAYON_BENCH_RAYON, threads);
    c.add({"Rayon par_sort_unstable_by", {}, [process, n](std::size_t runs) { return process->sample("sort", n, runs); }});
    c.add({"Rayon par_sort_by", {}, [process, n](std::size_t runs) { return process->sample("sort_stable", n, runs); }});
}
#else
void add_rayon(contest&, std::size_t, std::size_t) { std::cout << "Rayon is left out: " << XRAYON_BENCH_RAYON_MISSING << "\n"; }
#endif

/// The input of a contest, and the copy that a rival sorts.
template <class Value>
struct work_of {
    std::vector<Value> input;
    std::vector<Value> copy;
};

template <class Value>
std::uint64_t checksum_term(const Value& value) {
    if constexpr (std::is_same_v<Value, std::string>) {
        return std::hash<std::string>{}(value);
    } else {
        return std::bit_cast<std::uint64_t>(value);  // as Rayon's program does
    }
}

/// Adds a rival that does `sort(copy)`.
template <class Value, class Sort>
void add_sort(contest& c, const std::shared_ptr<work_of<Value>>& work, std::string name, Sort sort) {
    const auto check = [work](int) {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < work->copy.size(); ++i) {
            sum = sum * 31 + checksum_term(work->copy[i]);
        }
        return static_cast<double>(sum >> 11);
    };
    c.add(std::move(name), check, [work] { work->copy = work->input; },
          [work, sort] {
              sort(work->copy);
              return 0;
          });
}

/// @param pieces  The input is sorted in so many pieces, each by a call of its own: what small calls cost.
template <class Value>
contest sort_contest(venue& at, std::string name, std::string question, std::vector<Value> input, std::size_t pieces = 1) {
    const std::size_t n = input.size();
    contest c(std::move(name), std::move(question), at.threads, n, "item");
    const auto work = std::make_shared<work_of<Value>>(work_of<Value>{std::move(input), {}});
    const auto in_pieces = [pieces, n](const auto& sort) {
        return [=](std::vector<Value>& values) {
            const std::size_t piece = n / pieces;
            for (std::size_t i = 0; i < pieces; ++i) {
                sort(std::span<Value>(values.data() + i * piece, piece));
            }
        };
    };
    add_sort(c, work, "xrayon par_sort", [&at, in_pieces](std::vector<Value>& v) { at.workers.install([&] { in_pieces([](auto s) { par_sort(s); })(v); }); });
    add_sort(c, work, "xrayon par_sort_by", [&at, in_pieces](std::vector<Value>& v) {
        at.workers.install([&] { in_pieces([](auto s) { par_sort_by(s, [](const Value& a, const Value& b) { return a < b; }); })(v); });
    });
    add_sort(c, work, "tbb::parallel_sort",
             [&at, in_pieces](std::vector<Value>& v) { at.arena.execute([&] { in_pieces([](auto s) { tbb::parallel_sort(s.begin(), s.end()); })(v); }); });
    add_sort(c, work, "std::sort", in_pieces([](auto s) { std::sort(s.begin(), s.end()); }));
    add_sort(c, work, "std::stable_sort", in_pieces([](auto s) { std::stable_sort(s.begin(), s.end()); }));
    return c;
}

contest random_sort(venue& at, std::string name, std::size_t n) {
    contest c = sort_contest(at, std::move(name), "sort of " + to_text(n) + " random doubles", random_doubles(n));
    add_rayon(c, at.threads, n);
    return c;
}

contest small_sorts(venue& at, std::string name, std::size_t n) {
    const std::size_t pieces = 1'000'000 / n;
    return sort_contest(at, std::move(name), "sorts of " + to_text(n) + " random doubles, one after the other", random_doubles(pieces * n), pieces);
}

contest nearly_sorted(venue& at) {
    doubles values(1'000'000);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<double>(i) + (i % 100 == 0 ? 50.0 : 0.0);
    }
    return sort_contest(at, "nearly_sorted", "a million ascending doubles, every hundredth 50 places too early", std::move(values));
}

contest few_values(venue& at) {
    doubles values = random_doubles(1'000'000);
    for (double& x : values) {
        x = static_cast<double>(static_cast<int>(x * 16));
    }
    return sort_contest(at, "few_values", "a million doubles, 16 different ones", std::move(values));
}

contest strings(venue& at) {
    std::vector<std::string> values(200'000);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = to_text(uniform(i));
    }
    return sort_contest(at, "strings", "200,000 strings of about 18 letters", std::move(values));
}

contest argsorts(venue& at) {
    contest c("argsort", "the stable order of a million random doubles", at.threads, 1'000'000, "item");
    const auto values = std::make_shared<doubles>(random_doubles(1'000'000));
    const auto check = [](const auto& order) { return ordered_sum(order, order.size()); };
    c.add("xrayon argsort", check, [&at, values] { return at.workers.install([&] { return argsort(*values); }); });
    c.add("std::stable_sort of indices", check, [values] {
        std::vector<std::size_t> order(values->size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return (*values)[i] < (*values)[j]; });
        return order;
    });
    return c;
}

contest top_hundred(venue& at) {
    contest c("top_k", "the 100 greatest of a million random doubles", at.threads, 1'000'000, "item");
    const auto values = std::make_shared<doubles>(random_doubles(1'000'000));
    const auto check = [](const auto& best) { return ordered_sum(best, 100); };
    c.add("xrayon top_k", check, [&at, values] { return at.workers.install([&] { return top_k(*values, 100).values; }); });
    c.add("std::partial_sort_copy", check, [values] {
        doubles best(100);
        std::partial_sort_copy(values->begin(), values->end(), best.begin(), best.end(), std::greater<>{});
        return best;
    });
    return c;
}

/// Integers, so that everybody's bits are the same.
contest scans(venue& at) {
    const std::size_t n = 10'000'000;
    contest c("scan", "inclusive sums of 1e7 integers of 64 bits, into an existing array", at.threads, n, "item");
    struct data {
        std::vector<std::uint64_t> in;
        std::vector<std::uint64_t> out;
    };
    const auto work = std::make_shared<data>(data{std::vector<std::uint64_t>(n), std::vector<std::uint64_t>(n)});
    std::iota(work->in.begin(), work->in.end(), std::uint64_t{1});
    const auto check = [work](int) { return ordered_sum(work->out, work->out.size()); };
    c.add("xrayon scan_into", check, [&at, work] {
        at.workers.install([&] { scan_into(work->in, work->out, std::uint64_t{0}, std::plus<>{}); });
        return 0;
    });
    c.add("tbb::parallel_scan", check, [&at, work] {
        at.arena.execute([&] {
            tbb::parallel_scan(
                range(0, work->in.size()), std::uint64_t{0},
                [&](const range& r, std::uint64_t sum, bool is_final) {
                    for (std::size_t i = r.begin(); i != r.end(); ++i) {
                        sum += work->in[i];
                        if (is_final) {
                            work->out[i] = sum;
                        }
                    }
                    return sum;
                },
                std::plus<>{});
        });
        return 0;
    });
    c.add("std::inclusive_scan", check, [work] {
        std::inclusive_scan(work->in.begin(), work->in.end(), work->out.begin());
        return 0;
    });
    return c;
}

struct workload {
    std::string_view name;
    contest (*make)(venue&);
};

constexpr workload workloads[] = {
    {"W10s", [](venue& at) { return random_sort(at, "W10s", 10'000'000); }},
    {"1e6", [](venue& at) { return random_sort(at, "1e6", 1'000'000); }},
    {"1e5", [](venue& at) { return small_sorts(at, "1e5", 100'000); }},
    {"1e4", [](venue& at) { return small_sorts(at, "1e4", 10'000); }},
    {"1e3", [](venue& at) { return small_sorts(at, "1e3", 1000); }},
    {"64", [](venue& at) { return small_sorts(at, "64", 64); }},
    {"8", [](venue& at) { return small_sorts(at, "8", 8); }},
    {"nearly_sorted", nearly_sorted},
    {"few_values", few_values},
    {"strings", strings},
    {"argsort", argsorts},
    {"top_k", top_hundred},
    {"scan", scans},
};

bool read_number(std::string_view text, std::size_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number != 0;
}

int usage() {
    std::cerr << "usage: bench.par.sort [WORKLOAD...] [--threads N,N] [--pairs N] [--seconds N]\nworkloads:";
    for (const workload& each : workloads) {
        std::cerr << ' ' << each.name;
    }
    std::cerr << '\n';
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    std::vector<std::string_view> names;
    std::vector<std::size_t> threads{1, 2};
    contest_options rounds;
    rounds.seconds = 120;
    rounds.sample_seconds = 1e-9;  // one run a sample: a second one would sort what is sorted
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        std::size_t number = 0;
        if (argument == "--threads" && i + 1 < argc) {
            threads.clear();
            std::string_view list = argv[++i];
            for (;;) {
                const std::size_t comma = list.find(',');
                if (!read_number(list.substr(0, comma), number)) {
                    return usage();
                }
                threads.push_back(number);
                if (comma == list.npos) {
                    break;
                }
                list.remove_prefix(comma + 1);
            }
        } else if (argument == "--pairs" && i + 1 < argc && read_number(argv[i + 1], number)) {
            rounds.pairs = number;
            ++i;
        } else if (argument == "--seconds" && i + 1 < argc && read_number(argv[i + 1], number)) {
            rounds.seconds = static_cast<double>(number);
            ++i;
        } else if (std::any_of(std::begin(workloads), std::end(workloads), [&](const workload& each) { return each.name == argument; })) {
            names.push_back(argument);
        } else {
            return usage();
        }
    }
    try {
        std::cout << describe_machine() << "load average before: " << load_average() << '\n' << std::endl;
        bool agree = true;
        for (const std::size_t count : threads) {
            venue at(count);
            for (const workload& each : workloads) {
                if (names.empty() || std::find(names.begin(), names.end(), each.name) != names.end()) {
                    const contest what = each.make(at);
                    const contest_times times = run(what, rounds);
                    std::cout << to_report(what, times, false) << std::endl;
                    agree = agree && !times.disagrees;
                }
            }
        }
        return agree ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "bench.par.sort: " << error.what() << '\n';
        return 1;
    }
}
