// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/recycling_resource.hpp>

#include "../support/catch.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory_resource>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include <xrayon/exec/resource_allocator.hpp>

using namespace xrayon;

namespace {

/// Knows every block that is out, and minds when one comes back with another size or alignment.
class watching_resource final : public std::pmr::memory_resource {
public:
    std::size_t limit = ~std::size_t{0};
    [[nodiscard]] std::size_t bytes() const {
        const std::lock_guard lock(mutex_);
        return bytes_;
    }
    [[nodiscard]] std::size_t calls() const {
        const std::lock_guard lock(mutex_);
        return calls_;
    }
    [[nodiscard]] bool wrong() const {
        const std::lock_guard lock(mutex_);
        return wrong_;
    }

private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        const std::lock_guard lock(mutex_);
        ++calls_;
        if (bytes > limit - bytes_ || bytes > std::size_t{1} << 40) {  // AddressSanitizer would end the program
            throw std::bad_alloc();
        }
        void* const memory = ::operator new(bytes, std::align_val_t(alignment));
        out_[memory] = {bytes, alignment};
        bytes_ += bytes;
        return memory;
    }
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
        const std::lock_guard lock(mutex_);
        const auto found = out_.find(memory);
        if (found == out_.end() || found->second != std::pair{bytes, alignment}) {
            wrong_ = true;
            return;
        }
        out_.erase(found);
        bytes_ -= bytes;
        ::operator delete(memory, std::align_val_t(alignment));
    }
    [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

    mutable std::mutex mutex_;
    std::map<void*, std::pair<std::size_t, std::size_t>> out_;
    std::size_t bytes_ = 0;
    std::size_t calls_ = 0;
    bool wrong_ = false;
};

constexpr std::size_t mebibyte = std::size_t{1} << 20;

} // namespace

TEST_CASE("recycling_resource: a block that came back is handed out again", "[exec][recycling_resource]") {
    watching_resource upstream;
    {
        recycling_resource memory({.upstream = &upstream});
        void* const first = memory.allocate(3 * mebibyte, 64);
        memory.deallocate(first, 3 * mebibyte, 64);
        REQUIRE(memory.kept_bytes() >= 3 * mebibyte);
        REQUIRE(memory.allocate(3 * mebibyte - 1000, 8) == first);  // near enough
        REQUIRE(memory.reused() == 1);
        REQUIRE(memory.kept_bytes() == 0);
        void* const other = memory.allocate(2 * mebibyte, 64);  // not: another size
        REQUIRE(other != first);
        memory.deallocate(first, 3 * mebibyte - 1000, 8);
        memory.deallocate(other, 2 * mebibyte, 64);
        REQUIRE(upstream.calls() == 2);
        memory.release();
        REQUIRE(memory.kept_bytes() == 0);
        REQUIRE(upstream.bytes() == 0);
        memory.deallocate(memory.allocate(mebibyte, 1), mebibyte, 1);
        REQUIRE(upstream.bytes() != 0);
    }
    REQUIRE(upstream.bytes() == 0);  // its end gives all back
    REQUIRE(!upstream.wrong());
}

TEST_CASE("recycling_resource: every size comes back as what it was", "[exec][recycling_resource]") {
    watching_resource upstream;
    recycling_resource memory({.upstream = &upstream});
    for (std::size_t bytes = 1; bytes < 70 * mebibyte; bytes = bytes * 9 / 8 + 1) {
        for (const std::size_t alignment : {std::size_t{1}, std::size_t{64}, std::size_t{8192}}) {
            auto* const block = static_cast<unsigned char*>(memory.allocate(bytes, alignment));
            REQUIRE(reinterpret_cast<std::uintptr_t>(block) % alignment == 0);
            block[0] = 1;
            block[bytes - 1] = 2;
            memory.deallocate(block, bytes, alignment);
            if (bytes < recycling_resource::smallest_kept) {
                REQUIRE(memory.kept_bytes() == 0);
            }
            REQUIRE(memory.kept_bytes() <= bytes + bytes / 7);
        }
        memory.release();
        REQUIRE(upstream.bytes() == 0);
    }
    REQUIRE(!upstream.wrong());
    REQUIRE_THROWS_AS(memory.allocate(~std::size_t{0} / 2, 8), std::bad_alloc);
}

