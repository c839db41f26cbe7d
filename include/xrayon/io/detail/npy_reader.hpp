// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_NPY_READER_HPP
#define XRAYON_IO_DETAIL_NPY_READER_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <xrayon/core/error.hpp>
#include <xrayon/io/detail/npy_convert.hpp>
#include <xrayon/io/detail/regular_file.hpp>
#include <xrayon/io/npy_header.hpp>

namespace xrayon::detail {

/// A window of 64 KiB: conversion and reordering need no more memory than this beside the result.
inline constexpr std::size_t npy_window = std::size_t{64} << 10;

/// The bytes of an NPY file that lies in memory.
struct npy_in_memory {
    std::string_view bytes;

    [[nodiscard]] std::size_t size() const noexcept { return bytes.size(); }
    [[nodiscard]] std::size_t read(std::size_t offset, char* out, std::size_t size) const {
        return bytes.substr(std::min(offset, bytes.size())).copy(out, size);
    }
};

/// The same of an open file. It may change its size while it is read.
struct npy_in_file {
    const regular_file& file;
    const std::string& path;
    const std::string& function;

    [[nodiscard]] std::size_t size() const noexcept { return file.size; }
    [[nodiscard]] std::size_t read(std::size_t offset, char* out, std::size_t size) const {
        return read_at(file, offset, out, size, path, function);
    }
};

XRAYON_COLD [[noreturn]] inline void fail_npy(const npy_header& header, std::size_t offset, const std::string& what) {
    throw data_error(header.source + ": npy: " + what, header.source, offset, 0, 0);
}

/// Throws unless `bytes` that follow the header are what the header says.
inline void check_npy_size(const npy_header& header, std::size_t file_size, bool allow_trailing, const char* when = "") {
    const std::size_t bytes = file_size < header.data_offset ? 0 : file_size - header.data_offset;
    if (bytes < header.data_size()) {
        fail_npy(header, file_size,
                 when + ("data has " + to_text(bytes)) + " bytes, shape needs " + to_text(header.data_size()) + ": shape "
                     + shape_text(header.shape) + " of " + header.type.text());
    }
    if (bytes > header.data_size() && !allow_trailing) {
        const std::size_t end = header.data_offset + header.data_size();
        fail_npy(header, end, when + to_text(bytes - header.data_size()) + " bytes after the array at byte " + to_text(end));
    }
}

/// Elements of the file, in its order, as T.
template <npy_value T, class Source>
class npy_elements {
public:
    npy_elements(const npy_header& header, const Source& source)
        : header_(header),
          source_(source),
          swaps_(header.type.size > 1 && header.type.big_endian != (std::endian::native == std::endian::big)),
          converts_(header.type.kind != npy_type_of<T>().kind || header.type.size != sizeof(T)) {}

    /// Reads elements [first, first + count) into `out`.
    void read(std::size_t first, std::size_t count, T* out) {
        if (!converts_) {
            // A T is not read before its bytes have been looked at: a bool of 2 would be undefined.
            read_native(first, count, reinterpret_cast<char*>(out));
            return;
        }
        const std::size_t most = npy_window / header_.type.size;
        if (!window_ && count != 0) {
            window_ = std::make_unique_for_overwrite<char[]>(npy_window);
        }
        while (count != 0) {
            const std::size_t now = std::min(count, most);
            read_native(first, now, window_.get());
            with_npy_type(header_.type, [&]<class From>() {
                const std::size_t bad = convert_all<T, From>(window_.get(), now, out);
                if (bad != now) {
                    From value;
                    std::memcpy(&value, window_.get() + bad * sizeof(From), sizeof(From));
                    const std::size_t at = offset(first + bad);
                    fail_npy(header_, at,
                             "value " + number_text(value) + " at byte " + to_text(at) + " has no equal " + npy_type_of<T>().text());
                }
            });
            first += now;
            count -= now;
            out += now;
        }
    }

private:
    [[nodiscard]] std::size_t offset(std::size_t index) const noexcept { return header_.data_offset + index * header_.type.size; }

    void read_native(std::size_t first, std::size_t count, char* bytes) {
        const std::size_t size = count * header_.type.size;
        const std::size_t got = source_.read(offset(first), bytes, size);
        if (got != size) {
            check_npy_size(header_, offset(first) + got, true, "the file changed while it was read: ");
        }
        if (swaps_) {
            swap_bytes(bytes, count, header_.type);
        }
        if (header_.type.kind == 'b') {
            const std::size_t bad = first_bad_bool(bytes, count);
            if (bad != count) {
                const auto value = static_cast<unsigned>(static_cast<unsigned char>(bytes[bad]));
                fail_npy(header_, offset(first + bad), "bool byte " + to_text(value) + " at byte " + to_text(offset(first + bad)));
            }
        }
    }

