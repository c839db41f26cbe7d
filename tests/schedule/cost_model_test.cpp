// SPDX-License-Identifier: Apache-2.0
#include <xrayon/schedule/cost_model.hpp>

#include "../support/catch.hpp"
#include "../support/property.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

using namespace xrayon;

namespace {

/// An empty folder that is gone afterwards.
struct folder {
    std::string path;
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "xrayon-costs-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no temporary folder");
        }
        path = name;
    }
    ~folder() { std::filesystem::remove_all(path); }
    folder(const folder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return path + "/" + name; }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator()));
    }
};

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// The line and the message of the data_error that reading this text ends in.
std::pair<std::size_t, std::string> complaint(const std::string& text) {
    try {
        (void)cost_model::from_text(text, "costs");
    } catch (const data_error& error) {
        REQUIRE(error.source() == "costs");
        return {error.line(), error.what()};
    }
    return {};
}

/// Any key, any number, any order of observations: what is read back is what was written.
std::string round_trip(test::draws& draw) {
    cost_model model({.weight = 1.0 / static_cast<double>(draw.between("weight", 1, 9))});
    const std::size_t observations = draw.between("observations", 0, 20);
    for (std::size_t k = 0; k < observations; ++k) {
        std::string key;
        const std::size_t length = draw.between("length", 0, 3);
        for (std::size_t i = 0; i < length; ++i) {
            key += static_cast<char>(draw.between("byte", 0, 255));
        }
        model.observe(key, draw.between("task", 0, ~std::size_t{0}), 1.0 / static_cast<double>(draw.between("size", 1, 1000)),
                      static_cast<double>(draw.between("time", 0, 1'000'000)) * 1e-7);
    }
    const std::string text = model.to_text();
    const cost_model again = cost_model::from_text(text);
    if (again.to_text() != text || again.size() != model.size()) {
        return text;
    }
    // Of a text that was cut short, or has one byte more, nothing is read.
    const std::size_t cut = draw.between("cut", 0, text.size() - 1);
    for (const std::string& bad : {text.substr(0, cut), text + "x"}) {
        try {
            (void)cost_model::from_text(bad);
            return "read: " + bad;
        } catch (const data_error&) {
        }
    }
    return "";
}

/// Any one byte changed: an error, or a model; never anything else.
std::string one_byte_changed(test::draws& draw) {
    cost_model model;
    model.observe("fits of ridge", 3, 2, 0.5);
    model.observe("fits of ridge", 17, 2, 0.25);
    model.observe("", 0, 1, 1e-9);
    std::string text = model.to_text();
    text[draw.between("at", 0, text.size() - 1)] = static_cast<char>(draw.between("byte", 0, 255));
    try {
        const auto read = cost_model::from_text(text);
        return cost_model::from_text(read.to_text()).to_text() == read.to_text() ? "" : text;
    } catch (const data_error& error) {
        return error.line() >= 1 && error.line() <= 9 ? "" : error.what();
    }
}

} // namespace

TEST_CASE("cost_model: the first observation is believed, later ones move the average by their weight", "[schedule][cost_model]") {
    cost_model model({.weight = 0.25});
    REQUIRE_FALSE(model.predict("k", 0).has_value());
    model.observe("k", 0, 1, 8);
    REQUIRE(model.predict("k", 0) == 8.0);
    model.observe("k", 0, 1, 4);
    REQUIRE(model.predict("k", 0) == 7.0);  // 0.75 * 8 + 0.25 * 4
    model.observe("k", 0, 1, 3);
    REQUIRE(model.predict("k", 0) == 6.0);
    REQUIRE_FALSE(model.predict("other", 0).has_value());
    REQUIRE(model.size() == 1);
}

TEST_CASE("cost_model: an input of another size is expected to take in proportion", "[schedule][cost_model]") {
    cost_model model({.weight = 0.5});
    model.observe("k", 5, 4, 2);  // half a second a unit
    REQUIRE(model.predict("k", 5, 4) == 2.0);
    REQUIRE(model.predict("k", 5, 10) == 5.0);
    REQUIRE(model.predict("k", 5, 0) == 0.0);
    model.observe("k", 5, 2, 3);  // 1.5 a unit; 1 on average
    REQUIRE(model.predict("k", 5, 2) == 2.0);
    model.observe("k", 6, 1, 3);
    REQUIRE(model.predict("k", 7, 2) == 4.0);  // unknown: the mean of 1 and 3 a unit
    REQUIRE(model.predict_all("k", std::vector<std::uint64_t>{7, 5}, std::vector<double>{1, 1}) == std::vector<double>{2, 1});
}

