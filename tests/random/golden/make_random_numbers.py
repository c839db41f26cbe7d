#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes random_numbers.hpp beside this file: what streams and distributions give, by a second implementation.

    python3 make_random_numbers.py          Debian 12: python3-mpmath 1.2.1 or newer; some seconds

Integers are Python's, a fused multiply-add is an exact fraction rounded once, polynomials come from make_coefficients.py. Nothing here
was read off the C++ code's output. The quantiles and logarithms under "true" are mpmath's at 60 digits, correctly rounded.
"""
import contextlib
import fractions
import io
import math
import pathlib
import struct

import mpmath as mp

with contextlib.redirect_stdout(io.StringIO()):
    import make_coefficients as curves

M32, M62, M64 = 2 ** 32 - 1, 2 ** 62 - 1, 2 ** 64 - 1
NUMBERS, CHILD, NAME, RETRY = range(4)
ORIGIN = (0x243F6A8885A308D3, 0x13198A2E03707344 & M62)


def philox(counter, key):
    c, k = list(counter), list(key)
    for i in range(10):
        p, r = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(r >> 32) ^ c[1] ^ k[0], r & M32, (p >> 32) ^ c[3] ^ k[1], p & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


# The published vectors, so that this implementation too is known to be Philox.
assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert philox([M32] * 4, [M32] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
assert philox([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0]) == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


def block(address, use, index):
    high = address[1] | use << 62
    return philox([index & M32, index >> 32, high & M32, high >> 32], [address[0] & M32, address[0] >> 32])


def derive(address, use, index):
    w = block(address, use, index)
    return (w[0] | w[1] << 32, (w[2] | w[3] << 32) & M62)


def path(*keys):
    address = ORIGIN
    for key in keys:
        if isinstance(key, str):
            data = key.encode()
            address = derive(address, NAME, len(data))
            for at in range(0, len(data), 8):
                address = derive(address, NAME, int.from_bytes(data[at:at + 8], "little"))
        else:
            address = derive(address, CHILD, key)
    return address


class Stream:
    def __init__(self, address, position=0):
        self.address, self.position = address, position

    def word(self):
        w = block(self.address, NUMBERS, self.position // 4)[self.position % 4]
        self.position += 1
        return w

    def word64(self):
        self.position += self.position % 2
        return self.word() | self.word() << 32


def bits64(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def from_bits(b):
    return struct.unpack("<d", struct.pack("<Q", b))[0]


def to_float(x):
    """To the nearest float, as a double."""
    return struct.unpack("<f", struct.pack("<f", x))[0]


def bits32(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


def fma(a, b, c):
    exact = fractions.Fraction(a) * fractions.Fraction(b) + fractions.Fraction(c)
    return exact.numerator / exact.denominator  # Python rounds the quotient of integers correctly


def double(c):
    return float(mp.nstr(c, 40))


ATANH = [double(c) for c in curves.fit(curves.atanh_rest, 6, 0, (3 - 2 * mp.sqrt(2)) ** 2, 0)[0]]
CENTRE = [double(c) for c in curves.fit(curves.centre, 21, 0, "5.0001", 2.5)[0]]
TAIL = [double(c) for c in curves.fit(curves.tail, 28, mp.sqrt(5) - mp.mpf("1e-4"), "6.0037", 4.125)[0]]


def polynomial(c, x):
    x2 = x * x
    x4 = x2 * x2

    def part(first):
        indices = list(range(first, len(c), 4))
        value = c[indices[-1]]
        for i in indices[-2::-1]:
            value = fma(value, x4, c[i])
        return value

    return fma(fma(part(3), x, part(2)), x2, fma(part(1), x, part(0)))


def negative_log(y):
    m, e = math.frexp(y)  # 0.5 <= m < 1
    if m < from_bits(0x3FE6A09E667F3BCD):
        m, e = 2 * m, e - 1
    s = (m - 1) / (m + 1)
    s2 = s * s
    return 0.0 - fma(float(e), 0.6931471805599453, fma(s * s2, polynomial(ATANH, s2), 2 * s))


def normal(word, mean=0.0, stddev=1.0):
    distance = word >> 11 & (2 ** 52 - 1)
    q2 = (2 * distance + 1) / 2 ** 53
    w = negative_log(fma(-q2, q2, 1.0))
    if distance <= LAST_CENTRE:
        z = 0.5 * q2 * polynomial(CENTRE, w - 2.5)
    else:
        z = polynomial(TAIL, math.sqrt(w) - 4.125)
    return fma(-z if word >> 63 else z, stddev, mean)


LAST_CENTRE = int(mp.floor(mp.sqrt(-mp.expm1(-5)) / 2 * mp.mpf(2) ** 53 - mp.mpf(1) / 2))


def true_normal(word):
    p = mp.mpf(1) / 2 - mp.mpf(2 * (word >> 11 & (2 ** 52 - 1)) + 1) / 2 ** 54
    z = double(curves.upper_quantile(p))
    return -z if word >> 63 else z


def exponential(word, rate=1.0):
    return negative_log(((word >> 11) + 1) / 2 ** 53) / rate


def true_exponential(word):
    return double(-mp.log(mp.mpf((word >> 11) + 1) / 2 ** 53)) + 0.0


def below(stream, count):
    """Uniform below count, by throwing away what is above the largest multiple: another way than multiply and shift to say which words
    are too many, the same numbers."""
    size = 32 if count <= 2 ** 32 else 64
    word = stream.word() if size == 32 else stream.word64()
    surplus = 2 ** size % count
    more = None
    while word * count % 2 ** size < surplus:
        if more is None:
            more = Stream(derive(stream.address, RETRY, stream.position - size // 32))
        word = more.word() if size == 32 else more.word64()
    below.retried += more is not None
    return word * count // 2 ** size


below.retried = 0


def bernoulli(stream, p):
    scaled = fractions.Fraction(p) * 2 ** 32
    word = stream.word()
    assert word != int(scaled)
    return word < scaled


def permutation(stream, n):
    order = list(range(n))
    for left in range(n, 1, -1):
        other = below(stream, left)
        order[left - 1], order[other] = order[other], order[left - 1]
    return order


def sample(stream, n, k):
    items = list(range(n))
    for i in range(k):
        other = i + below(stream, n - i)
        items[i], items[other] = items[other], items[i]
    return items[:k]


def unit(stream):
    return (stream.word64() >> 11) / 2 ** 53


def unit_float(stream):
    return (stream.word() >> 8) / 2 ** 24


out = ["""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_RANDOM_GOLDEN_RANDOM_NUMBERS_HPP
#define XRAYON_TESTS_RANDOM_GOLDEN_RANDOM_NUMBERS_HPP

