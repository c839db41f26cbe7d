// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_AUGMENT_HPP
#define XRAYON_ML_AUGMENT_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/map_rows.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon::ml {

struct augment_options {
    std::uint64_t seed = 0;
    std::optional<std::size_t> grain = {};  ///< Copies per claim, >= 1. Unset: found while running.
    run_options run = {};
};

/// Makes a variant of a sample from random numbers; several threads may call it at once.
template <class F, class Sample>
concept augmentation = std::invocable<const F&, Sample, stream&> && storable<std::invoke_result_t<const F&, Sample, stream&>>;

namespace detail {

inline std::size_t augmented_count(std::size_t items, std::size_t copies) {
    check(items == 0 || copies <= std::numeric_limits<std::size_t>::max() / items, "augment: items x copies must be countable", copies);
    return items * copies;
}

/// Variant j of all: copy j % copies of item j / copies. Its stream is `stream(seed) / item / copy`, whatever runs where.
template <class Result, class F, class Sample>
[[nodiscard]] Result variant(const F& f, const Sample& sample_at, std::size_t copies, std::uint64_t seed, std::size_t j) {
    stream numbers = stream(seed) / (j / copies) / (j % copies);
    return Result(std::invoke(f, sample_at(j / copies), numbers));
}

} // namespace detail

/// @brief Random variants of samples: `copies` of each item of a range, item by item.
///
/// @param items   An indexed_range of samples: images, `batches(X, 32)`, `rows(X)`. Only read.
/// @param f       `f(sample, stream)`, called once for each item and copy, as const, from several threads. What it draws from the stream is
///                addressed by (seed, item, copy), so it is the same whichever thread runs it.
/// @param copies  Variants of each item; 0 gives none.
/// @returns       results of items x copies values: variant c of item i at index i * copies + c.
/// @throws argument_error  if options.grain is 0, or items x copies is beyond a std::size_t.
/// @throws ...             what the lowest failing variant threw, unchanged.
///
/// Same at every thread count: every bit, and the exception. More copies, or items appended, leave the others as they are.
///
/// **Example.**
/// @code
/// const auto noisy = xrayon::ml::augment(images, [](const image& x, xrayon::stream& s) { return flip_some(x, s); }, 4, {.seed = 7});
/// @endcode
template <indexed_range Items, augmentation<element_t<Items>> F>
[[nodiscard]] auto augment(const Items& items, const F& f, std::size_t copies, const augment_options& options = {}) {
    using value = stored_t<std::invoke_result_t<const F&, element_t<Items>, stream&>>;
    const auto item = [&](std::size_t i) -> decltype(auto) { return element(items, i); };
    return map_index(detail::augmented_count(element_count(items), copies),
                     [&](std::size_t j) { return detail::variant<value>(f, item, copies, options.seed, j); },
                     {.grain = options.grain, .run = options.run, .name = "augment"});
}

/// @brief The same of the rows of an array, which become the rows of one: copy c of row i is row i * copies + c.
/// @param x  Two axes or more. `f(row, stream)` gives an array of numbers, the same shape each time, or a number.
/// @throws shape_error  `augment: copy 1 of row 3 gave (4,), copy 0 of row 0 gave (5,)`
template <class X, class F>
    requires(!indexed_range<X>)
&&detail::sample_source<X>&& augmentation<F, detail::sample_t<X>>&&
    detail::row_value<stored_t<std::invoke_result_t<const F&, detail::sample_t<X>, stream&>>> [[nodiscard]] auto
    augment(const X& x, const F& f, std::size_t copies, const augment_options& options = {}) {
    using value = stored_t<std::invoke_result_t<const F&, detail::sample_t<X>, stream&>>;
    const auto item = [view = view_of(x)](std::size_t i) { return view[i]; };
    return detail::gather_rows(
        detail::augmented_count(view_of(x).shape(0), copies),
        [&](std::size_t j) { return detail::variant<value>(f, item, copies, options.seed, j); },
        [copies](std::size_t j) { return "copy " + to_text(j % copies) + " of row " + to_text(j / copies); }, "augment",
        {.grain = options.grain, .run = options.run, .name = "augment"});
}

/// @brief Random variants of one sample that is neither a range nor an array: `f(sample, stream)`, `copies` times, from the streams of item 0.
/// A range that is one sample is handed in as one of a range, `std::span(&sample, 1)`.
template <class Sample, class F>
    requires(!indexed_range<Sample>)
&&(!detail::sample_source<Sample>)&&(!xtensor_expression<Sample>)&&augmentation<F, const Sample&> [[nodiscard]] auto augment(
    const Sample& sample, const F& f, std::size_t copies, const augment_options& options = {}) {
    using value = stored_t<std::invoke_result_t<const F&, const Sample&, stream&>>;
    const auto item = [&](std::size_t) -> const Sample& { return sample; };
    return map_index(copies, [&](std::size_t j) { return detail::variant<value>(f, item, copies, options.seed, j); },
                     {.grain = options.grain, .run = options.run, .name = "augment"});
}

} // namespace xrayon::ml

#endif // XRAYON_ML_AUGMENT_HPP
