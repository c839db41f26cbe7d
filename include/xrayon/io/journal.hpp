// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_JOURNAL_HPP
#define XRAYON_IO_JOURNAL_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/detail/journal_file.hpp>
#include <xrayon/io/detail/journal_lines.hpp>
#include <xrayon/io/detail/journal_reader.hpp>
#include <xrayon/io/detail/regular_file.hpp>
#include <xrayon/io/journal_error.hpp>

namespace xrayon {

struct journal_options {
    bool durable = false;   ///< Wait for the disk at each record, so that also a power failure loses none that append has returned from.
    bool optional = false;  ///< Work that can do without: an append that fails, and all that follow, do nothing, and `failure` says why.
};

/// @brief A file of records that is only ever appended to: what was appended is there after a crash, and half a record never is.
///
/// The first line says what the file is: `xrayon-journal 1`, and the text that its owner gave (`identity`). A record is a line: its text
/// and a checksum. A process that is killed may leave half a record at the end, which the next one cuts off; a record that is damaged
/// *before* the end is an error, because what comes behind it cannot be trusted to be all: see salvage.
///
/// A new journal has its first line before it has its name (so the file system must know links, or renames that replace nothing; a process
/// killed meanwhile leaves `.<name>.<16 hexadecimal digits>.tmp`). Hence a file that lacks a first line is another's and stays as it is. An
/// empty file is taken as a new journal, in place. A new file is 0600; a symbolic link is refused.
///
/// Many threads may append. One process has a journal at a time: the file is locked while the object lives, or else until the process
/// ends. A child made by fork alone, without exec, shares the lock and keeps it until it ends too; it must not append.
///
/// **Cost.** append: a lock, a write(2) and a look whether the file is still in its place; with `durable` a wait for the disk. Opening
/// reads all records, 4 MiB at a time. Memory: a std::string a record (32 bytes, and from 16 characters on a heap block of that length)
/// until take_records, whatever is appended later.
class journal {
public:
    static constexpr std::size_t longest_record = detail::longest_journal_record;

    /// @brief Opens or creates the journal.
    /// @param identity  Printable text without line breaks, at most a kibibyte: what the records belong to.
    /// @throws journal_error   `journal: not a journal`, `journal: format 9, this library knows 1`, `journal: is of "..." and not of
    ///                         "..."`,
    ///                         all from the first 2 KiB; `journal: record 17 at byte 912: checksum`. The file is as it was then.
    /// @throws io_error        if the system refuses, or another journal object has the file (EWOULDBLOCK); also with options.optional
    /// @throws argument_error  if the identity is not printable or too long
    journal(std::string path, const std::string& identity, const journal_options& options = {})
        : path_(std::move(path)), options_(options) {
        check(identity.size() <= 1024 && std::all_of(identity.begin(), identity.end(), [](char c) { return c >= 0x20 && c < 0x7f; }),
              "journal: identity must be at most 1024 printable characters", escaped(identity));
        place_.find(path_, "journal");
        for (int attempt = 0; !open(identity); ++attempt) {
            if (attempt == 100) {
                throw io_error(ESTALE, "journal: removed or replaced while being opened:", path_);
            }
        }
    }
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;
    ~journal() = default;

    /// The records that were there when it was opened, in order; none after take_records.
    [[nodiscard]] const std::vector<std::string>& records() const noexcept { return records_; }
    /// The same, for the caller to keep or to let go: their memory is no longer the journal's. Not while another thread reads records().
    [[nodiscard]] std::vector<std::string> take_records() noexcept { return std::exchange(records_, {}); }
    /// Bytes of an unfinished record that were cut off the end.
    [[nodiscard]] std::size_t dropped_bytes() const noexcept { return dropped_; }

