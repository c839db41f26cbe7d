// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_WRITE_NPY_HPP
#define XRAYON_IO_WRITE_NPY_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/io/atomic_file.hpp>
#include <xrayon/io/npy_header.hpp>
#include <xrayon/io/npy_type.hpp>

namespace xrayon {

/// How an NPY file is written; the members are those of atomic_file_options.
struct npy_write_options {
    std::optional<unsigned> permissions = {};  ///< Unset: those of the file that is replaced, 0600 where there is none.
    bool durable = true;                       ///< Wait until the disk has it.
};

namespace detail {

/// Memory with any shape and strides, in elements, of any rank.
template <npy_value T>
struct npy_source_array {
    const T* data;
    std::vector<std::size_t> shape;
    std::vector<std::ptrdiff_t> strides;

    [[nodiscard]] std::size_t size() const noexcept {
        std::size_t count = 1;
        for (const std::size_t extent : shape) {
            count *= extent;
        }
        return count;
    }

    /// Whether the elements lie without gaps, with the last axis varying fastest, or the first.
    [[nodiscard]] bool is_contiguous(bool first_fastest) const noexcept {
        std::ptrdiff_t stride = 1;
        for (std::size_t i = 0; i != shape.size(); ++i) {
            const std::size_t axis = first_fastest ? i : shape.size() - 1 - i;
            if (shape[axis] != 1 && strides[axis] != stride) {
                return false;
            }
            stride *= static_cast<std::ptrdiff_t>(shape[axis]);
        }
        return true;
    }
};

/// What stands before the elements: version 1.0, byte for byte numpy's own (`_write_array_header` of numpy 1.23 and later leaves room
/// for the growing axis to have 21 digits; all of it ends on a multiple of 64 with at least one blank before the line end).
[[nodiscard]] inline std::string npy_preamble(const npy_type& type, bool fortran_order, std::span<const std::size_t> shape) {
    std::string text = "{'descr': '" + type.text() + "', 'fortran_order': " + (fortran_order ? "True" : "False")
                       + ", 'shape': " + shape_text(shape) + ", }";
    if (!shape.empty()) {
        text += std::string(21 - to_text(fortran_order ? shape.back() : shape.front()).size(), ' ');
    }
    text += std::string(64 - (10 + text.size() + 1) % 64, ' ') + '\n';
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(text.size() & 0xff) + static_cast<char>(text.size() >> 8) + text;
}

inline void check_npy_rank(std::size_t rank, const std::string& function) {
    check(rank <= npy_max_dimensions, function + ": x must have at most " + to_text(npy_max_dimensions) + " axes", rank);
}

/// Gives the bytes of the file to `put(std::string_view)`, one piece after the other.
template <npy_value T, class Put>
void put_npy(const npy_source_array<T>& source, const Put& put) {
    const auto put_elements = [&](const T* elements, std::size_t count) {
        put(std::string_view(reinterpret_cast<const char*>(elements), count * sizeof(T)));
    };
    const std::size_t size = source.size();
    const bool row_major = size == 0 || source.is_contiguous(false);
    const bool column_major = !row_major && source.is_contiguous(true);
    put(npy_preamble(npy_type_of<T>(), column_major, source.shape));
    if (row_major || column_major) {
        put_elements(source.data, size);
    } else {
        // Gathered row-major, as numpy does. The rank is at least 1 here.
        constexpr std::size_t most = (std::size_t{64} << 10) / sizeof(T);
        const auto window = std::make_unique_for_overwrite<T[]>(std::min(most, size));
        std::array<std::size_t, npy_max_dimensions> index{};
        const std::size_t last = source.shape.size() - 1;
        const T* row = source.data;
        std::size_t filled = 0;
        for (std::size_t left = size / source.shape[last]; left != 0; --left) {
            for (std::size_t i = 0; i != source.shape[last]; ++i) {
                if (filled == most) {
                    put_elements(window.get(), filled);
                    filled = 0;
                }
                window[filled++] = row[static_cast<std::ptrdiff_t>(i) * source.strides[last]];
            }
            for (std::size_t axis = last; axis-- > 0;) {
                row += source.strides[axis];
                if (++index[axis] != source.shape[axis]) {
                    break;
                }
                row -= static_cast<std::ptrdiff_t>(source.shape[axis]) * source.strides[axis];
                index[axis] = 0;
            }
        }
        put_elements(window.get(), filled);
    }
}

/// An xtensor expression whose elements lie in memory.
template <class X>
concept npy_xtensor_memory = requires(const X& x) {
    requires std::same_as<decltype(x.data()), const typename X::value_type*>;
    x.data_offset();
    x.strides();
};

template <class X>
concept npy_expression = xtensor_expression<X> && npy_value<typename std::remove_cvref_t<X>::value_type>;

template <class X>
concept npy_viewable = requires(const X& x) {
    requires !xtensor_expression<X>;
    requires npy_value<typename std::remove_cvref_t<decltype(view_of(x))>::value_type>;
};

/// `x` as pointer, shape and strides.
template <class X>
[[nodiscard]] auto npy_source_of(const X& x) {
    if constexpr (xtensor_expression<X>) {
        npy_source_array<typename X::value_type> array{x.data(), {}, {}};
        if (array.data != nullptr) {
            array.data += static_cast<std::ptrdiff_t>(x.data_offset());
        }
        for (const auto extent : x.shape()) {
            array.shape.push_back(static_cast<std::size_t>(extent));
        }
        for (const auto stride : x.strides()) {
            array.strides.push_back(static_cast<std::ptrdiff_t>(stride));
        }
        return array;
    } else {
        const auto view = view_of(x);
        using value = typename decltype(view)::value_type;
        return npy_source_array<value>{
            view.data(), {view.shape().begin(), view.shape().end()}, {view.strides().begin(), view.strides().end()}};
    }
}

} // namespace detail

/// An array that write_npy takes: an array_view, span or vector, or any xtensor container, view or expression, of elements that an NPY file
/// can have.
template <class X>
concept npy_writable = detail::npy_expression<X> || detail::npy_viewable<X>;

/// @brief Writes an array to a file in numpy's format, NPY: `numpy.load(path)` reads it.
///
/// The file is what `numpy.save` of numpy 1.23 and later writes for the same array, byte for byte: version 1.0, this machine's byte order,
/// `fortran_order` for an array whose elements lie by columns. What lies by rows and by columns at once, such as an array of one axis,
/// counts as by rows.
///
/// @param path     Replaced in one step, or not at all: see atomic_file, also for symbolic links and permissions.
/// @param x        Any strides; only read. A lazy expression is evaluated first; a view is not copied.
/// @throws argument_error  if it has more than 32 axes, or options.permissions is above 0777.
/// @throws io_error        with path, operation and errno; the old file is intact.
///
/// **Cost.** One write where the elements lie in one piece, else through a window of 64 KiB; `durable` waits for the disk.
///
/// **Example.**
/// @code
/// xrayon::write_npy("weights.npy", weights);
/// xrayon::write_npy("column.npy", xt::view(table, xt::all(), 3), {.permissions = 0644});
/// @endcode
/// @see npy_bytes, read_npy
template <npy_writable X>
void write_npy(const std::string& path, const X& x, const npy_write_options& options = {}) {
    if constexpr (xtensor_expression<X> && !detail::npy_xtensor_memory<X>) {
        write_npy(path, stored_t<X>(x), options);
    } else {
        const auto source = detail::npy_source_of(x);
        detail::check_npy_rank(source.shape.size(), "write_npy");
        atomic_file file(path, {.permissions = options.permissions, .durable = options.durable, .function = "write_npy"});
        detail::put_npy(source, [&](std::string_view bytes) { file.write(bytes); });
        file.commit();
    }
}

/// @brief The bytes of the file that write_npy writes, to be sent or kept elsewhere; parse_npy reads them.
/// @throws argument_error  if `x` has more than 32 axes.
template <npy_writable X>
[[nodiscard]] std::string npy_bytes(const X& x) {
    if constexpr (xtensor_expression<X> && !detail::npy_xtensor_memory<X>) {
        return npy_bytes(stored_t<X>(x));
    } else {
        const auto source = detail::npy_source_of(x);
        detail::check_npy_rank(source.shape.size(), "npy_bytes");
        std::string out;
        out.reserve(512 + source.size() * sizeof(*source.data));
        detail::put_npy(source, [&](std::string_view bytes) { out.append(bytes); });
        return out;
    }
}

} // namespace xrayon

#endif // XRAYON_IO_WRITE_NPY_HPP
