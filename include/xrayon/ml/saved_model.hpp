// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SAVED_MODEL_HPP
#define XRAYON_ML_SAVED_MODEL_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/atomic_file.hpp>
#include <xrayon/io/checksum.hpp>
#include <xrayon/io/npy.hpp>
#include <xrayon/io/read_bytes.hpp>
#include <xrayon/io/write_npy.hpp>

namespace xrayon::ml {

// A fitted model in a file. First a line, `xrayon-model 1 <checksum> <bytes>`, of all that follows. Then the manifest, a line for each
// fact: its name and its value, or `array`, how many bytes, and then, behind the line `end`, the arrays as NPY files (io/npy.hpp), one
// after the other in the order of the manifest. Nothing in it is code, nothing says where to read but in what order, and every length is
// checked against what is there.

/// What a model writes itself to.
class model_writer {
public:
    /// @param name   Letters, digits and `_`; each once.
    /// @param value  One line that does not begin with `array `.
    /// @throws argument_error  otherwise
    void text(std::string_view name, std::string_view value) {
        check(value.find('\n') == value.npos && !value.starts_with("array "),
              "model_writer: a text must be one line and not begin with \"array \"", escaped(value));
        put(name, value);
    }
    /// Comes back as it is, NaN and infinities too.
    template <class T>
        requires std::is_arithmetic_v<T>
    void number(std::string_view name, T value) { text(name, value != value ? std::string("nan") : to_text(value)); }
    template <class T>
        requires std::is_enum_v<T>
    void number(std::string_view name, T value) { number(name, static_cast<long long>(value)); }
    /// Rows x columns, row-major.
    template <class T>
    void array(std::string_view name, const T* values, std::size_t rows, std::size_t columns) {
        const std::string bytes = npy_bytes(array_view<const T, 2>(values, {rows, columns}));
        put(name, "array " + to_text(bytes.size()));
        arrays_ += bytes;
    }
    template <class T>
    void array(std::string_view name, const std::vector<T>& values) {
        array(name, values.data(), 1, values.size());
    }
    /// What `model` writes, under `name`.
    template <class Model>
    void part(std::string_view name, const Model& model) {
        const std::string before = prefix_;
        prefix_ += std::string(name) + ".";
        model.save_to(*this);
        prefix_ = before;
    }
    template <class F>
        requires std::invocable<const F&, model_writer&>
    void part(std::string_view name, const F& write) {
        const std::string before = prefix_;
        prefix_ += std::string(name) + ".";
        write(*this);
        prefix_ = before;
    }

    /// The whole file.
    [[nodiscard]] std::string bytes() const {
        const std::string rest = manifest_ + "end\n" + arrays_;
        std::array<char, 80> head{};
        std::snprintf(head.data(), head.size(), "xrayon-model 1 %08x %zu\n", crc32(rest), rest.size());
        return head.data() + rest;
    }

private:
    void put(std::string_view name, std::string_view value) {
        check(!name.empty()
                  && std::all_of(
                      name.begin(), name.end(),
                      [](char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }),
              "model_writer: a name must be of letters, digits and _", escaped(name));
        const std::string whole = prefix_ + std::string(name);
        check(names_.insert(whole).second, "model_writer: every name must be used once", whole);
        manifest_ += whole + " " + std::string(value) + "\n";
    }

    std::string prefix_;
    std::string manifest_;
    std::string arrays_;
    std::set<std::string> names_;
};

/// What a model reads itself from; for one thread. Everything that is asked for and not there, or not what it should be, is a data_error.
class model_reader {
public:
    /// @param bytes   A whole file.
    /// @param source  What messages call it.
    /// @throws data_error  `load: not a model`, `load: format 9, this library knows 1`, `load: the file is damaged (checksum)`
    model_reader(std::string bytes, std::string source) : bytes_(std::move(bytes)), source_(std::move(source)) { parse(); }

