// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SOURCE_REPEAT_HPP
#define XRAYON_PAR_SOURCE_REPEAT_HPP

#include <cstddef>
#include <exception>
#include <utility>

namespace xrayon::detail {

/// One value, n times; items refer to it.
template <class T>
class repeat_source {
public:
    repeat_source(T value, std::size_t n) : value_(std::move(value)), size_(n) {}
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] auto open() const {
        return [this](std::size_t) -> const T& { return value_; };
    }

private:
    T value_;
    std::size_t size_;
};

/// No item.
template <class T>
struct empty_source {
    [[nodiscard]] std::size_t size() const noexcept { return 0; }
    [[nodiscard]] auto open() const {
        return [](std::size_t) -> T { std::terminate(); };  // is not called
    }
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_SOURCE_REPEAT_HPP
