// SPDX-License-Identifier: Apache-2.0
// A program of its own, because it replaces operator new: what uncertainty costs in memory, whatever the number of samples.
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include <malloc.h>

#include <xrayon/exec/pool.hpp>
#include <xrayon/random/uniform.hpp>

namespace {

std::atomic<std::size_t> live{0};
std::atomic<std::size_t> peak{0};
std::atomic<std::size_t> large{0};  // allocations of at least half an output
std::atomic<std::size_t> large_bytes{SIZE_MAX};

void* counted(std::size_t bytes, std::size_t alignment) {
    void* const memory = alignment <= alignof(std::max_align_t)
                             ? std::malloc(bytes)
                             : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    large += bytes >= large_bytes ? 1 : 0;
    const std::size_t now = live += ::malloc_usable_size(memory);
    std::size_t before = peak.load();
    while (before < now && !peak.compare_exchange_weak(before, now)) {}
    return memory;
}
void* counted_or_null(std::size_t bytes, std::size_t alignment) noexcept {
    try {
        return counted(bytes, alignment);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void uncounted(void* memory) noexcept {
    if (memory != nullptr) {
        live -= ::malloc_usable_size(memory);
        std::free(memory);
    }
}

} // namespace

// All of them: AddressSanitizer has its own of each, and what one of them made another one must not free.
void* operator new(std::size_t bytes) { return counted(bytes, 0); }
void* operator new[](std::size_t bytes) { return counted(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return counted(bytes, static_cast<std::size_t>(alignment)); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) { return counted(bytes, static_cast<std::size_t>(alignment)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return counted_or_null(bytes, 0); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return counted_or_null(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return counted_or_null(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return counted_or_null(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete[](void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { uncounted(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { uncounted(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { uncounted(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept { uncounted(memory); }

namespace {

using namespace xrayon;
using ml::batch_inference_with_uncertainty;

constexpr std::size_t width = 1024;
constexpr std::size_t output = width * sizeof(double);

struct returning {
    xt::xtensor<double, 1> operator()(int, stream& draws) const {
        xt::xtensor<double, 1> out = xt::xtensor<double, 1>::from_shape({width});
        out.fill(draw_uniform(draws));
        return out;
    }
};
struct writing {
    std::array<std::size_t, 1> sample_shape(int) const { return {width}; }
    void operator()(int, stream& draws, const array_view<double, 1>& out) const { out.fill(draw_uniform(draws)); }
};

struct cost {
    std::size_t bytes;        ///< Most that were there beyond what was there before.
    std::size_t allocations;  ///< Of the size of an output or so.
};

template <class Model>
cost cost_of(const Model& model, std::size_t threads, const std::vector<int>& batches, const ml::uncertainty_options& options) {
    const pool workers(threads);
    const auto run = [&] { return batch_inference_with_uncertainty(batches, model, options); };
    (void)workers.install([&] { return batch_inference_with_uncertainty(batches, model, {.samples = 64, .grain = 1}); });  // threads have begun
    const std::size_t before = live;
    peak = before;
    large = 0;
    large_bytes = output / 2;
    const auto kept = workers.install(run);
    large_bytes = SIZE_MAX;
    return {peak - before, large};
}

/// What the docstring says, in bytes: results, sets of moments, samples that are being computed, and small change.
std::size_t bound(std::size_t threads, std::size_t batches, std::size_t samples) {
    const std::size_t sets = threads * (2 + std::bit_width(samples - 1));
    return (3 * batches + 3 * sets + threads) * output + (std::size_t{1} << 16);
}

} // namespace

TEST_CASE("uncertainty memory: 10,000 samples cost threads x (2 + log2 samples) sets of moments at most", "[ml][uncertainty][memory][U3]") {
    for (const std::size_t threads : test::thread_counts) {
        for (const auto& [batches, samples] : {std::pair<std::size_t, std::size_t>{1, 10000}, {3, 1000}, {12, 100}}) {
            const test::random_delays delays(threads + batches, 512);
            const std::vector<int> each(batches);
            const std::size_t most = bound(threads, batches, samples);
            const auto check = [&](const cost& got) {
                INFO("threads " << threads << ", batches " << batches << ": " << got.bytes / output << " outputs of " << most / output);
                CHECK(got.bytes <= most);
            };
            check(cost_of(returning{}, threads, each, {.samples = samples}));
            const cost written = cost_of(writing{}, threads, each, {.samples = samples, .grain = 1});
            check(written);
            // Samples that are written in place: sets are made once and recycled, so allocations do not grow with samples either.
            CHECK(written.allocations <= threads * (2 + std::bit_width(samples - 1)) + 6 * batches);
        }
    }
}

TEST_CASE("uncertainty memory: more samples cost no more but for the depth of the tree", "[ml][uncertainty][memory]") {
    const std::vector<int> one(1);
    const cost few = cost_of(writing{}, 1, one, {.samples = 64});
    const cost many = cost_of(writing{}, 1, one, {.samples = 16384});
    // From 2^6 to 2^14 leaves: eight more levels, a set each.
    CHECK(many.bytes <= few.bytes + 8 * 3 * output + (std::size_t{1} << 16));
}

TEST_CASE("uncertainty memory: quantiles keep every sample of a batch, and say so", "[ml][uncertainty][memory][quantiles]") {
    const cost got = cost_of(writing{}, 1, std::vector<int>(4), {.samples = 200, .quantiles = {0.5}});
    CHECK(got.bytes >= 200 * output);
    CHECK(got.bytes <= 200 * output + bound(1, 8, 200));  // of one batch at a time
}
