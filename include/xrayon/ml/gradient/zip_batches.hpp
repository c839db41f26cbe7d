// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_ZIP_BATCHES_HPP
#define XRAYON_ML_GRADIENT_ZIP_BATCHES_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/core/concepts.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon::ml {

namespace detail {

/// A range that a zip reads: containers stay where they are, views are copied.
template <class Range>
class borrowed_batches {
public:
    borrowed_batches() = default;
    explicit borrowed_batches(Range& range) : range_(&range) {}
    [[nodiscard]] decltype(auto) operator[](std::size_t i) const { return element(*range_, i); }

private:
    Range* range_ = nullptr;
};
template <class Range>
class kept_batches {
public:
    kept_batches() = default;
    explicit kept_batches(Range range) : range_(std::move(range)) {}
    [[nodiscard]] decltype(auto) operator[](std::size_t i) const { return element(range_, i); }

private:
    Range range_ = {};
};

template <class Range>
inline constexpr bool keeps_batches = std::ranges::enable_view<std::remove_cvref_t<Range>> && std::default_initializable<std::remove_cvref_t<Range>>
                                      && std::copyable<std::remove_cvref_t<Range>>;
template <class Range>
using batches_of_range = std::conditional_t<keeps_batches<Range>, kept_batches<std::remove_cvref_t<Range>>,
                                            borrowed_batches<const std::remove_reference_t<Range>>>;

template <class... Ranges>
struct zipped_at {
    std::tuple<Ranges...> ranges = {};
    auto operator()(std::size_t i) const {
        return std::apply([i](const auto&... each) { return std::tuple<decltype(each[i])...>{each[i]...}; }, ranges);
    }
};

} // namespace detail

/// A range that lives on after the call, or a view of one.
template <class Range>
concept zippable_batches = indexed_range<std::remove_cvref_t<Range>> && (std::is_lvalue_reference_v<Range> || detail::keeps_batches<Range>);

/// @brief Batches that belong together, such as rows and their labels: an indexed_range of tuples, which gradient functions take apart,
///        `f(X, y)`.
///
/// @param x, others  Ranges of as many batches: `zip_batches(batches(X, 256), batches(y, 256))`. Containers are borrowed; temporary ones are
///                   refused when compiling.
/// @returns          Element i is the tuple of their elements i, made afresh at each access.
/// @throws shape_error  `zip_batches: y has 9 batches, X has 10`
template <zippable_batches X, zippable_batches... Others>
    requires(sizeof...(Others) >= 1)
[[nodiscard]] auto zip_batches(X&& x, Others&&... others) {
    const std::size_t n = element_count(x);
    std::size_t number = 1;
    const auto check_count = [&](std::size_t count) {
        if (count != n) [[unlikely]] {
            const std::string name = number == 1 ? "y" : "range " + to_text(number);
            throw shape_error("zip_batches: " + name + " has " + to_text(count) + " batches, X has " + to_text(n), {count}, {n});
        }
        ++number;
    };
    (check_count(element_count(others)), ...);
    using at = detail::zipped_at<detail::batches_of_range<X>, detail::batches_of_range<Others>...>;
    return indexed_view(n, at{std::tuple(detail::batches_of_range<X>(x), detail::batches_of_range<Others>(others)...)});
}

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_ZIP_BATCHES_HPP
