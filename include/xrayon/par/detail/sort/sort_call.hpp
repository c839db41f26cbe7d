// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_SORT_CALL_HPP
#define XRAYON_PAR_DETAIL_SORT_SORT_CALL_HPP

#include <cstddef>
#include <optional>
#include <string_view>

#include <xrayon/par/detail/run_each.hpp>
#include <xrayon/par/loop_options.hpp>

namespace xrayon::detail {

/// A sort is a guarded call of one item, and its steps are calls inside of that: so stop token, deadline, label, report and the way that
/// errors come out are those of any call, over all steps; only the grain goes on to the steps.
class sort_steps {
public:
    sort_steps(const loop_options& options, std::string_view name) noexcept : grain_(options.grain), name_(name) {}

    /// `item(i)` for every i in [0, n), the lowest that fails wins.
    template <class Item>
    void each(std::size_t n, const Item& item) const {
        run_each(n, item, loop_options{.grain = grain_}, name_);
    }

private:
    std::optional<std::size_t> grain_;
    std::string_view name_;
};

/// Calls `body(steps)`, unless there are no values to speak of.
template <class Body>
void sort_call(bool any, const Body& body, const loop_options& options, std::string_view name) {
    run_each(
        any ? 1 : 0, [&](std::size_t) { body(sort_steps(options, name)); }, options, name);
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_SORT_CALL_HPP
