// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_DETAIL_BATCH_SAMPLER_HPP
#define XRAYON_ML_DETAIL_BATCH_SAMPLER_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/moments.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/array_moments.hpp>
#include <xrayon/ml/detail/sample_quantiles.hpp>
#include <xrayon/ml/detail/sample_shapes.hpp>
#include <xrayon/ml/detail/sample_value.hpp>
#include <xrayon/ml/nan_policy.hpp>
#include <xrayon/ml/stochastic_predictor.hpp>
#include <xrayon/ml/uncertainty.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/random/stream.hpp>

// The three ways in which samples come, one class each: numbers, arrays that the model returns, arrays that it writes. A sampler belongs
// to one batch. `draw(s)` is called by several threads at once and gives the moments of sample s alone; the rest by one thread, while no
// sample runs.

namespace xrayon::ml::detail {

/// Moments of arrays, recycled within a call: as many are made as are alive at once.
using moments_pool = scratch<array_moments>;

struct sampling_options {
    std::string_view function;
    nan_policy nan;
    bool keep_samples;  ///< For quantiles.
};

XRAYON_COLD [[noreturn]] inline void fail_nan(const sampling_options& options, std::size_t batch, std::size_t sample, std::size_t element) {
    const std::string where = "NaN at element " + to_text(element);
    throw argument_error(std::string(options.function) + ": with nan_policy::raise samples must be numbers, got " + where + " of sample "
                             + to_text(sample) + " of batch " + to_text(batch),
                         where);
}

/// The same bits, or both NaN.
[[nodiscard]] inline bool same_number(double a, double b) noexcept {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (a != a && b != b);
}

/// Samples that are numbers.
template <class Model, class Input>
class number_sampler {
public:
    using array = double;
    using partial = moments;

    number_sampler(const Model& model, const Input& input, const stream& root, std::size_t batch, const sampling_options& options, moments_pool&)
        : model_(model), input_(input), root_(root), batch_(batch), options_(options) {}

    void make_room(std::size_t samples) {
        if (options_.keep_samples) {
            kept_.resize(samples);
        }
    }
    partial draw(std::size_t sample) {
        stream draws = root_ / sample;
        const auto x = static_cast<double>(std::invoke(model_, input_, draws));
        if (x != x && options_.nan == nan_policy::raise) [[unlikely]] {
            fail_nan(options_, batch_, sample, 0);
        }
        if (options_.keep_samples) {
            kept_[sample] = x;
        }
        partial out;
        if (x == x || options_.nan != nan_policy::omit) {
            out.add(x);
        }
        return out;
    }
    static void merge(partial& left, const partial& right) noexcept { left.merge(right); }
    /// No shapes, no sample of a wrong one.
    [[nodiscard]] std::size_t lowest_misfit(std::size_t) const noexcept { return sample_shapes<int>::none; }
    void fail_misfit(std::size_t) const noexcept {}

    template <class F>
    [[nodiscard]] static bool all_of(const partial& all, const F& f) {
        return f(all.count(), all.variance(1));
    }
    /// One sample each, of two samplers: equal in shape and bits.
    static bool same(const number_sampler&, const partial& a, const number_sampler&, const partial& b) { return same_number(a.mean(), b.mean()); }
    void summarize(const partial& all, std::span<const double> quantiles, uncertainty<array>& out) {
        out.mean = all.mean();
        out.stddev = all.stddev(out.ddof);
        out.count = all.count();
        out.quantiles.resize(quantiles.size());
        if (options_.keep_samples) {
            take_quantiles(kept_, quantiles, options_.nan == nan_policy::omit, [&](std::size_t k, double value) { out.quantiles[k] = value; });
        }
    }

private:
    const Model& model_;
    const Input& input_;
    const stream root_;
    std::size_t batch_;
    const sampling_options& options_;
    std::vector<double> kept_;
};

/// What samplers of arrays have in common.
template <class Array, class Shape>
class array_sampler {
public:
    using array = Array;
    using partial = moments_pool::lease;

    array_sampler(std::size_t batch, const sampling_options& options, moments_pool& pool)
        : batch_(batch), options_(options), shapes_(options.function, batch), pool_(pool) {}

