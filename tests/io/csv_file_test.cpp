// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/csv.hpp>

#include "../support/catch.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace fs = std::filesystem;
using xrayon::csv_table;
using xrayon::io_error;
using xrayon::read_csv;

namespace {

/// The data that the examples use, beside this tree.
std::string example_data(const std::string& name) {
#ifdef XRAYON_SOURCE_DIR
    return std::string(XRAYON_SOURCE_DIR) + "/examples/data/" + name;
#else
    return (fs::path(__FILE__).parent_path().parent_path().parent_path() / "examples" / "data" / name).string();
#endif
}

/// A directory that lives as long as the test.
struct temporary_directory {
    fs::path path;
    temporary_directory() {
        std::string name = (fs::temp_directory_path() / "xrayon_csv_XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~temporary_directory() { fs::remove_all(path); }

    std::string file(const std::string& name, const std::string& content) const {
        const std::string at = path / name;
        std::FILE* const out = std::fopen(at.c_str(), "wb");
        REQUIRE(out != nullptr);
        REQUIRE(std::fwrite(content.data(), 1, content.size(), out) == content.size());
        REQUIRE(std::fclose(out) == 0);
        return at;
    }
};

void refuses(const std::string& path, int error_number, const std::string& operation, const std::string& what) {
    INFO("path: " << path);
    try {
        const csv_table table = read_csv(path);
        FAIL("read " << table.rows() << " rows");
    } catch (const io_error& error) {
        CHECK(error.what() == what);
        CHECK(error.code() == std::error_code(error_number, std::generic_category()));
        CHECK(error.operation() == operation);
        CHECK(error.path() == path);
    }
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

} // namespace

TEST_CASE("read_csv: the digits are the 1797 images that scikit-learn has", "[io][csv]") {
    const csv_table table = read_csv(example_data("digits.csv"));
    REQUIRE(table.rows() == 1797);
    REQUIRE(table.column_count() == 65);
    REQUIRE(table.columns.front() == "pixel_0");
    REQUIRE(table.column_index("pixel_63") == 63);
    REQUIRE(table.column_index("label") == 64);

    std::vector<int> count(10);
    for (const int label : table.integers("label")) {
        REQUIRE(label >= 0);
        REQUIRE(label <= 9);
        ++count[static_cast<std::size_t>(label)];
    }
    REQUIRE(count == std::vector<int>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});  // numpy.bincount(load_digits().target)

    double ink = 0;
    double least = 16, most = 0;
    for (std::size_t row = 0; row != 1797; ++row) {
        for (std::size_t pixel = 0; pixel != 64; ++pixel) {
            const double value = table.values(row, pixel);
            ink += value;
            least = value < least ? value : least;
            most = value > most ? value : most;
        }
    }
    REQUIRE(ink == 561718);  // load_digits().data.sum()
    REQUIRE(least == 0);
    REQUIRE(most == 16);
}

TEST_CASE("read_csv: reads a file as parse_csv reads its bytes, with the path as source", "[io][csv]") {
    const temporary_directory directory;
    const std::string path = directory.file("t.csv", "a,b\n1,2\n3,4\n");
    const csv_table table = read_csv(path);
    REQUIRE(table.source == path);
    REQUIRE(table.values == xrayon::parse_csv("a,b\n1,2\n3,4\n", "text").values);
    fs::create_symlink(path, directory.path / "link.csv");
    REQUIRE(read_csv((directory.path / "link.csv").string()).rows() == 2);
}

TEST_CASE("read_csv: a fault of the text names the file", "[io][csv][errors]") {
    const temporary_directory directory;
    const std::string path = directory.file("bad.csv", "a,b\n1,2\n3,4x\n");
    REQUIRE_THROWS_AS(read_csv(path), xrayon::data_error);
    REQUIRE_THROWS_WITH(read_csv(path), path + ":3:3: field 2: \"4x\" is not a number");
    REQUIRE_THROWS_WITH(read_csv(directory.file("empty.csv", "")), (directory.path / "empty.csv").string() + ":1:1: no header row");
}

TEST_CASE("read_csv: wrong options are refused before the file is opened", "[io][csv][errors]") {
    REQUIRE_THROWS_AS(read_csv("/nonexistent/t.csv", {.max_line = 0}), xrayon::argument_error);
    REQUIRE_THROWS_WITH(read_csv("/nonexistent/t.csv", {.max_line = 0}), "read_csv: max_line must be >= 1, got 0");
}

TEST_CASE("read_csv: what cannot be opened is an io_error with path and errno", "[io][csv][errors]") {
    const temporary_directory directory;
    const std::size_t descriptors = open_descriptors();
    const std::string absent = (directory.path / "absent.csv").string();
    refuses(absent, ENOENT, "read_csv: open", "read_csv: open " + absent + ": No such file or directory");
    const std::string below = directory.file("t.csv", "a\n1\n") + "/t.csv";
    refuses(below, ENOTDIR, "read_csv: open", "read_csv: open " + below + ": Not a directory");
    const std::string loop = (directory.path / "loop.csv").string();
    fs::create_symlink(loop, loop);
    refuses(loop, ELOOP, "read_csv: open", "read_csv: open " + loop + ": Too many levels of symbolic links");
    const std::string secret = directory.file("secret.csv", "a\n1\n");
    fs::permissions(secret, fs::perms::none);
    if (::access(secret.c_str(), R_OK) != 0) {  // root may read everything
        refuses(secret, EACCES, "read_csv: open", "read_csv: open " + secret + ": Permission denied");
    }
    refuses("", ENOENT, "read_csv: open", "read_csv: open : No such file or directory");
    REQUIRE(open_descriptors() == descriptors);
}

TEST_CASE("read_csv: a path with a NUL byte is refused, not cut", "[io][csv][errors]") {
    const temporary_directory directory;
    const std::string path = directory.file("t.csv", "a\n1\n");
    try {
        const csv_table table = read_csv(path + std::string("\0.csv", 5));
        FAIL("read " << table.rows() << " rows");
    } catch (const io_error& error) {
        REQUIRE(error.what() == "read_csv: the path holds a NUL byte: " + path + ": Invalid argument");
        REQUIRE(error.code().value() == EINVAL);
    }
}

TEST_CASE("read_csv: directories, FIFOs, sockets and devices are no tables", "[io][csv][errors]") {
    const temporary_directory directory;
    const std::size_t descriptors = open_descriptors();
    const std::string what = "read_csv: not a regular file:";
    const auto irregular = [&](const std::string& path) { refuses(path, EINVAL, what, what + " " + path + ": Invalid argument"); };
    irregular(directory.path.string());
    irregular("/dev/null");
    irregular("/dev/zero");
    const std::string fifo = (directory.path / "fifo").string();
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    irregular(fifo);  // and nobody writes to it

    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = (directory.path / "socket").string();
    if (name.size() < sizeof address.sun_path) {
        name.copy(address.sun_path, name.size());
        const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
        REQUIRE(listener >= 0);
        REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        refuses(name, ENXIO, "read_csv: open", "read_csv: open " + name + ": No such device or address");
        ::close(listener);
    }
    REQUIRE(open_descriptors() == descriptors);
}

TEST_CASE("read_csv: a file whose size is not known beforehand is read to its end", "[io][csv]") {
    // /proc says 0 bytes; the uptime is two numbers on one line.
    const csv_table table = read_csv("/proc/uptime", {.header = false, .delimiter = ' '});
    REQUIRE(table.rows() == 1);
    REQUIRE(table.column_count() == 2);
    REQUIRE(table.values(0, 0) > 0);
}
