// SPDX-License-Identifier: Apache-2.0
// What the operating system may do to a reader or a writer and hardly ever does: interrupt, do half of what was asked, fail at any call,
// end the process between two calls. The functions below stand before those of the C library in this program.
#include <xrayon/io/atomic_file.hpp>
#include <xrayon/io/csv.hpp>
#include <xrayon/io/npy.hpp>
#include <xrayon/io/write_npy.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"
#include "forked.hpp"
#include "npy_text.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

enum class call { read, pread, write, fsync, renameat, fchmod };

/// What happens to this thread's system calls.
struct fault_plan {
    bool active = false;
    std::size_t at_most = SIZE_MAX;                ///< Bytes that one call reads or writes.
    int interrupted = 0;                           ///< Before each call that does something, so many are interrupted.
    std::vector<std::pair<call, int>> fails = {};  ///< The n-th call of a kind, from 0, fails with `error`.
    int error = 0;
    int kill_at = -1;                            ///< The process ends at this call of any kind; if it is a write, after half of it.
    std::function<void(int)> before_pread = {};  ///< Called with the number of the call.
    int count[6] = {};
    int all = 0;
    int interrupts_left = 0;
};
thread_local fault_plan plan;

/// While it lives, the plan holds.
struct faults {
    explicit faults(fault_plan wanted) {
        plan = std::move(wanted);
        plan.interrupts_left = plan.interrupted;
        plan.active = true;
    }
    ~faults() { plan.active = false; }
    faults(const faults&) = delete;
    faults& operator=(const faults&) = delete;
};

template <class F>
F* next(const char* name) {
    return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

/// True if the call must fail, errno is set then.
bool fails(call kind) {
    if (plan.interrupts_left-- > 0 && kind <= call::fsync) {
        errno = EINTR;
        return true;
    }
    plan.interrupts_left = plan.interrupted;
    const int number = plan.count[static_cast<int>(kind)]++;
    if (plan.kill_at == plan.all++ && kind != call::write) {
        ::raise(SIGKILL);
    }
    if (std::find(plan.fails.begin(), plan.fails.end(), std::pair(kind, number)) != plan.fails.end()) {
        errno = plan.error;
        return true;
    }
    return false;
}

} // namespace

extern "C" ssize_t read(int descriptor, void* bytes, std::size_t size) {
    static const auto real = next<ssize_t(int, void*, std::size_t)>("read");
    if (!plan.active) {
        return real(descriptor, bytes, size);
    }
    return fails(call::read) ? -1 : real(descriptor, bytes, std::min(size, plan.at_most));
}

extern "C" ssize_t pread(int descriptor, void* bytes, std::size_t size, off_t offset) {
    static const auto real = next<ssize_t(int, void*, std::size_t, off_t)>("pread");
    if (!plan.active) {
        return real(descriptor, bytes, size, offset);
    }
    if (plan.before_pread) {
        plan.before_pread(plan.count[static_cast<int>(call::pread)]);
    }
    return fails(call::pread) ? -1 : real(descriptor, bytes, std::min(size, plan.at_most), offset);
}

extern "C" ssize_t write(int descriptor, const void* bytes, std::size_t size) {
    static const auto real = next<ssize_t(int, const void*, std::size_t)>("write");
    if (!plan.active) {
        return real(descriptor, bytes, size);
    }
    if (plan.kill_at == plan.all) {
        (void)real(descriptor, bytes, size / 2);
        ::raise(SIGKILL);
    }
    return fails(call::write) ? -1 : real(descriptor, bytes, std::min(size, plan.at_most));
}

extern "C" int fsync(int descriptor) {
    static const auto real = next<int(int)>("fsync");
    return plan.active && fails(call::fsync) ? -1 : real(descriptor);
}

extern "C" int renameat(int from, const char* old_name, int to, const char* new_name) noexcept {
    static const auto real = next<int(int, const char*, int, const char*)>("renameat");
    return plan.active && fails(call::renameat) ? -1 : real(from, old_name, to, new_name);
}

extern "C" int fchmod(int descriptor, mode_t mode) noexcept {
    static const auto real = next<int(int, mode_t)>("fchmod");
    return plan.active && fails(call::fchmod) ? -1 : real(descriptor, mode);
}

namespace fs = std::filesystem;
using xrayon::io_error;
using xrayon::test::fixture_root;

namespace {

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::ptrdiff_t entries(const std::string& folder) { return std::distance(fs::directory_iterator(folder), fs::directory_iterator()); }

/// 20,000 numbers by columns: read by rows, and as double, through windows.
std::string npy_of_columns() {
    std::string data;
    for (std::uint32_t i = 0; i != 20'000; ++i) {
        data += static_cast<char>(i & 0xff);
        data += static_cast<char>(i >> 8 & 0xff);
    }
    return xrayon::test::npy_array("<u2", "(10000, 2)", data, true);
}

void replace(const std::string& path, const std::string& text) {
    xrayon::atomic_file file(path);
    file.write(std::string_view(text).substr(0, text.size() / 3));
    file.write(std::string_view(text).substr(text.size() / 3));
    file.commit();
}

} // namespace

