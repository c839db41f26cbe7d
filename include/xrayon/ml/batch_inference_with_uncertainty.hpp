// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_BATCH_INFERENCE_WITH_UNCERTAINTY_HPP
#define XRAYON_ML_BATCH_INFERENCE_WITH_UNCERTAINTY_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/detail/batch_sampler.hpp>
#include <xrayon/ml/detail/sampling_call.hpp>
#include <xrayon/ml/nan_policy.hpp>
#include <xrayon/ml/stochastic_predictor.hpp>
#include <xrayon/ml/uncertainty.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon::ml {

/// When a batch needs no more samples: interval(level) of its mean reaches no further than `half_width` to either side, for every element.
struct precision_target {
    double half_width = 0;  ///< > 0, in units of the output.
    double level = 0.95;    ///< Inside (0, 1).
};

struct uncertainty_options {
    std::size_t samples = 100;          ///< Of each batch, >= 1; with `until` the most of them.
    std::uint64_t seed = 42;            ///< The same seed, the same samples.
    std::string_view stream = {};       ///< Two calls with one seed and other names here draw independent samples.
    /// Of each batch, what stands for it in the path of its streams; empty: its index. With keys a batch has the same samples wherever it
    /// stands; batches of one key share their random numbers.
    std::vector<std::uint64_t> keys = {};
    std::size_t ddof = 0;               ///< stddev divides by samples - ddof; below samples.
    nan_policy nan = nan_policy::propagate;
    std::vector<double> quantiles = {}; ///< In [0, 1], exact, interpolated as NumPy does. Every sample is then kept until its batch is done.
    std::optional<precision_target> until = {};  ///< Looked at after 32, 64, 128, ... samples, and so at any thread count with the same outcome.
    std::optional<std::size_t> grain = {};  ///< Samples per claim, >= 1; so many that they are several batches: whole batches. Unset: by what they cost.
    run_options run = {};               ///< Stop token, deadline, progress, label, error policy, report. Items are batches.
};

namespace detail {

inline constexpr std::string_view with_uncertainty = "batch_inference_with_uncertainty";

/// A batch as the samples share it. An lvalue is borrowed; what the range makes is kept for as long as the batch takes; what is a lazy
/// expression is evaluated, because sharing one is a race.
template <class Element>
inline constexpr bool is_lazy_batch = xtensor_expression<Element> && !std::same_as<stored_t<Element>, std::remove_cvref_t<Element>>;
template <class Element>
using shared_batch_t = std::conditional_t<is_lazy_batch<Element>, stored_t<Element>, std::remove_cvref_t<Element>>;

/// Whose children are the batches.
[[nodiscard]] inline xrayon::stream root_of(const uncertainty_options& options) {
    const xrayon::stream root(options.seed);
    return options.stream.empty() ? root : root / options.stream;
}

inline void check_uncertainty_options(const uncertainty_options& options, std::size_t batches) {
    const auto rule = [](std::string_view text) { return std::string(with_uncertainty) + ": " + std::string(text); };
    // The largest tree (par/index.hpp), and the largest vector of what is kept.
    const std::size_t most = options.quantiles.empty() ? std::size_t{1} << 62 : std::size_t{1} << 58;
    check(options.samples >= 1, rule("samples must be >= 1"), options.samples);
    check(options.samples <= most, rule(options.quantiles.empty() ? "samples must be <= 2^62" : "samples must be <= 2^58 with quantiles"), options.samples);
    check(options.samples > options.ddof, rule("ddof " + to_text(options.ddof) + " needs samples >= " + to_text(options.ddof + 1)), options.samples);
    for (const double q : options.quantiles) {
        check(q >= 0 && q <= 1, rule("quantiles must be inside [0, 1]"), q);
    }
    if (options.until) {
        check(options.until->half_width > 0, rule("until.half_width must be > 0"), options.until->half_width);
        check(options.until->level > 0 && options.until->level < 1, rule("until.level must be inside (0, 1)"), options.until->level);
    }
    check_shapes(options.keys.empty() || options.keys.size() == batches, with_uncertainty, "keys", std::array{options.keys.size()}, "batches",
                 std::array{batches});
}

} // namespace detail

