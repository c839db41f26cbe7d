// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_ATOMIC_FILE_HPP
#define XRAYON_IO_ATOMIC_FILE_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/detail/regular_file.hpp>

namespace xrayon {

/// How a file is replaced.
struct atomic_file_options {
    /// The permission bits that the file ends with, at most 0777 and whatever the umask is. Unset: those of the file that it
    /// replaces, 0600 where there is none.
    std::optional<unsigned> permissions = {};
    /// Wait until the disk has it, so that also a power failure finds the old or the new file. False: only kills and crashes of
    /// the program do.
    bool durable = true;
    std::string function = "atomic_file";  ///< The function that messages begin with.
};

/// @brief A file that appears whole or not at all.
///
/// Bytes go to a temporary file in the directory of `path`; `commit` puts it in the place of `path` in one step. At every moment
/// `path` is the old file, or none where there was none, or the whole new one: whoever reads it meanwhile, whatever fails, and also
/// when the process is killed. An object that is destroyed without `commit`, or that threw, leaves no trace.
///
/// **A symbolic link** at `path` is replaced, and what it points to stays as it is: nothing outside the directory that was named is
/// ever written. To write behind a link, resolve it first (realpath). Directories, FIFOs, sockets and devices, and links to
/// those, are refused; nobody wants a regular file in the place of /dev/null or /dev/stdout.
///
/// **Permissions.** The temporary file is 0600 from its creation; the new file gets its final mode before it appears. The owner and
/// the group of the replaced file are kept where the system lets us; where it does not let us keep the group, the group gets no
/// permissions. Set-user-id bits, access control lists and extended attributes are not kept. The directory must be writable and
/// searchable, and with `durable` readable too: to be synced it must be opened.
///
/// **Cost.** One write(2) per `write`, so pass large pieces; `durable` waits for the disk twice. A killed process leaves its
/// temporary file, `.<name>.<16 hexadecimal digits>.tmp`, which nobody will ever reuse.
///
/// **Example.**
/// @code
/// xrayon::atomic_file file("result.txt");
/// file.write("42\n");
/// file.commit();
/// @endcode
/// An object is used by one thread. @see write_npy
class atomic_file {
public:
    /// Creates the temporary file.
    /// @throws argument_error  if options.permissions is above 0777.
    /// @throws io_error        with path, operation and errno: no such directory, no permission, not a regular file.
    explicit atomic_file(std::string path, atomic_file_options options = {}) : path_(std::move(path)), options_(std::move(options)) {
        check(options_.permissions.value_or(0) <= 0777, options_.function + ": permissions must be <= 511 (octal 777)",
              options_.permissions.value_or(0));
        detail::check_path(path_, options_.function);
        const std::size_t slash = path_.rfind('/');
        const std::string folder = slash == path_.npos ? "." : path_.substr(0, slash + 1);
        name_ = path_.substr(slash == path_.npos ? 0 : slash + 1);
        if (name_.empty()) {
            fail(path_.empty() ? ENOENT : EISDIR, "create");
        }
        // Everything that follows is relative to this directory, also if it is renamed meanwhile. What only stands for it needs no
        // permission to read it, but cannot be synced.
#if defined(O_PATH)
        const int access = options_.durable ? O_RDONLY : O_PATH;
#else
        constexpr int access = O_RDONLY;
#endif
        directory_.value = ::open(folder.c_str(), access | O_DIRECTORY | O_CLOEXEC);
        if (directory_.value < 0) {
            fail(errno, "open the directory of");
        }
        (void)replaced_file();
        create();
    }

    atomic_file(const atomic_file&) = delete;
    atomic_file& operator=(const atomic_file&) = delete;

    ~atomic_file() { discard(); }