    const npy_header& header_;
    const Source& source_;
    bool swaps_;
    bool converts_;
    std::unique_ptr<char[]> window_;
};

/// Reads all elements into `out`, which has the other order than the file: there the last axis varies fastest where here the first
/// does, or the other way round.
///
/// `axes` are the extents as the file has them, the one that varies fastest first. Where the runs along that axis are short, the file is
/// read from begin to end; where they are longer than a window, windows at the same place of all runs are read one after the other, so that
/// what is written stays near together.
template <npy_value T, class Elements>
void read_reordered(Elements& elements, std::span<const std::size_t> axes, std::size_t size, T* out) {
    std::array<std::size_t, npy_max_dimensions> strides;  // in `out`, of each of `axes`
    std::size_t stride = 1;
    for (std::size_t axis = axes.size(); axis-- > 0;) {
        strides[axis] = stride;
        stride *= axes[axis];
    }
    const std::size_t most = std::max<std::size_t>(npy_window / sizeof(T), 1);
    const auto window = std::make_unique_for_overwrite<T[]>(std::min(most, size));
    const std::size_t run = axes[0];
    const std::size_t runs = size / run;

    std::array<std::size_t, npy_max_dimensions> index;
    // Goes on from the start of one run to that of the next; `place` is where its first element belongs.
    const auto next_run = [&](std::size_t& place) {
        for (std::size_t axis = 1; axis != axes.size(); ++axis) {
            place += strides[axis];
            if (++index[axis] != axes[axis]) {
                return;
            }
            place -= axes[axis] * strides[axis];
            index[axis] = 0;
        }
    };
    const auto scatter = [&](const T* from, std::size_t count, T* to) {
        for (std::size_t i = 0; i != count; ++i) {
            to[i * strides[0]] = from[i];
        }
    };
    std::size_t place = 0;
    index.fill(0);
    if (run <= most) {
        const std::size_t together = most / run;
        for (std::size_t first = 0; first != runs;) {
            const std::size_t now = std::min(together, runs - first);
            elements.read(first * run, now * run, window.get());
            for (std::size_t i = 0; i != now; ++i) {
                scatter(window.get() + i * run, run, out + place);
                next_run(place);
            }
            first += now;
        }
        return;
    }
    try {
        for (std::size_t begin = 0; begin != run;) {
            const std::size_t now = std::min(most, run - begin);
            for (std::size_t i = 0; i != runs; ++i) {
                elements.read(i * run + begin, now, window.get());
                scatter(window.get(), now, out + place + begin * strides[0]);
                next_run(place);
            }
            begin += now;
        }
    } catch (const data_error&) {
        // Some element is at fault; the one to name is the first of the file.
        for (std::size_t first = 0; first != size;) {
            const std::size_t now = std::min(most, size - first);
            elements.read(first, now, window.get());
            first += now;
        }
        throw;
    }
}

/// Reads the array behind `header` into `out`, of header.size elements, row-major or column-major.
template <npy_value T, class Source>
void read_npy_elements(const npy_header& header, const Source& source, bool column_major, bool allow_trailing, T* out) {
    npy_elements<T, Source> elements(header, source);
    // Axes of extent 1 do not matter: with one axis left, or none, both orders are the same.
    std::array<std::size_t, npy_max_dimensions> axes;
    std::size_t rank = 0;
    for (const std::size_t extent : header.shape) {
        if (extent != 1) {
            axes[rank++] = extent;
        }
    }
    if (!header.fortran_order) {
        std::reverse(axes.begin(), axes.begin() + static_cast<std::ptrdiff_t>(rank));
    }
    if (header.size != 0) {
        if (rank <= 1 || header.fortran_order == column_major) {
            elements.read(0, header.size, out);
        } else {
            read_reordered(elements, std::span<const std::size_t>(axes.data(), rank), header.size, out);
        }
    }
    char beyond = 0;
    const std::size_t end = header.data_offset + header.data_size();
    if (!allow_trailing && source.read(end, &beyond, 1) != 0) {
        check_npy_size(header, end + 1, false, "the file changed while it was read: at least ");
    }
}

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_NPY_READER_HPP
