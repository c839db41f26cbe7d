// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_NPY_SCANNER_HPP
#define XRAYON_IO_DETAIL_NPY_SCANNER_HPP

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/io/npy_type.hpp>

namespace xrayon::detail {

/// Walks through the header of an NPY file, which is a Python dictionary of three known keys. Nothing else of Python is understood,
/// and nothing is evaluated.
class npy_scanner {
public:
    struct word {
        std::string_view text;
        std::size_t at;
    };

    npy_scanner(std::string_view bytes, const std::string& source) : bytes_(bytes), source_(&source) {}

    /// From now on the scanner walks in [begin, end).
    void open(std::size_t begin, std::size_t end) {
        bytes_ = bytes_.substr(0, end);
        at_ = begin;
    }

    XRAYON_COLD [[noreturn]] void fail(std::size_t at, const std::string& what, const std::string& more = {}) const {
        throw data_error(*source_ + ": npy: " + what + " at byte " + to_text(at) + more, *source_, at, 0, 0);
    }

    /// Behind blanks; the end of the header is a byte like any other that was not expected.
    std::size_t position() {
        while (at_ < bytes_.size() && (bytes_[at_] == ' ' || bytes_[at_] == '\n' || bytes_[at_] == '\t' || bytes_[at_] == '\r')) {
            ++at_;
        }
        return at_;
    }

    [[nodiscard]] bool take(char c) {
        const bool is = position() < bytes_.size() && bytes_[at_] == c;
        at_ += is ? 1 : 0;
        return is;
    }

    void expect(char c) {
        if (!take(c)) {
            fail(at_, "expected '" + std::string(1, c) + "'", found());
        }
    }

    void expect_end() {
        if (position() != bytes_.size()) {
            fail(at_, "text behind the header", found());
        }
    }

    /// A string in quotes of either kind. Escapes are left as they are: no key and no type has one.
    [[nodiscard]] word text() {
        if (position() >= bytes_.size() || (bytes_[at_] != '\'' && bytes_[at_] != '"')) {
            fail(at_, "expected a quoted word", found());
        }
        const std::size_t begin = at_ + 1;
        const std::size_t end = bytes_.find(bytes_[at_], begin);
        if (end == bytes_.npos) {
            fail(at_, "quote is not closed");
        }
        at_ = end + 1;
        return {bytes_.substr(begin, end - begin), begin - 1};
    }

    [[nodiscard]] npy_type type() {
        if (position() < bytes_.size() && (bytes_[at_] == '[' || bytes_[at_] == '(')) {
            fail(at_, "structured dtype", " is not read");
        }
        const auto [name, at] = text();
        if (name.find('O') != name.npos) {
            fail(at, "object arrays are refused", ": they hold pickled code");
        }
        const npy_type type = npy_type_from(name);
        if (type.size == 0) {
            fail(at, "dtype '" + escaped(name) + "'", " is not read; bool, integers, float, double and complex of those are");
        }
        return type;
    }

    [[nodiscard]] bool boolean() {
        position();
        const std::string_view rest = bytes_.substr(at_);
        for (const std::string_view value : {"True", "False"}) {
            if (rest.starts_with(value)) {
                at_ += value.size();
                return value == "True";
            }
        }
        fail(at_, "fortran_order must be True or False", found());
    }

    [[nodiscard]] std::vector<std::size_t> shape(std::size_t most, bool long_suffix) {
        expect('(');
        std::vector<std::size_t> out;
        while (!take(')')) {
            if (out.size() == most) {
                fail(at_, "too many dimensions", "; at most " + to_text(most) + " are read");
            }
            const std::size_t begin = at_;
            std::size_t extent = 0;
            const auto [end, error] = std::from_chars(bytes_.data() + at_, bytes_.data() + bytes_.size(), extent);
            if (error == std::errc::result_out_of_range) {
                fail(begin, "shape product overflow", ": a dimension has more than 64 bits");
            }
            at_ = static_cast<std::size_t>(end - bytes_.data());
            // Python takes 03 for no number either.
            if (error != std::errc{} || (bytes_[begin] == '0' && at_ != begin + 1)) {
                throw data_error(*source_ + ": npy: dimension at byte " + to_text(begin) + " must be a whole number" + found(begin),
                                 *source_, begin, 0, 0);
            }
            if (long_suffix && at_ < bytes_.size() && bytes_[at_] == 'L') {
                ++at_;
            }
            out.push_back(extent);
            if (!take(',')) {
                // One number in brackets is a number to Python, and no tuple.
                if (out.size() == 1 || !take(')')) {
                    fail(at_, "expected ',' behind the dimension", found());
                }
                break;
            }
        }
        return out;
    }

private:
    [[nodiscard]] std::string found() const { return found(at_); }
    [[nodiscard]] std::string found(std::size_t at) const {
        return at < bytes_.size() ? ", got \"" + escaped(bytes_.substr(at), 12) + "\"" : ", got the end of the header";
    }

    std::string_view bytes_;
    const std::string* source_;
    std::size_t at_ = 0;
};

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_NPY_SCANNER_HPP
