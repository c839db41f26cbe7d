// SPDX-License-Identifier: Apache-2.0
// What does a random number cost, drawn one by one and by the array, beside std::mt19937_64 with the standard library's distributions? And
// a fresh generator for every item, as a parallel loop needs? In pairs, as bench.rivals: --pairs N, --markdown, or names of contests.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/random/bernoulli.hpp>
#include <xrayon/random/exponential.hpp>
#include <xrayon/random/integer.hpp>
#include <xrayon/random/normal.hpp>
#include <xrayon/random/stream.hpp>
#include <xrayon/random/uniform.hpp>

#include "support/paired.hpp"
#include "support/report.hpp"

namespace {

using namespace xrayon;

constexpr std::size_t count = 20000;
const std::string rival_name = "std::mt19937_64";

/// Ours and theirs draw different numbers; what must agree, within 5 %, is the mean of their squares.
bench::contest contest_of(const std::string& name, const std::string& question, std::size_t items = count) {
    return {name, question, 1, items, "number", 0.05};
}
const auto same = [](double mean_square) { return mean_square; };

template <class Draw>
double mean_square_of(std::size_t n, Draw draw) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto x = static_cast<double>(draw());
        sum += x * x;
    }
    return sum / static_cast<double>(n);
}
template <class Number>
double mean_square(const std::vector<Number>& x) {
    std::size_t i = 0;
    return mean_square_of(x.size(), [&] { return x[i++]; });
}

/// One by one: `ours(stream)` beside `distribution(engine)`.
template <class Ours, class Distribution>
bench::contest one_by_one(const std::string& name, Ours ours, Distribution distribution) {
    auto contest = contest_of(name + ".draw", "numbers drawn one by one and added up");
    contest.add("xrayon", same, [ours, s = stream(1)]() mutable { return mean_square_of(count, [&] { return ours(s); }); });
    contest.add(rival_name, same, [distribution, engine = std::mt19937_64(1)]() mutable {
        return mean_square_of(count, [&] { return distribution(engine); });
    });
    return contest;
}

/// Into an array: `ours(stream, array)` beside a loop over `distribution(engine)`.
template <class Number, class Ours, class Distribution>
bench::contest into_array(const std::string& name, Ours ours, Distribution distribution) {
    auto contest = contest_of(name + ".fill", "an array filled with numbers");
    using numbers = std::vector<Number>;
    const auto check = [](const numbers* x) { return mean_square(*x); };
    contest.add("xrayon", check, [ours, s = stream(1), x = std::make_shared<numbers>(count)]() mutable {
        ours(s, *x);
        return const_cast<const numbers*>(x.get());
    });
    contest.add(rival_name, check, [distribution, engine = std::mt19937_64(1), x = std::make_shared<numbers>(count)]() mutable {
        for (Number& number : *x) {
            number = static_cast<Number>(distribution(engine));
        }
        return const_cast<const numbers*>(x.get());
    });
    return contest;
}

bench::contest fresh_for_each_item() {
    constexpr std::size_t items = 2000;
    auto contest = contest_of("fresh", "8 numbers from [0, 1) from a generator of its own for each of 2000 items", 8 * items);
    contest.add("xrayon", same, [root = stream(1)] {
        double sum = 0;
        for (std::size_t item = 0; item < items; ++item) {
            stream s = root / item;
            sum += mean_square_of(8, [&] { return draw_uniform(s); });
        }
        return sum / items;
    });
    contest.add(rival_name, same, [] {
        double sum = 0;
        for (std::size_t item = 0; item < items; ++item) {
            std::mt19937_64 engine(item);
            std::uniform_real_distribution<double> uniform;
            sum += mean_square_of(8, [&] { return uniform(engine); });
        }
        return sum / items;
    });
    return contest;
}

std::vector<bench::contest> all_contests() {
    std::vector<bench::contest> all;
    all.push_back(one_by_one("uniform", [](stream& s) { return draw_uniform(s); }, std::uniform_real_distribution<double>()));
    all.push_back(one_by_one("uniform_between", [](stream& s) { return draw_uniform(s, 1.0, 2.0); },
                             std::uniform_real_distribution<double>(1, 2)));
    all.push_back(one_by_one("normal", [](stream& s) { return draw_normal(s); }, std::normal_distribution<double>()));
    all.push_back(one_by_one("exponential", [](stream& s) { return draw_exponential(s); }, std::exponential_distribution<double>()));
    all.push_back(one_by_one("integer", [](stream& s) { return draw_integer(s, 0, 999); }, std::uniform_int_distribution<int>(0, 999)));
    all.push_back(one_by_one("bernoulli", [](stream& s) { return draw_bernoulli(s, 0.3); }, std::bernoulli_distribution(0.3)));
    all.push_back(into_array<double>("uniform", [](stream& s, auto& x) { fill_uniform(s, x); }, std::uniform_real_distribution<double>()));
    all.push_back(into_array<float>("uniform_float", [](stream& s, auto& x) { fill_uniform(s, x); }, std::uniform_real_distribution<float>()));
    all.push_back(into_array<double>("normal", [](stream& s, auto& x) { fill_normal(s, x); }, std::normal_distribution<double>()));
    all.push_back(into_array<double>("exponential", [](stream& s, auto& x) { fill_exponential(s, x); }, std::exponential_distribution<double>()));
    all.push_back(into_array<int>("integer", [](stream& s, auto& x) { fill_integers(s, x, 0, 999); }, std::uniform_int_distribution<int>(0, 999)));
    all.push_back(into_array<std::uint8_t>("bernoulli", [](stream& s, auto& x) { fill_bernoulli(s, x, 0.3); }, std::bernoulli_distribution(0.3)));
    all.push_back(fresh_for_each_item());
    return all;
}

} // namespace

int main(int argc, char** argv) {
    bench::contest_options options;
    bool markdown = false;
    std::vector<std::string> names;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--markdown") {
            markdown = true;
        } else if (argument == "--pairs" && i + 1 < argc) {
            options.pairs = static_cast<std::size_t>(std::max(1L, std::strtol(argv[++i], nullptr, 10)));
        } else if (!argument.starts_with("-")) {
            names.emplace_back(argument);
        } else {
            std::fprintf(stderr, "usage: bench.random.random [CONTEST...] [--pairs N] [--markdown]\n");
            return 2;
        }
    }
    const std::vector<bench::contest> contests = all_contests();
    for (const std::string& name : names) {
        if (std::none_of(contests.begin(), contests.end(), [&](const bench::contest& contest) { return contest.name() == name; })) {
            std::fprintf(stderr, "bench.random.random: no contest is called \"%s\"\n", name.c_str());
            return 2;
        }
    }
    bool agree = true;
    for (const bench::contest& contest : contests) {
        if (!names.empty() && std::find(names.begin(), names.end(), contest.name()) == names.end()) {
            continue;
        }
        const bench::contest_times times = bench::run(contest, options);
        agree = agree && !times.disagrees;
        std::fputs((bench::to_report(contest, times, markdown) + "\n").c_str(), stdout);
        std::fflush(stdout);
    }
    return agree ? 0 : 1;
}
