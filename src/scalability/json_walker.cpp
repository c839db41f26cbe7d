// SPDX-License-Identifier: Apache-2.0
#include "scalability/json_walker.hpp"

#include <cstdint>
#include <filesystem>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/read_bytes.hpp>

namespace scalability {

namespace {

/// The document's bytes, of which somebody else may know how many have been read.
class counted_bytes {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    counted_bytes(const char* at, std::size_t* read) : at_(at), read_(read) {}
    reference operator*() const { return *at_; }
    counted_bytes& operator++() {
        ++at_;
        ++*read_;
        return *this;
    }
    counted_bytes operator++(int) {
        counted_bytes before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const counted_bytes& a, const counted_bytes& b) { return a.at_ == b.at_; }

private:
    const char* at_;
    std::size_t* read_;
};

class walker final : public nlohmann::json_sax<nlohmann::json> {
public:
    walker(const std::string& name, const json_visitor& visitor, const json_limits& limits, const std::size_t& read)
        : name_(name), visitor_(visitor), limits_(limits), read_(read) {}

    [[noreturn]] void fail(const std::string& what) const {
        throw xrayon::data_error(name_ + ": byte " + xrayon::to_text(read_) + ": " + what, name_, read_, 0, 0);
    }

    bool null() override { return true; }
    bool boolean(bool value) override { return tell(value ? 1 : 0); }
    bool number_integer(number_integer_t value) override { return tell(static_cast<double>(value)); }
    bool number_unsigned(number_unsigned_t value) override { return tell(static_cast<double>(value)); }
    bool number_float(number_float_t value, const string_t&) override { return tell(value); }
    bool string(string_t& value) override {
        check_length(value);
        visitor_.text(path_, value);
        return true;
    }
    bool binary(binary_t&) override { fail("binary data in JSON"); }
    bool start_object(std::size_t) override {
        enter();
        visitor_.begin_object(path_);
        levels_.push_back({true, {}});
        path_.emplace_back();
        return true;
    }
    bool key(string_t& value) override {
        check_length(value);
        if (!levels_.back().keys.insert(value).second) {
            fail("key \"" + xrayon::escaped(value, 64) + "\" twice in one object");
        }
        path_.back() = value;
        return true;
    }
    bool end_object() override {
        leave();
        visitor_.end_object(path_);
        return true;
    }
    bool start_array(std::size_t) override {
        enter();
        levels_.push_back({false, {}});
        path_.emplace_back();
        return true;
    }
    bool end_array() override {
        leave();
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
        const std::string what = error.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
        const std::size_t begin = what.find(what.find(": ") == std::string::npos ? "] " : ": ");
        fail("no JSON: " + xrayon::escaped(begin == std::string::npos ? what : what.substr(begin + 2), 160));
    }

private:
    struct level {
        bool object;
        std::set<std::string> keys;
    };

    void check_length(const std::string& value) const {
        if (value.size() > limits_.text) {
            fail("a text of more than " + xrayon::to_text(limits_.text) + " bytes");
        }
    }
    void enter() {
        if (levels_.size() >= limits_.depth) {
            fail("nesting deeper than " + xrayon::to_text(limits_.depth));
        }
    }
    void leave() {
        levels_.pop_back();
        path_.pop_back();
    }
    bool tell(double value) {
        visitor_.number(path_, value);
        return true;
    }

    const std::string& name_;
    const json_visitor& visitor_;
    const json_limits& limits_;
    const std::size_t& read_;
    json_path path_;
    std::vector<level> levels_;
};

} // namespace

void walk_json(std::string_view document, const std::string& name, const json_visitor& visitor, const json_limits& limits) {
    std::size_t read = 0;
    walker each(name, visitor, limits, read);
    if (document.size() > limits.bytes) {
        each.fail("larger than " + xrayon::to_text(limits.bytes >> 20) + " MiB");
    }
    const counted_bytes begin(document.data(), &read);
    const counted_bytes end(document.data() + document.size(), &read);
    if (!nlohmann::json::sax_parse(begin, end, &each)) {
        each.fail("no JSON");
    }
}

std::string read_limited(const std::string& path, const json_limits& limits) {
    std::error_code ignored;
    const std::uintmax_t size = std::filesystem::file_size(path, ignored);
    if (!ignored && size > limits.bytes) {
        throw xrayon::data_error(path + ": larger than " + xrayon::to_text(limits.bytes >> 20) + " MiB", path, 0, 0, 0);
    }
    return xrayon::read_bytes(path, "read");
}

} // namespace scalability
