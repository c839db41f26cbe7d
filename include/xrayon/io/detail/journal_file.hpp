// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_JOURNAL_FILE_HPP
#define XRAYON_IO_DETAIL_JOURNAL_FILE_HPP

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xrayon/core/error.hpp>
#include <xrayon/io/detail/regular_file.hpp>

// Where a journal lies: opened, locked, made anew, and still there.

namespace xrayon::detail {

/// A path as a folder, which stays the same one whatever becomes of the working directory, and a name in it.
struct journal_place {
    file_descriptor folder{-1};
    std::string name = {};

    void find(const std::string& path, const std::string& function) {
        check_path(path, function);
        const std::size_t slash = path.rfind('/');
        name = path.substr(slash == path.npos ? 0 : slash + 1);
        if (name.empty()) {
            throw_io_error(path.empty() ? ENOENT : EISDIR, function, "open", path);
        }
#if defined(O_PATH)
        constexpr int access = O_PATH;  // needs no permission to read it
#else
        constexpr int access = O_RDONLY;
#endif
        folder.value = ::open(slash == path.npos ? "." : path.substr(0, slash + 1).c_str(), access | O_DIRECTORY | O_CLOEXEC);
        if (folder.value < 0) {
            throw_io_error(errno, function, "open", path);
        }
    }

    /// The regular file there, locked; -1: there is none.
    [[nodiscard]] file_descriptor open(int access, int lock, const std::string& path, const std::string& function) const {
        file_descriptor file(::openat(folder.value, name.c_str(), access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
        if (file.value < 0) {
            if (errno != ENOENT) {
                throw_io_error(errno, function, "open", path);
            }
            return file;
        }
        struct ::stat status {};
        if (::fstat(file.value, &status) != 0) {
            throw_io_error(errno, function, "stat", path);
        }
        if (!S_ISREG(status.st_mode)) {
            throw io_error(EINVAL, function + ": not a regular file:", path);
        }
        if (::flock(file.value, lock | LOCK_NB) != 0) {
            throw_io_error(errno, function, "lock (another writer has it)", path);
        }
        return file;
    }

    /// The file of that name is this one.
    [[nodiscard]] bool holds(int file) const noexcept {
        struct ::stat mine {};
        struct ::stat there {};
        return ::fstat(file, &mine) == 0 && ::fstatat(folder.value, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0
               && mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
    }

    void sync() const noexcept {
        const file_descriptor readable(::openat(folder.value, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (readable.value >= 0) {
            (void)::fsync(readable.value);  // a file system without it has nothing to sync
        }
    }
};

/// 0, or why not all of it could be written.
[[nodiscard]] inline int write_all(int file, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const auto put = ::write(file, bytes.data(), std::min(bytes.size(), std::size_t{1} << 30));
        if (put > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(put));
        } else if (put == 0 || errno != EINTR) {
            return put == 0 ? EIO : errno;
        }
    }
    return 0;
}

/// A new file, 0600 and locked, that gets its name when it is whole. Else it is gone with the object; a kill leaves it as
/// `.<name>.<16 hexadecimal digits>.tmp`.
class journal_draft {
public:
    journal_draft(const journal_place& place, const std::string& path, std::string function)
        : place_(place), path_(path), function_(std::move(function)) {
        std::uint64_t number = 0;
        if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
            throw_io_error(errno, function_, "create", path_);
        }
        std::array<char, 17> digits{};
        std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(number));
        std::string name = "." + place_.name.substr(0, 200) + "." + digits.data() + ".tmp";
        file.value = ::openat(place_.folder.value, name.c_str(), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file.value < 0) {
            throw_io_error(errno, function_, "create", path_);
        }
        name_ = std::move(name);
        if (::flock(file.value, LOCK_EX | LOCK_NB) != 0) {
            const int error = errno;
            discard();
            throw_io_error(error, function_, "lock", path_);
        }
    }
    journal_draft(const journal_draft&) = delete;
    journal_draft& operator=(const journal_draft&) = delete;
    ~journal_draft() { discard(); }

    void write(std::string_view bytes) {
        if (const int error = write_all(file.value, bytes); error != 0) {
            throw_io_error(error, function_, "write", path_);
        }
    }

    /// Waits for the disk and gives it its name. False: there is a file of that name, which stays.
    [[nodiscard]] bool publish() {
        if (::fsync(file.value) != 0) {
            throw_io_error(errno, function_, "sync", path_);
        }
        const int folder = place_.folder.value;
        int error = ENOSYS;
#if defined(RENAME_NOREPLACE)
        error = ::renameat2(folder, name_.c_str(), folder, place_.name.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
        if (error == 0) {
            name_.clear();
        }
#endif
        if (error == ENOSYS || error == EINVAL) {  // not on this file system; a link does the same
            error = ::linkat(folder, name_.c_str(), folder, place_.name.c_str(), 0) == 0 ? 0 : errno;
        }
        if (error != 0 && error != EEXIST) {
            throw_io_error(error, function_, "create", path_);
        }
        discard();
        if (error == 0) {
            place_.sync();
        }
        return error == 0;
    }

    file_descriptor file{-1};

private:
    void discard() noexcept {
        if (!name_.empty()) {
            ::unlinkat(place_.folder.value, name_.c_str(), 0);
            name_.clear();
        }
    }

    const journal_place& place_;
    const std::string& path_;
    std::string function_;
    std::string name_ = {};  // empty when there is nothing to discard
};

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_JOURNAL_FILE_HPP
