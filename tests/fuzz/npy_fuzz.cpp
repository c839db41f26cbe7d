// SPDX-License-Identifier: Apache-2.0
// Any bytes given to parse_npy end in an array or a data_error. An array has as many elements as there are in the file, comes back bit
// for bit when it is written and read again, means the same in both layouts, and takes no more memory than twice the input and 1 MiB. A
// conversion gives equal values, or stops at the first element that has no equal.
#include <xrayon/io/npy.hpp>
#include <xrayon/io/write_npy.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "allocations.hpp"

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20;

void demand(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "not so: %s\n", what);
        std::abort();
    }
}

template <class T>
bool same_bits(const T* a, const T* b, std::size_t count) {
    return count == 0 || std::memcmp(a, b, count * sizeof(T)) == 0;
}

// A long double holds every int64, uint64 and double; only there the comparison of any two of them is the mathematical one.
static_assert(std::numeric_limits<long double>::digits >= 64);

template <class T>
std::complex<long double> exact(T value) {
    if constexpr (xrayon::detail::is_npy_complex<T>) {
        return {static_cast<long double>(value.real()), static_cast<long double>(value.imag())};
    } else {
        return {static_cast<long double>(value), 0.0L};
    }
}

bool equal(long double a, long double b) { return a == b || (a != a && b != b); }

template <class To, class From>
void try_conversion(const xrayon::npy_header& header, std::string_view bytes, const xt::xarray<From>& original) {
    const xrayon::fuzz::allocations taken;
    try {
        const auto converted =
            xrayon::parse_npy<To, xt::layout_type::column_major>(bytes, "fuzz", {.convert = true, .allow_trailing = true});
        demand(taken.peak() <= header.size * sizeof(To) + megabyte, "conversion takes the result and 1 MiB");
        demand(converted.size() == header.size, "a conversion keeps the size");
        auto from = original.template begin<xt::layout_type::row_major>();
        auto to = converted.template begin<xt::layout_type::row_major>();
        for (std::size_t i = 0; i != header.size; ++i, ++from, ++to) {
            const auto a = exact(*from), b = exact(*to);
            demand(equal(a.real(), b.real()) && equal(a.imag(), b.imag()), "a converted value is equal");
        }
    } catch (const xrayon::data_error& error) {
        demand(error.offset() >= header.data_offset && error.offset() < bytes.size(), "the value that has no equal is in the array");
        demand((error.offset() - header.data_offset) % header.type.size == 0, "the offset is that of an element");
        // In the order of the file: the k-th element of its own layout.
        const std::size_t index = (error.offset() - header.data_offset) / header.type.size;
        From value;
        if (header.fortran_order) {
            value = *(original.template begin<xt::layout_type::column_major>() + static_cast<std::ptrdiff_t>(index));
        } else {
            value = original.data()[index];
        }
        const auto a = exact(value);
        bool representable = false;
        if constexpr (xrayon::detail::is_npy_complex<To>) {
            using part = typename To::value_type;
            representable = equal(static_cast<long double>(static_cast<part>(a.real())), a.real())
                            && equal(static_cast<long double>(static_cast<part>(a.imag())), a.imag());
        } else if constexpr (std::is_floating_point_v<To>) {
            representable = a.imag() == 0 && equal(static_cast<long double>(static_cast<To>(a.real())), a.real());
        } else {
            representable = a.imag() == 0 && a.real() >= static_cast<long double>(std::numeric_limits<To>::min())
                            && a.real() <= static_cast<long double>(std::numeric_limits<To>::max()) && a.real() == std::trunc(a.real());
        }
        demand(!representable, "what a conversion refuses has no equal");
    }
}

template <class T>
void read_all(const xrayon::npy_header& header, std::string_view bytes) {
    using xt::layout_type;
    const xrayon::fuzz::allocations taken;
    const auto array = xrayon::parse_npy<T>(bytes, "fuzz", {.allow_trailing = true});
    demand(taken.peak() <= 2 * bytes.size() + megabyte, "memory is at most twice the input and 1 MiB");
    demand(array.size() == header.size && array.dimension() == header.shape.size(), "the array has the shape of the header");
    demand(header.data_size() <= bytes.size() - header.data_offset, "every element is in the file");

    const auto columns = xrayon::parse_npy<T, layout_type::column_major>(bytes, "fuzz", {.allow_trailing = true});
    auto by_row = array.template begin<layout_type::row_major>();
    auto by_column = columns.template begin<layout_type::row_major>();
    for (std::size_t i = 0; i != header.size; ++i, ++by_row, ++by_column) {
        demand(same_bits(&*by_row, &*by_column, 1), "both layouts hold the same");
    }
    const std::string written = xrayon::npy_bytes(array);
    const auto again = xrayon::parse_npy<T>(written, "fuzz");
    demand(again.shape() == array.shape() && same_bits(again.data(), array.data(), array.size()), "what is written comes back");
    const std::string in_columns = xrayon::npy_bytes(columns);
    const auto rows = xrayon::parse_npy<T>(in_columns, "fuzz");
    demand(rows.shape() == array.shape() && same_bits(rows.data(), array.data(), array.size()), "columns come back as rows");

    switch (bytes.size() % 6) {
        case 0:
            return try_conversion<double>(header, bytes, array);
        case 1:
            return try_conversion<std::int64_t>(header, bytes, array);
        case 2:
            return try_conversion<float>(header, bytes, array);
        case 3:
            return try_conversion<std::uint8_t>(header, bytes, array);
        case 4:
            return try_conversion<bool>(header, bytes, array);
        default:
            return try_conversion<std::complex<float>>(header, bytes, array);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const xrayon::fuzz::allocations taken;
    try {
        const xrayon::npy_header header = xrayon::parse_npy_header(bytes, "fuzz");
        xrayon::detail::with_npy_type(header.type, [&]<class T>() { read_all<T>(header, bytes); });
    } catch (const xrayon::data_error& error) {
        demand(error.offset() <= size, "the offset is in the file");
        demand(std::string_view(error.what()).starts_with("fuzz: npy: "), "the message begins with the source");
        demand(taken.peak() <= 2 * size + megabyte, "what ends in an error takes no more either");
    }
    return 0;
}
