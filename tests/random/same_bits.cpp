// SPDX-License-Identifier: Apache-2.0
// Prints a digest of everything that random numbers are made of. CMakeLists.txt compiles it under several compilers and flags: each of
// those programs must print the same.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/random/bernoulli.hpp>
#include <xrayon/random/exponential.hpp>
#include <xrayon/random/integer.hpp>
#include <xrayon/random/normal.hpp>
#include <xrayon/random/sample.hpp>
#include <xrayon/random/shuffle.hpp>
#include <xrayon/random/stream.hpp>
#include <xrayon/random/uniform.hpp>
#include <xrayon/random/weighted.hpp>

namespace {

using namespace xrayon;

/// FNV-1a over 64-bit words.
class digest {
public:
    template <class Number>
    void add(Number value) {
        if constexpr (std::is_same_v<Number, double>) {
            mix(std::bit_cast<std::uint64_t>(value));
        } else if constexpr (std::is_same_v<Number, float>) {
            mix(std::bit_cast<std::uint32_t>(value));
        } else {
            mix(static_cast<std::uint64_t>(value));
        }
    }
    template <class Number>
    void add(const std::vector<Number>& values) {
        for (const Number value : values) {
            add(value);
        }
    }
    void print(std::string_view what) {
        std::printf("%-12.*s %016llx\n", static_cast<int>(what.size()), what.data(), static_cast<unsigned long long>(state_));
        state_ = start;
    }

private:
    static constexpr std::uint64_t start = 0xcbf29ce484222325u;
    void mix(std::uint64_t word) { state_ = (state_ ^ word) * 0x100000001b3u; }
    std::uint64_t state_ = start;
};

template <class Kind>
void all_sets(Kind kind) {
    for (const auto set : {instruction_set::portable, instruction_set::avx2, instruction_set::avx512}) {
        kind(runs(set) ? set : instruction_set::portable);
    }
}

} // namespace

int main() {
    constexpr std::size_t n = 20000;
    digest d;
    const stream root = stream(2026) / "same bits";

    for (int i = 0; i < 1000; ++i) {
        const stream s = root / i / "name";
        d.add(s.address().key);
        d.add(s.address().nonce);
        d.add(stream(s).next_u64());
    }
    d.print("streams");

    std::vector<double> x(n);
    std::vector<float> y(n);
    const auto bounds = detail::checked_bounds("", -0.3, 0.7);
    const auto bounds_float = detail::checked_bounds("", -0.3F, 0.7F);
    all_sets([&](instruction_set set) {
        detail::fill_uniform(set, root.address(), 6, bounds, x.data(), n);
        detail::fill_uniform(set, root.address(), 5, bounds_float, y.data(), n);
        d.add(x);
        d.add(y);
    });
    stream s = root;
    for (std::size_t i = 0; i < n; ++i) {
        d.add(draw_uniform(s));
        d.add(draw_uniform(s, -3.3, 1e9));
        d.add(draw_uniform<float>(s));
        d.add(draw_uniform<float>(s, 0.1F, 0.3F));
    }
    d.print("uniform");

    all_sets([&](instruction_set set) {
        detail::fill_normal(set, root.address(), 2, 0.1, 1.3, x.data(), n);
        detail::fill_normal(set, root.address(), 4, 0.1, 1.3, y.data(), n);
        d.add(x);
        d.add(y);
    });
    s = root / "normal";
    for (std::size_t i = 0; i < n; ++i) {
        d.add(draw_normal(s));
        d.add(draw_normal(s, -1.1, 0.3));
        d.add(detail::one_normal::run(~(s.next_u64() >> (1 + i % 53)), 0, 1));  // the tails
    }
    d.print("normal");

    all_sets([&](instruction_set set) {
        detail::fill_exponential(set, root.address(), 0, 0.9, x.data(), n);
        d.add(x);
    });
    s = root / "exponential";
    for (std::size_t i = 0; i < n; ++i) {
        d.add(draw_exponential(s, 3));
        d.add(detail::one_exponential::run(~(s.next_u64() >> (i % 53)), 1));  // near 0
    }
    d.print("exponential");

    std::vector<std::int64_t> wide(n);
    std::vector<std::int32_t> narrow(n);
    std::vector<std::uint8_t> hits(n);
    fill_integers(root / 1, wide, -5, std::int64_t{1} << 62);
    fill_integers(root / 2, narrow, -1000, 2000);
    fill_bernoulli(root / 3, hits, 0.3);
    d.add(wide);
    d.add(narrow);
    d.add(hits);
    s = root / 4;
    for (std::size_t i = 0; i < n; ++i) {
        d.add(draw_integer(s, 0, 9));
        d.add(draw_bernoulli(s, 1.0 / 3));
        d.add(draw_weighted(s, std::vector<double>{0.1, 0.2, 0.3}));
    }
    d.add(permutation(root / 5, 1000));
    d.add(sample_indices(root / 6, 1000, 100));
    d.add(sample_indices(root / 7, 100000, 100));
    d.print("integers");
}
