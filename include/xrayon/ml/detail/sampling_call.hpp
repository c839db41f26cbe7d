// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_DETAIL_SAMPLING_CALL_HPP
#define XRAYON_ML_DETAIL_SAMPLING_CALL_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/student_t.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/uncertainty.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

inline constexpr std::size_t no_sample = std::numeric_limits<std::size_t>::max();

/// Samples of a batch that a leaf of the fold takes, left to right. Part of what the bits are a function of.
inline constexpr std::size_t samples_per_leaf = 1;

/// Half of the first number of samples after which a batch may end early; each later one is twice the one before. At these counts the tree of
/// the samples so far is a subtree of that of more, so that a batch that ends has the bits of one that was asked for so many.
inline constexpr std::size_t first_round = 32;

/// Which sample of which batch failed: the half of an error's path that the outer call does not know.
class failed_samples {
public:
    void note(std::size_t batch, std::size_t sample) {
        const std::lock_guard lock(mutex_);
        failed_.emplace_back(batch, sample);
    }
    /// The end of a path to that batch.
    [[nodiscard]] std::string path_in(std::size_t batch) const {
        for (const auto& [failed, sample] : failed_) {
            if (failed == batch) {
                return " > sample[" + to_text(sample) + "]";
            }
        }
        return {};
    }

private:
    std::mutex mutex_;
    std::vector<std::pair<std::size_t, std::size_t>> failed_;  // one entry a batch at most
};

/// `call()` with paths, in errors and in the report, that go on from the batch to the sample.
template <class Call>
auto with_sample_paths(const run_options& run, const failed_samples& failed, const Call& call) {
    const auto in_report = [&] {
        if (run.report != nullptr && run.report->failed) {
            run.report->path += failed.path_in(*run.report->failed);
        }
    };
    try {
        return call();
    } catch (const task_errors& error) {
        in_report();
        if (run.error != on_error::collect) {
            throw;
        }
        try {
            error.rethrow_nested();
        } catch (...) {
            throw task_errors(error.what(), error.errors(), error.count(), error.path() + failed.path_in(error.index()));
        }
    } catch (const task_error& error) {
        in_report();
        if (run.error != on_error::wrap) {
            throw;
        }
        try {
            error.rethrow_nested();
        } catch (...) {
            throw task_error(error.what(), error.index(), error.count(), error.path() + failed.path_in(error.index()));
        }
    } catch (...) {
        in_report();
        throw;
    }
}

/// How the samples of one batch are drawn, whatever they are.
struct sampling_plan {
    std::size_t samples;
    std::optional<std::size_t> grain;
    double half_width;  ///< 0: all samples are drawn.
    double level;
};

/// Samples [begin, end), folded along the canonical tree of so many.
template <class Sampler>
typename Sampler::partial draw_round(Sampler& sampler, const sampling_plan& plan, std::size_t begin, std::size_t end, std::size_t batch,
                                     failed_samples& failed) {
    using partial = typename Sampler::partial;
    sampler.make_room(end);
    std::mutex mutex;
    std::size_t lowest = no_sample;
    const auto failing = [&](std::size_t sample) {
        const std::lock_guard lock(mutex);
        lowest = std::min(lowest, sample);
    };
    const auto leaf = [&](std::size_t from, std::size_t to) -> partial {
        std::size_t sample = begin + from;
        try {
            partial out = sampler.draw(sample);
            for (++sample; sample < begin + to; ++sample) {
                Sampler::merge(out, sampler.draw(sample));
            }
            return out;
        } catch (const cancelled&) {
            if (!is_cancelled(current_call())) {
                failing(sample);
            }
            throw;
        } catch (...) {
            failing(sample);
            throw;
        }
    };
    const auto combine = [](partial left, partial right) -> partial {
        Sampler::merge(left, right);
        return left;
    };
    const std::string name = begin == 0 ? std::string("sample") : "samples from " + to_text(begin);
    const loop_options loop{.grain = plan.grain, .name = name};
    const auto check_misfits = [&] {
        if (const std::size_t misfit = sampler.lowest_misfit(lowest); misfit != no_sample) {
            failed.note(batch, misfit);
            sampler.fail_misfit(misfit);
        }
    };
    try {
        partial out = fold_index(end - begin, samples_per_leaf, leaf, combine, loop);
        check_misfits();
        return out;
    } catch (...) {
        if (lowest != no_sample) {
            check_misfits();
            failed.note(batch, lowest);
        }
        throw;
    }
}

/// True when every mean is known to plan.half_width.
template <class Sampler>
[[nodiscard]] bool is_precise(const typename Sampler::partial& all, const sampling_plan& plan) {
    std::size_t of = 0;
    double bound = 0;
    return Sampler::all_of(all, [&](std::size_t count, double variance) {
        if (count < 2) {
            return false;
        }
        if (count != of) {
            of = count;
            bound = student_t_bound(plan.level, static_cast<double>(count - 1));
        }
        return bound * std::sqrt(variance / static_cast<double>(count)) <= plan.half_width;
    });
}

template <class Sampler>
[[nodiscard]] uncertainty<typename Sampler::array> sample_batch(Sampler sampler, const sampling_plan& plan, std::size_t ddof,
                                                                const std::vector<double>& quantiles, std::size_t batch, failed_samples& failed) {
    uncertainty<typename Sampler::array> out;
    out.ddof = ddof;
    out.samples = plan.half_width > 0 ? std::min(first_round, plan.samples) : plan.samples;
    auto all = draw_round(sampler, plan, 0, out.samples, batch, failed);
    while (plan.half_width > 0) {
        out.precise = is_precise<Sampler>(all, plan);
        if (out.precise || out.samples == plan.samples) {
            break;
        }
        const std::size_t more = out.samples + std::min(out.samples, plan.samples - out.samples);
        Sampler::merge(all, draw_round(sampler, plan, out.samples, more, batch, failed));
        out.samples = more;
    }
    sampler.summarize(all, quantiles, out);
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_DETAIL_SAMPLING_CALL_HPP
