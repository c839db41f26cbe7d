// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_TRACE_FILE_HPP
#define XRAYON_EXEC_DETAIL_TRACE_FILE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/detail/trace_log.hpp>
#include <xrayon/exec/detail/trace_text.hpp>
#include <xrayon/exec/task_trace.hpp>

// XRAYON_TRACE=FILE: a trace of the whole program, from its first pool to its exit. The file is made at once, so that a path which cannot be
// written is an error while somebody can still be told; it is written when the program exits. "%p" in the name stands for the
// process id, for programs that start others.

namespace xrayon::detail {

struct trace_to_file {
    trace_recording recording;
    std::FILE* file;
    ::pid_t process;
    std::int64_t start;

    static inline trace_to_file* the_one = nullptr;

    /// Registered by atexit. A child that was forked meanwhile has the parent's file, and leaves it alone.
    XRAYON_COLD static void write() {
        trace_to_file* const here = the_one;
        if (here == nullptr || here->process != ::getpid()) {
            return;
        }
        the_one = nullptr;
        {
            trace_log& log = tracing();
            const std::lock_guard lock(log.mutex);
            log.on.store(false, std::memory_order_relaxed);  // what other threads still begin is not in it
            try {
                here->write(log);
            } catch (...) {
                // No memory: what there is of the file is no JSON, and its reader says so.
            }
        }
        const bool cut = std::ferror(here->file) != 0;
        if (std::fclose(here->file) != 0 || cut) {  // a full disk, most often; an exit has nobody to throw to
            std::fputs("xrayon: the file of XRAYON_TRACE could not be written to its end\n", stderr);
        }
        delete here;
    }

    /// Straight from the lanes. What has not ended ends now.
    void write(trace_log& log) const {
        const std::int64_t now = trace_now();
        const std::uint64_t era = log.era.load(std::memory_order_relaxed);
        for (trace_lane* lane : log.lanes) {
            lane->mutex.lock();  // the program is at its end
            if (lane->era != era) {
                lane->tasks.clear();
                lane->calls.clear();
            }
        }
        trace_text out([](void* to, const char* text, std::size_t size) { std::fwrite(text, 1, size, static_cast<std::FILE*>(to)); }, file,
                       static_cast<std::size_t>(process));
        out.begin();
        std::size_t dropped = 0;
        for (const trace_lane* lane : log.lanes) {
            out.thread(lane->number, lane->name);
            dropped += lane->era == era ? lane->dropped : 0;
            for (std::size_t i = 0; i < lane->calls.size(); ++i) {
                const logged_call& call = lane->calls[i];
                out.call(make_trace_id(era, lane->number, i), call.name, call.items, call.threads, call.parent, lane->number,
                         call.start - start, (call.stop == 0 ? now : call.stop) - start);
            }
            for (std::size_t i = 0; i < lane->tasks.size(); ++i) {
                const logged_task& task = lane->tasks[i];
                const bool known = is_of_era(task.call, era) && place_of(task.call) < log.lanes[lane_of(task.call)]->calls.size();
                const std::string_view name =
                    known ? std::string_view(log.lanes[lane_of(task.call)]->calls[place_of(task.call)].name) : "task";
                out.task(make_trace_id(era, lane->number, i), name, task.call, task.begin, task.end, lane->number, task.start - start,
                         (task.stop == 0 ? now : task.stop) - start, task.within, task.spawner,
                         task.spawned < start ? 0 : task.spawned - start);
            }
        }
        out.end(dropped, 0);
        for (trace_lane* lane : log.lanes) {
            lane->mutex.unlock();
        }
    }
};

/// Obeys XRAYON_TRACE, once in a process. @throws environment_error if the file cannot be made
XRAYON_COLD inline void trace_as_environment_says() {
    const char* const asked = std::getenv("XRAYON_TRACE");
    {
        trace_log& log = tracing();
        const std::lock_guard lock(log.mutex);
        if (log.environment_read) {
            return;
        }
        if (asked == nullptr || *asked == '\0') {
            log.environment_read = true;
            return;
        }
    }
    std::string path = asked;
    if (const std::size_t place = path.find("%p"); place != std::string::npos) {
        path.replace(place, 2, to_text(::getpid()));
    }
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    std::FILE* const file = descriptor < 0 ? nullptr : ::fdopen(descriptor, "w");
    if (file == nullptr) {
        const std::string shown = escaped(path, 32);
        throw environment_error(
            "XRAYON_TRACE=\"" + shown + "\": " + std::strerror(errno) + " (accepted: the path of a file that can be written)",
            "XRAYON_TRACE", shown);
    }
    {
        trace_log& log = tracing();
        const std::lock_guard lock(log.mutex);
        if (log.environment_read) {  // another thread was quicker
            std::fclose(file);
            return;
        }
        log.environment_read = true;
    }
    trace_to_file::the_one = new trace_to_file{{}, file, ::getpid(), trace_now()};
    std::atexit(trace_to_file::write);
}

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_TRACE_FILE_HPP
