// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_ERROR_HPP
#define XRAYON_CORE_ERROR_HPP

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <xrayon/core/config.hpp>

// Every error type of the library. `what()` reads `<operation>: <rule>, got <value>`; the facts are members too.

namespace xrayon {

/// A value is wrong. Thrown before any user code runs and before any output is touched.
class argument_error : public std::invalid_argument {
public:
    argument_error(const std::string& message, std::string value) : std::invalid_argument(message), value_(std::move(value)) {}
    explicit argument_error(const std::string& message) : argument_error(message, {}) {}

    /// The offending value as text; empty when the message has no single one.
    const std::string& value() const noexcept { return value_; }

private:
    std::string value_;
};

/// Shapes do not fit; both stand in the text and as members.
class shape_error : public argument_error {
public:
    using shape = std::vector<std::size_t>;
    shape_error(const std::string& message, shape lhs, shape rhs) : argument_error(message), lhs_(std::move(lhs)), rhs_(std::move(rhs)) {}

    const shape& lhs() const noexcept { return lhs_; }
    const shape& rhs() const noexcept { return rhs_; }

private:
    shape lhs_;
    shape rhs_;
};

/// An environment variable holds something that the library does not accept.
class environment_error : public std::runtime_error {
public:
    environment_error(const std::string& message, std::string variable, std::string text)
        : std::runtime_error(message), variable_(std::move(variable)), text_(std::move(text)) {}

    const std::string& variable() const noexcept { return variable_; }
    const std::string& text() const noexcept { return text_; }  ///< As shown: escaped, at most 32 bytes of it.

private:
    std::string variable_;
    std::string text_;
};

/// The machine would not give what was asked: threads, memory.
class resource_error : public std::runtime_error {
public:
    resource_error(const std::string& message, std::size_t asked, std::size_t got)
        : std::runtime_error(message), asked_(asked), got_(got) {}

    std::size_t asked() const noexcept { return asked_; }
    std::size_t got() const noexcept { return got_; }

private:
    std::size_t asked_;
    std::size_t got_;
};

/// A file or stream is malformed. Line and column count from 1 and are 0 where they mean nothing; `offset` is in bytes.
class data_error : public std::runtime_error {
public:
    data_error(const std::string& message, std::string source, std::size_t offset, std::size_t line, std::size_t column)
        : std::runtime_error(message), source_(std::move(source)), offset_(offset), line_(line), column_(column) {}

    const std::string& source() const noexcept { return source_; }
    std::size_t offset() const noexcept { return offset_; }
    std::size_t line() const noexcept { return line_; }
    std::size_t column() const noexcept { return column_; }

private:
    std::string source_;
    std::size_t offset_;
    std::size_t line_;
    std::size_t column_;
};

/// The operating system refused a file operation. `code()` is the errno.
class io_error : public std::system_error {
public:
    io_error(int error_number, const std::string& operation, std::string path)
        : std::system_error(error_number, std::generic_category(), operation + " " + path), operation_(operation), path_(std::move(path)) {}

    const std::string& operation() const noexcept { return operation_; }
    const std::string& path() const noexcept { return path_; }

private:
    std::string operation_;
    std::string path_;
};

/// Why a call ended before its work was done.
enum class cancel_reason {
    stop_requested,  ///< The caller's stop token.
    deadline,        ///< `run_options::deadline` passed.
    outer_call,      ///< A call that this one runs inside of failed or was cancelled; its own error is on the way.
};

/// The call was stopped: there is no result, and never a partial one that looks whole.
class cancelled : public std::runtime_error {
public:
    cancelled(const std::string& message, cancel_reason reason, std::size_t done, std::size_t total)
        : std::runtime_error(message), reason_(reason), done_(done), total_(total) {}

    cancel_reason reason() const noexcept { return reason_; }
    std::size_t done() const noexcept { return done_; }    ///< Items that had finished.
    std::size_t total() const noexcept { return total_; }  ///< Items of the call.

private:
    cancel_reason reason_;
    std::size_t done_;
    std::size_t total_;
};

/// What a call called `name` throws: "grid_search: deadline passed, 5 of 20 done".
[[nodiscard]] inline cancelled cancelled_call(std::string_view name, cancel_reason reason, std::size_t done, std::size_t total,
                                              std::string_view items = "") {
    const std::string why = reason == cancel_reason::stop_requested ? "stop requested"
                            : reason == cancel_reason::deadline     ? "deadline passed"
                                                                    : "outer call cancelled";
    return {std::string(name) + ": " + why + ", " + std::to_string(done) + " of " + std::to_string(total) + std::string(items) + " done",
            reason, done, total};
}

/// A user's function threw, and `on_error::wrap` was asked for. The original is nested: `std::rethrow_if_nested`.
class task_error : public std::runtime_error, public std::nested_exception {
public:
    /// Captures the exception being handled: construct inside a catch block.
    task_error(const std::string& message, std::size_t index, std::size_t count, std::string path)
        : std::runtime_error(message), index_(index), count_(count), path_(std::move(path)) {}

    std::size_t index() const noexcept { return index_; }       ///< Lowest failing item.
    std::size_t count() const noexcept { return count_; }       ///< Items of the call.
    const std::string& path() const noexcept { return path_; }  ///< e.g. "grid_search[17] > cross_validate[3]".

private:
    std::size_t index_;
    std::size_t count_;
    std::string path_;
};

/// One failed item of a call that collects its errors.
struct item_error {
    std::size_t index;
    std::exception_ptr error;
};

/// `on_error::collect`: every item ran, and at least one threw. As a task_error it is the lowest one.
class task_errors : public task_error {
public:
    task_errors(const std::string& message, std::vector<item_error> errors, std::size_t count, std::string path)
        : task_error(message, errors.front().index, count, std::move(path)), errors_(std::move(errors)) {}

    const std::vector<item_error>& errors() const noexcept { return errors_; }  ///< Ascending by index, never empty.

private:
    std::vector<item_error> errors_;
};

} // namespace xrayon

#endif // XRAYON_CORE_ERROR_HPP
