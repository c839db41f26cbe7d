// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_DELAYS_HPP
#define XRAYON_TESTS_SUPPORT_DELAYS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

#include <xrayon/exec/call_context.hpp>

namespace xrayon::test {

/// A good mix of a number's bits (splitmix64's finaliser).
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/// While it lives, one item in `every` is preceded by a yield or by spinning for up to 100 us, at places that `seed` picks: other
/// threads overtake each other at other points in every run, which is what brings races of order to light.
class random_delays final : public item_hook {
public:
    explicit random_delays(std::uint64_t seed, std::uint64_t every = 4) : seed_(seed), every_(every), before_(set_item_hook(this)) {}
    ~random_delays() { set_item_hook(before_); }
    random_delays(const random_delays&) = delete;
    random_delays& operator=(const random_delays&) = delete;

    void before(const call_frame& frame) noexcept override {
        const std::uint64_t draw = mix(seed_ * 0x9e3779b97f4a7c15u + frame.index);
        if (draw % every_ != 0) {
            return;
        }
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds((draw >> 32) % 3 * 50);
        do {
            std::this_thread::yield();
        } while (std::chrono::steady_clock::now() < until);
    }
    void after(const call_frame&) noexcept override {}

private:
    std::uint64_t seed_;
    std::uint64_t every_;
    item_hook* before_;
};

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_DELAYS_HPP
