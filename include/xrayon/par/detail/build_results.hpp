// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_BUILD_RESULTS_HPP
#define XRAYON_PAR_DETAIL_BUILD_RESULTS_HPP

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/check.hpp>
#include <xrayon/par/detail/each_item.hpp>
#include <xrayon/par/detail/guarded_call.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/results.hpp>

namespace xrayon::detail {

/// n items that construct `total` values between them: item i those at [bound(i), bound(i + 1)), by `build(i, where)`, which leaves none of
/// them behind when it throws. Where an item fails the values of the others are destroyed.
template <class Value, class MakeBuild, class Bound>
[[nodiscard]] results<Value> build_results(std::size_t n, std::size_t total, const Bound& bound, const MakeBuild& make_build,
                                           const loop_options& options, std::string_view name) {
    guarded_call call(n, options, name);
    if (total > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(Value)) [[unlikely]] {
        check(false, std::string(call.name()) + ": the results (" + to_text(sizeof(Value)) + " bytes each) must fit in memory", total);
    }
    raw_results<Value> memory(total);
    Value* const data = memory.data();
    struct item {
        const MakeBuild& make_build;
        const Bound& bound;
        Value* data;
        auto open() const {
            return [build = make_build(), &bound = bound, data = data](std::size_t i) mutable { build(i, data + bound(i)); };
        }
    };
    const item each{make_build, bound, data};
    each_item work(each);
    call.run(work);
    call.outcome().report();
    if (!call.outcome().succeeded()) [[unlikely]] {
        if constexpr (!std::is_trivially_destructible_v<Value>) {
            call.outcome().for_each_completed(
                [&](std::size_t begin, std::size_t end) { std::destroy(data + bound(begin), data + bound(end)); });
        }
        call.outcome().raise();
    }
    return results<Value>(memory);
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_BUILD_RESULTS_HPP
