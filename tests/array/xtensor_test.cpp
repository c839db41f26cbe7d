// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/xtensor.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <complex>
#include <cstddef>
#include <type_traits>
#include <vector>

#if __has_include(<xtensor/core/xmath.hpp>)
#include <xtensor/core/xmath.hpp>
#include <xtensor/generators/xbuilder.hpp>
#else
#include <xtensor/xbuilder.hpp>
#include <xtensor/xmath.hpp>
#endif

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;
using dynamic = xt::xarray<double>;
using column_major = xt::xtensor<float, 2, xt::layout_type::column_major>;
using fixed = xt::xtensor_fixed<double, xt::xshape<2, 3>>;
using fixed_vector = xt::xtensor_fixed<double, xt::xshape<3>>;

template <class X>
concept can_be_viewed = requires(X&& x) { view_of(std::forward<X>(x)); };
template <class X, std::size_t N>
concept can_be_viewed_as = requires(X&& x) { view_of<N>(std::forward<X>(x)); };

matrix counting(std::size_t rows, std::size_t columns) {
    matrix out(std::array<std::size_t, 2>{rows, columns});
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            out(i, j) = static_cast<double>(10 * i + j);
        }
    }
    return out;
}

/// True when `view` holds what `x` holds, looked up by xtensor's own indexing.
template <class T, class X>
bool same_elements(const array_view<T, 2>& view, const X& x) {
    bool same = view.shape(0) == x.shape(0) && view.shape(1) == x.shape(1);
    for (std::size_t i = 0; same && i < view.shape(0); ++i) {
        for (std::size_t j = 0; same && j < view.shape(1); ++j) {
            same = view(i, j) == x(i, j);
        }
    }
    return same;
}

using sum_expression = decltype(std::declval<matrix>() + std::declval<matrix>());
using row_view = decltype(xt::view(std::declval<matrix&>(), 1, xt::all()));
using block_view = decltype(xt::view(std::declval<matrix&>(), xt::range(0, 2), xt::all()));
using const_row_view = decltype(xt::view(std::declval<const matrix&>(), 1, xt::all()));
using owning_view = decltype(xt::view(std::declval<matrix>(), 1, xt::all()));
using keep_view = decltype(xt::view(std::declval<matrix&>(), xt::keep(0, 2), xt::all()));
using transposed = decltype(xt::transpose(std::declval<matrix&>()));
using vector_adaptor = decltype(xt::adapt(std::declval<std::vector<double>&>(), std::array<std::size_t, 2>{2, 2}));
using owning_adaptor = decltype(xt::adapt(std::vector<double>(), std::array<std::size_t, 2>{2, 2}));
using pointer_adaptor = decltype(xt::adapt(static_cast<double*>(nullptr), 4, xt::no_ownership(), std::array<std::size_t, 2>{2, 2}));

} // namespace

// A result is kept evaluated, a container as itself.
static_assert(std::same_as<stored_t<matrix>, matrix>);
static_assert(std::same_as<stored_t<const matrix&>, matrix>);
static_assert(std::same_as<stored_t<dynamic>, dynamic>);
static_assert(std::same_as<stored_t<fixed>, fixed>);
static_assert(std::same_as<stored_t<column_major>, column_major>);
static_assert(std::same_as<stored_t<sum_expression>, matrix>);
static_assert(std::same_as<stored_t<decltype(std::declval<matrix>() < 1.0)>, xt::xtensor<bool, 2>>);
static_assert(std::same_as<stored_t<decltype(std::declval<dynamic>() * 2.0)>, dynamic>);
static_assert(std::same_as<stored_t<decltype(std::declval<fixed&>() + 1.0)>, matrix>);
static_assert(std::same_as<stored_t<row_view>, vector>);
static_assert(std::same_as<stored_t<block_view>, matrix>);
static_assert(std::same_as<stored_t<keep_view>, matrix>);
static_assert(std::same_as<stored_t<transposed>, matrix>);
static_assert(std::same_as<stored_t<vector_adaptor>, matrix>);
static_assert(std::same_as<stored_t<decltype(xt::view(std::declval<dynamic&>(), 1))>, dynamic>);
static_assert(std::same_as<stored_t<decltype(xt::sum(std::declval<matrix>(), {0}))>, vector>);
static_assert(std::same_as<stored_t<decltype(xt::sum(std::declval<dynamic>(), {0}))>, dynamic>);
static_assert(std::same_as<stored_t<decltype(xt::zeros<float>(std::array<std::size_t, 2>{1, 1}))>, xt::xtensor<float, 2>>);
static_assert(std::same_as<stored_t<double>, double>);
static_assert(std::same_as<stored_t<std::vector<int>>, std::vector<int>>);
static_assert(storable<sum_expression> && storable<row_view> && storable<matrix> && storable<vector_adaptor>);