TEST_CASE("readers: interrupted and short reads change nothing", "[io][npy][csv][faults][N28]") {
    fixture_root root;
    root.file("t.npy", npy_of_columns()).file("t.csv", "a,b\n1,2\n3,4\n5,6\n");
    const std::string npy = root.path() + "/t.npy";
    const auto expected = xrayon::read_npy<std::uint16_t, 2>(npy);
    REQUIRE(expected(1234, 1) == 11234);
    const auto table = xrayon::read_csv(root.path() + "/t.csv");
    for (const std::size_t at_most : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        for (const int interrupted : {0, 1, 3}) {
            INFO(at_most << " bytes at once, " << interrupted << " interrupts before each");
            const faults now({.at_most = at_most, .interrupted = interrupted});
            const bool same_npy = xrayon::read_npy<std::uint16_t, 2>(npy) == expected;
            const bool same_converted = xrayon::read_npy<double, 2>(npy, {.convert = true}) == xt::cast<double>(expected);
            const bool same_table = xrayon::read_csv(root.path() + "/t.csv").values == table.values;
            plan.active = false;  // Catch writes, too
            CHECK(same_npy);
            CHECK(same_converted);
            CHECK(same_table);
            CHECK(plan.count[static_cast<int>(call::pread)] > 20);
            CHECK(plan.count[static_cast<int>(call::read)] > 1);
        }
    }
}

TEST_CASE("readers: a read that fails is an io_error, whichever it is", "[io][npy][csv][faults][N28]") {
    fixture_root root;
    root.file("t.npy", npy_of_columns()).file("t.csv", "a,b\n1,2\n3,4\n5,6\n");
    const auto fails_to_read = [](const std::string& path, const std::string& function, fault_plan wanted, auto reads) {
        bool failed = false;
        try {
            const faults now(std::move(wanted));
            reads(path);
        } catch (const io_error& error) {
            failed = true;
            CHECK(error.what() == function + ": read " + path + ": Input/output error");
            CHECK(error.code().value() == EIO);
            CHECK(error.operation() == function + ": read");
            CHECK(error.path() == path);
        }
        return failed;
    };
    int npy_reads = 0;
    while (fails_to_read(root.path() + "/t.npy", "read_npy", {.at_most = 5000, .fails = {{call::pread, npy_reads}}, .error = EIO},
                         [](const std::string& path) { (void)xrayon::read_npy<double>(path, {.convert = true}); })) {
        ++npy_reads;
    }
    CHECK(npy_reads >= 10);  // header, 8 pieces of data, the end
    int csv_reads = 0;
    while (fails_to_read(root.path() + "/t.csv", "read_csv", {.at_most = 5, .fails = {{call::read, csv_reads}}, .error = EIO},
                         [](const std::string& path) { (void)xrayon::read_csv(path); })) {
        ++csv_reads;
    }
    CHECK(csv_reads == 5);  // 16 bytes and the end
}

