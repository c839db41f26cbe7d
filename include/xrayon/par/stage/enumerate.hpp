// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_ENUMERATE_HPP
#define XRAYON_PAR_STAGE_ENUMERATE_HPP

#include <cstddef>
#include <utility>

#include <xrayon/par/detail/flow.hpp>

namespace xrayon::detail {

/// `pair(i, item i)`.
template <indexed_source Source>
class enumerate_source {
public:
    explicit enumerate_source(Source source) : source_(std::move(source)) {}
    [[nodiscard]] std::size_t size() const { return source_.size(); }
    [[nodiscard]] auto open() const {
        return [read = source_.open()](std::size_t i) mutable { return std::pair<std::size_t, source_item_t<Source>>(i, read(i)); };
    }

private:
    Source source_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_ENUMERATE_HPP