// One axis with memory of its own is a range of elements; everything else of xtensor is not.
static_assert(indexed_range<vector>);
static_assert(indexed_range<const vector&>);
static_assert(indexed_range<fixed_vector>);
static_assert(indexed_range<decltype(xt::adapt(std::declval<std::vector<double>&>(), std::array<std::size_t, 1>{2}))>);
static_assert(std::ranges::random_access_range<const matrix>); // it would be taken for one
static_assert(!indexed_range<matrix> && !indexed_range<const matrix&> && !indexed_range<fixed>);
static_assert(!indexed_range<dynamic>);
static_assert(!indexed_range<row_view> && !indexed_range<keep_view> && !indexed_range<transposed> && !indexed_range<vector_adaptor>);
static_assert(!indexed_range<decltype(std::declval<vector&>() + std::declval<vector&>())>);
static_assert(!indexed_range<decltype(xt::arange<double>(3.0))>);
static_assert(!disable_indexed_range<std::vector<double>> && indexed_range<std::vector<double>>);

// What may be viewed.
static_assert(can_be_viewed<matrix&> && can_be_viewed<const matrix&> && can_be_viewed<fixed&> && can_be_viewed<vector_adaptor&>);
static_assert(!can_be_viewed<matrix> && !can_be_viewed<const matrix> && !can_be_viewed<fixed>); // would dangle
static_assert(can_be_viewed<row_view> && can_be_viewed<row_view&> && can_be_viewed<transposed> && can_be_viewed<vector_adaptor>);
static_assert(can_be_viewed<pointer_adaptor>);
static_assert(can_be_viewed<decltype(xt::view(std::declval<block_view>(), 0, xt::all()))>); // a view of a view of an lvalue
static_assert(!can_be_viewed<owning_view> && !can_be_viewed<owning_adaptor>);
static_assert(!can_be_viewed<decltype(xt::view(std::declval<owning_view>(), xt::all()))>);
static_assert(!can_be_viewed<sum_expression> && !can_be_viewed<sum_expression&> && !can_be_viewed<keep_view&>);
static_assert(!can_be_viewed<decltype(xt::view(std::declval<sum_expression&>(), 1, xt::all()))&>);
static_assert(!can_be_viewed<decltype(xt::transpose(std::declval<sum_expression&>()))&>);
static_assert(!can_be_viewed<dynamic&>); // says view_of<N>
static_assert(can_be_viewed_as<dynamic&, 2> && can_be_viewed_as<dynamic&, 5> && !can_be_viewed_as<dynamic, 2>);
static_assert(can_be_viewed_as<matrix&, 2> && !can_be_viewed_as<matrix&, 3> && !can_be_viewed_as<matrix&, 0>);
static_assert(!can_be_viewed<xt::xtensor<double, 0>&>);
static_assert(viewable<matrix&> && !viewable<matrix> && viewable_as<dynamic&, 2> && !viewable<int&>);