    [[nodiscard]] const std::string& text(std::string_view name) const {
        const auto at = facts_.find(prefix_ + std::string(name));
        if (at == facts_.end()) {
            fail("has no \"" + prefix_ + std::string(name) + "\"");
        }
        return at->second;
    }
    template <class T>
        requires std::is_arithmetic_v<T>
    [[nodiscard]] T number(std::string_view name) const {
        const std::string& value = text(name);
        if constexpr (std::same_as<T, bool>) {
            if (value != "true" && value != "false") {
                fail("\"" + prefix_ + std::string(name) + "\" must be true or false");
            }
            return value == "true";
        } else {
            T out{};
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
            if (error != std::errc{} || end != value.data() + value.size()) {
                fail("\"" + prefix_ + std::string(name) + "\" is no number that fits");
            }
            return out;
        }
    }
    /// An enumerator from 0 to `last`.
    template <class T>
        requires std::is_enum_v<T>
    [[nodiscard]] T number(std::string_view name, T last) const {
        const auto value = number<long long>(name);
        if (value < 0 || value > static_cast<long long>(last)) {
            fail("\"" + prefix_ + std::string(name) + "\" is out of range");
        }
        return static_cast<T>(value);
    }
    static constexpr std::nullopt_t any = std::nullopt;
    /// Rows x columns. @param rows, columns  What they must be; `any` is any.
    template <class T>
    [[nodiscard]] xt::xtensor<T, 2> matrix(std::string_view name, std::optional<std::size_t> rows,
                                           std::optional<std::size_t> columns) const {
        const auto at = arrays_.find(prefix_ + std::string(name));
        if (at == arrays_.end()) {
            fail("has no array \"" + prefix_ + std::string(name) + "\"");
        }
        auto out = parse_npy<T, 2>(std::string_view(bytes_).substr(at->second.first, at->second.second),
                                   source_ + ": " + prefix_ + std::string(name));
        if ((rows && out.shape(0) != *rows) || (columns && out.shape(1) != *columns)) {
            fail("array \"" + prefix_ + std::string(name) + "\" has shape (" + to_text(out.shape(0)) + ", " + to_text(out.shape(1)) + ")");
        }
        return out;
    }
    template <class T>
    [[nodiscard]] std::vector<T> array(std::string_view name, std::optional<std::size_t> size = any) const {
        const auto values = matrix<T>(name, 1, size);
        return {values.begin(), values.end()};
    }
    /// Labels, each greater than the one before. @param size  How many; `any` is any number but none.
    [[nodiscard]] std::vector<int> ascending_labels(std::string_view name, std::optional<std::size_t> size = any) const {
        const std::vector<int> out = array<int>(name, size);
        expect(!out.empty() && std::adjacent_find(out.begin(), out.end(), std::greater_equal<>()) == out.end(),
               "has classes that do not ascend");
        return out;
    }
    /// What was written by part.
    template <class Model>
    [[nodiscard]] Model part(std::string_view name) const {
        return part(name, [](const model_reader& r) { return Model::load_from(r); });
    }
    template <class F>
    [[nodiscard]] auto part(std::string_view name, const F& read) const {
        struct restored {
            std::string& prefix;
            std::string before;
            ~restored() { prefix = std::move(before); }
        } guard{prefix_, prefix_};
        prefix_ += std::string(name) + ".";
        return read(*this);
    }
    /// Throws unless the fact "type" is this.
    void expect_type(std::string_view type) const {
        if (text("type") != type) {
            fail((prefix_.empty() ? "is a " : prefix_ + "type is ") + escaped(text("type"), 100) + " and not a " + std::string(type));
        }
    }
    /// Throws unless `holds`.
    void expect(bool holds, const std::string& rule) const {
        if (!holds) {
            fail(rule);
        }
    }
    [[noreturn]] void fail(const std::string& what) const { throw data_error("load: " + source_ + " " + what, source_, 0, 0, 0); }

private:
    void parse() {
        const std::string_view all = bytes_;
        const std::size_t first = all.find('\n');
        constexpr std::string_view start = "xrayon-model ";
        if (first == all.npos || first > 79 || !all.starts_with(start)) {
            fail("is not a model");
        }
        const std::string_view head = all.substr(start.size(), first - start.size());
        const std::string_view version = head.substr(0, head.find(' '));
        if (version != "1") {
            fail("has format " + escaped(version) + ", this library knows 1");
        }
        const std::string_view rest = all.substr(first + 1);
        std::array<char, 80> expected{};
        std::snprintf(expected.data(), expected.size(), "1 %08x %zu", crc32(rest), rest.size());
        if (head != expected.data()) {
            fail("is damaged (checksum)");
        }
        std::size_t at = first + 1;
        std::vector<std::pair<std::string, std::size_t>> sizes;
        while (true) {
            const std::size_t end = all.find('\n', at);
            if (end == all.npos) {
                fail("has no end of its manifest");
            }
            const std::string_view line = all.substr(at, end - at);
            at = end + 1;
            if (line == "end") {
                break;
            }
            const std::size_t blank = line.find(' ');
            if (blank == 0 || blank == line.npos) {
                fail("has a line without a name and a value");
            }
            const std::string name(line.substr(0, blank));
            const std::string value(line.substr(blank + 1));
            if (!facts_.emplace(name, value).second) {
                fail("has \"" + escaped(name) + "\" twice");
            }
            if (value.starts_with("array ")) {
                std::size_t size = 0;
                const auto [stop, error] = std::from_chars(value.data() + 6, value.data() + value.size(), size);
                if (error != std::errc{} || stop != value.data() + value.size()) {
                    fail("has an array without a size");
                }
                sizes.emplace_back(name, size);
            }
        }
        for (const auto& [name, size] : sizes) {
            if (size > all.size() - at) {
                fail("has less than its arrays");
            }
            arrays_[name] = {at, size};
            at += size;
        }
        if (at != all.size()) {
            fail("has more than its arrays");
        }
    }