TEST_CASE("read_npy: a file that shrinks while it is read is a data_error", "[io][npy][faults][N27]") {
    const std::string whole = npy_of_columns();
    const auto reads_with = [&](int call_number, std::size_t new_size) {
        fixture_root root;
        root.file("t.npy", whole);
        const std::string path = root.path() + "/t.npy";
        std::string said = "read";
        try {
            const faults now({.before_pread = [&](int number) {
                if (number == call_number) {
                    fs::resize_file(path, new_size);
                }
            }});
            const auto array = xrayon::read_npy<double>(path, {.convert = true});
            if (array(9999, 1) != 19999) {
                said = "other values";
            }
        } catch (const xrayon::data_error& error) {
            said = std::string(error.what()).substr(path.size());
        }
        return said;
    };
    CHECK(reads_with(-1, 0) == "read");
    CHECK(reads_with(0, 3) == ": npy: truncated header at byte 3");
    const std::string begin = whole.substr(0, whole.size() - 40'000);
    CHECK(reads_with(1, begin.size() + 1000)
          == ": npy: the file changed while it was read: data has 1000 bytes, shape needs 40000: shape (10000, 2) of <u2");
    CHECK(reads_with(1, whole.size() - 1)
          == ": npy: the file changed while it was read: data has 39999 bytes, shape needs 40000: shape (10000, 2) of <u2");
    CHECK(reads_with(1, 0) == ": npy: the file changed while it was read: data has 0 bytes, shape needs 40000: shape (10000, 2) of <u2");
    CHECK(reads_with(1, whole.size() + 10)
          == ": npy: the file changed while it was read: at least 1 bytes after the array at byte " + std::to_string(whole.size()));
}

TEST_CASE("atomic_file: interrupted and short writes change nothing", "[io][atomic_file][faults]") {
    const fixture_root root;
    const std::string path = root.path() + "/file";
    std::string text;
    for (int i = 0; i != 1000; ++i) {
        text += std::to_string(i);
    }
    for (const std::size_t at_most : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        for (const int interrupted : {0, 1, 3}) {
            {
                const faults now({.at_most = at_most, .interrupted = interrupted});
                replace(path, text);
            }
            CHECK(plan.count[static_cast<int>(call::write)] >= static_cast<int>(text.size() / at_most));
            CHECK(content(path) == text);
            fs::remove(path);
        }
    }
    CHECK(entries(root.path()) == 0);
}

TEST_CASE("atomic_file: whichever call fails, the old file is intact and the temporary one is gone", "[io][atomic_file][faults][N29]") {
    struct row {
        call kind;
        int number, error;
        const char* what;
        bool old_file;
    };
    const std::vector<row> rows{
        {call::write, 0, ENOSPC, "atomic_file: write", true},
        {call::write, 1, ENOSPC, "atomic_file: write", true},
        {call::write, 1, EDQUOT, "atomic_file: write", true},
        {call::write, 1, EIO, "atomic_file: write", true},
        {call::fchmod, 0, EPERM, "atomic_file: set the mode of", true},
        {call::fsync, 0, EIO, "atomic_file: sync", true},
        {call::fsync, 0, EINVAL, "atomic_file: sync", true},
        {call::renameat, 0, EACCES, "atomic_file: rename to", true},
        {call::fsync, 1, EIO, "atomic_file: sync the directory of", false},
    };
    for (const row& now : rows) {
        fixture_root root;
        root.file("file", "old");
        const std::string path = root.path() + "/file";
        INFO(now.what << ", " << now.error);
        try {
            const faults armed({.fails = {{now.kind, now.number}}, .error = now.error});
            replace(path, "something new");
            plan.active = false;
            FAIL_CHECK("written");
        } catch (const io_error& error) {
            CHECK(error.operation() == now.what);
            CHECK(error.path() == path);
            CHECK(error.code().value() == now.error);
        }
        CHECK(content(path) == (now.old_file ? "old" : "something new"));
        CHECK(entries(root.path()) == 1);
    }
}

TEST_CASE("atomic_file: a file system whose directories cannot be synced is no error", "[io][atomic_file][faults]") {
    const fixture_root root;
    {
        const faults now({.fails = {{call::fsync, 1}}, .error = EINVAL});
        replace(root.path() + "/file", "new");
    }
    CHECK(content(root.path() + "/file") == "new");
}

TEST_CASE("atomic_file: durable waits for the disk twice, otherwise not at all", "[io][atomic_file][faults]") {
    const fixture_root root;
    {
        const faults now({});
        replace(root.path() + "/file", "new");
    }
    CHECK(plan.count[static_cast<int>(call::fsync)] == 2);
    {
        const faults now({});
        xrayon::write_npy(root.path() + "/t.npy", std::vector<double>{1, 2}, {.durable = false});
    }
    CHECK(plan.count[static_cast<int>(call::fsync)] == 0);
}

TEST_CASE("atomic_file: killed at any call, the file is the old or the new one", "[io][atomic_file][faults][N30]") {
    fixture_root root;
    const std::string path = root.path() + "/file";
    const std::string old_text(1000, 'o');
    const std::string new_text(3000, 'n');
    int olds = 0, news = 0;
    for (int kill_at = 0;; ++kill_at) {
        root.file("file", old_text);
        const auto child = xrayon::test::run_in_child([&] {
            {
                const faults now({.at_most = 700, .kill_at = kill_at});
                replace(path, new_text);
            }
            return std::string("done");
        });
        const std::string text = content(path);
        if (!child.killed()) {
            REQUIRE(child.text == "done");
            CHECK(text == new_text);
            break;
        }
        const bool whole = text == old_text || text == new_text;
        CHECK(whole);
        ++(text == old_text ? olds : news);
    }
    CHECK(olds >= 6);  // 5 writes or more, the mode, the sync, and before the rename
    CHECK(news == 1);  // before the directory is synced
}

TEST_CASE("write_npy: to a full disk fails, with the old file intact", "[io][npy][faults][N29]") {
    fixture_root root;
    root.file("t.npy", "old");
    const std::string path = root.path() + "/t.npy";
    const xt::xtensor<double, 2> matrix = xt::ones<double>({300, 400});
    const auto fails_at = [&](int number, const auto& array) {
        try {
            const faults now({.fails = {{call::write, number}}, .error = ENOSPC});
            xrayon::write_npy(path, array);
        } catch (const io_error& error) {
            return std::string(error.what());
        }
        return std::string("written");
    };
    const std::string what = "write_npy: write " + path + ": No space left on device";
    CHECK(fails_at(0, matrix) == what);
    CHECK(fails_at(1, matrix) == what);
    const auto strided = xt::view(matrix, xt::all(), xt::range(0, 399));  // 15 windows
    for (const int number : {0, 1, 7, 15}) {
        CHECK(fails_at(number, strided) == what);
    }
    CHECK(content(path) == "old");
    CHECK(entries(root.path()) == 1);
    CHECK(fails_at(16, strided) == "written");
    const bool same = xrayon::read_npy<double, 2>(path) == xt::xtensor<double, 2>(strided);
    CHECK(same);
}
