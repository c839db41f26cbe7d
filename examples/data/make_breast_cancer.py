#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes breast_cancer.csv beside this file from the copy of the UCI data that scikit-learn carries.

    python3 make_breast_cancer.py          needs scikit-learn (Debian: python3-sklearn), reads nothing from the network
"""
import hashlib
import importlib.resources
import pathlib

from sklearn.datasets import load_breast_cancer

raw = importlib.resources.files("sklearn.datasets.data").joinpath("breast_cancer.csv").read_text(encoding="ascii").split()
rows = [line.split(",") for line in raw[1:] if line.count(",") == 30]
assert len(rows) == 569
data = load_breast_cancer()
for row, values, label in zip(rows, data.data, data.target):
    assert [float(cell) for cell in row[:30]] == list(values) and int(row[30]) == label
header = [name.replace(" ", "_") for name in data.feature_names] + ["benign"]
text = "".join(",".join(row) + "\n" for row in [header] + rows)
path = pathlib.Path(__file__).resolve().parent / "breast_cancer.csv"
path.write_text(text, encoding="ascii", newline="\n")
print(path.name, len(text), "bytes, sha256", hashlib.sha256(text.encode("ascii")).hexdigest())
