#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes corpus/npy beside this file: small NPY files of every kind, and one for each way of being none.

    python3 make_npy_corpus.py          Debian 12: python3-numpy 1.24.2

What a fuzzer found is in there by other names, and stays.
"""
import io
import pathlib
import struct

import numpy

folder = pathlib.Path(__file__).resolve().parent / "corpus" / "npy"
folder.mkdir(parents=True, exist_ok=True)


def put(name, data):
    (folder / name).write_bytes(data)


def npy(header, data=b"", version=(1, 0)):
    length = struct.pack("<H" if version[0] == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header.encode("latin1") + data


def header(descr="'<f8'", order="False", shape="(2,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


for kind in ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"]:
    for end in "<" if kind[1:] == "1" else "<>":
        for order in "CF":
            stream = io.BytesIO()
            values = numpy.arange(6).reshape(2, 3) % 2 if kind == "b1" else numpy.arange(6).reshape(2, 3) * 37 % 256
            numpy.save(stream, numpy.asarray(values.astype(end + kind), order=order))
            put(f"ok_{'big_' if end == '>' else ''}{kind}_{order}", stream.getvalue())
for name, shape in {"scalar": "()", "empty": "(0,)", "empty_2": "(0, 5)", "empty_3": "(3, 0, 2)", "long": "(2L,)"}.items():
    put("ok_" + name, npy(header(shape=shape), b"12345678" * {"scalar": 1, "long": 2}.get(name, 0)))
put("ok_version_2", npy(header(), b"12345678" * 2, (2, 0)))
put("ok_version_3", npy(header(), b"12345678" * 2, (3, 0)))
put("ok_key_order", npy("{'shape': (2,), \"descr\": \"<f8\", 'fortran_order': True}", b"12345678" * 2))
put("ok_nan", npy(header(), bytes.fromhex("010000000000f07f efbeadde0000f8ff")))
put("ok_trailing", npy(header(), b"12345678" * 3))
put("ok_many_axes", npy(header(shape="(" + "1," * 31 + "2)"), b"12345678" * 2))
put("ok_cube_F", npy(header("'<u2'", "True", "(2, 3, 4)"), bytes(range(48))))

put("n01_empty", b"")
put("n01_short", b"\x93NUMPY\x01")
put("n02_magic", b"\x93NUMPX\x01\x00" + npy(header())[8:])
for version in [(0, 1), (4, 0), (1, 1)]:
    put(f"n04_version_{version[0]}_{version[1]}", npy(header(), b"12345678" * 2, version))
put("n05_no_header", npy(""))
put("n06_header_beyond", npy(header())[:40])
put("n07_long_header", b"\x93NUMPY\x02\x00\xf0\xff\xff\xff")
put("n09_duplicate", npy("{'descr': '<f8', 'descr': '<f8', 'shape': ()}"))
put("n09_unknown", npy("{'descr': '<f8', 'order': True, 'shape': ()}"))
put("n09_missing", npy("{'descr': '<f8', 'shape': ()}"))
for number, shape in enumerate(["('abc',)", "(-1,)", "(2zz,)", "(1.5,)", "(2 3)", "(3)", "(03,)", "(,)", "[2]", "((2,),)", "(2"]):
    put(f"n10_dimension_{number}", npy(header(shape=shape), b"12345678" * 2))
put("n12_axes", npy(header(shape="(" + "1," * 33 + ")"), b"12345678"))
for number, shape in enumerate(["(8589934592, 8589934592)", "(2305843009213693952,)", "(99999999999999999999,)", "(0, 4294967296, 4294967296)"]):
    put(f"n13_overflow_{number}", npy(header(shape=shape), b"12345678" * 2))
put("n14_short_data", npy(header(shape="(1000,)"), b"12345678" * 2))
put("n15_long_data", npy(header(), b"12345678" * 4))
put("n16_8_tib", npy(header(shape="(1048576, 1048576)"), b"12345678" * 2))
put("n17_object", npy(header("'|O'"), b"\x80\x04N."))
for number, descr in enumerate(["'<U3'", "'<M8[s]'", "'|V8'", "'<f2'", "'<f16'", "[('a', '<f4')]", "'float64'", "''"]):
    put(f"n18_dtype_{number}", npy(header(descr), b"12345678" * 2))
put("n21_bool", npy(header("'|b1'"), b"\x01\x02"))
for number, order in enumerate(['"true"', "1", "None"]):
    put(f"n23_order_{number}", npy(header(order=order), b"12345678" * 2))
put("n32_zip", b"PK\x03\x04\x14\x00\x00\x00\x00\x00")
put("convert_inexact", npy(header("'<f8'"), struct.pack("<2d", 1.0, 0.1) + b"." ))
put("convert_large", npy(header("'<u8'"), struct.pack("<2Q", 1, 2**64 - 1)))
put("convert_nan", npy(header("'<c16'", shape="(1,)"), struct.pack("<2d", float("nan"), -0.0)))