    /// @brief Appends a record; when it returns, a crash of the process does not lose it.
    ///
    /// The first failure is the last: nothing more is written, and each later append throws the same io_error. After a write that failed
    /// the file ends before the record (if that cannot be had either, the next opening cuts it off). After a sync that failed the record
    /// may be there or not; if the file was removed or replaced (ESTALE), it is where that file is.
    /// @throws argument_error  if the record is longer than a mebibyte or holds a line break
    /// @throws io_error        if the system refuses, and from then on; never with options.optional: see failure
    void append(std::string_view record) {
        check(record.size() <= longest_record, "journal: a record must be at most 1 MiB", record.size());
        check(record.find('\n') == record.npos, "journal: a record must be one line");
        const std::string line = detail::journal_line(record);
        const std::scoped_lock lock(mutex_);
        if (error_ == 0) {
            write(line);
        }
        if (error_ != 0 && !options_.optional) {
            throw io_error(error_, operation_, path_);
        }
    }

    /// Why nothing more is written; nothing while all is well.
    [[nodiscard]] std::optional<io_error> failure() const {
        const std::scoped_lock lock(mutex_);
        return error_ == 0 ? std::nullopt : std::optional(io_error(error_, operation_, path_));
    }

private:
    /// False: the file came or went meanwhile.
    [[nodiscard]] bool open(const std::string& identity) {
        detail::file_descriptor file = place_.open(O_RDWR | O_APPEND, LOCK_EX, path_, "journal");
        if (file.value < 0) {
            const std::string line = detail::first_journal_line(identity);
            detail::journal_draft draft(place_, path_, "journal");
            draft.write(line);
            if (!draft.publish()) {
                return false;
            }
            file_.descriptor.value = std::exchange(draft.file.value, -1);
            size_ = line.size();
            return true;
        }
        if (!place_.holds(file.value)) {
            return false;
        }
        file_.descriptor.value = std::exchange(file.value, -1);
        read(identity);
        return true;
    }

    void read(const std::string& identity) {
        detail::journal_reader reader(file_, path_, "journal");
        if (reader.empty()) {
            write(detail::first_journal_line(identity));
            if (error_ != 0) {
                throw io_error(error_, operation_, path_);
            }
            place_.sync();
            return;
        }
        if (reader.identity() != identity) {
            throw journal_error(
                "journal: is of \"" + escaped(reader.identity(), 200) + "\" and not of \"" + escaped(identity, 200) + "\": " + path_, path_,
                0, 0);
        }
        detail::placed_record record;
        for (size_ = reader.first_record(); reader.record_at(size_, record); size_ = record.next) {
            records_.emplace_back(record.text);
        }
        // What is left was being written, unless there is a whole record in it: behind a line break, or behind what was one.
        if (size_ == reader.end()) {
            return;
        }
        if (reader.find_record(size_ + 1, record)) {
            throw journal_error("journal: record " + to_text(records_.size() + 1) + " at byte " + to_text(size_) + ": checksum: " + path_,
                                path_, size_, records_.size() + 1);
        }
        dropped_ = reader.end() - size_;
        if (::ftruncate(file_.descriptor.value, static_cast<::off_t>(size_)) != 0) {
            detail::throw_io_error(errno, "journal", "truncate", path_);
        }
    }

    /// What fails is in error_ and operation_: no memory is needed to remember it.
    void write(std::string_view line) noexcept {
        const int file = file_.descriptor.value;
        if (const int error = detail::write_all(file, line); error != 0) {
            (void)!::ftruncate(file, static_cast<::off_t>(size_));  // else the next opening does it
            fail(error, "journal: write");
            return;
        }
        while (options_.durable && ::fdatasync(file) != 0) {
            if (errno != EINTR) {
                fail(errno, "journal: sync");  // what the disk has is not known, and asking again would say that all is well
                return;
            }
        }
        if (!place_.holds(file)) {
            fail(ESTALE, "journal: removed or replaced while in use:");
            return;
        }
        size_ += line.size();
    }
    void fail(int error, const char* operation) noexcept {
        error_ = error;
        operation_ = operation;
    }

    std::string path_;
    journal_options options_;
    detail::journal_place place_;
    detail::regular_file file_{detail::file_descriptor(-1), 0, {}};
    std::vector<std::string> records_;
    std::size_t dropped_ = 0;
    std::size_t size_ = 0;
    mutable std::mutex mutex_;
    int error_ = 0;  // the first one
    const char* operation_ = "";
};

} // namespace xrayon

#endif // XRAYON_IO_JOURNAL_HPP
