#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes digits.csv beside this file from the copy of the UCI data that scikit-learn carries.

    python3 make_digits.py          needs scikit-learn (Debian: python3-sklearn), reads nothing from the network
"""
import hashlib
import importlib.resources
import gzip
import pathlib

raw = gzip.decompress(importlib.resources.files("sklearn.datasets.data").joinpath("digits.csv.gz").read_bytes())
rows = [[int(float(cell)) for cell in line.split(",")] for line in raw.decode("ascii").split()]
for line, row in zip(raw.decode("ascii").split(), rows):
    assert [float(cell) for cell in line.split(",")] == row, "not an integer: " + line
assert len(rows) == 1797 and all(len(row) == 65 for row in rows)
assert all(0 <= cell <= 16 for row in rows for cell in row[:64]) and all(0 <= row[64] <= 9 for row in rows)

header = ["pixel_%d" % i for i in range(64)] + ["label"]
text = "".join(",".join(map(str, row)) + "\n" for row in [header] + rows)
path = pathlib.Path(__file__).resolve().parent / "digits.csv"
path.write_text(text, encoding="ascii", newline="\n")
print(path.name, len(text), "bytes, sha256", hashlib.sha256(text.encode("ascii")).hexdigest())