// Constness is that of the elements.
static_assert(std::same_as<decltype(view_of(std::declval<matrix&>())), array_view<double, 2>>);
static_assert(std::same_as<decltype(view_of(std::declval<const matrix&>())), array_view<const double, 2>>);
static_assert(std::same_as<decltype(view_of<3>(std::declval<const dynamic&>())), array_view<const double, 3>>);
static_assert(std::same_as<decltype(view_of(std::declval<row_view>())), array_view<double, 1>>);
static_assert(std::same_as<decltype(view_of(std::declval<const_row_view>())), array_view<const double, 1>>);
static_assert(std::same_as<decltype(view_of(std::declval<fixed&>())), array_view<double, 2>>);

TEST_CASE("xtensor in C++20: reductions of an xarray along an axis are right, lazy and immediate", "[array][xtensor]") {
    // xtensor 0.24 without the repair crashes on each line of this test: it keeps the result in an xtensor of rank 4.
    const dynamic x = {{1, 2, 3, 6}, {5, 2, 9, 8}};
    const auto immediate = xt::evaluation_strategy::immediate;
    const auto values = [](const auto& expression) {
        const dynamic evaluated = expression;
        return std::vector<double>(evaluated.begin(), evaluated.end());
    };
    REQUIRE(values(xt::stddev(x, {0})) == std::vector<double>{2, 0, 3, 1});
    REQUIRE(values(xt::sum(x, {1}, immediate)) == std::vector<double>{12, 24});
    REQUIRE(values(xt::mean(x, {1}, immediate)) == std::vector<double>{3, 6});
    REQUIRE(values(xt::amax(x, {1}, immediate)) == std::vector<double>{6, 9});
    REQUIRE(values(xt::amin(x, {0}, immediate)) == std::vector<double>{1, 2, 3, 6});
    REQUIRE(values(xt::sum(x, {0}, immediate)) == std::vector<double>{6, 4, 12, 14});
    const dynamic deep = dynamic::from_shape({2, 3, 2}) * 0.0 + 1.0;
    REQUIRE(values(xt::sum(deep, {0, 2}, immediate)) == std::vector<double>{4, 4, 4});
    // The type, which is where it went wrong.
    using shape = typename dynamic::shape_type;
    static_assert(std::same_as<xt::temporary_type_t<decltype(x + x)>, dynamic>);
    static_assert(std::same_as<typename xt::detail::xtype_for_shape<shape>::type<double, xt::layout_type::row_major>, dynamic>);
}

TEST_CASE("stored: an expression over locals survives them", "[array][xtensor]") {
    const auto task = [] {
        matrix local = {{1, 2}, {3, 4}};
        return stored_t<decltype(local + local)>(local + local);
    };
    REQUIRE((task() == matrix{{2, 4}, {6, 8}}));
    const auto scalar = [] {
        const vector local = {1, 2, 4};
        return stored_t<decltype(xt::sum(local))>(xt::sum(local));
    };
    REQUIRE(scalar()() == 7);
}

TEST_CASE("view_of: sees the elements of a container without copying them", "[array][xtensor]") {
    matrix x = counting(3, 4);
    const auto view = view_of(x);
    REQUIRE(view.data() == x.data());
    REQUIRE(view.is_contiguous());
    REQUIRE(same_elements(view, x));
    view(2, 1) = -5;
    REQUIRE(x(2, 1) == -5);

    fixed small = {{1, 2, 3}, {4, 5, 6}};
    REQUIRE(same_elements(view_of(small), small));
    std::vector<double> data{1, 2, 3, 4, 5, 6};
    const auto adaptor = xt::adapt(data, std::array<std::size_t, 2>{3, 2});
    REQUIRE(same_elements(view_of(adaptor), adaptor));
    REQUIRE(view_of(adaptor).data() == data.data());
}

