// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_CHROME_TRACE_HPP
#define XRAYON_EXEC_CHROME_TRACE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/detail/trace_text.hpp>
#include <xrayon/exec/task_trace.hpp>

namespace xrayon {

/// @brief Writes a trace in the format that chrome://tracing and ui.perfetto.dev open (Trace Event Format): a slice for each call on the thread
/// that made it, with its tasks on the threads that did them. The same as a program with XRAYON_TRACE=FILE writes when it exits.
///
/// @param sink     Called as `sink(std::string_view)` with one piece of the text after the other.
/// @param process  The number that the process has in it.
/// @throws what `sink` throws, std::bad_alloc
template <class Sink>
void write_chrome_trace(const task_trace& trace, const Sink& sink, std::size_t process = 1) {
    const auto pass_on = [](void* to, const char* text, std::size_t size) {
        (*static_cast<const Sink*>(to))(std::string_view(text, size));
    };
    const auto number = [](std::size_t index) { return index == no_trace_index ? std::uint64_t{0} : std::uint64_t{index} + 1; };
    detail::trace_text out(pass_on, const_cast<Sink*>(&sink), process);
    out.begin();
    for (std::size_t t = 0; t < trace.threads.size(); ++t) {
        out.thread(t, trace.threads[t]);
    }
    for (std::size_t c = 0; c < trace.calls.size(); ++c) {
        const traced_call& call = trace.calls[c];
        out.call(number(c), call.name, call.items, call.threads, number(call.parent), call.thread, call.start, call.stop);
    }
    for (std::size_t t = 0; t < trace.tasks.size(); ++t) {
        const traced_task& task = trace.tasks[t];
        out.task(number(t), task.call == no_trace_index ? std::string_view("task") : trace.calls[task.call].name, number(task.call),
                 task.begin, task.end, task.thread, task.start, task.stop, number(task.within), number(task.spawner), task.spawned);
    }
    out.end(trace.dropped, number(trace.root));
}

} // namespace xrayon

#endif // XRAYON_EXEC_CHROME_TRACE_HPP