    void make_room(std::size_t samples) {
        if (options_.keep_samples) {
            kept_.resize(samples);
        }
    }
    /// Of a shape that does not fit there may be some, until sample 0 is known; what comes of them is thrown away.
    static void merge(partial& left, const partial& right) {
        if (left->size() == right->size()) [[likely]] {
            left->merge(*right);
        }
    }
    [[nodiscard]] std::size_t lowest_misfit(std::size_t end) const noexcept { return shapes_.lowest_early(end); }
    [[noreturn]] void fail_misfit(std::size_t sample) const { shapes_.fail_early(sample); }

    template <class F>
    [[nodiscard]] static bool all_of(const partial& all, const F& f) {
        for (std::size_t i = 0; i < all->size(); ++i) {
            if (!f(all->count(i), all->variance(i, 1))) {
                return false;
            }
        }
        return true;
    }
    static bool same(const array_sampler& of_a, const partial& a, const array_sampler& of_b, const partial& b) {
        bool equal = of_a.shapes_.shape() == of_b.shapes_.shape() && a->size() == b->size();
        for (std::size_t i = 0; equal && i < a->size(); ++i) {
            equal = same_number(a->mean(i), b->mean(i));
        }
        return equal;
    }
    void summarize(const partial& all, std::span<const double> quantiles, uncertainty<array>& out) {
        const auto& shape = shapes_.shape();
        using axes = typename array::shape_type;
        const axes extents = [&] {
            axes to{};
            if constexpr (requires { to.resize(0); }) {
                to.resize(shape.size());
            }
            std::copy(shape.begin(), shape.end(), to.begin());
            return to;
        }();
        using counts = typename uncertainty<array>::counts;
        out.mean = array::from_shape(extents);
        out.stddev = array::from_shape(extents);
        out.count = counts::from_shape(extents);
        for (std::size_t i = 0; i < all->size(); ++i) {
            out.mean.data()[i] = all->mean(i);
            out.stddev.data()[i] = all->stddev(i, out.ddof);
            out.count.data()[i] = all->count(i);
        }
        for (std::size_t k = 0; k < quantiles.size(); ++k) {
            out.quantiles.push_back(array::from_shape(extents));
        }
        if (options_.keep_samples) {
            quantiles_of(all->size(), quantiles, out.quantiles);
        }
    }

protected:
    /// The moments of one sample, which `write(span)` writes.
    template <class Write>
    partial begin(std::size_t sample, std::size_t size, const Write& write) {
        partial out = pool_.borrow();
        const auto nan = options_.nan == nan_policy::omit ? array_moments::nan::left_out : array_moments::nan::kept;
        out->start(size, nan, [&](std::span<double> to) {
            write(to);
            look_at(sample, to);
        });
        return out;
    }
    sample_shapes<Shape>& shapes() noexcept { return shapes_; }

private:
    void look_at(std::size_t sample, std::span<const double> values) {
        if (options_.nan == nan_policy::raise) {
            for (std::size_t i = 0; i < values.size(); ++i) {
                if (values[i] != values[i]) [[unlikely]] {
                    fail_nan(options_, batch_, sample, i);
                }
            }
        }
        if (options_.keep_samples) {
            kept_[sample] = std::make_unique_for_overwrite<double[]>(values.size());
            std::copy(values.begin(), values.end(), kept_[sample].get());
        }
    }
    /// A task sorts the samples of 8 elements: a cache line of each sample.
    void quantiles_of(std::size_t size, std::span<const double> quantiles, std::vector<array>& out) const {
        constexpr std::size_t block = 8;
        const auto element_block = [&](std::size_t b) {
            const std::size_t first = b * block;
            const std::size_t width = std::min(block, size - first);
            const std::size_t n = kept_.size();
            std::vector<double> columns(width * n);
            for (std::size_t s = 0; s < n; ++s) {
                for (std::size_t j = 0; j < width; ++j) {
                    columns[j * n + s] = kept_[s][first + j];
                }
            }
            for (std::size_t j = 0; j < width; ++j) {
                take_quantiles(std::span(columns).subspan(j * n, n), quantiles, options_.nan == nan_policy::omit,
                               [&](std::size_t k, double value) { out[k].data()[first + j] = value; });
            }
        };
        for_each_index(size / block + (size % block != 0), element_block, {.name = "quantile"});
    }

