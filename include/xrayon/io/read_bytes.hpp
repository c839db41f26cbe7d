// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_READ_BYTES_HPP
#define XRAYON_IO_READ_BYTES_HPP

#include <string>

#include <xrayon/io/detail/read_file.hpp>

namespace xrayon {

/// @brief The bytes of a regular file.
/// @param function  What messages begin with.
/// @throws io_error  `<function>: open <path>: ...` for whatever the system refuses, and for directories, FIFOs, sockets and devices
[[nodiscard]] inline std::string read_bytes(const std::string& path, const std::string& function = "read_bytes") {
    return std::string(detail::read_file(path, function).view());
}

} // namespace xrayon

#endif // XRAYON_IO_READ_BYTES_HPP
