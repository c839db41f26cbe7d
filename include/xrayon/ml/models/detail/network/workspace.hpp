// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_NETWORK_WORKSPACE_HPP
#define XRAYON_ML_MODELS_DETAIL_NETWORK_WORKSPACE_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/exec/scratch.hpp>

namespace xrayon::ml::detail {

/// Memory that grows and is used again, on a cache line: vectors are read and written there at full speed.
template <class T>
    requires std::is_trivially_copyable_v<T>
class network_buffer {
public:
    /// Room for `count` values, whatever they are now.
    [[nodiscard]] T* room_for(std::size_t count) {
        if (count > count_) {
            count_ = 0;
            memory_.reset();  // first, so that there are never two
            memory_.reset(static_cast<T*>(::operator new(count * sizeof(T), line)));
            count_ = count;
        }
        return memory_.get();
    }

private:
    static constexpr std::align_val_t line{64};
    struct release {
        void operator()(T* memory) const noexcept { ::operator delete(memory, line); }
    };
    std::unique_ptr<T, release> memory_;
    std::size_t count_ = 0;
};

/// What a tile of rows needs on its way through the layers.
template <std::floating_point Real>
struct forward_workspace {
    std::array<network_buffer<Real>, 2> layers;  ///< The layer that is read and the one that is written.
    network_buffer<std::uint8_t> keep;
    network_buffer<Real> sums;
    network_buffer<double> losses;
};

/// What a block of rows needs for a gradient.
template <std::floating_point Real>
struct gradient_workspace {
    std::vector<network_buffer<Real>> given;         ///< What each layer gave.
    std::vector<network_buffer<std::uint8_t>> keep;  ///< What dropout kept of each hidden layer.
    std::array<network_buffer<Real>, 2> errors;      ///< Of the layer above and of the one below.
    packed_matrix<Real> packed_errors;
    network_buffer<Real> sums;
    network_buffer<double> losses;
};

/// Working memory that a model's calls borrow. It belongs to an object: a copy has its own, and an object that was moved from has none and
/// can only be assigned to or destroyed.
template <class T>
class model_scratch {
public:
    model_scratch() : objects_(std::make_unique<scratch<T>>()) {}
    model_scratch(const model_scratch&) : model_scratch() {}
    model_scratch(model_scratch&&) noexcept = default;
    model_scratch& operator=(const model_scratch& other) { return *this = model_scratch(other); }
    model_scratch& operator=(model_scratch&&) noexcept = default;
    ~model_scratch() = default;

    [[nodiscard]] auto borrow() const { return objects_->borrow(); }

private:
    std::unique_ptr<scratch<T>> objects_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_NETWORK_WORKSPACE_HPP
