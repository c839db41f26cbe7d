#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws pipelines of parallel iterators and writes each twice: for xrayon (C++) and for Rayon (Rust).

    pipelines.py --out FOLDER [--seed 4] [--files 24] [--per-file 10]

writes shapes_00.cpp ..., shapes.hpp and shapes.rs. A shape is a source, up to five stages and a sink; what varies from case to case
(sizes, constants, thresholds, lengths) are parameters that it gets when it runs, so that few shapes make many cases (compare.py).

A new operation is a line in STAGES or SINKS. In its texts {0}, {1} ... become parameters p[i], {other} a second source whose items have
the type that the line asks for.

Item types: i, u, z (i64, u64, usize), f (exact floating point), r (rough: NaN, rounding; has no sum that is the same in any order),
("p", A, B) pairs, ("v", A) lists.
"""
import argparse
import collections
import dataclasses
import pathlib
import random
from typing import Any, Callable, Optional

CPP = {"i": "std::int64_t", "u": "word", "z": "std::size_t", "f": "double", "r": "double"}
RUST = {"i": "i64", "u": "u64", "z": "usize", "f": "f64", "r": "f64"}
NUMBERS = "iuzfr"


def is_number(t):
    return isinstance(t, str)


def is_pair(t):
    return t[0] == "p"


def is_list(t):
    return t[0] == "v"


def has(t, what):
    return t in what if isinstance(t, str) else any(has(each, what) for each in t[1:])


def depth(t):
    return 0 if isinstance(t, str) else 1 + max(depth(each) for each in t[1:])


def rust_type(t):
    if is_number(t):
        return RUST[t]
    return f"({rust_type(t[1])}, {rust_type(t[2])})" if is_pair(t) else f"Vec<{rust_type(t[1])}>"


def same_in_cpp(t):
    """What the type is to C++, which has one type for u and z, and for f and r."""
    return {"z": "u", "r": "f"}.get(t, t) if is_number(t) else (t[0],) + tuple(same_in_cpp(each) for each in t[1:])


def hashable(t):
    return not has(t, "fr")  # for what Rust can order


@dataclasses.dataclass(frozen=True)
class State:
    """What is known of a pipeline up to here."""
    type: Any
    indexed: bool = True  # the number of items is known
    owned: bool = False  # items are values of their own, in C++
    tripped: bool = False  # an item may fail
    growth: int = 1  # items come out for each that goes in, at most about


@dataclasses.dataclass(frozen=True)
class Stage:
    name: str
    cpp: str
    rust: str
    fits: Callable[[State], bool] = lambda s: True
    after: Callable[[State], State] = lambda s: s
    other: Optional[Callable[[State], Any]] = None  # the type of a second source's items; "any"
    weight: float = 1


def value(s, **change):
    return dataclasses.replace(s, **{"owned": True, **change})


def indexed(s):
    return s.indexed


def open_end(s, **change):
    return value(s, indexed=False, **change)


def convert(name, t):
    """map to a number of type t."""
    if t == "r":
        return Stage(f"map to {t}", ".map([=](const auto& x) { return to_rough(x, {0}); })", ".map(move |x| to_rough(&x, {0}))",
                     after=lambda s: value(s, type="r"))
    return Stage(f"map to {t}", f".map([=](const auto& x) {{ return to<{CPP[t]}>(x, {{0}}); }})",
                 f".map(move |x| to::<{RUST[t]}, _>(&x, {{0}}))", after=lambda s: value(s, type=t), weight=0.5)


STAGES = [
    Stage("map", ".map([=](const auto& x) { return mix(x, {0}); })", ".map(move |x| mix(&x, {0}))", after=value),
    *[convert("map", t) for t in NUMBERS],
    Stage("map nested", ".map([=](const auto& x) { return nested(x, {0}); })", ".map(move |x| nested(&x, {0}))",
          fits=lambda s: s.growth <= 4, after=lambda s: value(s, type="u"), weight=0.3),
    Stage("map_with", ".map_with({0}, [](word& k, const auto& x) { return mix(x, k); })", ".map_with({0}, |k, x| mix(&x, *k))",
          fits=indexed, after=value),
    Stage("map_init", ".map_init([=] { return std::vector<word>{{{0}}}; }, [](const auto& k, const auto& x) { return mix(x, k[0]); })",
          ".map_init(move || vec![{0}], |k, x| mix(&x, k[0]))", fits=indexed, after=value),
    Stage("inspect", ".inspect([](const auto& x) { (void)bits(x); })", ".inspect(|x| { x.bits(); })", weight=0.5),
    Stage("update", ".update([=](auto& x) { x = mix(x, {0}); })", ".update(move |x| { *x = mix(x, {0}); })", fits=lambda s: s.owned),
    Stage("enumerate", ".enumerate()", ".enumerate()", fits=lambda s: s.indexed and depth(s.type) < 2,
          after=lambda s: dataclasses.replace(s, type=("p", "z", s.type))),
    Stage("zip", ".zip({other})", ".zip({other})", fits=lambda s: s.indexed and depth(s.type) < 2, other=lambda s: "any",
          after=lambda s: s),  # the type comes from the other
    Stage("chain", ".chain({other})", ".chain({other})", fits=lambda s: s.indexed and s.growth <= 8, other=lambda s: s.type,
          after=lambda s: dataclasses.replace(s, growth=s.growth + 1)),
    Stage("chain behind", ".chain({other})", ".chain({other})", fits=lambda s: not s.indexed and s.growth <= 8, other=lambda s: s.type,
          after=lambda s: dataclasses.replace(s, growth=s.growth + 1), weight=3),
    Stage("with_min_len", ".with_min_len(1 + {0} % 50)", ".with_min_len((1 + {0} % 50) as usize)", fits=indexed, weight=0.5),
    Stage("with_max_len", ".with_max_len(1 + {0} % 50)", ".with_max_len((1 + {0} % 50) as usize)", fits=indexed, weight=0.5),
    Stage("interleave", ".interleave({other})", ".interleave({other})", fits=lambda s: s.indexed and s.growth <= 8, other=lambda s: s.type,
          after=lambda s: dataclasses.replace(s, growth=s.growth + 1)),
    Stage("interleave_shortest", ".interleave_shortest({other})", ".interleave_shortest({other})",
          fits=lambda s: s.indexed and s.growth <= 8, other=lambda s: s.type, after=lambda s: dataclasses.replace(s, growth=s.growth + 1)),
    Stage("intersperse", ".intersperse(number_of<{T}>({0}))", ".intersperse({R}::number_of({0}))",
          fits=lambda s: s.indexed and is_number(s.type) and s.growth <= 8, after=lambda s: value(s, growth=2 * s.growth)),
    Stage("rev", ".rev()", ".rev()", fits=indexed),
    Stage("take", ".take(count_of({0}, n))", ".take(count_of({0}, n))", fits=indexed),
    Stage("skip", ".skip(count_of({0}, n))", ".skip(count_of({0}, n))", fits=indexed),
    Stage("step_by", ".step_by(length_of({0}, n))", ".step_by(length_of({0}, n))", fits=indexed),
    Stage("chunks", ".chunks(length_of({0}, n))", ".chunks(length_of({0}, n))", fits=lambda s: s.indexed and depth(s.type) < 2,
          after=lambda s: value(s, type=("v", s.type))),
    Stage("fold_chunks",
          ".fold_chunks(length_of({0}, n), [] { return compose_identity; }, [](word acc, const auto& x) { return compose(acc, factor(x)); })",
          ".fold_chunks(length_of({0}, n), || COMPOSE_IDENTITY, |acc, x| compose(acc, factor(&x)))", fits=indexed,
          after=lambda s: value(s, type="u")),
    Stage("fold_chunks_with", ".fold_chunks_with(length_of({0}, n), {1}, [](word acc, const auto& x) { return compose(acc, factor(x)); })",
          ".fold_chunks_with(length_of({0}, n), {1}, |acc, x| compose(acc, factor(&x)))", fits=indexed, after=lambda s: value(s, type="u")),
    Stage("positions", ".positions([=](const auto& x) { return holds(x, {0}); })", ".positions(move |x| holds(&x, {0}))", fits=indexed,
          after=lambda s: open_end(s, type="z")),
    Stage("filter", ".filter([=](const auto& x) { return holds(x, {0}); })", ".filter(move |x| holds(x, {0}))",
          after=lambda s: dataclasses.replace(s, indexed=False)),
    Stage("filter_map", ".filter_map([=](const auto& x) { return maybe(x, {0}); })", ".filter_map(move |x| maybe(&x, {0}))",
          after=open_end),
    Stage("flat_map", ".flat_map([=](const auto& x) { return spread(x, {0}); })", ".flat_map(move |x| spread(&x, {0}))",
          fits=lambda s: s.growth <= 4, after=lambda s: open_end(s, growth=3 * s.growth)),
    Stage("flat_map_iter", ".flat_map_iter([=](const auto& x) { return spread(x, {0}); })", ".flat_map_iter(move |x| spread(&x, {0}))",
          fits=lambda s: s.growth <= 4, after=lambda s: open_end(s, growth=3 * s.growth)),
    Stage("flatten", ".flatten()", ".flatten()", fits=lambda s: is_list(s.type), after=lambda s: open_end(s, type=s.type[1]), weight=3),
    Stage("flatten_iter", ".flatten_iter()", ".flatten_iter()", fits=lambda s: is_list(s.type), after=lambda s: open_end(s, type=s.type[1]),
          weight=2),
    # One item that fails: which message comes out is the same in both, whatever threads do.
    Stage("trip", ".enumerate().map([=](const auto& e) { return trip(e.first, e.second, count_of({0}, 2 * n)); })",
          ".enumerate().map(move |(i, x)| trip(i, x, count_of({0}, 2 * n)))", fits=lambda s: s.indexed and not s.tripped,
          after=lambda s: value(s, tripped=True)),
]


@dataclasses.dataclass(frozen=True)
class Sink:
    name: str
    cpp: str  # {make} is the pipeline; a list of statements that ends in a return
    rust: str
    fits: Callable[[State], bool] = lambda s: True
    after_trip: bool = True  # False: whether Rayon comes to an item that fails is left to chance
    weight: float = 1


def simple(name, cpp, rust=None, **more):
    return Sink(name, f"return show(make(){cpp});", f"show(make(){rust if rust is not None else cpp})", **more)


def ordered(s):
    return hashable(s.type)


def compared(name, only=ordered, shown=("return show({});", "show({})")):
    return Sink(name, "auto other = make().to_vector();\n    tweak(other, {0});\n    " + shown[0].format(f"make().{name}(par(other))"),
                "let mut other: Vec<{R}> = make().collect();\n    tweak(&mut other, {0});\n    " + shown[1].format(f"make().{name}(other)"),
                fits=lambda s: s.indexed and only(s), after_trip=False, weight=0.6)


def sorting(name, cpp, rust, **more):
    """Items are collected and sorted, equal ones too in their order."""
    return Sink(name, f"auto all = make().to_vector();\n    {name}(all{', ' if cpp else ''}{cpp});\n    return show(all);",
                f"let mut all: Vec<{{R}}> = make().collect();\n    all.{name}({rust});\n    show(all)", weight=0.8, **more)


PREDICATE = ("[=](const auto& x) { return holds(x, {0}); }", "move |x| holds(x, {0})", "move |x| holds(&x, {0})")
SINKS = [
    simple("collect", ".collect()", ".collect::<Vec<_>>()", weight=5),
    simple("to_vector", ".to_vector()", ".collect::<Vec<_>>()"),
    Sink("collect_into", "std::vector<decltype(plain(make().collect()[0]))> out(make().size());\n    make().collect_into(out);\n    return show(out);",
         "let mut out: Vec<{R}> = Vec::new();\n    make().collect_into_vec(&mut out);\n    show(out)", fits=indexed),
    simple("count", ".count()", ".count()"),
    simple("sum", ".map([](std::int64_t x) { return small(x); }).sum()", ".map(small).sum::<i64>()", fits=lambda s: s.type == "i", weight=9),
    simple("sum of words", ".sum()", ".sum::<{R}>()", fits=lambda s: s.type in ("u", "z", "f"), weight=4),
    simple("product", ".map([](std::int64_t x) { return sign(x); }).product()", ".map(sign).product::<i64>()", fits=lambda s: s.type == "i", weight=9),
    simple("product of words", ".map([](word x) { return x | 1; }).product()", ".map(|x| x | 1).product::<{R}>()",
           fits=lambda s: s.type in ("u", "z"), weight=4),
    simple("min", ".min()", fits=ordered),
    simple("max", ".max()", fits=ordered),
    simple("min of exact", ".min()", ".min_by(|a, b| a.partial_cmp(b).unwrap())", fits=lambda s: s.type == "f", weight=9),
    simple("max of exact", ".max()", ".max_by(|a, b| a.partial_cmp(b).unwrap())", fits=lambda s: s.type == "f", weight=9),
    simple("min_by", ".min_by([=](const auto& a, const auto& b) { return key(a, {0}) < key(b, {0}); })",
           ".min_by(move |a, b| key(a, {0}).cmp(&key(b, {0})))"),
    simple("max_by", ".max_by([=](const auto& a, const auto& b) { return key(a, {0}) < key(b, {0}); })",
           ".max_by(move |a, b| key(a, {0}).cmp(&key(b, {0})))"),
    simple("min_by_key", ".min_by_key([=](const auto& x) { return key(x, {0}); })", ".min_by_key(move |x| key(x, {0}))"),
    simple("max_by_key", ".max_by_key([=](const auto& x) { return key(x, {0}); })", ".max_by_key(move |x| key(x, {0}))"),
    simple("reduce", ".map([](const auto& x) { return factor(x); }).reduce([] { return compose_identity; }, compose)",
           ".map(|x| factor(&x)).reduce(|| COMPOSE_IDENTITY, compose)"),
    simple("reduce_with", ".map([](const auto& x) { return factor(x); }).reduce_with(compose)", ".map(|x| factor(&x)).reduce_with(compose)"),
    simple("fold, reduce",
           ".fold([] { return compose_identity; }, [](word acc, const auto& x) { return compose(acc, factor(x)); })"
           ".reduce([] { return compose_identity; }, compose)",
           ".fold(|| COMPOSE_IDENTITY, |acc, x| compose(acc, factor(&x))).reduce(|| COMPOSE_IDENTITY, compose)"),
    simple("fold_with, reduce",
           ".fold_with(compose_identity, [](word acc, const auto& x) { return compose(acc, factor(x)); })"
           ".reduce([] { return compose_identity; }, compose)",
           ".fold_with(COMPOSE_IDENTITY, |acc, x| compose(acc, factor(&x))).reduce(|| COMPOSE_IDENTITY, compose)"),
    # Which of several failures comes out is left to chance in Rayon, so those here have no reason: whether there is one is not.
    simple("try_reduce", ".map([=](const auto& x) { return mostly(x, {0}); }).try_reduce([] { return compose_identity; }, [](word a, word b) "
           "{ return std::optional(compose(a, b)); })",
           ".map(move |x| mostly(&x, {0})).try_reduce(|| COMPOSE_IDENTITY, |a, b| Some(compose(a, b)))", after_trip=False),
    simple("try_reduce_with", ".map([=](const auto& x) { return mostly(x, {0}); }).try_reduce_with([](word a, word b) "
           "{ return std::optional(compose(a, b)); })",
           ".map(move |x| mostly(&x, {0})).try_reduce_with(|a, b| Some(compose(a, b)))", after_trip=False),
    simple("try_collect", ".map([=](const auto& x) { return mostly(x, {0}); }).try_collect()",
           ".map(move |x| mostly(&x, {0})).collect::<Option<Vec<u64>>>()", after_trip=False),
    Sink("try_for_each", "return show(make().try_for_each([=](const auto& x) { return mostly(x, {0}) ? std::optional(no_value()) : std::nullopt; }).has_value());",
         "show(make().try_for_each(|x| mostly(&x, {0}).map(|_| ())).is_some())", after_trip=False),
    Sink("for_each_with", "std::atomic<word> all(0);\n    make().for_each_with({0}, [&](const word& k, const auto& x) { all.fetch_add(scramble(bits(x) + k)); });\n"
         "    return show(all.load());",
         "let all = std::sync::atomic::AtomicU64::new(0);\n    make().for_each_with({0}, |k, x| { all.fetch_add(scramble(x.bits().wrapping_add(*k)), "
         "std::sync::atomic::Ordering::Relaxed); });\n    show(all.into_inner())", fits=indexed),
    Sink("for_each", "std::atomic<word> all(0);\n    make().for_each([&](const auto& x) { all.fetch_add(scramble(bits(x))); });\n    return show(all.load());",
         "let all = std::sync::atomic::AtomicU64::new(0);\n"
         "    make().for_each(|x| { all.fetch_add(scramble(x.bits()), std::sync::atomic::Ordering::Relaxed); });\n    show(all.into_inner())"),
    simple("any", f".any({PREDICATE[0]})", f".any({PREDICATE[2]})", after_trip=False),
    simple("all", f".all({PREDICATE[0]})", f".all({PREDICATE[2]})", after_trip=False),
    simple("find_first", f".find_first({PREDICATE[0]})", f".find_first({PREDICATE[1]})", after_trip=False, weight=1.5),
    simple("find_map_first", ".find_map_first([=](const auto& x) { return maybe(x, {0}); })", ".find_map_first(move |x| maybe(&x, {0}))",
           after_trip=False),
    simple("find_last", f".find_last({PREDICATE[0]})", f".find_last({PREDICATE[1]})", after_trip=False, weight=1.5),
    simple("find_map_last", ".find_map_last([=](const auto& x) { return maybe(x, {0}); })", ".find_map_last(move |x| maybe(&x, {0}))",
           after_trip=False),
    simple("position_first", f".position_first({PREDICATE[0]})", f".position_first({PREDICATE[2]})", fits=indexed, after_trip=False),
    simple("position_last", f".position_last({PREDICATE[0]})", f".position_last({PREDICATE[2]})", fits=indexed, after_trip=False),
    simple("partition", f".partition({PREDICATE[0]})", f".partition::<Vec<_>, Vec<_>, _>({PREDICATE[1]})"),
    simple("partition_map", ".partition_map([=](const auto& x) { return sorted_out(x, {0}); })",
           ".partition_map::<Vec<_>, Vec<_>, _, _, _>(move |x| sorted_out(x, {0}))"),
    Sink("unzip_into_vecs", "auto both = make().unzip();\n    std::vector first(both.first.begin(), both.first.end());\n    std::vector second(both.second.begin(), both.second.end());\n"
         "    make().unzip_into_vecs(first, second);\n    return show(first) + show(second);",
         "let (mut first, mut second) = (Vec::new(), Vec::new());\n    make().unzip_into_vecs(&mut first, &mut second);\n    show(first) + &show(second)",
         fits=lambda s: s.indexed and is_pair(s.type), weight=4),
    sorting("par_sort", "", "", fits=ordered),
    sorting("par_sort_unstable", "", "", fits=ordered),
    sorting("par_sort_by", "[=](const auto& a, const auto& b) { return key(b, {0}) < key(a, {0}); }", "|a, b| key(b, {0}).cmp(&key(a, {0}))"),
    sorting("par_sort_by_key", "[=](const auto& x) { return key(x, {0}); }", "|x| key(x, {0})"),
    sorting("par_sort_by_cached_key", "[=](const auto& x) { return key(x, {0}); }", "|x| key(x, {0})"),
    simple("unzip", ".unzip()", ".unzip::<_, _, Vec<_>, Vec<_>>()", fits=lambda s: is_pair(s.type), weight=4),
    compared("cmp"),
    compared("partial_cmp", only=lambda s: not is_list(s.type), shown=("return show_order({});", "show_order({})")),
    compared("eq", only=lambda s: True),
    compared("ne", only=lambda s: True),
    compared("lt", only=lambda s: not is_list(s.type)),
    compared("le", only=lambda s: not is_list(s.type)),
    compared("gt", only=lambda s: not is_list(s.type)),
    compared("ge", only=lambda s: not is_list(s.type)),
    Sink("join", "const auto both = join([&] { return show(make().collect()); }, [&] { return make().count(); });\n"
         "    return both.first + \" \" + show(both.second);",
         "let both = rayon::join(|| show(make().collect::<Vec<_>>()), || make().count());\n    both.0 + \" \" + &show(both.1)"),
]


class Writer:
    """One shape while it is drawn: its declarations and its parameters."""

    def __init__(self, draw, uses):
        self.draw = draw
        self.uses = uses
        self.cpp, self.rust = [], []
        self.parameters = 0
        self.sources = 0
        self.names = []

    def parameter(self):
        self.parameters += 1
        return f"p[{self.parameters - 1}]"

    def fill(self, text, names, state):
        for i, name in enumerate(names):
            text = text.replace("{%d}" % i, name)
        if "{T}" in text or "{R}" in text:
            text = text.replace("{T}", CPP.get(state.type, "")).replace("{R}", rust_type(state.type)) if is_number(state.type) else \
                text.replace("{R}", rust_type(state.type))
        return text.replace("{{", "{").replace("}}", "}")

    def pick(self, choices):
        """One of them; what was seldom chosen so far is likelier."""
        weights = [c.weight / (1 + self.uses[c.name]) ** 2 for c in choices]
        chosen = self.draw.choices(choices, weights)[0]
        self.uses[chosen.name] += 1
        self.names.append(chosen.name)
        return chosen

    def vector(self, t, size):
        name = f"v{self.sources}"
        self.sources += 1
        seed = self.parameter()
        if t == "r":
            self.cpp.append(f"const auto {name} = rough_data({size}, {seed});")
            self.rust.append(f"let {name} = rough_data({size}, {seed});")
        else:
            self.cpp.append(f"const auto {name} = data<{CPP[t]}>({size}, {seed});")
            self.rust.append(f"let {name} = data::<{RUST[t]}>({size}, {seed});")
        return name

    def source(self, t, size, first):
        """C++, Rust and state of a source of numbers of type t, or of any type where t is None."""
        how = ".with(how)" if first else ""
        kinds = ["vec", "vec", "owned"]
        if t in (None, "z"):
            kinds += ["range", "range"]
        if t is None:
            kinds += ["zip", "zip_eq", "par_chunks", "par_chunks_exact", "par_rchunks", "par_rchunks_exact", "par_windows", "par_split"]
        kind = self.draw.choices(kinds, [1 / (1 + self.uses["source " + k]) for k in kinds])[0]
        self.uses["source " + kind] += 1
        self.names.append("source " + kind)
        if kind == "range":
            start = self.parameter()
            return (f"par(iota(static_cast<std::size_t>({start} % 1000), static_cast<std::size_t>({start} % 1000) + {size})){how}",
                    f"({start} as usize % 1000..{start} as usize % 1000 + {size}).into_par_iter()", State("z", owned=True))
        number = t if t is not None else self.draw.choice(NUMBERS[:2] + NUMBERS[3:])
        if number == "z":  # a range, all the same
            return (f"par(iota(std::size_t{{0}}, {size})){how}", f"(0..{size}).into_par_iter()", State("z", owned=True))
        name = self.vector(number, size)
        if kind == "vec":
            return f"par({name}){how}", f"{name}.par_iter().copied()", State(number)
        if kind == "owned":
            return f"par(std::vector({name})){how}", f"{name}.clone().into_par_iter()", State(number)
        if kind in ("zip", "zip_eq"):
            second = self.draw.choice("iuf")
            other = self.vector(second, size if kind == "zip_eq" else f"other_size({self.parameter()}, {size})")
            return (f"par({name}){how}.{kind}({other})", f"{name}.par_iter().copied().{kind}({other}.par_iter().copied())",
                    State(("p", number, second)))
        if kind == "par_split":
            k = self.parameter()
            return (f"par_split({name}, [=](const auto& x) {{ return holds(x, {k}); }}){how}.map([](const auto& x) {{ return plain(x); }})",
                    f"{name}.par_split(move |x| holds(x, {k})).map(|x| x.to_vec())", State(("v", number), indexed=False, owned=True))
        # Windows overlap: short ones only.
        length = f"length_of({self.parameter()}{' | 1' if kind == 'par_windows' else ''}, {size})"
        return (f"{kind}({name}, {length}){how}.map([](const auto& x) {{ return plain(x); }})",
                f"{name}.{kind}({length}).map(|x| x.to_vec())", State(("v", number), owned=True, growth=8 if kind == "par_windows" else 1))

    def pipeline(self, stages, wanted=None, size="n", first=True, allowed=STAGES):
        """C++, Rust and state of a source and `stages` stages; with items of type `wanted` that is a number, if given."""
        cpp, rust, state = self.source(wanted if wanted is not None and stages == 0 else None if wanted is None else "u", size, first)
        for k in range(stages):
            fits = [s for s in allowed if s.fits(state) and not (s.other and not first)]
            fits = [s for s in fits if not s.other or s.other(state) == "any" or is_number(s.other(state))]
            if wanted is not None:
                fits = [s for s in fits if s.after(state).indexed and s.name != "trip" and (k + 1 < stages or s.after(state).type == wanted)]
            stage = self.pick(fits)
            other_cpp = other_rust = ""
            after = stage.after(state)
            if stage.other:
                asked = stage.other(state)
                other_size = f"other_size({self.parameter()}, {size})"
                if asked == "any":
                    asked = self.draw.choice("iuzf")
                    after = dataclasses.replace(after, type=("p", state.type, asked), owned=False)
                other_cpp, other_rust, other = self.pipeline(self.draw.choice([0, 0, 1]), asked, other_size, False, OTHER_STAGES)
                after = dataclasses.replace(after, owned=False)
            names = [self.parameter() for i in range(2) if "{%d}" % i in stage.cpp]
            cpp += "\n            " + self.fill(stage.cpp, names, state).replace("{other}", other_cpp)
            rust += "\n            " + self.fill(stage.rust, names, state).replace("{other}", other_rust)
            state = after
        return cpp, rust, state

    def shape(self, number):
        cpp, rust, state = self.pipeline(self.draw.choice([0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5]))
        sink = self.pick([s for s in SINKS if s.fits(state) and (s.after_trip or not state.tripped)])
        names = [self.parameter() for i in range(2) if "{%d}" % i in sink.cpp]
        lines = lambda texts: "".join(f"    {each}\n" for each in texts)
        title = ", ".join(self.names)
        return (f"// {title}\nstd::string shape_{number}([[maybe_unused]] std::size_t n, [[maybe_unused]] const word* p, const loop_options& how) {{\n"
                f"{lines(self.cpp)}    const auto make = [&] {{\n        return {cpp};\n    }};\n    {self.fill(sink.cpp, names, state)}\n}}\n",
                f"// {title}\nfn shape_{number}(n: usize, p: &[u64]) -> String {{\n"
                f"{lines(self.rust)}    let make = || {{\n        {rust}\n    }};\n    {self.fill(sink.rust, names, state)}\n}}\n")


# What a second source may go through: its number of items stays known.
OTHER_STAGES = [s for s in STAGES if s.name in
                ("map", "map to i", "map to u", "map to z", "map to f", "map to r", "rev", "take", "skip", "step_by", "inspect", "fold_chunks")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--per-file", type=int, default=10)
    asked = parser.parse_args()
    draw = random.Random(asked.seed)
    uses = collections.Counter()
    shapes = [Writer(draw, uses).shape(k) for k in range(asked.files * asked.per_file)]
    note = f"// SPDX-License-Identifier: Apache-2.0\n// Written by pipelines.py, seed {asked.seed}.\n"
    asked.out.mkdir(parents=True, exist_ok=True)

    def write(name, text):
        path = asked.out / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)

    for k in range(asked.files):
        own = shapes[k * asked.per_file:(k + 1) * asked.per_file]
        write(f"shapes_{k:02}.cpp", note + '#include "prelude.hpp"\n\nnamespace xrayon::differential {\n\n' + "\n".join(each[0] for each in own)
              + "\n} // namespace xrayon::differential\n")
    count = len(shapes)
    write("shapes.hpp", note + "namespace xrayon::differential {\n"
          + "".join(f"std::string shape_{k}(std::size_t n, const word* p, const loop_options& how);\n" for k in range(count))
          + "inline constexpr shape shapes[] = {" + ", ".join(f"shape_{k}" for k in range(count)) + "};\n} // namespace xrayon::differential\n")
    write("shapes.rs", note + "use crate::prelude::*;\nuse rayon::prelude::*;\n\n" + "\n".join(each[1] for each in shapes)
          + f"\npub const SHAPES: [fn(usize, &[u64]) -> String; {count}] = [" + ", ".join(f"shape_{k}" for k in range(count)) + "];\n")
    unused = [each.name for each in STAGES + SINKS if uses[each.name] == 0]
    if unused:
        raise SystemExit("never drawn: " + ", ".join(unused) + "; draw more shapes or another seed")
    print(f"{count} shapes, {len(STAGES)} stages and {len(SINKS)} sinks, each drawn at least {min(uses[each.name] for each in STAGES + SINKS)} times")


if __name__ == "__main__":
    main()
