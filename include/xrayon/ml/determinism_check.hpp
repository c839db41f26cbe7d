// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_DETERMINISM_CHECK_HPP
#define XRAYON_ML_DETERMINISM_CHECK_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>
#include <xrayon/ml/stochastic_predictor.hpp>

namespace xrayon::ml {

/// What determinism_check found.
struct determinism_report {
    std::size_t samples = 0;                     ///< That were compared.
    std::optional<std::size_t> differs_at = {};  ///< The lowest sample that came out otherwise the second time.

    [[nodiscard]] explicit operator bool() const noexcept { return !differs_at; }
    /// "reproducible in 100 samples", "not reproducible at sample 4"
    [[nodiscard]] std::string text() const {
        return differs_at ? "not reproducible at sample " + to_text(*differs_at) : "reproducible in " + to_text(samples) + " samples";
    }
};

/// @brief Asks a model for every sample twice, with the same stream, and compares: a model with a hidden source of randomness (std::rand, a
/// generator of its own, a static std::normal_distribution that keeps a number back) has no other way to be found out.
///
/// @param batch    One batch; options.keys[0], if given, stands for it, otherwise 0. Of the other options samples, seed and stream count.
/// @returns        Whether shapes and bits were equal (any NaN equals any other), and the lowest sample that differs; none is asked behind it.
/// @throws shape_error     if two samples differ in shape that come out the same each time: the real call refuses them.
/// @throws ...             argument_error if options.samples is 0, and what the model throws.
///
/// Runs on the calling thread, sample by sample; a model's `prepare` is asked twice too. It cannot see a model that is a race, or that depends
/// on the thread: compare the results of pools of 1 and 8 threads for that.
template <class Batch, stochastic_predictor<Batch> Model>
[[nodiscard]] determinism_report determinism_check(const Model& model, const Batch& batch, const uncertainty_options& options = {}) {
    using input = sample_input_t<Model, Batch>;
    using sampler = detail::sampler_t<Model, input>;
    check(options.samples >= 1, "determinism_check: samples must be >= 1", options.samples);
    const xrayon::stream samples = detail::root_of(options) / (options.keys.empty() ? std::uint64_t{0} : options.keys.front());
    const detail::sampling_options sampling{"determinism_check", nan_policy::propagate, false};
    const auto compare = [&](const input& once, const input& again) {
        detail::moments_pool pool;
        sampler first(model, once, samples, 0, sampling, pool);
        sampler second(model, again, samples, 0, sampling, pool);
        const auto agree = [&](std::size_t s) {
            const auto sample = first.draw(s);
            try {
                return sampler::same(first, sample, second, second.draw(s));
            } catch (const shape_error&) {
                return false;  // the first draw had the shape of sample 0
            }
        };
        for (std::size_t s = 0; s < options.samples; ++s) {
            if (!agree(s)) {
                return determinism_report{s + 1, s};
            }
        }
        return determinism_report{options.samples, std::nullopt};
    };
    if constexpr (preparing_predictor<Model, Batch>) {
        return compare(input(model.prepare(batch)), input(model.prepare(batch)));
    } else {
        return compare(batch, batch);
    }
}

} // namespace xrayon::ml

#endif // XRAYON_ML_DETERMINISM_CHECK_HPP
