// SPDX-License-Identifier: Apache-2.0
// Peak memory of the scalers, by an operator new that counts.
#include <xrayon/ml/preprocess/standardize_chunk.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/recycling_resource.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>
#include <xrayon/ml/preprocess/robust_scaler.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>

namespace {

std::atomic<std::size_t> live{0};
std::atomic<std::size_t> peak{0};

void* counted(std::size_t bytes, std::size_t alignment) {
    void* const memory = alignment <= alignof(std::max_align_t)
                             ? std::malloc(bytes)
                             : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
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

/// How far memory rose above what was there before.
template <class Call>
std::size_t rise(const Call& call) {
    const std::size_t before = live.load();
    peak = before;
    call();
    return peak.load() - before;
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

using namespace xrayon;

TEST_CASE("scalers: memory beyond the data is that of a few rows a thread, and of the result", "[ml][scalers][memory]") {
    constexpr std::size_t rows = 100'000;
    constexpr std::size_t columns = 20;
    xt::xtensor<double, 2> x = xt::xtensor<double, 2>::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = static_cast<double>(i * 2654435761u % 1000);
    }
    constexpr std::size_t data = rows * columns * sizeof(double);
    const pool workers(4);
    workers.install([&] {
        ml::standard_scaler scaler;
        ml::min_max_scaler range;
        scaler.fit(x);  // the pool's own memory, once
        // Partial results: threads x (2 + log2 98 leaves) rows of statistics, and what the loop needs for itself.
        constexpr std::size_t little = 256 << 10;
        REQUIRE(rise([&] { scaler.fit(x); }) < little);
        REQUIRE(rise([&] { range.fit(x); }) < little);
        REQUIRE(rise([&] { scaler.transform_in_place(x); }) < little);
        REQUIRE(rise([&] { scaler.inverse_transform_in_place(x); }) < little);
        REQUIRE(rise([&] { ml::standardize_chunk_in_place(x); }) < little);
        REQUIRE(rise([&] { (void)scaler.transform(x); }) < data + little);
        recycling_resource memory;
        (void)scaler.transform(x, memory);
        REQUIRE(rise([&] { (void)scaler.transform(x, memory); }) < little);
        REQUIRE(memory.reused() == 1);
        // A column a thread here.
        ml::robust_scaler robust;
        REQUIRE(rise([&] { robust.fit(x); }) < 4 * rows * sizeof(double) + little);
    });
}