// Written by make_random_numbers.py with mpmath %s. Do not edit.

#include <cstddef>
#include <cstdint>

namespace golden {
""" % mp.__version__]


def table(type_, name, comment, values, form):
    texts = [form(v) for v in values]
    lines, line = [], "   "
    for text in texts:
        if len(line) + len(text) + 2 > 132:
            lines.append(line)
            line = "   "
        line += " " + text + ","
    lines.append(line)
    out.append("/// %s\ninline constexpr %s %s[] = {\n%s\n};\n" % (comment, type_, name, "\n".join(lines)))


def hex64(v):
    return "0x%016xu" % v


def hex32(v):
    return "0x%08xu" % v


def pair(v):
    return "{0x%016xu, 0x%016xu}" % v


out.append("struct address {\n    std::uint64_t key, nonce;\n};\nstruct point {\n    std::uint64_t word, bits;\n};\n")
table("address", "addresses", "stream(0), stream(42), stream(2^64 - 1), 42/0, 42/1/2, 42/2/1, 42/\"\", 42/\"dropout\", 42/\"abcdefgh\", "
      "42/\"abcdefghi\", 42/\"dropout\"/3",
      [path(0), path(42), path(M64), path(42, 0), path(42, 1, 2), path(42, 2, 1), path(42, ""), path(42, "dropout"),
       path(42, "abcdefgh"), path(42, "abcdefghi"), path(42, "dropout", 3)], pair)
s = Stream(path(42, 7))
table("std::uint32_t", "words", "The first words of stream(42) / 7.", [s.word() for _ in range(40)], hex32)
s = Stream(path(42, 7), 2 ** 62 + 2 ** 33 + 14)
table("std::uint32_t", "far_words", "Its words from 2^62 + 2^33 + 14 on.", [s.word() for _ in range(8)], hex32)

s = Stream(path(42, 7))
table("std::uint64_t", "uniform", "Bits of doubles from [0, 1).", [bits64(unit(s)) for _ in range(16)], hex64)
s = Stream(path(42, 7))
table("std::uint32_t", "uniform_float", "Bits of floats from [0, 1).", [bits32(unit_float(s)) for _ in range(16)], hex32)
s = Stream(path(42, 7))
table("std::uint64_t", "uniform_between", "Bits of doubles from [-0.1, 3.7).",
      [bits64(fma(unit(s), 3.7 - -0.1, -0.1)) for _ in range(16)], hex64)
s = Stream(path(42, 7))
low, high = to_float(-0.1), to_float(3.7)
table("std::uint32_t", "uniform_float_between", "Bits of floats from [-0.1F, 3.7F).",
      [bits32(fma(unit_float(s), high - low, low)) for _ in range(16)], hex32)

s = Stream(path(42, 7))
table("std::uint64_t", "normal", "Bits of standard normal doubles.", [bits64(normal(s.word64())) for _ in range(512)], hex64)
s = Stream(path(42, 7))
table("std::uint64_t", "normal_scaled", "Bits of normal doubles with mean 0.3 and standard deviation 1.7.",
      [bits64(normal(s.word64(), 0.3, 1.7)) for _ in range(16)], hex64)
s = Stream(path(42, 7))
table("std::uint64_t", "exponential", "Bits of exponential doubles of rate 3.", [bits64(exponential(s.word64(), 3.0)) for _ in range(64)], hex64)

s = Stream(path(42, 7))
table("int", "dice", "From [1, 6].", [1 + below(s, 6) for _ in range(40)], str)
s = Stream(path(42, 7))
before = below.retried
table("std::uint32_t", "half_rejected_32", "From [0, 2^31]: nearly half of the words are rejected.",
      [below(s, 2 ** 31 + 1) for _ in range(40)], hex32)
assert below.retried - before > 10
s = Stream(path(42, 7))
before = below.retried
table("std::uint64_t", "half_rejected_64", "From [0, 2^63]: likewise.", [below(s, 2 ** 63 + 1) for _ in range(40)], hex64)
assert below.retried - before > 10
s = Stream(path(42, 7))
table("std::int64_t", "signed_integers", "From [-2^40, 2^40].", [below(s, 2 ** 41 + 1) - 2 ** 40 for _ in range(20)], str)
s = Stream(path(42, 7))
table("int", "bernoulli", "Of probability 0.3.", [int(bernoulli(s, 0.3)) for _ in range(60)], str)

table("std::size_t", "permutation", "Of 20.", permutation(Stream(path(42, 7)), 20), str)
table("std::size_t", "sample", "10 of 1000.", sample(Stream(path(42, 7)), 1000, 10), str)
table("std::size_t", "sample_most", "18 of 20.", sample(Stream(path(42, 7)), 20, 18), str)

# The whole width of the curve: equally likely, near the middle, far out, both sides of the joint, both ends.
s = Stream(path(1, "curve"))
distances = [0, 1, 2, 3, LAST_CENTRE - 1, LAST_CENTRE, LAST_CENTRE + 1, LAST_CENTRE + 2, 2 ** 52 - 2, 2 ** 52 - 1]
distances += [s.word64() >> 12 for _ in range(150)]
distances += [s.word64() >> 12 >> (i % 50) for i in range(100)]
distances += [2 ** 52 - 1 - (s.word64() >> 12 >> (3 + i % 49)) for i in range(200)]
words = [d << 11 | (i % 2) << 63 | s.word() & 2047 for i, d in enumerate(distances)]
table("point", "normal_points", "Words, and the bits that the algorithm gives for them.", [(w, bits64(normal(w))) for w in words], pair)
table("point", "true_normal_points", "The same words, and the bits of the true quantile.", [(w, bits64(true_normal(w))) for w in words], pair)
words = [0, M64, M64 - 2 ** 11, M64 - 2 ** 12, 2 ** 63, 2 ** 62] + [s.word64() >> (i % 60) for i in range(120)] + [
    M64 - (s.word64() >> (i % 53)) for i in range(60)]
table("point", "true_exponential_points", "Words, and the bits of the true -ln(((word >> 11) + 1) / 2^53).",
      [(w, bits64(true_exponential(w))) for w in words], pair)

out.append("} // namespace golden\n\n#endif // XRAYON_TESTS_RANDOM_GOLDEN_RANDOM_NUMBERS_HPP\n")
pathlib.Path(__file__).resolve().with_name("random_numbers.hpp").write_text("\n".join(out))
