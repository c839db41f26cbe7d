// SPDX-License-Identifier: Apache-2.0
// What the operating system may do to a journal: no room, a disk that fails, a kill while it is made, a file that goes away.
#include <xrayon/io/journal.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "forked.hpp"

namespace {

int fdatasync_error = 0;     ///< Not 0: it fails.
bool kill_at_fsync = false;  ///< The process ends there.

} // namespace

// These stand before those of the C library in this program.
extern "C" int fdatasync(int descriptor) {
    if (fdatasync_error != 0) {
        errno = fdatasync_error;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}
extern "C" int fsync(int descriptor) {
    if (kill_at_fsync) {
        ::raise(SIGKILL);
    }
    return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

using namespace xrayon;
namespace fs = std::filesystem;

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::ptrdiff_t entries(const std::string& folder) { return std::distance(fs::directory_iterator(folder), fs::directory_iterator()); }

/// No file of this process grows beyond so many bytes: what a full disk does to a write, half of which may be done.
void no_file_beyond(std::size_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    const ::rlimit limit{bytes, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        throw std::runtime_error("no limit");
    }
}

/// Both the error and what it says, so that two can be compared.
template <class F>
std::string error_of(const F& f) {
    try {
        f();
    } catch (const io_error& error) {
        return std::to_string(error.code().value()) + " | " + error.operation() + " | " + error.path() + " | " + error.what();
    }
    return "no error";
}

/// Two ends of a pipe: `wait` returns when each process that has the other end has let go of it.
struct gate {
    int ends[2];
    gate() { REQUIRE(::pipe(ends) == 0); }
    ~gate() {
        ::close(ends[0]);
        open();
    }
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;
    void open() {
        ::close(ends[1]);
        ends[1] = -1;
    }
    void wait() const {
        char byte = 0;
        while (::read(ends[0], &byte, 1) < 0 && errno == EINTR) {}
    }
};

} // namespace

TEST_CASE("journal: no room for a record, and the file ends before it", "[io][journal][faults]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/full";
    const auto said = test::run_in_child([&] {
        journal j(path, "x");
        for (int i = 0; i < 3; ++i) {
            j.append("record " + std::to_string(i));
        }
        no_file_beyond(fs::file_size(path) + 7);  // L13: half of the next one is written
        const std::string first = error_of([&] { j.append("record 3"); });
        const auto size = fs::file_size(path);
        no_file_beyond(1 << 20);  // there is room again, which changes nothing
        const std::string second = error_of([&] { j.append("record 4"); });
        const auto why = j.failure();
        return first + "\n" + second + "\n" + (why ? why->what() : "") + "\n" + std::to_string(size == fs::file_size(path));
    });
    REQUIRE(said.exited());
    const std::string text = "journal: write " + path + ": File too large";
    const std::string error = std::to_string(EFBIG) + " | journal: write | " + path + " | " + text;
    REQUIRE(said.text == error + "\n" + error + "\n" + text + "\n1");
    journal j(path, "x");
    REQUIRE(j.records() == std::vector<std::string>{"record 0", "record 1", "record 2"});
    REQUIRE(j.dropped_bytes() == 0);  // it was cut back at once
    REQUIRE(!j.failure());
    j.append("record 3");
}

TEST_CASE("journal: one that is optional goes on without its file", "[io][journal][faults]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/optional";
    const auto said = test::run_in_child([&]() -> std::string {
        journal j(path, "x", {.optional = true});
        j.append("record 0");
        if (j.failure()) {
            return "failed early";
        }
        no_file_beyond(fs::file_size(path) + 7);
        j.append("record 1");  // L13
        const auto why = j.failure();
        no_file_beyond(1 << 20);
        j.append("record 2");
        const auto still = j.failure();
        if (!why || !still || why->what() != std::string(still->what())) {
            return "two failures";
        }
        try {
            j.append("two\nlines");
        } catch (const argument_error&) {
            return why->what();
        }
        return "two lines";
    });
    REQUIRE(said.text == "journal: write " + path + ": File too large");
    REQUIRE(journal(path, "x").records() == std::vector<std::string>{"record 0"});
    // Only appending is optional.
    REQUIRE_THROWS_AS(journal(root.path() + "/none/there", "x", {.optional = true}), io_error);
    fdatasync_error = EIO;
    journal j(path, "x", {.durable = true, .optional = true});
    j.append("record 1");
    fdatasync_error = 0;
    j.append("record 2");
    REQUIRE(j.failure());
    REQUIRE(j.failure()->operation() == "journal: sync");
}

TEST_CASE("journal: a sync that fails is the end of it", "[io][journal][faults]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/sync";
    {
        journal j(path, "x", {.durable = true});
        j.append("one");
        fdatasync_error = EIO;
        const std::string first = error_of([&] { j.append("two"); });  // L14
        fdatasync_error = 0;                                           // the second sync of a kernel that threw the pages away
        REQUIRE(first == std::to_string(EIO) + " | journal: sync | " + path + " | journal: sync " + path + ": Input/output error");
        const std::string bytes = read_file(path);
        REQUIRE(error_of([&] { j.append("three"); }) == first);
        REQUIRE(error_of([&] { j.append("four"); }) == first);
        REQUIRE(read_file(path) == bytes);
        REQUIRE(j.failure()->code().value() == EIO);
    }
    journal j(path, "x");
    REQUIRE(j.records().front() == "one");
    REQUIRE(j.records().size() <= 2);  // "two" may be there
    fdatasync_error = EIO;
    j.append("not durable, so nobody asks the disk");
    fdatasync_error = 0;
}

TEST_CASE("journal: a file that is removed or replaced while it is in use is noticed", "[io][journal][faults]") {
    const bool durable = GENERATE(false, true);
    CAPTURE(durable);
    const test::fixture_root root;
    for (const std::string how : {"removed", "renamed", "replaced", "behind a link", "without a folder"}) {
        CAPTURE(how);
        const std::string folder = root.path() + "/" + how;
        const std::string file = folder + "/j";
        fs::create_directory(folder);
        journal j(file, "x", {.durable = durable});
        j.append("one");
        if (how == "removed") {
            fs::remove(file);
        } else if (how == "renamed") {
            fs::rename(file, file + ".old");
        } else if (how == "replaced") {
            fs::copy_file(file, file + ".copy");
            fs::rename(file + ".copy", file);
        } else if (how == "behind a link") {
            fs::rename(file, file + ".moved");
            fs::create_symlink(file + ".moved", file);  // which the next opening would refuse
        } else {
            fs::remove_all(folder);
        }
        const std::string first = error_of([&] { j.append("two"); });  // L15
        REQUIRE(first.starts_with(std::to_string(ESTALE) + " | journal: removed or replaced while in use: | " + file));
        REQUIRE(error_of([&] { j.append("three"); }) == first);
    }
    // A folder of another name and another working directory are none of its business.
    fs::create_directory(root.path() + "/before");
    const auto said = test::run_in_child([&] {
        if (::chdir((root.path() + "/before").c_str()) != 0) {
            return std::string("no folder");
        }
        journal j("j", "x", {.durable = durable});
        fs::rename(root.path() + "/before", root.path() + "/after");
        if (::chdir("/") != 0) {
            return std::string("no root");
        }
        return error_of([&] { j.append("one"); });
    });
    REQUIRE(said.text == "no error");
    REQUIRE(journal(root.path() + "/after/j", "x").records() == std::vector<std::string>{"one"});
}

TEST_CASE("journal: no room for its first line, and there is no journal", "[io][journal][faults]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/new";
    const auto said = test::run_in_child([&] {
        no_file_beyond(10);
        return error_of([&] { const journal j(path, "x"); });
    });
    REQUIRE(said.text.starts_with(std::to_string(EFBIG) + " | journal: write | " + path));
    REQUIRE(entries(root.path()) == 0);
    std::ofstream(path).flush();
    const auto in_place = test::run_in_child([&] {
        no_file_beyond(10);
        return error_of([&] { const journal j(path, "x", {.optional = true}); });
    });
    REQUIRE(in_place.text == said.text);
    REQUIRE(fs::file_size(path) == 0);
    REQUIRE(journal(path, "x").records().empty());
    REQUIRE(entries(root.path()) == 1);
}

TEST_CASE("journal: killed while it is made, it is not there", "[io][journal][faults]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/" + std::string(250, 'j');
    const auto killed = test::run_in_child([&] {
        kill_at_fsync = true;
        const journal j(path, "x");
        return std::string("made");
    });
    REQUIRE(killed.killed());
    REQUIRE(!fs::exists(path));
    REQUIRE(entries(root.path()) == 1);
    const fs::path left = fs::directory_iterator(root.path())->path();
    REQUIRE(left.filename().string().starts_with(".jjj"));
    REQUIRE(left.extension() == ".tmp");
    struct ::stat status {};
    REQUIRE(::stat(left.c_str(), &status) == 0);
    REQUIRE((status.st_mode & 0777) == 0600);
    REQUIRE(journal(path, "x").records().empty());
    REQUIRE(entries(root.path()) == 2);
}

TEST_CASE("journal: of many processes that make it at once, one has it", "[io][journal][faults]") {
    const test::fixture_root root;
    for (int round = 0; round < 25; ++round) {
        const std::string path = root.path() + "/" + std::to_string(round);
        if (round % 5 == 4) {
            std::ofstream(path).flush();  // an empty file that was there
        }
        gate start;
        gate end;
        gate tried;
        std::vector<std::unique_ptr<test::forked_child>> children;
        for (int i = 0; i < 6; ++i) {
            children.push_back(std::make_unique<test::forked_child>([&, i] {
                start.open();
                end.open();
                start.wait();
                journal j(path, "x");
                j.append("from " + std::to_string(i));
                tried.open();
                end.wait();
                return std::string("has it");
            }));
        }
        tried.open();
        start.open();
        tried.wait();  // each has it or has ended
        end.open();
        int winners = 0;
        for (auto& child : children) {
            const test::child_result result = child->wait();
            if (result.text == "has it") {
                ++winners;
            } else {
                REQUIRE(result.text == "journal: lock (another writer has it) " + path + ": Resource temporarily unavailable");
            }
        }
        REQUIRE(winners == 1);
        REQUIRE(journal(path, "x").records().size() == 1);
        REQUIRE(entries(root.path()) == round + 1);
    }
}

TEST_CASE("journal: a child made by fork keeps the lock until it ends", "[io][journal][faults]") {
    const test::fixture_root root;
    const std::string path = root.path() + "/forked";
    gate end;
    auto j = std::make_unique<journal>(path, "x");
    test::forked_child child([&] {
        end.open();
        end.wait();
        return std::string();
    });
    j.reset();
    const std::string said = error_of([&] { const journal second(path, "x"); });
    end.open();
    REQUIRE(child.wait().exited());
    REQUIRE(said.starts_with(std::to_string(EWOULDBLOCK)));
    REQUIRE(error_of([&] { const journal second(path, "x"); }) == "no error");
}
