// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_JOURNAL_HPP
#define XRAYON_IO_JOURNAL_HPP

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/detail/crc32.hpp>
#include <xrayon/io/detail/read_file.hpp>
#include <xrayon/io/detail/regular_file.hpp>

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

struct journal_options {
    bool durable = false;  ///< Wait for the disk at each record, so that also a power failure loses none that append has returned from.
};

/// @brief A file of records that is only ever appended to: what was appended is there after a crash, and what was not is not.
///
/// The first line says what the file is: `xrayon-journal 1`, and the text that its owner gave (`identity`). A record is a line: its text
/// and a checksum. A process that is
/// killed may leave half a record at the end, which the next one cuts off; a record that is damaged *before* the end is an error, because
/// what comes behind it cannot
/// be trusted to be all.
///
/// Many threads may append. One process has a journal at a time: the file is locked while the object lives, and the lock ends with the
/// process.
/// A new file is 0600; a symbolic link is refused.
///
/// **Cost.** append: a lock and a write(2), with `durable` a wait for the disk. Opening reads all records; memory: twice the file.
class journal {
public:
    static constexpr std::size_t longest_record = std::size_t{1} << 20;

    /// @brief Opens or creates the journal.
    /// @param identity  Printable text without line breaks, at most a kibibyte: what the records belong to.
    /// @throws journal_error   `journal: not a journal`, `journal: format 9, this library knows 1`, `journal: is of "..." and not of "..."`,
    ///                         `journal: record 17 at byte 912: checksum`. The file is as it was then.
    /// @throws io_error        if the system refuses, or another journal object has the file (EWOULDBLOCK)
    /// @throws argument_error  if the identity is not printable or too long
    journal(std::string path, const std::string& identity, const journal_options& options = {})
        : path_(std::move(path)), options_(options) {
        check(identity.size() <= 1024 && std::all_of(identity.begin(), identity.end(), [](char c) { return c >= 0x20 && c < 0x7f; }),
              "journal: identity must be at most 1024 printable characters", escaped(identity));
        detail::check_path(path_, "journal");
        file_.value = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
        if (file_.value < 0) {
            detail::throw_io_error(errno, "journal", "open", path_);
        }
        struct ::stat status {};
        if (::fstat(file_.value, &status) != 0) {
            detail::throw_io_error(errno, "journal", "stat", path_);
        }
        if (!S_ISREG(status.st_mode)) {
            throw io_error(EINVAL, "journal: not a regular file:", path_);
        }
        device_ = status.st_dev;
        inode_ = status.st_ino;
        if (::flock(file_.value, LOCK_EX | LOCK_NB) != 0) {
            detail::throw_io_error(errno, "journal", "lock (another writer has it)", path_);
        }
        read(first_line(identity));
    }
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;
    ~journal() = default;

    /// The records that were there when it was opened, in order.
    [[nodiscard]] const std::vector<std::string>& records() const noexcept { return records_; }
    /// Bytes of an unfinished record that were cut off the end.
    [[nodiscard]] std::size_t dropped_bytes() const noexcept { return dropped_; }