    std::size_t batch_;
    const sampling_options& options_;
    sample_shapes<Shape> shapes_;
    moments_pool& pool_;
    std::vector<std::unique_ptr<double[]>> kept_;
};

/// Samples that are arrays which the model returns.
template <class Model, class Input>
using returned_sample = sample_value<std::invoke_result_t<const Model&, const Input&, stream&>>;

template <class Model, class Input>
class returned_sampler : public array_sampler<typename returned_sample<Model, Input>::template array<double>, typename returned_sample<Model, Input>::shape> {
    using value = returned_sample<Model, Input>;
    using base = array_sampler<typename value::template array<double>, typename value::shape>;

public:
    returned_sampler(const Model& model, const Input& input, const stream& root, std::size_t batch, const sampling_options& options,
                     moments_pool& pool)
        : base(batch, options, pool), model_(model), input_(input), root_(root) {}

    typename base::partial draw(std::size_t sample) {
        stream draws = root_ / sample;
        const auto& got = std::invoke(model_, input_, draws);
        const auto shape = value::shape_of(got);
        this->shapes().note(sample, shape);
        return this->begin(sample, size_of_shape(shape), [&](std::span<double> to) { value::write(got, shape, to); });
    }

private:
    const Model& model_;
    const Input& input_;
    const stream root_;
};

/// Samples that are arrays which the model writes.
template <class Model, class Input>
inline constexpr std::size_t written_rank = std::tuple_size<sample_shape_t<Model, Input>>::value;

template <class Model, class Input>
class written_sampler : public array_sampler<xt::xtensor<double, written_rank<Model, Input>>, std::array<std::size_t, written_rank<Model, Input>>> {
    static constexpr std::size_t rank = written_rank<Model, Input>;
    using base = array_sampler<xt::xtensor<double, rank>, std::array<std::size_t, rank>>;

public:
    written_sampler(const Model& model, const Input& input, const stream& root, std::size_t batch, const sampling_options& options,
                    moments_pool& pool)
        : base(batch, options, pool), model_(model), input_(input), root_(root) {
        const auto& asked = model.sample_shape(input);
        for (std::size_t axis = 0; axis < rank; ++axis) {
            shape_[axis] = static_cast<std::size_t>(asked[axis]);
        }
        this->shapes().note(0, shape_);
    }

    typename base::partial draw(std::size_t sample) {
        stream draws = root_ / sample;
        return this->begin(sample, size_of_shape(shape_), [&](std::span<double> to) {
            if constexpr (sampling_writer<Model, Input, double>) {
                std::invoke(model_, input_, draws, array_view<double, rank>(to.data(), shape_));
            } else {
                const auto narrow = floats_.borrow();
                narrow->resize(to.size());
                std::invoke(model_, input_, draws, array_view<float, rank>(narrow->data(), shape_));
                std::copy(narrow->begin(), narrow->end(), to.begin());
            }
        });
    }

private:
    const Model& model_;
    const Input& input_;
    const stream root_;
    std::array<std::size_t, rank> shape_ = {};
    [[no_unique_address]] std::conditional_t<sampling_writer<Model, Input, double>, std::monostate, scratch<std::vector<float>>> floats_;
};

template <class Model, class Input>
auto sampler_for() {
    if constexpr (sampling_writer<Model, Input, double> || sampling_writer<Model, Input, float>) {
        return std::type_identity<written_sampler<Model, Input>>{};
    } else if constexpr (scalar_sample<std::invoke_result_t<const Model&, const Input&, stream&>>) {
        return std::type_identity<number_sampler<Model, Input>>{};
    } else {
        return std::type_identity<returned_sampler<Model, Input>>{};
    }
}

template <class Model, class Input>
using sampler_t = typename decltype(sampler_for<Model, Input>())::type;

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_DETAIL_BATCH_SAMPLER_HPP
