#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes progress_lines.hpp beside this file: the lines that tqdm's format_meter gives, for the tests of progress_line.

    python3 make_progress_lines.py          Debian 12: python3-tqdm 4.64.1

tqdm draws the bar, fits it into the width and writes the times and counts. Two things differ from its default format on purpose and are
put into its format by this script: the share is rounded down (tqdm shows 100% before all is done), and the rate has one decimal, and a blank
before its unit. There is no colon behind the name.
"""
import pathlib
import random

import tqdm

LARGE = 10**18


def rate_text(rate):
    if not rate:
        return "? it/s"
    if rate < 1:
        return "%.1f s/it" % (1 / rate)
    return "%.1f it/s" % rate


def line(name, done, total, elapsed, rate, width, ascii_only):
    share = "%3d" % (100 * done // total)
    bar_format = ("{desc} " if name else "") + share + "%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, " + rate_text(rate) + "]"
    # tqdm works a rate out by itself when it gets None; 0 is "not known" for it.
    return tqdm.tqdm.format_meter(done, total, elapsed, ncols=width, prefix=name, ascii=ascii_only, rate=rate, bar_format=bar_format)


draw = random.Random(62)
cases = [("label", 31, 50, 12.0, 2.6, 54, False), ("label", 31, 50, 12.0, 2.6, None, False), ("label", 31, 50, 12.0, 2.6, None, True),
         ("", 0, 1, 0.0, 0, 60, False), ("", 1, 1, 0.2, 5.0, 60, True), ("", 999, 1000, 3599.9, 0.25, 80, False),
         ("", 1, 3, 3600.0, 0.5, 79, True), ("", LARGE - 1, LARGE, 360000.0, 999.0, 100, False)]
for _ in range(120):
    total = draw.choice([1, 2, 7, 50, 100, 999, 12345, 10**9])
    done = draw.choice([0, 1, total // 3, draw.randrange(total + 1), total - 1, total])
    elapsed = draw.choice([0.1, 1.5, 59.99, 60.0, 754.3, 3599.99, 3600.0, 86399.5, 400000.25])
    rate = 0 if done == 0 else draw.choice([0.013, 0.25, 0.75, 1.0, 2.6, 99.96, 512.25])
    name = draw.choice(["", "fit", "cross_validate", "a name of several words"])
    needed = len(name) + 62
    cases.append((name, done, total, elapsed, rate, draw.choice([None, needed, needed + 1, needed + 7, 120, 211]), draw.random() < 0.5))

out = ["""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_EXEC_GOLDEN_PROGRESS_LINES_HPP
#define XRAYON_TESTS_EXEC_GOLDEN_PROGRESS_LINES_HPP

// Written by make_progress_lines.py with tqdm %s. Do not edit.

#include <cstddef>

namespace golden {

/// rate 0: not known. width 0: unset.
struct progress_line_case {
    const char* name;
    std::size_t done, total;
    double elapsed, rate;
    std::size_t width;
    bool ascii;
    const char* line;
};
inline constexpr progress_line_case progress_line_cases[] = {
""" % tqdm.__version__]
for name, done, total, elapsed, rate, width, ascii_only in cases:
    text = line(name, done, total, elapsed, rate, width, ascii_only)
    out.append('    {"%s", %d, %d, %r, %r, %d, %s,\n     "%s"},\n'
               % (name, done, total, elapsed, float(rate), width or 0, "true" if ascii_only else "false", text))
out.append("""};

} // namespace golden

#endif // XRAYON_TESTS_EXEC_GOLDEN_PROGRESS_LINES_HPP
""")
pathlib.Path(__file__).with_name("progress_lines.hpp").write_text("".join(out), encoding="utf-8")
