#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes npy.hpp beside this file: arrays as numpy.save writes them, and their elements.

    python3 make_npy.py          Debian 12: python3-numpy 1.24.2

Every type in every order of axes and bytes. Elements are random bits, so floating-point numbers are denormals, infinities and NaNs
with payloads too; bools are random bools.
"""
import io
import itertools
import pathlib

import numpy

here = pathlib.Path(__file__).resolve()
types = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"]
shapes = [(), (1,), (5,), (0,), (2, 3), (3, 1), (0, 5), (3, 0, 2), (2, 3, 4)]
random = numpy.random.RandomState(20240229)


def array(kind, shape):
    dtype = numpy.dtype(kind)
    count = int(numpy.prod(shape))
    if dtype.kind == "b":
        return random.randint(0, 2, count).astype(bool).reshape(shape)
    values = numpy.frombuffer(random.bytes(count * dtype.itemsize), dtype).copy()
    if dtype.kind == "f" and count > 4:
        part = {4: "u4", 8: "u8"}[dtype.itemsize]
        quiet = int(numpy.array(numpy.inf, dtype).view(part))
        # A signalling NaN, a quiet one with a payload, a denormal, minus zero
        values.view(part)[:4] = [quiet | 0x123, quiet | quiet >> 1 | 0x77, 5, 1 << (8 * dtype.itemsize - 1)]
    return values.reshape(shape)


def literal(data):
    out = ""
    for byte in data:
        c = chr(byte)
        out += c if 0x20 <= byte < 0x7F and c not in '"\\?' else f"\\{byte:03o}"
    lines = []
    while out:
        cut = min(len(out), 120)
        # Not in the middle of an escape
        for back in range(1, 4):
            if cut < len(out) and out[cut - back] == "\\":
                cut -= back
                break
        lines.append(f'     "{out[:cut]}"')
        out = out[cut:]
    return "\n".join(lines) if lines else '     ""'


def saved(a):
    stream = io.BytesIO()
    numpy.save(stream, a)
    return stream.getvalue()


rows = []
for kind, shape in itertools.product(types, shapes):
    if kind not in ("f8", "u2") and shape not in [(), (5,), (2, 3), (2, 3, 4)]:
        continue
    a = array(kind, shape)
    little = a.astype(a.dtype.newbyteorder("<"))
    elements = little.tobytes(order="C")
    variants = [("C", little)]
    if len(shape) > 1 and 0 not in shape and 1 not in shape:
        variants.append(("F", numpy.asfortranarray(little)))
    if a.dtype.itemsize > 1 and shape in [(5,), (2, 3)]:
        variants.append(("C", a.astype(a.dtype.newbyteorder(">"))))
        if len(shape) == 2:
            variants.append(("F", numpy.asfortranarray(a.astype(a.dtype.newbyteorder(">")))))
    for order, variant in variants:
        data = saved(variant)
        back = numpy.load(io.BytesIO(data))
        assert back.astype(back.dtype.newbyteorder("<")).tobytes(order="C") == elements
        extents = ", ".join(map(str, shape))
        rows.append(
            f'    {{"{variant.dtype.str}", {"true" if order == "F" else "false"}, {{{extents}}},\n'
            f"{literal(data)}sv,\n{literal(elements)}sv}},\n"
        )

# How much there is before the elements; with (3, 1, 1, ..., extent) all lengths of text around the multiples of 64 come up.
sizes = []
for middle, extent, order in itertools.product(range(0, 31), [2, 12, 123], "CF"):
    a = numpy.zeros((3,) + (1,) * middle + (extent,), "u1", order=order)
    sizes.append(f"{{{middle}, {extent}, {'true' if order == 'F' else 'false'}, {len(saved(a)) - a.size}}}")

(here.parent / "npy.hpp").write_text(
    f"""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_IO_GOLDEN_NPY_HPP
#define XRAYON_TESTS_IO_GOLDEN_NPY_HPP

// Written by make_npy.py with numpy {numpy.__version__}. Do not edit.

#include <cstddef>
#include <string_view>
#include <vector>

namespace golden {{

/// `file` is what numpy.save writes for an array of this type, order and shape; `elements` are its elements by rows, little-endian.
struct npy_case {{
    std::string_view type;
    bool fortran_order;
    std::vector<std::size_t> shape;
    std::string_view file, elements;
}};

inline const std::vector<npy_case>& npy_cases() {{
    using namespace std::string_view_literals;
    // clang-format off
    static const std::vector<npy_case> cases{{
{"".join(rows)}    }};
    // clang-format on
    return cases;
}}

/// An array of shape (3, 1, ..., 1, extent), with so many ones, has so many bytes before its elements.
struct npy_preamble_case {{
    std::size_t ones, extent;
    bool fortran_order;
    std::size_t size;
}};
inline constexpr npy_preamble_case npy_preamble_cases[] = {{
{chr(10).join("    " + ", ".join(sizes[i:i + 6]) + "," for i in range(0, len(sizes), 6))}
}};

}} // namespace golden

#endif // XRAYON_TESTS_IO_GOLDEN_NPY_HPP
"""
)
print(len(rows), "arrays")
