// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SOURCE_ZIP_HPP
#define XRAYON_PAR_SOURCE_ZIP_HPP

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

#include <xrayon/par/detail/flow.hpp>

namespace xrayon::detail {

/// Item i of each of several sources, as a tuple; as many as the shortest has.
template <indexed_source... Sources>
class zip_source {
public:
    explicit zip_source(Sources... sources) : sources_(std::move(sources)...) {}
    [[nodiscard]] std::size_t size() const {
        return std::apply([](const auto&... each) { return std::min({each.size()...}); }, sources_);
    }
    [[nodiscard]] auto open() const {
        return std::apply(
            [](const auto&... each) {
                return [readers = std::tuple(each.open()...)](std::size_t i) mutable {
                    // In braces, because only there they are read from left to right: if several throw, the first one's comes out.
                    return std::apply([i](auto&... read) { return std::tuple<source_item_t<Sources>...>{read(i)...}; }, readers);
                };
            },
            sources_);
    }

private:
    std::tuple<Sources...> sources_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_SOURCE_ZIP_HPP
