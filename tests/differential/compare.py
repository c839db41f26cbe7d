#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gives the same random cases to the generated pipelines of xrayon and of Rayon and compares what they print.

    compare.py --ours PROGRAM --rayons PROGRAM --shapes FOLDER [--cases 10000] [--seed 20240501]

A case is a shape, a number of items, a number of threads, a grain (ours alone; 0: automatic) and parameters. Ends with 1 if a line differs
that DEPARTURES does not list, or if one of the programs fails.
"""
import argparse
import pathlib
import random
import re
import subprocess
import sys

PARAMETERS = 24
THREADS = (1, 2, 3, 5, 8)



def passes_over_a_failure(title, case, ours, rayons):
    behind = title.partition(", trip, ")[2]
    return rayons.startswith("error: ") and not ours.startswith("error: ") and any(
        name in behind.split(", ") for name in ("skip", "step_by", "zip", "interleave_shortest"))


def sums_nothing(title, case, ours, rayons):
    return title.endswith("sum of words") and ours == "f0000000000000000" and rayons == "f8000000000000000"


def intersperses_twice(title, case, ours, rayons):
    return title.count("intersperse") >= 2 and re.fullmatch(r"error: expected \d+ total writes, but got \d+", rayons)


def intersperses_behind_nothing(title, case, ours, rayons):
    return case[1] == 0 and re.search(r"\bchain\b.*\bintersperse\b", title)


# Where we mean to differ: a name, the reason, and `applies(title of the shape, case, our line, Rayon's line)`. What is counted here is
# printed too.
DEPARTURES = [
    ("an item that is passed over", "Rayon evaluates items that skip, step_by, zip and interleave_shortest leave out, or some of them, so that "
     "one of those may fail; ours are read by index, and what is left out is never evaluated", passes_over_a_failure),
    ("a sum of no numbers", "of floating point it is 0.0; Rust's standard library begins with -0.0, which is equal to it", sums_nothing),
    ("intersperse behind intersperse", "Rayon 1.6.1 loses items where it splits that, and stops at its own check", intersperses_twice),
    ("intersperse behind a chain that begins with nothing", "Rayon 1.6.1 puts a separator in front: what is split off behind no items begins "
     "with one", intersperses_behind_nothing),
]


def number_of_items(draw):
    kind = draw.random()
    if kind < 0.15:
        return draw.choice((0, 1, 2, 3))
    if kind < 0.55:
        return draw.randrange(4, 70)
    if kind < 0.9:
        return draw.randrange(70, 3000)
    return draw.randrange(3000, 40000)


def draw_case(draw, shape):
    parameters = [draw.getrandbits(64) for _ in range(PARAMETERS)]
    return [shape, number_of_items(draw), draw.choice(THREADS), draw.choice((0, 0, 0, 1, 2, 7, 100))] + parameters


def answers(program, cases, timeout):
    try:
        done = subprocess.run([program], input="".join(" ".join(map(str, case)) + "\n" for case in cases), capture_output=True, text=True,
                              timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise SystemExit(f"{program}: still running after {timeout} s")
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != len(cases):
        at = f"case {len(lines)}: " + " ".join(map(str, cases[len(lines)])) if len(lines) < len(cases) else "the end"
        raise SystemExit(f"{program}: exit code {done.returncode} with {len(lines)} of {len(cases)} lines, at {at}\n{done.stderr[-2000:]}")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ours", required=True)
    parser.add_argument("--rayons", required=True)
    parser.add_argument("--shapes", required=True, type=pathlib.Path, help="where pipelines.py wrote them")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20240501)
    parser.add_argument("--timeout", type=int, default=3000, help="seconds for each program")
    asked = parser.parse_args()
    titles = re.findall(r"^// (source .*)$", (asked.shapes / "shapes.rs").read_text(), re.MULTILINE)
    draw = random.Random(asked.seed)
    cases = [draw_case(draw, k % len(titles)) for k in range(asked.cases)]
    ours = answers(asked.ours, cases, asked.timeout)
    rayons = answers(asked.rayons, cases, asked.timeout)

    departures = dict.fromkeys((name for name, _, _ in DEPARTURES), 0)
    differences = []
    for k, (mine, theirs) in enumerate(zip(ours, rayons)):
        if mine != theirs:
            title = titles[cases[k][0]]
            reason = next((name for name, _, applies in DEPARTURES if applies(title, cases[k], mine, theirs)), None)
            if reason is None:
                differences.append(k)
            else:
                departures[reason] += 1
    failures = sum(line.startswith("error: ") for line in rayons)
    print(f"{len(cases)} cases over {len(titles)} pipelines, seed {asked.seed}: {len(set(rayons))} different answers, {failures} of them failures")
    for name, reason, _ in DEPARTURES:
        print(f"departure, {departures[name]} times: {name}: {reason}")
    for k in differences[:10]:
        print(f"DIFFERENT, case {k}: {titles[cases[k][0]]}\n  ours    {ours[k][:400]}\n  Rayon's {rayons[k][:400]}\n  case    {' '.join(map(str, cases[k]))}")
    shapes = sorted({cases[k][0] for k in differences})
    print(f"{len(differences)} differences" + (f", in pipelines {shapes}" if differences else ""))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
