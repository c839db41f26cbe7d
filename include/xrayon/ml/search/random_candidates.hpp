// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_RANDOM_CANDIDATES_HPP
#define XRAYON_ML_SEARCH_RANDOM_CANDIDATES_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/ml/detail/elementary.hpp>
#include <xrayon/ml/search/axis.hpp>
#include <xrayon/random/integer.hpp>
#include <xrayon/random/stream.hpp>
#include <xrayon/random/uniform.hpp>

namespace xrayon::ml {

/// Numbers of [lo, hi), each as likely.
struct uniform_between {
    double lo, hi;
    [[nodiscard]] double operator()(stream& source) const { return draw_uniform<double>(source, lo, hi); }
};

/// Numbers of [lo, hi] whose logarithms are each as likely: for rates and penalties.
struct log_uniform {
    double lo, hi;
    [[nodiscard]] double operator()(stream& source) const {
        check(lo > 0 && hi >= lo && std::isfinite(hi / lo), "log_uniform: bounds must be 0 < lo <= hi, and hi / lo finite; lo", lo);
        return std::max(lo, hi * detail::exp_below(-draw_uniform<double>(source) * detail::log_above(hi / lo)));
    }
};

/// Integers of [lo, hi], each as likely.
struct integer_between {
    std::int64_t lo, hi;
    [[nodiscard]] std::int64_t operator()(stream& source) const { return draw_integer<std::int64_t>(source, lo, hi); }
};

/// One of some values, each as likely.
template <class V>
struct one_of {
    std::vector<V> values;
    [[nodiscard]] V operator()(stream& source) const {
        check(!values.empty(), "one_of: there must be a value");
        return values[draw_integer<std::size_t>(source, 0, values.size() - 1)];
    }
};

namespace detail {

/// Whether `value` becomes a V without wrapping round or overflowing; fractions may be cut off and digits lost.
template <class V, class Value>
[[nodiscard]] constexpr bool fits_parameter(const Value& value) noexcept {
    if constexpr (std::is_enum_v<V>) {
        return fits_parameter<std::underlying_type_t<V>>(value);
    } else if constexpr (std::integral<V> && std::integral<Value>) {
        return std::cmp_greater_equal(+value, +std::numeric_limits<V>::lowest())
               && std::cmp_less_equal(+value, +std::numeric_limits<V>::max());
    } else if constexpr (std::integral<V> && std::floating_point<Value>) {
        const Value whole = std::trunc(value);
        return whole >= static_cast<Value>(std::numeric_limits<V>::lowest())
               && whole < std::ldexp(Value(1), std::numeric_limits<V>::digits);
    } else if constexpr (std::floating_point<V> && std::floating_point<Value>) {
        return !std::isfinite(value) || std::abs(value) <= std::numeric_limits<V>::max();
    } else {
        return true;
    }
}

/// The least and the greatest number that a distribution draws; nothing where that is not known, or where it will throw.
template <class Draw>
[[nodiscard]] auto drawn_range(const Draw& how) {
    if constexpr (std::same_as<Draw, integer_between> || std::same_as<Draw, log_uniform>) {
        return how.lo <= how.hi ? std::optional(std::pair(how.lo, how.hi)) : std::nullopt;
    } else if constexpr (std::same_as<Draw, uniform_between>) {
        return how.lo <= how.hi ? std::optional(std::pair(how.lo, how.lo == how.hi ? how.lo : std::nextafter(how.hi, how.lo)))
                                : std::nullopt;
    } else {
        return std::optional<std::pair<int, int>>();
    }
}

} // namespace detail

/// One parameter of a struct and how it is drawn: `draw(stream&)`.
template <class P, class V, class Draw>
struct random_axis {
    std::string name;
    V P::*member;
    Draw draw;
};

/// `draw("alpha", &ridge_options::alpha, log_uniform{1e-4, 1e3})`
template <class P, class V, class Draw>
    requires std::invocable<const Draw&, stream&>
[[nodiscard]] random_axis<P, V, Draw> draw(std::string name, V P::*member, Draw how) { return {std::move(name), member, std::move(how)}; }

/// @brief Candidates of type P with some parameters drawn: candidate i is drawn from `stream(seed) / i`, so the first n are the same
/// however many there are.
///
/// A parameter_space, as grid. The same bits everywhere.
/// @code
/// const random_candidates space(20, 42, ridge_options{}, draw("alpha", &ridge_options::alpha, log_uniform{1e-4, 1e3}));
/// @endcode
template <class P>
class random_candidates {
public:
    using value_type = P;

    /// @param count  How many, at least 1.
    /// @param base   What the parameters that are not drawn are.
    /// @throws argument_error  if count is 0, or a name or member is given twice; if bounds, or a number that is drawn, are beyond what the
    ///                         member's type holds; what the distributions throw
    template <class... V, class... Draw>
    random_candidates(std::size_t count, std::uint64_t seed, P base, const random_axis<P, V, Draw>&... axes) {
        check(count >= 1, "random_candidates: count must be >= 1", count);
        auto made = std::make_shared<content>();
        std::vector<const void*> places;
        const auto add = [&](const auto& a) {
            const void* place = &(base.*a.member);
            for (std::size_t i = 0; i < places.size(); ++i) {
                check(places[i] != place && made->names[i] != a.name, "random_candidates: \"" + a.name + "\" given twice");
            }
            places.push_back(place);
            made->names.push_back(a.name);
        };
        (add(axes), ...);
        const auto check_range = [](const auto& a) {
            using member = std::remove_cvref_t<decltype(base.*a.member)>;
            if (const auto range = detail::drawn_range(a.draw)) {
                for (const auto bound : {range->first, range->second}) {
                    check(detail::fits_parameter<member>(bound), "random_candidates: the bounds of \"" + a.name + "\" must fit its type",
                          bound);
                }
            }
        };
        (check_range(axes), ...);
        const stream root(seed);
        for (std::size_t i = 0; i < count; ++i) {
            stream source = root / i;
            P candidate = base;
            std::vector<std::string> texts;
            const auto set = [&](const auto& a) {
                using member = std::remove_cvref_t<decltype(candidate.*a.member)>;
                auto drawn = a.draw(source);
                if constexpr (std::is_arithmetic_v<decltype(drawn)>) {
                    if (!detail::fits_parameter<member>(drawn)) [[unlikely]] {
                        check(false, "random_candidates: what is drawn for \"" + a.name + "\" must fit its type", +drawn);
                    }
                }
                candidate.*a.member = static_cast<member>(std::move(drawn));
                texts.push_back(detail::parameter_text(candidate.*a.member));
            };
            (set(axes), ...);
            made->candidates.push_back(std::move(candidate));
            made->texts.push_back(std::move(texts));
        }
        content_ = std::move(made);
    }

    [[nodiscard]] std::size_t size() const noexcept { return content_->candidates.size(); }
    [[nodiscard]] const P& operator[](std::size_t i) const noexcept { return content_->candidates[i]; }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return content_->names; }
    [[nodiscard]] const std::vector<std::string>& texts(std::size_t i) const noexcept { return content_->texts[i]; }

private:
    struct content {
        std::vector<P> candidates;
        std::vector<std::string> names;
        std::vector<std::vector<std::string>> texts;
    };
    std::shared_ptr<const content> content_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_RANDOM_CANDIDATES_HPP
