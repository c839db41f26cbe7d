// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_TRACE_TEXT_HPP
#define XRAYON_EXEC_DETAIL_TRACE_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include <xrayon/core/config.hpp>
#include <xrayon/core/json_writer.hpp>
#include <xrayon/exec/detail/trace_log.hpp>

namespace xrayon::detail {

/// The text of a trace file, piece by piece: Trace Event Format, one complete event a line. In `args` stands what a reader needs to
/// have the trace again: numbers of tasks and calls, 0 for none.
///
/// By snprintf: every program has this code, for XRAYON_TRACE, and string expressions take a second of compiling.
class trace_text {
public:
    using sink_function = void (*)(void* to, const char* text, std::size_t size);
    trace_text(sink_function sink, void* to, std::size_t process) : sink_(sink), to_(to), process_(process) {}

    XRAYON_COLD void begin() {
        put("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
        print("{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%zu,\"args\":{\"name\":\"xrayon\"}}", process_);
    }
    XRAYON_COLD void thread(std::size_t number, std::string_view name) {
        print(",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%zu,\"tid\":%zu,\"args\":{\"name\":", process_, number);
        put(json_string(name));
        put("}}");
    }
    XRAYON_COLD void call(std::uint64_t id, std::string_view name, std::size_t items, std::size_t threads, std::uint64_t parent,
                          std::size_t thread, std::int64_t start, std::int64_t stop) {
        put(",\n{\"name\":");
        put(json_string(name));
        slice("call", thread, start, stop);
        print("\"id\":%llu,\"items\":%zu,\"threads\":%zu,\"parent\":%llu}}", number(id), items, threads, number(parent));
    }
    XRAYON_COLD void task(std::uint64_t id, std::string_view name, std::uint64_t call, std::size_t begin, std::size_t end,
                          std::size_t thread, std::int64_t start, std::int64_t stop, std::uint64_t within, std::uint64_t spawner,
                          std::int64_t spawned) {
        put(",\n{\"name\":");
        put(json_string(name));
        slice("task", thread, start, stop);
        print("\"id\":%llu,\"call\":%llu,\"begin\":%zu,\"end\":%zu,\"within\":%llu", number(id), number(call), begin, end, number(within));
        if (spawner != 0) {
            print(",\"spawner\":%llu,\"spawned\":%lld", number(spawner), static_cast<long long>(spawned));
        }
        put("}}");
    }
    XRAYON_COLD void end(std::size_t dropped, std::uint64_t root) {
        print("\n],\"xrayon\":{\"dropped\":%zu,\"root\":%llu}}\n", dropped, number(root));
    }

private:
    static unsigned long long number(std::uint64_t id) { return number_of(id); }
    void put(std::string_view text) { sink_(to_, text.data(), text.size()); }
    template <class... Numbers>
    void print(const char* format, Numbers... numbers) {
        char buffer[256];
        const int length = std::snprintf(buffer, sizeof buffer, format, numbers...);
        sink_(to_, buffer, static_cast<std::size_t>(length));
    }
    /// Times are in microseconds, with three decimals.
    void slice(const char* category, std::size_t thread, std::int64_t start, std::int64_t stop) {
        const auto part = [](std::int64_t time, std::int64_t divisor) {
            return static_cast<long long>(divisor == 1 ? time % 1000 : time / divisor);
        };
        start = start < 0 ? 0 : start;
        const std::int64_t duration = stop < start ? 0 : stop - start;
        print(",\"cat\":\"%s\",\"ph\":\"X\",\"pid\":%zu,\"tid\":%zu,\"ts\":%lld.%03lld,\"dur\":%lld.%03lld,\"args\":{", category, process_,
              thread, part(start, 1000), part(start, 1), part(duration, 1000), part(duration, 1));
    }

    sink_function sink_;
    void* to_;
    std::size_t process_;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_TRACE_TEXT_HPP
