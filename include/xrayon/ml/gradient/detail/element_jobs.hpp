// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_ELEMENT_JOBS_HPP
#define XRAYON_ML_GRADIENT_DETAIL_ELEMENT_JOBS_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/ml/gradient/detail/element_kernels.hpp>
#include <xrayon/ml/gradient/detail/gradient_walk.hpp>
#include <xrayon/par/index.hpp>

// Many gradients, parameter by parameter and block by block: all blocks of all parameters are the items of one parallel call.

namespace xrayon::ml::detail {

/// One parameter's blocks.
class element_job {
public:
    explicit element_job(std::size_t elements) : elements_(elements) {}
    virtual ~element_job() = default;
    element_job(const element_job&) = delete;
    element_job& operator=(const element_job&) = delete;

    [[nodiscard]] std::size_t blocks() const noexcept { return elements_ / block_elements + (elements_ % block_elements != 0); }
    void run(std::size_t block) const {
        const std::size_t at = block * block_elements;
        run_on(at, std::min(block_elements, elements_ - at));
    }

private:
    virtual void run_on(std::size_t at, std::size_t count) const = 0;
    std::size_t elements_;
};

template <class T, class U, class Kernel>
class element_job_of final : public element_job {
public:
    element_job_of(gathered<T> all, std::vector<std::vector<T>> copies, U* out, std::size_t elements, const Kernel& kernel)
        : element_job(elements), all_(std::move(all)), copies_(std::move(copies)), out_(out), kernel_(kernel) {}

private:
    void run_on(std::size_t at, std::size_t count) const override { kernel_(all_, at, count, out_ + at); }

    gathered<T> all_;
    std::vector<std::vector<T>> copies_;  // of views with gaps
    U* out_;
    const Kernel& kernel_;
};

template <class Kernel>
class element_jobs {
public:
    /// @param weights  by gradient; null: 1 each
    element_jobs(const Kernel& kernel, const double* weights) : kernel_(kernel), weights_(weights) {}

    /// Adds the parameters of `out`, which has the outline of all of `in`. A null pointer stands for a gradient that is left out.
    template <class Out, class In>
    void add(Out& out, const std::vector<const In*>& in) {
        constexpr gradient_kind kind = kind_of<In>;
        if constexpr (kind == gradient_kind::sequence) {
            for (std::size_t i = 0; i < out.size(); ++i) {
                add(out[i], parts(in, [i](const In& g) -> const auto& { return g[i]; }));
            }
        } else if constexpr (kind == gradient_kind::tuple) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (add(std::get<I>(out), parts(in, [](const In& g) -> const auto& { return std::get<I>(g); })), ...);
            }(std::make_index_sequence<std::tuple_size_v<In>>{});
        } else if constexpr (kind == gradient_kind::with_loss) {
            add(out.gradient, parts(in, [](const In& g) -> const auto& { return g.gradient; }));
            add(out.loss, parts(in, [](const In& g) -> const auto& { return g.loss; }));
        } else {
            with_elements(out, [&](auto elements) { add_parameter(elements.data(), elements.size(), in); });
        }
    }

    void run(const loop_options& options) const {
        std::vector<std::size_t> first_block{0};
        for (const auto& job : jobs_) {
            first_block.push_back(first_block.back() + job->blocks());
        }
        for_each_index(
            first_block.back(),
            [&](std::size_t block) {
                const auto job = std::upper_bound(first_block.begin(), first_block.end(), block) - first_block.begin() - 1;
                jobs_[static_cast<std::size_t>(job)]->run(block - first_block[static_cast<std::size_t>(job)]);
            },
            options);
    }

private:
    template <class In, class Part>
    [[nodiscard]] static auto parts(const std::vector<const In*>& in, const Part& part) {
        std::vector<std::add_pointer_t<decltype(part(std::declval<const In&>()))>> out;
        out.reserve(in.size());
        for (const In* const each : in) {
            out.push_back(each == nullptr ? nullptr : &part(*each));
        }
        return out;
    }

    template <class U, class In>
    void add_parameter(U* out, std::size_t elements, const std::vector<const In*>& in) {
        using scalar = typename scalar_of<In>::type;
        gathered<scalar> all{.data = {}, .weights = weights_};
        std::vector<std::vector<scalar>> copies;
        all.data.reserve(in.size());
        copies.reserve(in.size());
        for (const In* const each : in) {
            if (each == nullptr) {
                all.holes = true;
                all.data.push_back(nullptr);
                continue;
            }
            with_elements(*each, [&](auto x) {
                if constexpr (std::same_as<decltype(x), std::span<const scalar>>) {
                    all.data.push_back(x.data());
                } else {
                    copies.emplace_back(x.begin(), x.end());
                    all.data.push_back(copies.back().data());
                }
            });
        }
        jobs_.push_back(std::make_unique<element_job_of<scalar, U, Kernel>>(std::move(all), std::move(copies), out, elements, kernel_));
    }

    template <class In>
    struct scalar_of : std::type_identity<In> {};
    template <class In>
        requires(kind_of<In> == gradient_kind::array)
    struct scalar_of<In> : std::type_identity<typename gradient_array<In>::scalar> {};

    const Kernel& kernel_;
    const double* weights_;
    std::vector<std::unique_ptr<const element_job>> jobs_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_GRADIENT_DETAIL_ELEMENT_JOBS_HPP
