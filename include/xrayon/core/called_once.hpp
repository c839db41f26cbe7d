// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_CALLED_ONCE_HPP
#define XRAYON_CORE_CALLED_ONCE_HPP

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <xrayon/core/config.hpp>

namespace xrayon {

/// A function that is called once, if at all, and destroyed as soon as it has been: what it has captured does not wait for its owner.
template <class F>
class called_once {
    static_assert(std::is_same_v<F, std::decay_t<F>>);

public:
    template <class G>
    explicit called_once(std::in_place_t, G&& function) : function_(std::forward<G>(function)) {}
    ~called_once() {
        if (!called_) {
            std::destroy_at(std::addressof(function_));
        }
    }
    called_once(const called_once&) = delete;
    called_once& operator=(const called_once&) = delete;

    /// Calls it as an rvalue, and destroys it, also when it throws. Not twice.
    template <class... Arguments>
    void operator()(Arguments&&... arguments) {
        struct destroy {
            called_once& owner;
            ~destroy() { std::destroy_at(std::addressof(owner.function_)); }
        };
        called_ = true;
        const destroy at_the_end{*this};
        static_cast<void>(std::invoke(std::move(function_), std::forward<Arguments>(arguments)...));
    }

private:
    union {
        F function_;
    };
    bool called_ = false;
};

} // namespace xrayon

#endif // XRAYON_CORE_CALLED_ONCE_HPP
