// SPDX-License-Identifier: Apache-2.0
// Does it scale, and what would more cores buy? A workload is measured at several thread counts, its answers are compared, and
// Amdahl's law is fitted to the times. docs/guide/reading_a_scalability_report.md explains the table.
#include <chrono>
#include <complex>
#include <cstddef>
#include <iostream>

#include <xrayon/xrayon.hpp>

namespace analyze = xrayon::analyze;

/// How many points of these rows of a 300 x 300 picture lie in the Mandelbrot set. Rows in the middle are dearer than the others.
std::size_t points_inside(const xrayon::index_block& rows) {
    std::size_t inside = 0;
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
        for (std::size_t column = 0; column < 300; ++column) {
            const std::complex<double> c(-2.0 + 0.01 * static_cast<double>(column), -1.5 + 0.01 * static_cast<double>(row));
            std::complex<double> z = 0;
            int step = 0;
            while (step < 100 && std::norm(z) <= 4.0) {
                z = std::complex(z.real() * z.real() - z.imag() * z.imag(), 2 * z.real() * z.imag()) + c;
                ++step;
            }
            inside += step == 100 ? 1 : 0;
        }
    }
    return inside;
}

int main() {
    const auto workload = [] { return xrayon::ml::batch_inference(xrayon::row_blocks(300, 4), points_inside); };
    const analyze::scalability_report report = analyze::scalability_benchmark(
        {1, 2}, workload, {.repetitions = 6, .min_time = std::chrono::milliseconds(5), .label = "mandelbrot"});
    std::cout << analyze::to_table(report, {.utf8 = false}) << "\n";

    std::cout << "measured at";
    for (const analyze::scaling_point& point : report.points) {
        std::cout << " " << point.threads;
    }
    std::cout << " threads; the answer is " << (report.answers_agree ? "the same at each" : "not the same") << "\n\n";

    // The same law, for times that somebody else measured.
    const analyze::amdahl_fit_result fit =
        analyze::amdahl_fit({{.threads = 1, .seconds = 100}, {.threads = 2, .seconds = 55}, {.threads = 4, .seconds = 32.5}});
    std::cout << "100 s, 55 s, 32.5 s on 1, 2, 4 threads: " << fit.serial_seconds << " s are serial, " << fit.parallel_seconds
              << " s are shared\n"
              << "16 threads would take " << fit.seconds_at(16) << " s; no number of them is more than " << fit.max_speed_up
              << " times as fast\n";
}

// Output:
//   threads  median (…
// …
//         1 …
//         2 …
// …
// measured at 1 2 threads; the answer is the same at each
//
// 100 s, 55 s, 32.5 s on 1, 2, 4 threads: 10 s are serial, 90 s are shared
// 16 threads would take 15.625 s; no number of them is more than 10 times as fast
