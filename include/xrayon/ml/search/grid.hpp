// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_GRID_HPP
#define XRAYON_ML_SEARCH_GRID_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/search/axis.hpp>

namespace xrayon::ml {

/// @brief All combinations of some parameters' values: candidates of type P, computed from their index, the last axis changing fastest.
///
/// `space[i]` is `base` with the i-th combination. Shared by copies.
///
/// @code
/// const auto space = xrayon::ml::grid(xrayon::ml::ridge_options{}, axis("alpha", &ridge_options::alpha, {0.1, 1.0, 10.0}),
///                                     axis("intercept", &ridge_options::intercept, {false, true}));   // 6 candidates
/// @endcode
template <class P>
class grid {
public:
    using value_type = P;

    /// @param base  What the parameters without an axis are.
    /// @throws argument_error  `grid: "lr" has 0 values`, `grid: "lr" given twice`, `grid: candidate count overflows`
    template <class... V>
    explicit grid(P base, const parameter_axis<P, V>&... axes) : base_(std::move(base)) {
        auto list = std::make_shared<std::vector<one_axis>>();
        (add(*list, axes), ...);
        axes_ = std::move(list);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] P operator[](std::size_t i) const {
        P out = base_;
        for (std::size_t a = axes_->size(); a-- > 0;) {
            (*axes_)[a].set(out, i % (*axes_)[a].count);
            i /= (*axes_)[a].count;
        }
        return out;
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const one_axis& a : *axes_) {
            out.push_back(a.name);
        }
        return out;
    }
    /// The values of candidate i, one for each name.
    [[nodiscard]] std::vector<std::string> texts(std::size_t i) const {
        std::vector<std::string> out(axes_->size());
        for (std::size_t a = axes_->size(); a-- > 0;) {
            out[a] = (*axes_)[a].text(i % (*axes_)[a].count);
            i /= (*axes_)[a].count;
        }
        return out;
    }

private:
    struct one_axis {
        std::string name;
        std::size_t count;
        std::function<void(P&, std::size_t)> set;
        std::function<std::string(std::size_t)> text;
        std::function<bool(const void*)> is;  // whether this is the member at that place of base
    };

    template <class V>
    void add(std::vector<one_axis>& list, const parameter_axis<P, V>& a) {
        check(!a.values.empty(), "grid: \"" + a.name + "\" has 0 values");
        for (const one_axis& other : list) {
            check(other.name != a.name && !other.is(&(base_.*a.member)), "grid: \"" + a.name + "\" given twice");
        }
        check(size_ <= std::numeric_limits<std::size_t>::max() / a.values.size(), "grid: candidate count overflows");
        size_ *= a.values.size();
        const void* place = &(base_.*a.member);
        list.push_back({a.name, a.values.size(), [a](P& p, std::size_t i) { p.*a.member = a.values[i]; },
                        [a](std::size_t i) { return detail::parameter_text(V(a.values[i])); },
                        [place](const void* other) { return place == other; }});
    }

    P base_;
    std::shared_ptr<const std::vector<one_axis>> axes_;
    std::size_t size_ = 1;
};

/// What a search can choose from: candidates by index, and how tables show them. A grid, random_candidates, or a type of one's own.
template <class Space>
concept parameter_space = requires(const Space& space, std::size_t i) {
    { space.size() } -> std::convertible_to<std::size_t>;
    space[i];
    { space.names() } -> std::convertible_to<std::vector<std::string>>;
    { space.texts(i) } -> std::convertible_to<std::vector<std::string>>;
};

/// The type of a space's candidates.
template <parameter_space Space>
using parameters_of = std::remove_cvref_t<decltype(std::declval<const Space&>()[std::size_t{}])>;

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_GRID_HPP
