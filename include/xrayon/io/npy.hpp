// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_NPY_HPP
#define XRAYON_IO_NPY_HPP

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/detail/npy_reader.hpp>
#include <xrayon/io/npy_header.hpp>

namespace xrayon {

/// How an NPY file is read.
struct npy_options {
    bool convert = false;         ///< Elements of another type are converted, each exactly or not at all; false: they are an error.
    bool allow_trailing = false;  ///< Bytes behind the array are left alone; false: they are an error.
};

namespace detail {

template <npy_value T>
void check_npy_type(const npy_header& header, const npy_options& options, const std::string& function) {
    constexpr npy_type wanted = npy_type_of<T>();
    if (!options.convert && (header.type.kind != wanted.kind || header.type.size != wanted.size)) {
        check(false, function + ": elements of " + header.source + " must be " + wanted.text() + " unless options.convert",
              header.type.text());
    }
}

template <class Array, class Source>
[[nodiscard]] Array read_npy_array(const npy_header& header, const Source& source, const npy_options& options,
                                   const std::string& function) {
    constexpr bool column_major = Array::static_layout == xt::layout_type::column_major;
    check_npy_type<typename Array::value_type>(header, options, function);
    typename Array::shape_type shape;
    if constexpr (static_rank<Array> == -1) {
        shape.resize(header.shape.size());
    } else if (header.shape.size() != static_cast<std::size_t>(static_rank<Array>)) {
        throw shape_error(
            function + ": " + header.source + " must have rank " + to_text(static_rank<Array>) + ", got shape " + shape_text(header.shape),
            header.shape, {});
    }
    auto extent = header.shape.begin();
    for (auto& to : shape) {
        to = *extent++;
    }
    check_npy_size(header, source.size(), options.allow_trailing);
    // Only now: the file has so many bytes as the header says.
    Array out = Array::from_shape(std::move(shape));
    read_npy_elements(header, source, column_major, options.allow_trailing, out.data());
    return out;
}

template <class Array>
[[nodiscard]] Array read_npy_file(const std::string& path, const npy_options& options) {
    const std::string function = "read_npy";
    const regular_file file = open_regular_file(path, function);
    return read_npy_array<Array>(read_npy_header(file, path, function), npy_in_file{file, path, function}, options, function);
}

template <class Array>
[[nodiscard]] Array parse_npy_bytes(std::string_view bytes, std::string source, const npy_options& options) {
    return read_npy_array<Array>(scan_npy_header(bytes, std::move(source)), npy_in_memory{bytes}, options, "parse_npy");
}

} // namespace detail

/// @brief Reads an array from a file in numpy's format, NPY.
///
/// `read_npy<T>` gives an `xt::xarray<T>`, `read_npy<T, N>` an `xt::xtensor<T, N>`. Both are row-major, whatever order the file has;
/// `read_npy<T, xt::layout_type::column_major>` and `read_npy<T, N, xt::layout_type::column_major>` give column-major ones. Indices
/// mean the same in all of them.
///
/// @tparam T       bool, an integer of 1 to 8 bytes, float, double, or std::complex of those two.
/// @param path     A regular file, or a link to one, of version 1.0, 2.0 or 3.0. `.npz` is not read.
/// @param options  Conversion; bytes behind the array.
/// @returns        The array; the same bits as in the file, also NaN payloads, unless it converts. Big-endian files are swapped.
/// @throws io_error        with path and errno, if the file cannot be opened or read or is not a regular file.
/// @throws data_error      `<path>: npy: <what> at byte <k> ...`, with the offset as a member, for anything that is wrong with the
///                         bytes: the header, fewer or more of them than the shape needs, a bool that is neither 0 nor 1, with
///                         `convert` a value without an equal in `T`, a file that changes its size meanwhile.
/// @throws argument_error  if the elements have another type and `convert` was not asked for; value() is their type.
/// @throws shape_error     if the array has not N axes; lhs() is its shape.
///
/// **Conversion** is of values, not of types: a file of int64 is read as double if every number in it is a double. Nothing is ever
/// rounded or cut. NaN becomes NaN (of a quiet kind), and -0.0 as an integer is 0.
///
/// **Trust.** Nothing in a file is evaluated, Python objects ("|O") are refused, the header is at most 64 KiB and has at most 32 axes.
/// Memory for the elements is taken after the file was found to be so long.
///
/// **Cost.** One pass; straight into the result where type and order are those of the file, else through a window of 64 KiB: that, the
/// header and the result are all the memory there is. One thread.
///
/// **Example.**
/// @code
/// auto X = xrayon::read_npy<float, 2>("images.npy");
/// auto y = xrayon::read_npy<int, 1>("labels.npy", {.convert = true});   // numpy's labels are int64
/// @endcode
/// @see read_npy_header, which says type and shape beforehand; parse_npy; write_npy
template <npy_value T, xt::layout_type Layout = xt::layout_type::row_major>
    requires(Layout == xt::layout_type::row_major || Layout == xt::layout_type::column_major)
[[nodiscard]] xt::xarray<T, Layout> read_npy(const std::string& path, const npy_options& options = {}) {
    return detail::read_npy_file<xt::xarray<T, Layout>>(path, options);
}
template <npy_value T, std::size_t N, xt::layout_type Layout = xt::layout_type::row_major>
    requires(Layout == xt::layout_type::row_major || Layout == xt::layout_type::column_major)
[[nodiscard]] xt::xtensor<T, N, Layout> read_npy(const std::string& path, const npy_options& options = {}) {
    return detail::read_npy_file<xt::xtensor<T, N, Layout>>(path, options);
}

/// @brief Reads an array from the bytes of an NPY file in memory: as read_npy, with `source` before what messages say.
///
/// @throws data_error, argument_error, shape_error  as read_npy, with `parse_npy` as the function.
template <npy_value T, xt::layout_type Layout = xt::layout_type::row_major>
    requires(Layout == xt::layout_type::row_major || Layout == xt::layout_type::column_major)
[[nodiscard]] xt::xarray<T, Layout> parse_npy(std::string_view bytes, std::string source, const npy_options& options = {}) {
    return detail::parse_npy_bytes<xt::xarray<T, Layout>>(bytes, std::move(source), options);
}
template <npy_value T, std::size_t N, xt::layout_type Layout = xt::layout_type::row_major>
    requires(Layout == xt::layout_type::row_major || Layout == xt::layout_type::column_major)
[[nodiscard]] xt::xtensor<T, N, Layout> parse_npy(std::string_view bytes, std::string source, const npy_options& options = {}) {
    return detail::parse_npy_bytes<xt::xtensor<T, N, Layout>>(bytes, std::move(source), options);
}

} // namespace xrayon

#endif // XRAYON_IO_NPY_HPP
