// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_OOM_OPERATIONS_HPP
#define XRAYON_TESTS_OOM_OPERATIONS_HPP

#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace xrayon::test {

/// A number that stands for all bits of what is added; allocates nothing.
class fingerprint {
public:
    template <class T>
    fingerprint& add(const T& value) {
        if constexpr (std::is_same_v<T, double>) {
            mix(std::bit_cast<std::uint64_t>(value));
        } else if constexpr (std::is_same_v<T, float>) {
            mix(std::bit_cast<std::uint32_t>(value));
        } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
            mix(static_cast<std::uint64_t>(value));
        } else {
            std::uint64_t size = 0;
            for (const auto& each : value) {
                add(each);
                ++size;
            }
            mix(size);
        }
        return *this;
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return bits_; }

private:
    void mix(std::uint64_t x) noexcept {  // FNV-1a, by words
        bits_ = (bits_ ^ x) * 0x100000001b3u;
        bits_ ^= bits_ >> 29;
    }
    std::uint64_t bits_ = 0xcbf29ce484222325u;
};

/// The fingerprint of some values.
template <class... T>
[[nodiscard]] std::uint64_t bits_of(const T&... values) {
    fingerprint all;
    (all.add(values), ...);
    return all.value();
}

/// How a call ended, as far as memory is concerned.
enum class ending { value, no_memory, refused, other_error };

/// Runs `f`, and drops what it throws here, so that nothing of it is alive afterwards.
ending end_of(const std::function<std::uint64_t()>& f, std::uint64_t& bits) noexcept;

/// Something that the library does, so that every n-th of its allocations can fail.
struct operation {
    std::string name;
    /// Does it, on inputs that were made beforehand, and returns the bits of the result. May throw, from lack of memory only.
    std::function<std::uint64_t()> run;
    /// The bits of the inputs, which must not change.
    std::function<std::uint64_t()> inputs;
    /// It shares work with the threads of the pool that it runs in. Else one thread count is as good as another.
    bool parallel = true;
};

/// An operation: `run(inputs)` returns the bits of the result.
template <class Inputs, class Run>
[[nodiscard]] operation on(std::string name, Inputs inputs, Run run) {
    auto kept = std::make_shared<const Inputs>(std::move(inputs));
    return {std::move(name), [kept, run] { return run(*kept); }, [kept] { return bits_of(*kept); }, true};
}

/// One that shares nothing, and has no inputs that could change.
template <class Run>
[[nodiscard]] operation serial(std::string name, Run run) {
    return {std::move(name), run, [] { return std::uint64_t{0}; }, false};
}

/// Everything that allocates. To register an algorithm, add it to its module's list in operations.cpp: one line.
[[nodiscard]] std::vector<operation> operations();

} // namespace xrayon::test

#endif // XRAYON_TESTS_OOM_OPERATIONS_HPP
