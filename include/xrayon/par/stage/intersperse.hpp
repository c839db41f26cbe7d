// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_INTERSPERSE_HPP
#define XRAYON_PAR_STAGE_INTERSPERSE_HPP

#include <cstddef>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/item_count.hpp>

namespace xrayon::detail {

/// The items of a source with a copy of a value between each two of them.
template <indexed_source Source>
class intersperse_source {
    using value = stored_t<source_item_t<Source>>;

public:
    intersperse_source(Source source, value between) : source_(std::move(source)), between_(std::move(between)) {
        const std::size_t n = source_.size();
        check_item_count(n, n == 0 ? 0 : n - 1, "intersperse");
    }
    [[nodiscard]] std::size_t size() const { return source_.size() == 0 ? 0 : 2 * source_.size() - 1; }
    [[nodiscard]] auto open() const {
        return [read = source_.open(), &between = between_](std::size_t i) mutable -> value {
            if (i % 2 == 1) {
                return between;
            }
            return static_cast<value>(read(i / 2));
        };
    }

private:
    Source source_;
    value between_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_INTERSPERSE_HPP
