// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_IO_NPY_TEXT_HPP
#define XRAYON_TESTS_IO_NPY_TEXT_HPP

#include <cstddef>
#include <string>
#include <string_view>

namespace xrayon::test {

/// The bytes of an NPY file with this header, as it is, and these data.
inline std::string npy_file(const std::string& header, std::string_view data = {}, int version = 1) {
    std::string out = "\x93NUMPY";
    out += static_cast<char>(version);
    out += '\0';
    for (int byte = 0; byte != (version == 1 ? 2 : 4); ++byte) {
        out += static_cast<char>(header.size() >> (8 * byte) & 0xff);
    }
    return out + header + std::string(data);
}

/// The same for a type and a shape, written as in the file.
inline std::string npy_array(const std::string& type, const std::string& shape, std::string_view data = {}, bool fortran_order = false) {
    return npy_file("{'descr': '" + type + "', 'fortran_order': " + (fortran_order ? "True" : "False") + ", 'shape': " + shape + ", }\n",
                    data);
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_IO_NPY_TEXT_HPP
