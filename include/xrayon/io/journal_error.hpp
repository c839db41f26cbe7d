// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_JOURNAL_ERROR_HPP
#define XRAYON_IO_JOURNAL_ERROR_HPP

#include <cstddef>
#include <string>
#include <utility>

#include <xrayon/core/error.hpp>

namespace xrayon {

/// A file is no journal, not this one, or damaged before its end.
class journal_error : public data_error {
public:
    journal_error(const std::string& message, std::string source, std::size_t offset, std::size_t record)
        : data_error(message, std::move(source), offset, record, 0), record_(record) {}

    std::size_t record() const noexcept { return record_; }  ///< The number of the record, from 1; 0: the first line.

private:
    std::size_t record_;
};

} // namespace xrayon

#endif // XRAYON_IO_JOURNAL_ERROR_HPP