TEST_CASE("cost_model: a text has a line for each thing it knows", "[schedule][cost_model]") {
    cost_model model;
    model.observe("fits of ridge", 17, 1, 3.5e-7);
    model.observe("fits of ridge", 2, 2, 0.025);
    model.observe("fits of ridge", 2, 2, 0.025);
    model.observe("100%\n", 0, 1, 1);
    REQUIRE(model.to_text()
            == "xrayon cost model 1\nweight 0.3\nkey 100%25%0A\n0 1 1\nkey fits%20of%20ridge\n2 0.0125 2\n17 3.5e-07 1\nend 3\n");
    REQUIRE(cost_model::from_text(model.to_text()).predict("fits of ridge", 2) == 0.0125);
    REQUIRE(cost_model::from_text(model.to_text()).predict("100%\n", 0) == 1.0);
    REQUIRE(cost_model().to_text() == "xrayon cost model 1\nweight 0.3\nend 0\n");
}

TEST_CASE("cost_model: a text that is none is refused, with the line", "[schedule][cost_model][errors]") {
    using complaint_of = std::pair<std::size_t, std::string>;
    const std::string head = "xrayon cost model 1\nweight 0.5\n";
    REQUIRE(complaint("") == complaint_of(1, "costs:1: the text ends where the line \"xrayon cost model 1\" must follow, got \"\""));
    REQUIRE(complaint("xrayon cost model 2\nweight 1\nend 0\n") == complaint_of(1, "costs:1: the first line must be \"xrayon cost model 1\", got \"xrayon cost model 2\""));
    REQUIRE(complaint("xrayon cost model 1\n") == complaint_of(2, "costs:2: the text ends where a weight must follow, got \"\""));
    for (const std::string weight : {"0", "1.5", "-1", "nan", "x", "", "0.5 "}) {
        REQUIRE(complaint("xrayon cost model 1\nweight " + weight + "\nend 0\n")
                == complaint_of(2, "costs:2: the second line must be \"weight\" and a number > 0 and <= 1, got \"weight " + weight + "\""));
    }
    REQUIRE(complaint(head + "0 1 1\nend 1\n") == complaint_of(3, "costs:3: a task must follow a key, got \"0 1 1\""));
    REQUIRE(complaint(head + "key a\nkey a\nend 0\n") == complaint_of(4, "costs:4: a key must come once, got \"key a\""));
    for (const std::string task : {"0 1", "0  1", "0 1 0", "0 -1 1", "0 inf 1", "0 nan 1", "-1 1 1", "0 1 1 1", "a 1 1", "0 1 1 ", ""}) {
        REQUIRE(complaint(head + "key a\n" + task + "\nend 1\n")
                == complaint_of(4, "costs:4: a task must be its number, seconds per unit of size (finite, >= 0) and observations (>= 1), got \"" + task + "\""));
    }
    REQUIRE(complaint(head + "key a\n7 1 1\n7 1 1\nend 2\n") == complaint_of(5, "costs:5: a task must come once for each key, got \"7 1 1\""));
    REQUIRE(complaint(head + "key a\n7 1 1\nend 2\n") == complaint_of(5, "costs:5: \"end\" must count the tasks (1), got \"end 2\""));
    REQUIRE(complaint(head + "key a\n7 1 1\n") == complaint_of(5, "costs:5: the text ends where a key, a task, or \"end\" must follow, got \"\""));
    REQUIRE(complaint(head + "key a\n7 1 1\nend 1") == complaint_of(5, "costs:5: the last line must end in a newline, got \"end 1\""));
    REQUIRE(complaint(head + "end 0\nend 0\n") == complaint_of(4, "costs:4: nothing must follow \"end\", got \"end 0\""));
    for (const std::string key : {"%", "%4", "%4g", "%ag"}) {
        REQUIRE(complaint(head + "key " + key + "\nend 0\n")
                == complaint_of(3, "costs:3: % in a key must be followed by two hexadecimal digits (0-9, A-F), got \"key " + key + "\""));
    }
    REQUIRE(complaint(head + "key a b\nend 0\n")
            == complaint_of(3, "costs:3: a key must be printable ASCII without blanks, other bytes written %XX, got \"key a b\""));
}

XRAYON_PROPERTY("cost_model: what is written reads back as the same, and not if a piece of it is missing", "[schedule][cost_model][properties]", round_trip)
XRAYON_PROPERTY("cost_model: a text with one byte changed is read or refused", "[schedule][cost_model][properties]", one_byte_changed)

TEST_CASE("cost_model: is saved to a file that appears whole, and loaded from it", "[schedule][cost_model][files]") {
    const folder here;
    cost_model model({.weight = 0.5});
    REQUIRE(cost_model::load_or_new(here.file("costs")).size() == 0);
    model.observe("k", 1, 1, 2);
    model.save(here.file("costs"));
    REQUIRE(content(here.file("costs")) == model.to_text());
    REQUIRE(cost_model::load(here.file("costs")).to_text() == model.to_text());
    REQUIRE(cost_model::load_or_new(here.file("costs"), {.weight = 0.125}).to_text() == model.to_text());
    model.observe("k", 2, 1, 3);
    model.save(here.file("costs"));
    REQUIRE(cost_model::load(here.file("costs")).size() == 2);
    REQUIRE(here.files() == 1);  // no temporary one is left
}