TEST_CASE("view_of: column-major containers, row, column, stepped, reversed and transposed views read the same elements",
          "[array][xtensor]") {
    matrix x = counting(5, 6);
    const xt::xtensor<double, 2, xt::layout_type::column_major> by_columns = x;
    REQUIRE(same_elements(view_of(by_columns), x));
    REQUIRE_FALSE(view_of(by_columns).is_contiguous());

    auto rows = xt::view(x, xt::range(1, 4), xt::all());
    auto columns = xt::view(x, xt::all(), xt::range(2, 5));
    auto stepped = xt::view(x, xt::range(0, 5, 2), xt::range(1, 6, 3));
    auto reversed = xt::view(x, xt::range(4, xt::placeholders::_, -1), xt::range(xt::placeholders::_, xt::placeholders::_, -2));
    auto turned = xt::transpose(x);
    auto nested = xt::view(columns, xt::range(1, 3), xt::all());
    auto strided = xt::strided_view(x, {xt::range(1, 3), xt::range(0, 6, 2)});
    auto with_new_axis = xt::view(x, 2, xt::newaxis(), xt::all());
    REQUIRE(same_elements(view_of(rows), rows));
    REQUIRE(view_of(rows).is_contiguous());
    REQUIRE(same_elements(view_of(columns), columns));
    REQUIRE(same_elements(view_of(stepped), stepped));
    REQUIRE(view_of(stepped)(2, 1) == 44);
    REQUIRE(same_elements(view_of(reversed), reversed));
    REQUIRE(view_of(reversed)(0, 0) == 45);
    REQUIRE(view_of(reversed).stride(0) < 0);
    REQUIRE(same_elements(view_of(turned), turned));
    REQUIRE(same_elements(view_of(nested), nested));
    REQUIRE(same_elements(view_of<2>(strided), strided));
    REQUIRE(same_elements(view_of(with_new_axis), with_new_axis));

    const auto column = view_of(xt::view(x, xt::all(), 3));
    REQUIRE(std::vector<double>(column.begin(), column.end()) == std::vector<double>{3, 13, 23, 33, 43});
    column[0] = 99;
    REQUIRE(x(0, 3) == 99);
}

TEST_CASE("view_of: empty arrays give empty views", "[array][xtensor]") {
    matrix no_rows(std::array<std::size_t, 2>{0, 4});
    matrix no_columns(std::array<std::size_t, 2>{3, 0});
    matrix x = counting(3, 4);
    auto nothing = xt::view(x, xt::range(2, 2), xt::all());
    REQUIRE(view_of(no_rows).shape() == std::array<std::size_t, 2>{0, 4});
    REQUIRE(view_of(no_columns).shape() == std::array<std::size_t, 2>{3, 0});
    REQUIRE(view_of(nothing).shape() == std::array<std::size_t, 2>{0, 4});
    REQUIRE(view_of(no_columns).empty());
}

TEST_CASE("view_of<N>: takes an xarray of rank N and refuses any other", "[array][xtensor][errors]") {
    dynamic x = counting(3, 4);
    REQUIRE(same_elements(view_of<2>(x), x));
    REQUIRE(same_elements(view_of<2>(xt::view(x, xt::range(1, 3), xt::all())), dynamic(xt::view(x, xt::range(1, 3), xt::all()))));
    REQUIRE_THROWS_AS(view_of<3>(x), shape_error);
    REQUIRE_THROWS_WITH(view_of<3>(x), "view_of: X must have rank 3, got shape (3, 4)");
    REQUIRE_THROWS_WITH(view_of<1>(x), "view_of: X must have rank 1, got shape (3, 4)");
    REQUIRE_THROWS_WITH(view_of<1>(xt::view(x, 1, 2)), "view_of: X must have rank 1, got shape ()");
    try {
        (void)view_of<1>(x);
        FAIL("no error");
    } catch (const shape_error& error) {
        REQUIRE(error.lhs() == shape_error::shape{3, 4});
    }
}