    std::string bytes_;
    std::string source_;
    std::map<std::string, std::string, std::less<>> facts_;
    std::map<std::string, std::pair<std::size_t, std::size_t>, std::less<>> arrays_;  // offset and size
    mutable std::string prefix_;
};

/// A model that can be kept in a file: `m.save_to(writer)` and `M::load_from(reader)`.
template <class M>
concept savable_model = requires(const M& m, model_writer& out, const model_reader& in) {
    m.save_to(out);
    { M::load_from(in) } -> std::same_as<M>;
};

/// @brief The file of a fitted model, scaler, encoder, pipeline or ensemble. @throws argument_error  if it is not fitted
template <savable_model M>
[[nodiscard]] std::string model_bytes(const M& model) {
    model_writer out;
    model.save_to(out);
    return out.bytes();
}

/// @brief Writes a model to a file, which appears whole or not at all. What load gives predicts the same bits.
/// @throws argument_error  if it is not fitted; io_error if the system refuses
template <savable_model M>
void save(const std::string& path, const M& model, const atomic_file_options& options = {}) {
    const std::string bytes = model_bytes(model);
    atomic_file file(path, options);
    file.write(bytes);
    file.commit();
}

/// @brief The model of a file's bytes. The type must be that of what was saved.
/// @param source  What messages call it.
/// @throws data_error  if it is no model, damaged, of another type, or does not make sense
template <savable_model M>
[[nodiscard]] M parse_model(std::string bytes, const std::string& source = "<memory>") {
    const model_reader in(std::move(bytes), source);
    try {
        return M::load_from(in);
    } catch (const argument_error& error) {
        in.fail(std::string("does not make sense: ") + error.what());
    }
}

/// @brief Reads what save has written: `load<ridge<>>("model")`.
/// @throws data_error  as parse_model; io_error if the system refuses
template <savable_model M>
[[nodiscard]] M load(const std::string& path) {
    return parse_model<M>(read_bytes(path, "load"), path);
}

namespace detail {

template <class Real>
inline constexpr std::string_view real_name = std::same_as<Real, float> ? "<float>" : "<double>";

} // namespace detail

} // namespace xrayon::ml

#endif // XRAYON_ML_SAVED_MODEL_HPP
