// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/amdahl_fit.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/analyze/amdahl_law.hpp>
#include <xrayon/analyze/statistics.hpp>

#include "../support/catch.hpp"
#include "../support/property.hpp"

using namespace xrayon;
using test::draws;

namespace {

/// A share of one, in millionths.
double draw_share(draws& draw, const char* name) { return static_cast<double>(draw.between(name, 0, 1'000'000)) / 1e6; }

std::vector<double> draw_values(draws& draw, std::size_t least, std::size_t most) {
    std::vector<double> values;
    for (std::size_t left = draw.between("values", least, most); left > 0; --left) {
        values.push_back(static_cast<double>(draw.between("value", 1, 100'000)) / 128.0);
    }
    return values;
}

std::string fit_recovers_the_law(draws& draw) {
    const double p = draw_share(draw, "p");
    const double t1 = std::pow(10.0, static_cast<double>(draw.between("scale", 0, 9)) - 6.0);
    std::vector<analyze::timed_threads> points;
    std::size_t threads = 0;
    for (std::size_t left = draw.between("points", 3, 10); left > 0; --left) {
        threads += draw.between("step", 1, 8);
        // Amdahl's law itself: the serial share takes its time, the parallel one is divided.
        points.push_back({threads, t1 * ((1 - p) + p / static_cast<double>(threads))});
    }
    const auto fit = analyze::amdahl_fit(points);
    // Written as a law of many threads, p is an extrapolation to one: its error grows with the smallest count.
    const double tolerance = 1e-9 * static_cast<double>(points.front().threads * points.front().threads);
    if (!(std::abs(fit.parallel_fraction - p) <= tolerance)) {
        return "p = " + std::to_string(fit.parallel_fraction);
    }
    if (!(fit.fit_error <= 1e-9)) {
        return "misses a point by " + std::to_string(fit.fit_error);
    }
    if (!(std::abs(fit.serial_seconds + fit.parallel_seconds - t1) <= t1 * tolerance)) {
        return "another time at one thread";
    }
    return fit.trusted && fit.serial_seconds >= 0 && fit.parallel_seconds >= 0 ? "" : "not trusted: " + fit.reason;
}

std::string fit_is_the_best_of_its_kind(draws& draw) {
    std::vector<analyze::timed_threads> points;
    for (std::size_t left = draw.between("points", 3, 7), threads = 0; left > 0; --left) {
        threads += draw.between("step", 1, 4);
        points.push_back({threads, static_cast<double>(draw.between("milliseconds", 1, 1000)) / 1e3});
    }
    const auto loss = [&](double serial, double parallel) {
        double sum = 0;
        for (const auto& [n, seconds] : points) {
            const double relative = 1 - (serial + parallel / static_cast<double>(n)) / seconds;
            sum += relative * relative;
        }
        return sum;
    };
    const auto fit = analyze::amdahl_fit(points);
    const double found = loss(fit.serial_seconds, fit.parallel_seconds);
    if (fit.serial_seconds < 0 || fit.parallel_seconds < 0) {
        return "a negative time";
    }
    // No other pair does better: neither near it nor anywhere on a coarse grid.
    for (int i = 0; i <= 20; ++i) {
        for (int k = 0; k <= 20; ++k) {
            const double a = i / 20.0;
            const double b = k / 10.0;
            if (loss(a, b) < found - 1e-9) {
                return "a = " + std::to_string(a) + ", b = " + std::to_string(b) + " fits better";
            }
            const double near_a = fit.serial_seconds * (0.9 + i / 100.0);
            const double near_b = fit.parallel_seconds * (0.9 + k / 100.0);
            if (loss(near_a, near_b) < found - 1e-9) {
                return "a neighbour fits better";
            }
        }
    }
    return "";
}

std::string statistics_follow_their_definitions(draws& draw) {
    const std::vector<double> values = draw_values(draw, 1, 40);
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t n = sorted.size();
    const double middle = n % 2 == 1 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
    if (std::abs(analyze::median(values) - middle) > 1e-12 * middle) {
        return "another median";
    }
    // Hyndman and Fan's definition 7.
    const double probability = draw_share(draw, "probability");
    const double place = probability * static_cast<double>(n - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const double above = sorted[std::min(below + 1, n - 1)];
    const double quantile = sorted[below] + (place - std::floor(place)) * (above - sorted[below]);
    if (std::abs(analyze::quantile(values, probability) - quantile) > 1e-12 * quantile) {
        return "another quantile";
    }
    long double logs = 0;
    for (const double value : values) {
        logs += std::log(static_cast<long double>(value));
    }
    const auto mean = static_cast<double>(std::exp(logs / static_cast<long double>(n)));
    if (std::abs(analyze::geometric_mean(values) - mean) > 1e-12 * mean) {
        return "another geometric mean";
    }
    const auto interval = analyze::median_interval(values, {.resamples = 50});
    return n < 2 || (interval.lower <= interval.upper && interval.lower >= sorted.front() && interval.upper <= sorted.back())
               ? ""
               : "an interval that leaves the values";
}

std::string law_and_its_inverse_agree(draws& draw) {
    const double p = draw_share(draw, "p");
    const std::size_t threads = draw.between("threads", 2, 1024);
    const double speed_up = analyze::amdahl_speed_up(p, threads);
    const double law = 1 / ((1 - p) + p / static_cast<double>(threads));
    if (std::abs(speed_up - law) > 1e-12 * law) {
        return "another speed-up";
    }
    const auto serial = analyze::karp_flatt_serial_part(speed_up, threads, 1);
    return serial && std::abs(*serial - (1 - p)) <= 1e-9 ? "" : "Karp and Flatt's serial part is another";
}

} // namespace

XRAYON_PROPERTY("property: a fit recovers Amdahl's law from times that follow it", "[analyze][property]", fit_recovers_the_law)
XRAYON_PROPERTY("property: no law fits better than the fitted one", "[analyze][property]", fit_is_the_best_of_its_kind)
XRAYON_PROPERTY("property: median, quantile, geometric mean and interval follow their definitions", "[analyze][property]",
                statistics_follow_their_definitions)
XRAYON_PROPERTY("property: Amdahl's law and Karp and Flatt's serial part are each other's inverse", "[analyze][property]", law_and_its_inverse_agree)