TEST_CASE("as_xtensor: xtensor's functions read views of any layout", "[array][xtensor]") {
    const matrix x = counting(4, 5);
    const auto view = view_of(x);
    const array_view<const double, 2> reversed(&x(3, 4), {4, 5}, {-5, -1});
    REQUIRE((as_xtensor(view) == x));
    REQUIRE((as_xtensor(view.slice<1>(1, 3)) == xt::view(x, xt::all(), xt::range(1, 3))));
    REQUIRE((as_xtensor(view.transposed()) == xt::transpose(x)));
    REQUIRE((matrix(as_xtensor(reversed)) == matrix(xt::flip(xt::flip(x, 0), 1))));
    REQUIRE(xt::sum(as_xtensor(view.slice(2, 3)))() == 20 + 21 + 22 + 23 + 24);
    REQUIRE(as_xtensor(view[1])(3) == 13);
    REQUIRE(matrix(as_xtensor(view.slice(1, 1))).shape(0) == 0);
    // An axis of extent 1 broadcasts, as xtensor's own do.
    REQUIRE((matrix(as_xtensor(view.slice(1, 2)) + x)(3, 4) == 14 + 34));
    REQUIRE((matrix(as_xtensor(view.slice<1>(1, 2)) + x)(3, 4) == 31 + 34));
}

TEST_CASE("as_xtensor: writes land in the elements of the view and nowhere else", "[array][xtensor]") {
    const matrix source = counting(3, 2) + 100.0;
    const auto check = [&](auto&& write) {
        matrix x = xt::zeros<double>({3, 5});
        write(view_of(x).template slice<1>(1, 3));
        matrix expected = xt::zeros<double>({3, 5});
        for (std::size_t i = 0; i < 3; ++i) {
            for (std::size_t j = 0; j < 2; ++j) {
                expected(i, j + 1) = source(i, j);
            }
        }
        REQUIRE((x == expected));
    };
    check([&](auto view) { as_xtensor(view) = source; });
    check([&](auto view) { as_xtensor(view) = source * 1.0; });
    check([&](auto view) { xt::noalias(as_xtensor(view)) = source + 0.0; });
    check([&](auto view) { as_xtensor(view) += source; });

    matrix x = counting(2, 3);
    const array_view<double, 2> backwards(&x(1, 2), {2, 3}, {-3, -1});
    xt::noalias(as_xtensor(backwards)) = counting(2, 3) * 2.0;
    REQUIRE((x == matrix{{24, 22, 20}, {4, 2, 0}}));
}

TEST_CASE("as_xtensor: a shape that does not fit is an error and writes nothing", "[array][xtensor][errors]") {
    matrix x = xt::zeros<double>({3, 5});
    const matrix other = xt::ones<double>({3, 3});
    REQUIRE_THROWS(as_xtensor(view_of(x).slice<1>(1, 3)) = other);
    REQUIRE_THROWS(xt::noalias(as_contiguous_xtensor(view_of(x))) = other);
    REQUIRE((x == xt::zeros<double>({3, 5})));
}

TEST_CASE("as_contiguous_xtensor: is row-major by type, and refuses a view with gaps", "[array][xtensor][errors]") {
    matrix x = counting(3, 4);
    const auto view = view_of(x);
    static_assert(decltype(as_contiguous_xtensor(view))::static_layout == xt::layout_type::row_major);
    xt::noalias(as_contiguous_xtensor(view.slice(1, 3))) = xt::ones<double>({2, 4}) * 7.0;
    REQUIRE((x == matrix{{0, 1, 2, 3}, {7, 7, 7, 7}, {7, 7, 7, 7}}));
    REQUIRE(xt::sum(as_contiguous_xtensor(view_of(std::as_const(x))))() == 62);
    REQUIRE_THROWS_AS(as_contiguous_xtensor(view.slice<1>(0, 2)), argument_error);
    REQUIRE_THROWS_WITH(as_contiguous_xtensor(view.slice<1>(0, 2)),
                        "span: the view must be contiguous, got shape (3, 2) with strides (4, 1)");
}