    /// Appends bytes. On failure the temporary file is gone, and there is nothing left to do with the object.
    /// @throws io_error        `<function>: write <path>: ...`, such as "No space left on device".
    /// @throws argument_error  after commit or after a failure.
    void write(std::string_view bytes) {
        check_open("write");
        while (!bytes.empty()) {
            const auto put = ::write(file_.value, bytes.data(), std::min(bytes.size(), std::size_t{1} << 30));
            if (put > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(put));
            } else if (put == 0) {
                fail(EIO, "write");  // a regular file never does this; asking again for ever would be worse
            } else if (errno != EINTR) {
                fail(errno, "write");
            }
        }
    }
    void write(std::span<const std::byte> bytes) { write({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); }

    /// Puts the file in its place.
    /// @throws io_error        if the system refuses: the old file is intact then, and the temporary one is gone. With one exception: when
    ///                         only `sync the directory of` fails, the new file is there, but a power failure may still bring the old
    ///                         one back.
    /// @throws argument_error  after commit or after a failure.
    void commit() {
        check_open("commit");
        set_owner_and_mode();
        if (options_.durable) {
            sync(file_.value, "sync");
        }
        // Some network file systems report a failed write only here. Linux has closed it even where it says EINTR.
        if (::close(std::exchange(file_.value, -1)) != 0 && errno != EINTR) {
            fail(errno, "close");
        }
        if (::renameat(directory_.value, temporary_.c_str(), directory_.value, name_.c_str()) != 0) {
            fail(errno, "rename to");
        }
        temporary_.clear();
        if (options_.durable) {
            sync(directory_.value, "sync the directory of");
        }
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    void create() {
        // 255 bytes is the longest name that file systems take.
        const std::string stem = "." + name_.substr(0, 200) + ".";
        for (int attempt = 0;; ++attempt) {
            std::uint64_t number = 0;
            if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
                fail(errno, "create");
            }
            char digits[17];
            std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
            temporary_ = stem + digits + ".tmp";
            file_.value = ::openat(directory_.value, temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
            if (file_.value >= 0) {
                return;
            }
            const int error = errno;
            temporary_.clear();
            if (error != EINTR && (error != EEXIST || attempt == 100)) {
                fail(error, "create");
            }
        }
    }

    /// What stands at the path and will be replaced, if it is a regular file; nothing for a link and where nothing stands.
    std::optional<struct ::stat> replaced_file() {
        struct ::stat status {};
        if (::fstatat(directory_.value, name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno != ENOENT) {
                fail(errno, "stat");
            }
            return {};
        }
        const bool link = S_ISLNK(status.st_mode);
        if (link && ::fstatat(directory_.value, name_.c_str(), &status, 0) != 0) {
            return {};  // it points nowhere
        }
        if (!S_ISREG(status.st_mode)) {
            fail(EINVAL, "not a regular file:");
        }
        return link ? std::nullopt : std::optional(status);
    }

    void set_owner_and_mode() {
        const auto old = replaced_file();
        auto mode = static_cast<mode_t>(options_.permissions.value_or(old ? old->st_mode & 0777U : 0600U));
        if (old) {
            struct ::stat status {};
            if (::fstat(file_.value, &status) != 0) {
                fail(errno, "stat");
            }
            const bool same = status.st_uid == old->st_uid && status.st_gid == old->st_gid;
            if (!same && ::fchown(file_.value, old->st_uid, old->st_gid) != 0
                && ::fchown(file_.value, static_cast<uid_t>(-1), old->st_gid) != 0 && status.st_gid != old->st_gid
                && !options_.permissions) {
                mode &= ~static_cast<mode_t>(070);  // they were meant for another group
            }
        }
        if (::fchmod(file_.value, mode) != 0) {
            fail(errno, "set the mode of");
        }
    }

    void sync(int descriptor, const char* what) {
        while (::fsync(descriptor) != 0) {
            // Some file systems have nothing to sync a directory with.
            if (descriptor == directory_.value && (errno == EINVAL || errno == ENOTSUP)) {
                return;
            }
            if (errno != EINTR) {
                fail(errno, what);
            }
        }
    }

    void check_open(const char* function) const {
        if (file_.value < 0) {
            check(false, "atomic_file::" + std::string(function) + ": must not be called after commit or a failure");
        }
    }

    void discard() noexcept {
        if (!temporary_.empty()) {
            ::unlinkat(directory_.value, temporary_.c_str(), 0);
            temporary_.clear();
        }
        if (file_.value >= 0) {
            ::close(std::exchange(file_.value, -1));
        }
    }

    /// No std::string as an argument: making one could change the errno that is the other one.
    [[noreturn]] void fail(int error_number, const char* what) {
        discard();
        throw io_error(error_number, options_.function + ": " + what, path_);
    }

    std::string path_;
    atomic_file_options options_;
    std::string name_;       // in the directory
    std::string temporary_;  // in the directory; empty when there is none
    detail::file_descriptor directory_{-1};
    detail::file_descriptor file_{-1};
};

} // namespace xrayon

#endif // XRAYON_IO_ATOMIC_FILE_HPP
