// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_SELECT_HPP
#define XRAYON_PAR_STAGE_SELECT_HPP

#include <algorithm>
#include <cstddef>
#include <utility>

#include <xrayon/par/detail/flow.hpp>

namespace xrayon::detail {

/// Items first, first + step, first + 2 step ... of a source: `count` of them, or backwards. What take, skip, step_by and rev are.
template <indexed_source Source>
class select_source {
public:
    select_source(Source source, std::size_t first, std::size_t count, std::size_t step, bool backwards)
        : source_(std::move(source)), first_(first), count_(count), step_(step), backwards_(backwards) {}

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] auto open() const {
        // Modulo 2^64 a step back is a step ahead.
        const std::size_t from = backwards_ ? first_ + (count_ - 1) * step_ : first_;
        const std::size_t by = backwards_ ? std::size_t{0} - step_ : step_;
        return [read = source_.open(), from, by](std::size_t i) mutable -> decltype(auto) { return read(from + i * by); };
    }

private:
    Source source_;
    std::size_t first_;
    std::size_t count_;
    std::size_t step_;
    bool backwards_;
};

template <class Source>
inline constexpr bool is_plain_source<select_source<Source>> = is_plain_source<Source>;

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_SELECT_HPP
