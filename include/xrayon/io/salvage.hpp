// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_SALVAGE_HPP
#define XRAYON_IO_SALVAGE_HPP

#include <cerrno>
#include <cstddef>
#include <string>

#include <fcntl.h>
#include <sys/file.h>

#include <xrayon/core/error.hpp>
#include <xrayon/io/detail/journal_file.hpp>
#include <xrayon/io/detail/journal_lines.hpp>
#include <xrayon/io/detail/journal_reader.hpp>
#include <xrayon/io/detail/regular_file.hpp>
#include <xrayon/io/journal_error.hpp>

namespace xrayon {

/// What salvage found.
struct salvaged {
    std::size_t kept = 0;        ///< Records.
    std::size_t lost_bytes = 0;  ///< Bytes behind the first line that belong to none of them.
};

/// @brief Copies the good records of a damaged journal to a new one: all whose checksum is right, wherever they stand, in order.
///
/// How many records the lost bytes were, and of what, nobody can say: whether the rest will do is the caller's to judge.
/// @param from  Only read. Its first line must be whole, because it says what the records are of.
/// @param to    Must not exist; appears whole or not at all, 0600.
/// @throws journal_error  `journal: not a journal` or of another format: from its first line
/// @throws io_error       if the system refuses, a journal object has `from` (EWOULDBLOCK), or `to` exists (EEXIST)
inline salvaged salvage(const std::string& from, const std::string& to) {
    detail::journal_place source;
    source.find(from, "salvage");
    detail::journal_place target;
    target.find(to, "salvage");
    const detail::regular_file file{source.open(O_RDONLY, LOCK_SH, from, "salvage"), 0, {}};
    if (file.descriptor.value < 0) {
        throw io_error(ENOENT, "salvage: open", from);
    }
    detail::journal_reader reader(file, from, "salvage");
    if (reader.empty()) {
        throw journal_error("journal: not a journal: " + from, from, 0, 0);
    }
    detail::journal_draft draft(target, to, "salvage");
    std::string lines = detail::first_journal_line(reader.identity());
    salvaged out;
    std::size_t at = lines.size();
    for (detail::placed_record record; reader.find_record(at, record); at = record.next) {
        ++out.kept;
        out.lost_bytes += record.begin - at;
        lines += detail::journal_line(record.text);
        if (lines.size() >= detail::longest_journal_record) {
            draft.write(lines);
            lines.clear();
        }
    }
    draft.write(lines);
    out.lost_bytes += reader.end() - at;
    if (!draft.publish()) {
        throw io_error(EEXIST, "salvage: create", to);
    }
    return out;
}

} // namespace xrayon

#endif // XRAYON_IO_SALVAGE_HPP
