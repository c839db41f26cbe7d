// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/npy.hpp>
#include <xrayon/io/write_npy.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"
#include "forked.hpp"
#include "npy_text.hpp"

#include <cerrno>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace fs = std::filesystem;
using xrayon::io_error;
using xrayon::read_npy;
using xrayon::test::fixture_root;
using xrayon::test::npy_array;
using xrayon::test::run_in_child;

namespace {

void refuses(const std::string& path, int error_number, const std::string& operation, const std::string& what) {
    INFO("path: " << path);
    try {
        const auto array = read_npy<double>(path);
        FAIL_CHECK("read " << array.size() << " elements");
    } catch (const io_error& error) {
        CHECK(error.what() == what);
        CHECK(error.code() == std::error_code(error_number, std::generic_category()));
        CHECK(error.operation() == operation);
        CHECK(error.path() == path);
    }
}

std::ptrdiff_t open_descriptors() { return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()); }

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool limits_work = false;  // sanitizers take terabytes of addresses
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool limits_work = false;
#else
constexpr bool limits_work = true;
#endif
#else
constexpr bool limits_work = true;
#endif

/// Runs `body` in a child that may map so many bytes more than it has; "no memory" if they were too few.
template <class Body>
std::string with_memory(std::size_t bytes, const Body& body) {
    return run_in_child([&]() -> std::string {
               std::size_t pages = 0;
               std::ifstream("/proc/self/statm") >> pages;
               const rlim_t limit = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + bytes;
               const rlimit now{limit, limit};
               if (::setrlimit(RLIMIT_AS, &now) != 0) {
                   return "no limit";
               }
               try {
                   return body();
               } catch (const std::bad_alloc&) {
                   return "no memory";
               }
           })
        .text;
}

constexpr std::size_t megabyte = std::size_t{1} << 20;

} // namespace

TEST_CASE("read_npy: reads a file as parse_npy reads its bytes, through links too", "[io][npy]") {
    fixture_root root;
    root.file("t.npy", npy_array("|u1", "(2, 2)", "abcd"));
    const std::string path = root.path() + "/t.npy";
    const auto array = read_npy<unsigned char, 2>(path);
    CHECK(array(0, 1) == 'b');
    CHECK(array(1, 0) == 'c');
    CHECK(read_npy<unsigned char, 2, xt::layout_type::column_major>(path)(1, 0) == 'c');
    CHECK(read_npy<unsigned char>(path)(1, 1) == 'd');
    CHECK(read_npy<unsigned char, xt::layout_type::column_major>(path)(0, 1) == 'b');
    fs::create_symlink(path, root.path() + "/link.npy");
    CHECK(read_npy<float>(root.path() + "/link.npy", {.convert = true})(1, 1) == 100.0F);
}

TEST_CASE("read_npy: faults of a file name it", "[io][npy][errors][N1][N14][N15][N20][N21][N32]") {
    fixture_root root;
    const std::string path = root.path() + "/t.npy";
    root.file("t.npy", "");
    REQUIRE_THROWS_WITH(read_npy<double>(path), path + ": npy: truncated header at byte 0");
    root.file("t.npy", npy_array("<f8", "(2,)", "only 12 byte"));
    REQUIRE_THROWS_AS(read_npy<double>(path), xrayon::data_error);
    REQUIRE_THROWS_WITH(read_npy<double>(path), path + ": npy: data has 12 bytes, shape needs 16: shape (2,) of <f8");
    root.file("t.npy", npy_array("<f8", "(1,)", "twelve bytes"));
    const std::string end = std::to_string(npy_array("<f8", "(1,)").size() + 8);
    REQUIRE_THROWS_WITH(read_npy<double>(path), path + ": npy: 4 bytes after the array at byte " + end);
    CHECK(read_npy<double>(path, {.allow_trailing = true}).size() == 1);
    REQUIRE_THROWS_AS(read_npy<float>(path), xrayon::argument_error);
    REQUIRE_THROWS_WITH(read_npy<float>(path), "read_npy: elements of " + path + " must be <f4 unless options.convert, got <f8");
    REQUIRE_THROWS_WITH((read_npy<double, 2>(path)), "read_npy: " + path + " must have rank 2, got shape (1,)");
    root.file("t.npy", npy_array("|b1", "(1,)", "x"));
    REQUIRE_THROWS_WITH(read_npy<bool>(path), path + ": npy: bool byte 120 at byte " + std::to_string(npy_array("|b1", "(1,)").size()));
    root.file("t.npz", "PK\x03\x04");
    REQUIRE_THROWS_WITH(read_npy<double>(root.path() + "/t.npz"),
                        root.path() + "/t.npz: npy: zip container at byte 0 (npz); only single arrays (npy) are read");
}