    /// @brief Appends a record; when it returns, a crash of the process does not lose it.
    /// @throws argument_error  if the record is longer than a mebibyte or holds a line break; after a failure
    /// @throws io_error        if the system refuses: the record is not there then, and nothing more can be appended
    void append(std::string_view record) {
        check(record.size() <= longest_record, "journal: a record must be at most 1 MiB", record.size());
        check(record.find('\n') == record.npos, "journal: a record must be one line");
        const std::string line = framed(record);
        const std::scoped_lock lock(mutex_);
        check(!broken_, "journal: cannot be used after a failure");
        write(line);
    }

private:
    /// "9b3c01f2 the record\n"
    [[nodiscard]] static std::string framed(std::string_view record) {
        std::array<char, 10> sum{};
        std::snprintf(sum.data(), sum.size(), "%08x ", detail::crc32(record));
        std::string out(sum.data(), 9);
        out += record;
        out += '\n';
        return out;
    }
    /// The record of a line without its end, if the checksum is right.
    [[nodiscard]] static bool unframed(std::string_view line, std::string_view& record) {
        if (line.size() < 9 || line[8] != ' ' || line.size() > longest_record + 9) {
            return false;
        }
        for (const char c : line.substr(0, 8)) {  // one spelling only
            if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
                return false;
            }
        }
        std::uint32_t sum = 0;
        std::from_chars(line.data(), line.data() + 8, sum, 16);
        record = line.substr(9);
        return sum == detail::crc32(record);
    }

    [[nodiscard]] static std::string first_line(const std::string& identity) { return framed("xrayon-journal 1 " + identity); }

    void read(const std::string& expected) {
        const detail::regular_file reading{detail::file_descriptor(::dup(file_.value)), 0, {}};
        if (reading.descriptor.value < 0) {
            detail::throw_io_error(errno, "journal", "open", path_);
        }
        const detail::file_bytes bytes = detail::read_file(reading, path_, "journal");
        const std::string_view text = bytes.view();
        // A first line that was not finished: a file that is just being made.
        if (text.size() < expected.size() && expected.starts_with(text)) {
            start(expected, text.size());
            return;
        }
        const std::size_t end = text.find('\n');
        std::string_view head;
        if (end == text.npos || !unframed(text.substr(0, end), head) || !head.starts_with("xrayon-journal ")) {
            throw journal_error("journal: not a journal: " + path_, path_, 0, 0);
        }
        const std::string_view version = head.substr(15, head.find(' ', 15) - 15);
        if (version != "1") {
            throw journal_error("journal: format " + escaped(version) + ", this library knows 1: " + path_, path_, 0, 0);
        }
        if (text.substr(0, end + 1) != expected) {
            throw journal_error("journal: is of \"" + escaped(head.substr(17), 200) + "\" and not of \""
                                    + escaped(std::string_view(expected).substr(26, expected.size() - 27), 200) + "\": " + path_,
                                path_, 0, 0);
        }
        std::size_t good = end + 1;  // bytes that belong to whole records
        while (good < text.size()) {
            const std::size_t stop = text.find('\n', good);
            std::string_view record;
            if (stop == text.npos || !unframed(text.substr(good, stop - good), record)) {
                break;
            }
            records_.emplace_back(record);
            good = stop + 1;
        }
        // What is left was being written, unless there is a whole record in it: behind a line break, or behind what was one.
        for (std::size_t at = good + 1; at < text.size(); ++at) {
            std::string_view record;
            if (at + 9 <= text.size() && text[at + 8] == ' '
                && unframed(text.substr(at, std::min(text.find('\n', at), text.size()) - at), record)) {
                throw journal_error(
                    "journal: record " + to_text(records_.size() + 1) + " at byte " + to_text(good) + ": checksum: " + path_, path_, good,
                    records_.size() + 1);
            }
        }
        dropped_ = text.size() - good;
        size_ = good;
        if (dropped_ != 0) {
            cut(good);
        }
    }

    /// An empty or unfinished file becomes one with a first line.
    void start(const std::string& line, std::size_t there) {
        if (there != 0) {
            cut(0);
        }
        write(line);
        sync_folder();
    }

    void write(std::string_view line) {
        std::string_view rest = line;
        while (!rest.empty()) {
            const auto put = ::write(file_.value, rest.data(), rest.size());
            if (put > 0) {
                rest.remove_prefix(static_cast<std::size_t>(put));
            } else if (put == 0 || errno != EINTR) {
                const int error = put == 0 ? EIO : errno;
                broken_ = true;
                (void)!::ftruncate(file_.value, static_cast<::off_t>(size_));  // else the next opening does it
                detail::throw_io_error(error, "journal", "write", path_);
            }
        }
        if (options_.durable) {
            if (::fdatasync(file_.value) != 0) {
                const int error = errno;
                broken_ = true;  // what the disk has is not known, and asking again would say that all is well
                detail::throw_io_error(error, "journal", "sync", path_);
            }
            check_place();
        }
        size_ += line.size();
    }

    /// The file is still the one of that name.
    void check_place() {
        struct ::stat status {};
        if (::stat(path_.c_str(), &status) != 0 || status.st_dev != device_ || status.st_ino != inode_) {
            broken_ = true;
            throw io_error(ESTALE, "journal: removed or replaced while in use:", path_);
        }
    }

    void cut(std::size_t size) {
        if (::ftruncate(file_.value, static_cast<::off_t>(size)) != 0) {
            detail::throw_io_error(errno, "journal", "truncate", path_);
        }
    }

    void sync_folder() const {
        const std::size_t slash = path_.rfind('/');
        const std::string folder = slash == path_.npos ? "." : path_.substr(0, slash + 1);
        const detail::file_descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (directory.value >= 0) {
            (void)::fsync(directory.value);  // a file system without it has nothing to sync
        }
    }

    std::string path_;
    journal_options options_;
    detail::file_descriptor file_{-1};
    ::dev_t device_ = 0;
    ::ino_t inode_ = 0;
    std::vector<std::string> records_;
    std::size_t dropped_ = 0;
    std::size_t size_ = 0;
    std::mutex mutex_;
    bool broken_ = false;
};

}  // namespace xrayon

#endif  // XRAYON_IO_JOURNAL_HPP