/// @brief Runs a model with randomness in it many times on each batch, and says what its outputs are on average and how far they spread.
///
/// @param batches  `n` batches, each of any shape the model takes; only read, alive until the call returns.
/// @param model    Gives one sample: `model(batch, stream)`, see ml/stochastic_predictor.hpp for that and for what else a model may
///                 offer (`prepare`, `sample_shape`). Called `samples` times a batch, from several threads at once.
/// @returns        `n` values of `uncertainty<Array>` (ml/uncertainty.hpp), in the order of the batches; Array is double for a model of
///                 numbers, else an xtensor of doubles in the shape of the model's output.
/// @throws argument_error  before the model is called, for options out of range; from a sample that has a NaN under nan_policy::raise.
/// @throws shape_error     before the model is called, if there are not as many keys as batches; from the lowest sample whose shape is not
///                         that of sample 0 of its batch. Batches may differ.
/// @throws cancelled       if options.run asks for it.
/// @throws ...             what the lowest failing sample of the lowest failing batch threw, unchanged. options.run.report, and the
///                         task_error of on_error::wrap, say which: `batch_inference_with_uncertainty[2] > sample[3]`.
///
/// **Randomness.** Sample s of batch b draws from `stream(seed) / b / s`; from `stream(seed) / options.stream / b / s` where that is set;
/// with keys, `keys[b]` in place of b. A model that draws from anything else (std::rand, a generator of its own) is not reproducible, which
/// cannot be seen from outside: determinism_check asks it.
/// Same at every thread count, every bit: samples are folded along the canonical tree of their batch, and nothing else enters.
///
/// **Cost.** n x samples calls of the model, all of them one pool of work: one batch with many samples and many batches with few both keep all
/// threads busy. Memory: the results, and at most threads x (2 + log2(samples)) sets of moments (3 doubles an element, 4 with
/// nan_policy::omit), which are recycled, however many samples there are. With quantiles, all samples of the batches under way.
///
/// **Example.**
/// @code
/// auto y = ml::batch_inference_with_uncertainty(batches, [&](const auto& x, stream& s) { return net.predict_with_dropout(x, s); },
///                                               {.samples = 200, .seed = 7});
/// auto [lower, upper] = y[0].interval(0.95);
/// @endcode
/// Runs as examples/030_uncertainty.cpp. @see batch_inference, determinism_check
template <indexed_range Batches, stochastic_predictor<detail::shared_batch_t<element_t<Batches>>> Model>
[[nodiscard]] auto batch_inference_with_uncertainty(const Batches& batches, const Model& model, const uncertainty_options& options = {}) {
    using batch_type = detail::shared_batch_t<element_t<Batches>>;
    using input = sample_input_t<Model, batch_type>;
    using sampler = detail::sampler_t<Model, input>;

    const std::size_t n = element_count(batches);
    detail::check_uncertainty_options(options, n);
    const xrayon::stream root = detail::root_of(options);
    const detail::sampling_options sampling{detail::with_uncertainty, options.nan, !options.quantiles.empty()};
    const detail::sampling_plan plan{options.samples, options.grain, options.until ? options.until->half_width : 0,
                                     options.until ? options.until->level : 0};
    detail::moments_pool pool;
    detail::failed_samples failed;

    const auto one_batch = [&](std::size_t i) {
        using shared = std::conditional_t<std::is_lvalue_reference_v<element_t<Batches>> && !detail::is_lazy_batch<element_t<Batches>>,
                                          const batch_type&, const batch_type>;
        shared batch = static_cast<shared>(element(batches, i));
        const xrayon::stream samples = root / (options.keys.empty() ? i : options.keys[i]);
        const auto sample = [&](const input& from) {
            return detail::sample_batch(sampler(model, from, samples, i, sampling, pool), plan, options.ddof, options.quantiles, i, failed);
        };
        if constexpr (preparing_predictor<Model, batch_type>) {
            const input prepared(model.prepare(batch));
            return sample(prepared);
        } else {
            return sample(batch);
        }
    };
    loop_options loop{.run = options.run, .name = detail::with_uncertainty};
    if (options.grain) {
        loop.grain = *options.grain == 0 ? 0 : std::max<std::size_t>(1, *options.grain / options.samples);
    }
    return detail::with_sample_paths(options.run, failed, [&] { return map_index(n, one_batch, loop); });
}

} // namespace xrayon::ml

#endif // XRAYON_ML_BATCH_INFERENCE_WITH_UNCERTAINTY_HPP