TEST_CASE("read_npy: what cannot be opened is an io_error with path and errno", "[io][npy][errors][N26]") {
    fixture_root root;
    root.file("t.npy", npy_array("<f8", "()", "12345678"));
    const auto descriptors = open_descriptors();
    const std::string absent = root.path() + "/absent.npy";
    refuses(absent, ENOENT, "read_npy: open", "read_npy: open " + absent + ": No such file or directory");
    const std::string loop = root.path() + "/loop.npy";
    fs::create_symlink(loop, loop);
    refuses(loop, ELOOP, "read_npy: open", "read_npy: open " + loop + ": Too many levels of symbolic links");
    try {
        (void)read_npy<double>(root.path() + std::string("/t.npy\0.npy", 11));
        FAIL_CHECK("read");
    } catch (const io_error& error) {
        CHECK(error.what() == "read_npy: the path holds a NUL byte: " + root.path() + "/t.npy: Invalid argument");
    }
    REQUIRE(::chmod(root.path().c_str(), 0755) == 0);
    REQUIRE(::chmod((root.path() + "/t.npy").c_str(), 0) == 0);
    const auto child = run_in_child([&]() -> std::string {
        if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
            return "cannot be somebody else";
        }
        (void)read_npy<double>(root.path() + "/t.npy");
        return "read";
    });
    CHECK(child.text == "read_npy: open " + root.path() + "/t.npy: Permission denied");
    CHECK(open_descriptors() == descriptors);
}

TEST_CASE("read_npy: directories, FIFOs, sockets and devices are no arrays", "[io][npy][errors][N25]") {
    const fixture_root root;
    const auto descriptors = open_descriptors();
    const std::string what = "read_npy: not a regular file:";
    const auto irregular = [&](const std::string& path) { refuses(path, EINVAL, what, what + " " + path + ": Invalid argument"); };
    irregular(root.path());
    irregular("/dev/null");
    irregular("/dev/zero");
    irregular("/dev/full");
    const std::string fifo = root.path() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    irregular(fifo);  // and nobody writes to it
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = root.path() + "/socket";
    if (name.size() < sizeof address.sun_path) {
        name.copy(address.sun_path, name.size());
        const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
        REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        refuses(name, ENXIO, "read_npy: open", "read_npy: open " + name + ": No such device or address");
        ::close(listener);
    }
    CHECK(open_descriptors() == descriptors);
}

TEST_CASE("read_npy: takes no memory but the result and a window", "[io][npy]") {
    if (!limits_work) {
        WARN("left out: under a sanitizer");
        return;
    }
    fixture_root root;
    const std::string path = root.path() + "/t.npy";
    const std::string columns = root.path() + "/columns.npy";
    const std::string bytes = root.path() + "/bytes.npy";
    {
        const std::vector<float> numbers(2'000'000, 1.5F);
        const auto view = xrayon::array_view<const float, 2>(numbers.data(), {200'000, 10}, {1, 200'000});
        xrayon::write_npy(path, numbers, {.durable = false});
        xrayon::write_npy(columns, view, {.durable = false});
        const std::vector<unsigned char> small(1'000'000, 1);
        xrayon::write_npy(bytes, small, {.durable = false});
    }
    const auto read = [](auto reads) { return [=] { return std::to_string(reads().size()); }; };
    // 8 MB in the file; the same as double is 16 MB, which is twice the file.
    CHECK(with_memory(8 * megabyte, read([&] { return read_npy<float>(path); })) == "2000000");
    CHECK(with_memory(8 * megabyte, read([&] { return read_npy<float, 2>(columns); })) == "2000000");
    CHECK(with_memory(16 * megabyte, read([&] { return read_npy<double>(path, {.convert = true}); })) == "2000000");
    CHECK(with_memory(16 * megabyte, read([&] { return read_npy<double, 2>(columns, {.convert = true}); })) == "2000000");
    CHECK(with_memory(17 * megabyte, read([&] { return read_npy<std::complex<double>>(bytes, {.convert = true}); })) == "1000000");
    // The limit is one: a little less is not enough.
    CHECK(with_memory(7 * megabyte, read([&] { return read_npy<float>(path); })) == "no memory");
    CHECK(with_memory(14 * megabyte, read([&] { return read_npy<double>(path, {.convert = true}); })) == "no memory");
    CHECK(with_memory(megabyte, read([&] { return read_npy<float, 1>(path); })) == "no memory");
}

TEST_CASE("read_npy: what a header claims takes no memory", "[io][npy][errors][N7][N16]") {
    if (!limits_work) {
        WARN("left out: under a sanitizer");
        return;
    }
    fixture_root root;
    root.file("huge.npy", npy_array("<f8", "(1048576, 1048576)", std::string(16, 'x')));
    root.file("large.npy", npy_array("<f8", "(1000, 1000)", std::string(16, 'x')));
    root.file("header.npy", std::string("\x93NUMPY\x02\x00\xf0\xff\xff\xff", 12));
    const auto said = [&](const std::string& name) {
        return with_memory(megabyte, [&]() -> std::string {
            try {
                return std::to_string(read_npy<double>(root.path() + "/" + name).size());
            } catch (const xrayon::data_error& error) {
                return std::string(error.what()).substr(root.path().size() + 1);
            }
        });
    };
    CHECK(said("huge.npy") == "huge.npy: npy: data has 16 bytes, shape needs 8796093022208: shape (1048576, 1048576) of <f8");
    CHECK(said("large.npy") == "large.npy: npy: data has 16 bytes, shape needs 8000000: shape (1000, 1000) of <f8");
    CHECK(said("header.npy") == "header.npy: npy: header longer than 65536 at byte 8: it says 4294967280");
}
