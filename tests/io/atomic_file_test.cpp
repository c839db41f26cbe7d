// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/atomic_file.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"
#include "forked.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using xrayon::atomic_file;
using xrayon::io_error;
using xrayon::test::fixture_root;
using xrayon::test::run_in_child;

namespace {

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in.good());
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> names(const std::string& folder) {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder)) {
        out.push_back(entry.path().filename().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

unsigned mode(const std::string& path) {
    struct ::stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

void replace(const std::string& path, const std::string& text, xrayon::atomic_file_options options = {}) {
    atomic_file file(path, std::move(options));
    file.write(text);
    file.commit();
}

void refuses(const std::string& path, int error_number, const std::string& operation, const std::string& what) {
    INFO("path: " << path);
    try {
        replace(path, "new");
        FAIL("written");
    } catch (const io_error& error) {
        CHECK(error.what() == what);
        CHECK(error.code() == std::error_code(error_number, std::generic_category()));
        CHECK(error.operation() == operation);
        CHECK(error.path() == path);
    }
}

/// Runs in a child that is not root: as itself if it is none, else as somebody else.
template <class Body>
auto as_nobody(const Body& body) {
    return [body]() -> std::string {
        if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
            return "skipped";
        }
        return body();
    };
}

// What a version of the file in the kill tests holds: long enough for several writes, and each byte tells the version.
std::string version(int number) { return std::string(300'000, static_cast<char>('a' + number % 26)); }

void whole_version(const std::string& text) {
    REQUIRE(text.size() == 300'000);
    REQUIRE(text == std::string(text.size(), text.front()));
}

/// A child replaces the file for ever and is killed after a time that nobody knows; the file must be one of the versions.
void kill_rounds(int rounds, std::uint32_t seed) {
    INFO("seed " << seed);
    const fixture_root root;
    const std::string path = root.path() + "/file";
    replace(path, version(0));
    int replaced = 0;
    long most = 4'000'000;  // nanoseconds that a child lives; more where a fork alone takes longer, as under a sanitizer
    for (int round = 0; round != rounds; ++round) {
        most = round % 8 == 7 && replaced == 0 && most < 400'000'000 ? 2 * most : most;
        const char before = content(path).front();
        xrayon::test::forked_child child([&]() -> std::string {
            for (int number = before - 'a' + 1;; ++number) {
                const std::string text = version(number);
                atomic_file file(path, {.durable = false});
                for (std::size_t at = 0; at < text.size(); at += 50'000) {
                    file.write(std::string_view(text).substr(at, 50'000));
                }
                file.commit();
            }
        });
        seed = seed * 1664525 + 1013904223;
        const timespec life{0, static_cast<long>(seed >> 8) % most};
        ::nanosleep(&life, nullptr);  // not to wait for anything: this is the random moment of the kill
        ::kill(child.process(), SIGKILL);
        REQUIRE(child.wait().killed());
        const std::string after = content(path);
        whole_version(after);
        replaced += after.front() != before;
    }
    INFO(replaced << " of " << rounds << " children had replaced the file when they were killed");
    CHECK(replaced > rounds / 20);                        // else the kills all came too early to show anything
    for (const std::string& name : names(root.path())) {  // at most the dead leave something, by the name that is documented
        CHECK((name == "file" || (name.starts_with(".file.") && name.ends_with(".tmp") && name.size() == 26)));
    }
}

} // namespace

TEST_CASE("atomic_file: nothing appears before commit, everything after it", "[io][atomic_file]") {
    const fixture_root root;
    const std::string path = root.path() + "/file";
    {
        atomic_file file(path);
        CHECK(file.path() == path);
        file.write("one ");
        const std::vector<std::byte> bytes{std::byte{'t'}, std::byte{0}, std::byte{'o'}};
        file.write(bytes);
        CHECK_FALSE(fs::exists(path));
        file.commit();
        CHECK(content(path) == std::string("one t\0o", 7));
    }
    CHECK(content(path) == std::string("one t\0o", 7));
    CHECK(names(root.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("atomic_file: without commit the old file stays and the temporary one goes", "[io][atomic_file]") {
    fixture_root root;
    root.file("file", "old");
    const std::string path = root.path() + "/file";
    {
        atomic_file file(path);
        file.write("new");
        REQUIRE(names(root.path()).size() == 2);
        const auto all = names(root.path());
        CHECK(mode(root.path() + "/" + all.front()) == 0600);
        CHECK(content(path) == "old");
    }
    CHECK(content(path) == "old");
    CHECK(names(root.path()) == std::vector<std::string>{"file"});
    replace(path, "");
    CHECK(content(path).empty());
}

TEST_CASE("atomic_file: a new file is 0600, a replaced one keeps its mode, and the caller may say another", "[io][atomic_file]") {
    fixture_root root;
    const std::string path = root.path() + "/file";
    const mode_t mask = ::umask(0);  // not even then
    replace(path, "1");
    CHECK(mode(path) == 0600);
    ::umask(077);
    for (const unsigned wanted : {0644U, 0640U, 0666U, 0400U, 0755U}) {
        REQUIRE(::chmod(path.c_str(), wanted) == 0);
        replace(path, "2");
        CHECK(mode(path) == wanted);
    }
    REQUIRE(::chmod(path.c_str(), 04755) == 0);
    replace(path, "3");
    CHECK(mode(path) == 0755);  // nobody's user id is set by a file that was written anew
    replace(path, "4", {.permissions = 0664});
    CHECK(mode(path) == 0664);
    replace(path, "5", {.permissions = 0});
    CHECK(mode(path) == 0);
    replace(root.path() + "/other", "6", {.permissions = 0644});
    CHECK(mode(root.path() + "/other") == 0644);
    ::umask(mask);
}

TEST_CASE("atomic_file: owner and group are kept, or the group gets nothing", "[io][atomic_file]") {
    fixture_root root;
    root.file("file", "old");
    const std::string path = root.path() + "/file";
    if (::chown(path.c_str(), 1234, 2345) != 0) {
        WARN("left out: needs to run as root");
        return;
    }
    REQUIRE(::chmod(path.c_str(), 0640) == 0);
    replace(path, "root");
    struct ::stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK(status.st_uid == 1234);
    CHECK(status.st_gid == 2345);
    CHECK(mode(path) == 0640);

    fs::permissions(root.path(), fs::perms::all);
    const auto child = run_in_child(as_nobody([&] {
        replace(path, "nobody");
        return std::string("done");
    }));
    CHECK(child.text == "done");
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK(status.st_uid == 65534);
    CHECK(status.st_gid == 65534);
    CHECK(mode(path) == 0600);  // 0640 was meant for group 2345
}

TEST_CASE("atomic_file: a symbolic link is replaced, and what it points to is not touched", "[io][atomic_file]") {
    fixture_root root;
    root.file("elsewhere/target", "target").folder("here");
    const std::string target = root.path() + "/elsewhere/target";
    const std::string path = root.path() + "/here/link";
    REQUIRE(::chmod(target.c_str(), 0666) == 0);
    fs::create_symlink(target, path);
    replace(path, "new");
    CHECK_FALSE(fs::is_symlink(path));
    CHECK(content(path) == "new");
    CHECK(mode(path) == 0600);  // that of the target says nothing
    CHECK(content(target) == "target");
    CHECK(names(root.path() + "/elsewhere") == std::vector<std::string>{"target"});

    fs::remove(path);
    fs::create_symlink(root.path() + "/nowhere", path);
    replace(path, "newer");
    CHECK(content(path) == "newer");
    CHECK_FALSE(fs::exists(root.path() + "/nowhere"));

    fs::remove(path);
    fs::create_symlink(path, path);
    replace(path, "a loop is a link too");
    CHECK(content(path) == "a loop is a link too");

    // A link on the way to the directory is followed: the directory is what was named.
    fs::create_directory_symlink(root.path() + "/elsewhere", root.path() + "/here/folder");
    replace(root.path() + "/here/folder/target", "through a folder");
    CHECK(content(target) == "through a folder");
}

TEST_CASE("atomic_file: directories, FIFOs, devices and links to them are not replaced", "[io][atomic_file][errors]") {
    fixture_root root;
    root.folder("folder");
    const std::string what = "atomic_file: not a regular file:";
    const auto irregular = [&](const std::string& path) { refuses(path, EINVAL, what, what + " " + path + ": Invalid argument"); };
    irregular(root.path() + "/folder");
    irregular(root.path() + "/folder/.");
    irregular(root.path() + "/folder/..");
    // Root, who could really replace /dev/null, gets a copy of it.
    std::string device = "/dev/null";
    if (::getuid() == 0) {
        struct ::stat status {};
        REQUIRE(::stat("/dev/null", &status) == 0);
        device = root.path() + "/device";
        REQUIRE(::mknod(device.c_str(), S_IFCHR | 0600, status.st_rdev) == 0);
    }
    irregular(device);
    const std::string fifo = root.path() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    irregular(fifo);
    fs::create_symlink("/dev/null", root.path() + "/null");
    irregular(root.path() + "/null");
    fs::remove(root.path() + "/device");
    fs::create_directory_symlink(root.path() + "/folder", root.path() + "/to_folder");
    irregular(root.path() + "/to_folder");
    CHECK(names(root.path()) == std::vector<std::string>{"fifo", "folder", "null", "to_folder"});
    CHECK(names(root.path() + "/folder").empty());
}

TEST_CASE("atomic_file: what stands in the way only at commit is not replaced either", "[io][atomic_file][errors]") {
    fixture_root root;
    const std::string path = root.path() + "/file";
    atomic_file file(path);
    root.folder("file");
    REQUIRE_THROWS_WITH(file.commit(), "atomic_file: not a regular file: " + path + ": Invalid argument");
    CHECK(names(root.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("atomic_file: a path that cannot be written is an io_error before any byte is", "[io][atomic_file][errors]") {
    fixture_root root;
    root.file("file", "old");
    const std::string absent = root.path() + "/absent/file";
    refuses(absent, ENOENT, "atomic_file: open the directory of",
            "atomic_file: open the directory of " + absent + ": No such file or directory");
    const std::string below = root.path() + "/file/file";
    refuses(below, ENOTDIR, "atomic_file: open the directory of", "atomic_file: open the directory of " + below + ": Not a directory");
    refuses("", ENOENT, "atomic_file: create", "atomic_file: create : No such file or directory");
    const std::string folder = root.path() + "/";
    refuses(folder, EISDIR, "atomic_file: create", "atomic_file: create " + folder + ": Is a directory");
    const std::string longer = root.path() + "/" + std::string(256, 'x');
    refuses(longer, ENAMETOOLONG, "atomic_file: stat", "atomic_file: stat " + longer + ": File name too long");
    const std::string longest = root.path() + "/" + std::string(255, 'x');
    replace(longest, "fits");
    CHECK(content(longest) == "fits");
    try {
        replace(root.path() + std::string("/fi\0le", 6), "new");
        FAIL("written");
    } catch (const io_error& error) {
        CHECK(error.what() == "atomic_file: the path holds a NUL byte: " + root.path() + "/fi: Invalid argument");
    }
    CHECK(names(root.path()) == std::vector<std::string>{"file", std::string(255, 'x')});
}

TEST_CASE("atomic_file: a path without a directory is in the current one", "[io][atomic_file]") {
    const fixture_root root;
    const auto child = run_in_child([&] {
        fs::current_path(root.path());
        atomic_file file("file");
        file.write("here");
        fs::current_path("/");  // the directory is that of the beginning
        file.commit();
        return std::string("done");
    });
    CHECK(child.text == "done");
    CHECK(content(root.path() + "/file") == "here");
}

TEST_CASE("atomic_file: a directory without permission is an io_error", "[io][atomic_file][errors]") {
    fixture_root root;
    root.file("folder/file", "old");
    const std::string folder = root.path() + "/folder";
    const std::string path = folder + "/file";
    REQUIRE(::chmod(root.path().c_str(), 0755) == 0);
    REQUIRE(::chmod(path.c_str(), 0666) == 0);  // may be written, but not its directory
    REQUIRE(::chmod(folder.c_str(), 0555) == 0);
    const auto child = run_in_child(as_nobody([&] {
        replace(path, "new");
        return std::string("written");
    }));
    REQUIRE(::chmod(folder.c_str(), 0755) == 0);
    CHECK(child.text == "atomic_file: create " + path + ": Permission denied");
    CHECK(content(path) == "old");
    CHECK(names(folder) == std::vector<std::string>{"file"});
}

TEST_CASE("atomic_file: a directory that may be written and not read serves files that need not be durable", "[io][atomic_file]") {
    fixture_root root;
    root.folder("folder");
    const std::string folder = root.path() + "/folder";
    const std::string path = folder + "/file";
    REQUIRE(::chmod(root.path().c_str(), 0755) == 0);
    REQUIRE(::chmod(folder.c_str(), 0333) == 0);
    const auto writes = [&](bool durable) {
        return run_in_child(as_nobody([&] {
            atomic_file file(path, {.durable = durable});
            file.write("new");
            file.commit();
            return std::string("written");
        }));
    };
    const auto durable = writes(true);
    const auto quick = writes(false);
    REQUIRE(::chmod(folder.c_str(), 0755) == 0);
    CHECK(durable.text == "atomic_file: open the directory of " + path + ": Permission denied");
    CHECK(quick.text == "written");
    CHECK(content(path) == "new");
    CHECK(names(folder) == std::vector<std::string>{"file"});
}

TEST_CASE("atomic_file: wrong use is an argument_error", "[io][atomic_file][errors]") {
    const fixture_root root;
    const std::string path = root.path() + "/file";
    REQUIRE_THROWS_AS(atomic_file("/absent/file", {.permissions = 01000}), xrayon::argument_error);
    REQUIRE_THROWS_WITH(atomic_file(path, {.permissions = 01000, .function = "write_npy"}),
                        "write_npy: permissions must be <= 511 (octal 777), got 512");
    atomic_file file(path);
    file.commit();
    REQUIRE_THROWS_AS(file.write("late"), xrayon::argument_error);
    REQUIRE_THROWS_WITH(file.write("late"), "atomic_file::write: must not be called after commit or a failure");
    REQUIRE_THROWS_WITH(file.commit(), "atomic_file::commit: must not be called after commit or a failure");
    CHECK(content(path).empty());
}

TEST_CASE("atomic_file: a file that may not grow fails, with the old one intact", "[io][atomic_file][errors][N29]") {
    fixture_root root;
    root.file("file", "old");
    const std::string path = root.path() + "/file";
    const auto child = run_in_child([&]() -> std::string {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{10'000, 10'000};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
            return "no limit";
        }
        atomic_file file(path, {.function = "save"});
        file.write(std::string(9'000, 'x'));
        try {
            file.write(std::string(9'000, 'y'));  // 1,000 of them fit
        } catch (const io_error& error) {
            const bool clean = names(root.path()) == std::vector<std::string>{"file"};
            try {
                file.commit();
            } catch (const xrayon::argument_error&) {
                return std::string(error.what()) + (clean ? ", clean" : ", not clean");
            }
        }
        return "written";
    });
    CHECK(child.text == "save: write " + path + ": File too large, clean");
    CHECK(content(path) == "old");
    CHECK(names(root.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("atomic_file: a full disk fails, with the old file intact", "[io][atomic_file][errors][N29]") {
    const fixture_root root;
    // A disk of 64 KiB that only the child sees.
    const auto child = run_in_child([&]() -> std::string {
        if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0
            || ::mount("none", root.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
            return "left out";
        }
        const std::string path = root.path() + "/file";
        replace(path, std::string(30'000, 'o'));
        try {
            replace(path, std::string(50'000, 'n'));
        } catch (const io_error& error) {
            const std::string kept = content(path);
            return std::to_string(error.code().value() == ENOSPC) + (kept == std::string(30'000, 'o') ? " old" : " lost")
                   + std::to_string(names(root.path()).size());
        }
        return "written";
    });
    if (child.text == "left out") {
        WARN("left out: may not mount");
        return;
    }
    CHECK(child.text == "1 old1");
}

TEST_CASE("atomic_file: two writers of one file do not mix", "[io][atomic_file]") {
    const fixture_root root;
    const std::string path = root.path() + "/file";
    atomic_file first(path);
    atomic_file second(path);
    first.write("fir");
    second.write("second");
    first.write("st");
    second.commit();
    CHECK(content(path) == "second");
    first.commit();
    CHECK(content(path) == "first");
    CHECK(names(root.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("atomic_file: killed at a random time, the file is the old or the new one", "[io][atomic_file][N30]") { kill_rounds(200, 1); }

TEST_CASE("atomic_file: killed at a random time, 20,000 times", "[.soak][soak][io]") { kill_rounds(20'000, 2); }
