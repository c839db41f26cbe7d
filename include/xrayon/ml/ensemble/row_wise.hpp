// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_ROW_WISE_HPP
#define XRAYON_ML_ENSEMBLE_ROW_WISE_HPP

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace xrayon::ml {

/// @brief A model whose author says that it treats rows independently: row i of its result depends on row i of its input alone.
///
/// Where all models of an ensemble say so, it may hand them tiles of rows instead of the whole input (ensemble_options::tile_rows). A
/// type of one's own says it with a member, `static constexpr bool row_wise = true;`. Whether it is true is not checked.
template <class Model>
class row_wise_model {
public:
    static constexpr bool row_wise = true;

    explicit row_wise_model(Model model) : model_(std::move(model)) {}

    template <class... Args>
        requires std::invocable<const Model&, Args...>
    decltype(auto) operator()(Args&&... args) const { return std::invoke(model_, std::forward<Args>(args)...); }

private:
    Model model_;
};

/// Marks a model: `row_wise([&](const array_view<const double, 2>& rows) { return net.predict(rows); })`.
template <class Model>
[[nodiscard]] auto row_wise(Model&& model) {
    return row_wise_model<std::decay_t<Model>>(std::forward<Model>(model));
}

} // namespace xrayon::ml

#endif // XRAYON_ML_ENSEMBLE_ROW_WISE_HPP
