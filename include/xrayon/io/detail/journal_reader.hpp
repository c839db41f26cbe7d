// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_JOURNAL_READER_HPP
#define XRAYON_IO_DETAIL_JOURNAL_READER_HPP

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <xrayon/io/detail/journal_lines.hpp>
#include <xrayon/io/detail/regular_file.hpp>

namespace xrayon::detail {

/// A record in a file: where its checksum begins, and where the next line does.
struct placed_record {
    std::string_view text;
    std::size_t begin = 0;
    std::size_t next = 0;
};

/// The records of an open journal, read through a window: a few mebibytes at a time. Places only grow.
class journal_reader {
public:
    /// Looks at the first line only, so that a foreign file is not read through.
    journal_reader(const regular_file& file, const std::string& path, const std::string& function)
        : file_(file), path_(path), function_(function), bytes_(std::make_unique_for_overwrite<char[]>(capacity)) {
        size_ = read_at(file_, 0, bytes_.get(), 2048, path_, function_);
        if (size_ != 0) {
            identity_ = journal_identity({bytes_.get(), size_}, path_);
        }
    }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] const std::string& identity() const noexcept { return identity_; }
    [[nodiscard]] std::size_t first_record() const { return first_journal_line(identity_).size(); }
    /// What of the file has been seen: all of it once a record was looked for and not found.
    [[nodiscard]] std::size_t end() const noexcept { return begin_ + size_; }

    /// The record whose line begins at this very place; its text lives until the next one is asked for.
    [[nodiscard]] bool record_at(std::size_t at, placed_record& found) {
        const std::string_view rest = from(at).substr(0, longest_journal_line);
        const std::size_t stop = rest.find('\n');
        found.begin = at;
        found.next = at + stop + 1;
        return stop != rest.npos && unframed(rest.substr(0, stop), found.text);
    }

    /// The first record from a place on, wherever in a line it begins. One without its line break does not count: what is torn behind
    /// "00000000 " would be an empty one.
    [[nodiscard]] bool find_record(std::size_t at, placed_record& found) {
        for (std::string_view rest = from(at); !rest.empty(); rest = from(at)) {
            const std::size_t stop = rest.find('\n');
            if (stop == rest.npos) {  // only its end may belong to a record that ends behind it
                at += ended_ ? rest.size() : rest.size() - (longest_journal_line - 1);
                continue;
            }
            const std::string_view line = rest.substr(0, stop);
            const std::size_t near = line.size() - std::min(line.size(), longest_journal_line - 1);
            const std::size_t begin = record_within(line.substr(near));
            if (begin != line.npos) {
                found = {line.substr(near + begin + 9), at + near + begin, at + stop + 1};
                return true;
            }
            at += stop + 1;
        }
        return false;
    }

private:
    static constexpr std::size_t capacity = 4 * longest_journal_line;

    /// The bytes from a place on: those of a longest line at least, if the file has as many.
    [[nodiscard]] std::string_view from(std::size_t at) {
        if (at + longest_journal_line > end() && !ended_) {
            const std::size_t kept = end() - at;
            std::memmove(bytes_.get(), bytes_.get() + (at - begin_), kept);
            const std::size_t got = read_at(file_, end(), bytes_.get() + kept, capacity - kept, path_, function_);
            ended_ = got < capacity - kept;
            begin_ = at;
            size_ = kept + got;
        }
        return std::string_view(bytes_.get(), size_).substr(at - begin_);
    }

    const regular_file& file_;
    const std::string& path_;
    std::string function_;
    std::unique_ptr<char[]> bytes_;
    std::string identity_;
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
    bool ended_ = false;
};

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_JOURNAL_READER_HPP
