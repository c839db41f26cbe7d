// SPDX-License-Identifier: Apache-2.0
// A program of its own, because it replaces operator new: a network allocates nothing once its working memory is there.
#include <xrayon/ml/models/multilayer_perceptron.hpp>

#include "../support/catch.hpp"
#include "network_support.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/batch_inference.hpp>

namespace {

std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> large{0};  // a page and more, as any buffer of rows is here

void* counted(std::size_t bytes, std::size_t alignment) {
    void* const memory = alignment <= alignof(std::max_align_t)
                             ? std::malloc(bytes)
                             : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    ++allocations;
    large += bytes >= 4096;
    return memory;
}
void* counted_or_null(std::size_t bytes, std::size_t alignment) noexcept {
    try {
        return counted(bytes, alignment);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void uncounted(void* memory) noexcept { std::free(memory); }

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

namespace {

struct counts {
    std::size_t all = 0;
    std::size_t large = 0;
};

template <class F>
counts counts_of(const F& f) {
    const counts before{allocations, large};
    f();
    return {allocations - before.all, large - before.large};
}

template <class Real>
void allocates_nothing(ml::activation_function activation) {
    using network = ml::multilayer_perceptron<Real>;
    const network net({.layers = {40, 96, 64, 10}, .activation = activation, .dropout = {0.2}});
    const auto x = test::normal_matrix<Real>(300, 40, 1);
    const auto y = test::cyclic_labels(300, 10);
    auto out = xt::xtensor<Real, 2>::from_shape({300, 10});
    typename network::parameters_type gradient;
    const stream source(3);
    const auto prepared = net.prepare(x);
    network other = net;
    const auto everything = [&](std::size_t rows) {
        const auto some = view_of(x).slice(0, rows);
        const auto to = view_of(out).slice(0, rows);
        net.forward_into(some, to);
        net(some, to);
        net.predict_with_dropout_into(some, source, to);
        net.predict_with_dropout_into(prepared, source, out);
        (void)net.gradient_into(some, view_of(y).slice(0, rows), gradient);
        (void)net.add_gradient(some, view_of(y).slice(0, rows), source, gradient);
        other.set_parameters(net.parameters());
        ml::batch_inference_into(batches(some, 50), net, batches(to, 50));
    };
    const pool alone(1);
    alone.install([&] {
        everything(300);
        for (const std::size_t rows : {300u, 1u, 64u, 65u, 129u, 300u}) {
            REQUIRE(counts_of([&] { everything(rows); }).all == 0);
        }
    });
    // Several threads: oneTBB's tasks are not ours to count, and a thread's first buffers may come late; but no call brings its own.
    const pool several(3);
    several.install([&] {
        const counts many = counts_of([&] {
            for (int repeat = 0; repeat < 30; ++repeat) {
                everything(300);
            }
        });
        REQUIRE(many.large <= 3 * 8);
    });
}

} // namespace

TEST_CASE("network memory: nothing is allocated in the steady state", "[ml][network][memory]") {
    allocates_nothing<double>(ml::activation_function::relu);
    allocates_nothing<float>(ml::activation_function::tanh);
}

TEST_CASE("network memory: the counter counts", "[ml][network][memory]") {
    const ml::multilayer_perceptron<double> net({.layers = {40, 96, 10}});
    const auto x = test::normal_matrix<double>(300, 40, 1);
    REQUIRE(counts_of([&] { (void)net.forward(x); }).large >= 1);
}