TEST_CASE("cost_model: what cannot be saved or loaded says why, and leaves what was there", "[schedule][cost_model][files][errors]") {
    const folder here;
    const cost_model model;
    const auto refused = [](const auto& call) {
        try {
            call();
        } catch (const io_error& error) {
            return std::pair(error.operation(), error.code().value());
        }
        return std::pair(std::string(), 0);
    };
    REQUIRE(refused([&] { (void)cost_model::load(here.file("none")); }) == std::pair(std::string("cost_model::load: open"), ENOENT));
    REQUIRE(refused([&] { (void)cost_model::load_or_new(here.file("none") + "/costs/x"); }).second == 0);
    REQUIRE(refused([&] { model.save(here.file("none") + "/costs"); }) == std::pair(std::string("cost_model::save: create"), ENOENT));
    // What is no regular file is neither replaced nor waited for.
    REQUIRE(::mkfifo(here.file("fifo").c_str(), 0600) == 0);
    std::filesystem::create_symlink("fifo", here.file("link"));
    std::filesystem::create_directory(here.file("folder"));
    for (const char* const name : {"fifo", "link", "folder"}) {
        REQUIRE(refused([&] { model.save(here.file(name)); }) == std::pair(std::string("cost_model::save: not a regular file:"), EINVAL));
        REQUIRE(refused([&] { (void)cost_model::load(here.file(name)); }) == std::pair(std::string("cost_model::load: not a regular file:"), EINVAL));
    }
    REQUIRE(refused([&] { model.save(here.file(std::string("a\0b", 3))); }) == std::pair(std::string("cost_model::save: not a regular file:"), EINVAL));
    REQUIRE(here.files() == 3);
    std::ofstream(here.file("costs")) << "xrayon cost model 1\nweight 7\n";
    REQUIRE_THROWS_WITH(cost_model::load(here.file("costs")),
                        here.file("costs") + ":2: the second line must be \"weight\" and a number > 0 and <= 1, got \"weight 7\"");
    REQUIRE_THROWS_AS(cost_model::load_or_new(here.file("costs")), data_error);
}

TEST_CASE("cost_model: many threads may observe, ask and write at once", "[schedule][cost_model]") {
    cost_model model;
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 4; ++t) {
        threads.emplace_back([&model, t] {
            for (std::uint64_t i = 0; i < 500; ++i) {
                model.observe("own " + std::to_string(t), i, 1, 2);
                model.observe("shared", i, 1, 2);
                (void)model.predict("shared", i);
                if (i % 100 == 0) {
                    (void)cost_model(model).to_text();
                }
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    REQUIRE(model.size() == 2500);
    REQUIRE(model.predict("shared", 499) == 2.0);
    REQUIRE(model.to_text().find("499 2 4\n") != std::string::npos);
    const cost_model taken = std::move(model);
    REQUIRE(taken.size() == 2500);
}

TEST_CASE("cost_model: values that are none are refused", "[schedule][cost_model][errors]") {
    const double not_a_number = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    cost_model model;
    REQUIRE_THROWS_WITH(cost_model({.weight = 0}), "cost_model: options.weight must be > 0 and <= 1, got 0");
    REQUIRE_THROWS_WITH(cost_model({.weight = not_a_number}), "cost_model: options.weight must be > 0 and <= 1, got nan");
    REQUIRE_THROWS_WITH(cost_model({.weight = 1.5}), "cost_model: options.weight must be > 0 and <= 1, got 1.5");
    REQUIRE_THROWS_WITH(model.observe("k", 0, 0, 1), "cost_model: size must be finite and > 0, got 0");
    REQUIRE_THROWS_WITH(model.observe("k", 0, infinity, 1), "cost_model: size must be finite and > 0, got inf");
    REQUIRE_THROWS_WITH(model.observe("k", 0, 1, -1), "cost_model: seconds must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(model.observe("k", 0, 1, not_a_number), "cost_model: seconds must be finite and >= 0, got nan");
    REQUIRE_THROWS_WITH(model.observe("k", 0, 1e-300, 1e300), "cost_model: seconds per unit of size must be finite, got inf");
    REQUIRE(model.size() == 0);
    REQUIRE_THROWS_WITH(model.predict("k", 0, -1), "cost_model: size must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(model.predict_all("k", std::vector<std::uint64_t>{1}, std::vector<double>{}),
                        "cost_model: sizes must be as many as tasks (1), got 0");
}