TEST_CASE("recycling_resource: keeps no more than it may", "[exec][recycling_resource]") {
    watching_resource upstream;
    recycling_resource memory({.max_kept_bytes = 3 * mebibyte, .upstream = &upstream});
    std::vector<void*> blocks;
    for (int i = 0; i < 5; ++i) {
        blocks.push_back(memory.allocate(mebibyte, 8));
    }
    for (void* const block : blocks) {
        memory.deallocate(block, mebibyte, 8);
    }
    REQUIRE(memory.kept_bytes() == 3 * mebibyte);
    REQUIRE(upstream.bytes() == 3 * mebibyte);
    memory.deallocate(memory.allocate(4 * mebibyte, 8), 4 * mebibyte, 8);
    REQUIRE(memory.kept_bytes() == 3 * mebibyte);
}

TEST_CASE("recycling_resource: what is kept is given up where memory runs out", "[exec][recycling_resource]") {
    watching_resource upstream;
    upstream.limit = 5 * mebibyte;
    recycling_resource memory({.upstream = &upstream});
    memory.deallocate(memory.allocate(3 * mebibyte, 8), 3 * mebibyte, 8);
    void* const block = memory.allocate(4 * mebibyte, 8);
    REQUIRE(upstream.bytes() == 4 * mebibyte);
    REQUIRE_THROWS_AS(memory.allocate(2 * mebibyte, 8), std::bad_alloc);
    memory.deallocate(block, 4 * mebibyte, 8);
}

TEST_CASE("recycling_resource: from many threads at once", "[exec][recycling_resource]") {
    watching_resource upstream;
    {
        recycling_resource memory({.max_kept_bytes = 4 * mebibyte, .upstream = &upstream});
        std::atomic<bool> shared{false};
        std::vector<std::thread> threads;
        for (unsigned t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (std::size_t i = 0; i < 2000; ++i) {
                    const std::size_t bytes = recycling_resource::smallest_kept * (1 + (i * 7 + t) % 5);
                    auto* const block = static_cast<unsigned char*>(memory.allocate(bytes, 8));
                    std::memset(block + 100, static_cast<int>(t + 1), 64);
                    std::this_thread::yield();
                    for (std::size_t k = 100; k < 164; ++k) {
                        if (block[k] != t + 1) {
                            shared = true;
                        }
                    }
                    memory.deallocate(block, bytes, 8);
                }
            });
        }
        for (std::thread& each : threads) {
            each.join();
        }
        REQUIRE(!shared);
        REQUIRE(memory.reused() > 0);
    }
    REQUIRE(upstream.bytes() == 0);
    REQUIRE(!upstream.wrong());
}

TEST_CASE("resource_allocator: memory goes back to where it came from, however containers are moved", "[exec][recycling_resource]") {
    watching_resource one;
    watching_resource two;
    {
        using numbers = std::vector<double, resource_allocator<double>>;
        numbers a(1000, 1.0, resource_allocator<double>(&one));
        numbers b(2000, 2.0, resource_allocator<double>(&two));
        REQUIRE(reinterpret_cast<std::uintptr_t>(a.data()) % 64 == 0);
        const numbers copy = a;
        REQUIRE(copy.get_allocator().resource() == &one);
        const double* const before = b.data();
        a = std::move(b);
        REQUIRE(a.data() == before);
        std::swap(a, b);
        b.resize(5000);
        a = numbers(10);
        REQUIRE(b[0] == 2);
        b = copy;
        REQUIRE(b.size() == 1000);
        REQUIRE_THROWS_AS(resource_allocator<double>().allocate(~std::size_t{0} / 8), std::bad_array_new_length);
    }
    REQUIRE(one.bytes() == 0);
    REQUIRE(two.bytes() == 0);
    REQUIRE((!one.wrong() && !two.wrong()));
}
