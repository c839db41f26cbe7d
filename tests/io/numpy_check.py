#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other side of numpy_test.cpp: python3 numpy_check.py FOLDER FIRST LAST

Both sides draw the same arrays from the same numbers, FIRST to LAST - 1. Reads ours_<i>.npy, which must be the array and byte for byte
what numpy.save writes for it; writes numpys_<i>.npy, in any version, byte order and memory order.
"""
import io
import pathlib
import sys

import numpy

MASK = 2**64 - 1
TYPES = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"]


class Numbers:
    """SplitMix64 (Steele, Lea, Flood 2014)."""

    def __init__(self, seed):
        self.state = seed

    def __call__(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)


def array(number):
    draw = Numbers(number)
    dtype = numpy.dtype("<" + TYPES[draw() % len(TYPES)])
    shape = tuple(draw() % 7 for _ in range(draw() % 5))
    count = 1
    for extent in shape:
        count *= extent
    raw = bytes(draw() >> 56 for _ in range(count * dtype.itemsize))
    if dtype.kind == "b":
        raw = bytes(byte & 1 for byte in raw)
    columns = draw() % 2 == 1
    return numpy.frombuffer(raw, dtype).reshape(shape), columns


def main(folder, first, last):
    for number in range(first, last):
        values, columns = array(number)
        ours = (folder / f"ours_{number}.npy").read_bytes()
        loaded = numpy.load(io.BytesIO(ours), allow_pickle=False)
        assert loaded.dtype == values.dtype, (number, loaded.dtype, values.dtype)
        assert loaded.shape == values.shape, (number, loaded.shape, values.shape)
        assert loaded.tobytes(order="C") == values.tobytes(order="C"), (number, loaded, values)
        saved = io.BytesIO()
        numpy.save(saved, numpy.asfortranarray(values) if columns and values.ndim else values)
        assert saved.getvalue() == ours, (number, saved.getvalue(), ours)

        other = values.astype(values.dtype.newbyteorder(">")) if number % 3 == 0 else values
        other = numpy.asarray(other, order="CF"[number // 3 % 2])
        with open(folder / f"numpys_{number}.npy", "wb") as file:
            numpy.lib.format.write_array(file, other, version=(1 + number % 3, 0))
    print(last - first, "arrays")


main(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
