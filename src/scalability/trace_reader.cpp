// SPDX-License-Identifier: Apache-2.0
#include "scalability/trace_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>

#include "scalability/json_walker.hpp"

namespace scalability {

namespace {

constexpr json_limits trace_limits{.bytes = std::size_t{1} << 30, .depth = 8, .text = 4096};

enum field : std::size_t { ts, dur, tid, id, call, parent, items, threads, begin, end, within, spawner, spawned, field_count };
constexpr std::array<std::string_view, field_count> field_names{"ts",      "dur",   "tid", "id",     "call",    "parent", "items",
                                                                "threads", "begin", "end", "within", "spawner", "spawned"};

/// One line of the file. A trace has millions.
struct event {
    std::array<double, field_count> numbers = filled();  // NaN: not there
    std::string name;

    static constexpr std::array<double, field_count> filled() {
        std::array<double, field_count> none{};
        none.fill(std::numeric_limits<double>::quiet_NaN());
        return none;
    }
};

class trace_builder {
public:
    explicit trace_builder(std::string name) : name_(std::move(name)) {}

    void add_thread(const event& each, std::string name) { names_[number(each, tid)] = std::move(name); }
    void add_call(event each) {
        check_times(each);
        calls_.push_back(std::move(each));
    }
    void add_task(event each) {
        check_times(each);
        each.name = {};  // it is its call's
        tasks_.push_back(std::move(each));
    }

    xrayon::task_trace finish(std::uint64_t root, std::size_t dropped) {
        const auto by_start = [](const event& a, const event& b) {  // of two that begin together the longer one is around the other
            return start(a) != start(b) ? start(a) < start(b) : stop(a) > stop(b);
        };
        std::stable_sort(calls_.begin(), calls_.end(), by_start);
        std::stable_sort(tasks_.begin(), tasks_.end(), by_start);
        if (calls_.empty() && tasks_.empty()) {
            fail("has no calls and no tasks: no trace of this library, or of a program that did nothing in parallel");
        }
        const auto call_at = places(calls_);
        const auto task_at = places(tasks_);
        const auto found = [](const std::unordered_map<std::uint64_t, std::size_t>& at, std::uint64_t id) {
            const auto place = at.find(id);
            return place == at.end() ? xrayon::no_trace_index : place->second;
        };
        xrayon::task_trace trace;
        trace.dropped = dropped;
        for (const event& each : calls_) {
            trace.calls.push_back({each.name, number(each, items), number(each, threads), found(task_at, number(each, parent)),
                                   thread(number(each, tid), trace), start(each), stop(each)});
            trace.duration = std::max(trace.duration, stop(each));
        }
        for (const event& each : tasks_) {
            const std::size_t first = number(each, begin);
            trace.tasks.push_back({found(call_at, number(each, call)), first, std::max(first + 1, std::size_t{number(each, end)}),
                                   thread(number(each, tid), trace), start(each), stop(each), found(task_at, number(each, within)),
                                   found(task_at, number(each, spawner)), static_cast<std::int64_t>(number(each, spawned))});
            trace.duration = std::max(trace.duration, stop(each));
        }
        check_links(trace);
        trace.root = found(task_at, root);
        if (trace.root == xrayon::no_trace_index) {
            make_root(trace);
        }
        return trace;
    }

private:
    [[noreturn]] void fail(const std::string& what) const { throw xrayon::data_error(name_ + ": " + what, name_, 0, 0, 0); }

    static std::uint64_t number(const event& each, field which) {
        const double value = each.numbers[which];
        return value >= 0 && value < 9e15 ? static_cast<std::uint64_t>(value) : 0;
    }
    void check_times(const event& each) const {
        for (const field which : {ts, dur}) {
            if (!(each.numbers[which] >= 0 && each.numbers[which] < 1e12)) {
                fail("\"" + xrayon::escaped(each.name, 64) + "\": " + std::string(field_names[which])
                     + " must be from 0 to 1e12 microseconds");
            }
        }
    }
    static std::int64_t start(const event& each) { return std::llround(1000 * each.numbers[ts]); }
    static std::int64_t stop(const event& each) { return start(each) + std::llround(1000 * each.numbers[dur]); }

    std::unordered_map<std::uint64_t, std::size_t> places(const std::vector<event>& events) const {
        std::unordered_map<std::uint64_t, std::size_t> at;
        for (std::size_t i = 0; i < events.size(); ++i) {
            const std::uint64_t own = number(events[i], id);
            if (own == 0 || !at.emplace(own, i).second) {
                fail("\"" + xrayon::escaped(events[i].name, 64) + "\": args.id must be a number of its own");
            }
        }
        return at;
    }
    std::size_t thread(std::uint64_t id, xrayon::task_trace& trace) {
        const auto [found, is_new] = threads_.emplace(id, trace.threads.size());
        if (is_new) {
            const auto named = names_.find(id);
            trace.threads.push_back(named == names_.end() ? std::string() : named->second);
        }
        return found->second;
    }
    /// A task begins after the one that its call was made by, or that spawned it, so that nobody goes round in circles.
    void check_links(const xrayon::task_trace& trace) const {
        for (std::size_t c = 0; c < trace.calls.size(); ++c) {
            const std::size_t parent = trace.calls[c].parent;
            if (parent != xrayon::no_trace_index && trace.tasks[parent].start > trace.calls[c].start) {
                fail("\"" + xrayon::escaped(trace.calls[c].name, 64) + "\" begins before the task that made it");
            }
        }
        for (std::size_t t = 0; t < trace.tasks.size(); ++t) {
            const xrayon::traced_task& task = trace.tasks[t];
            const bool call_later = task.call != xrayon::no_trace_index && trace.calls[task.call].start > task.start;
            const bool spawner_later =
                task.spawner != xrayon::no_trace_index && (task.spawner >= t || trace.tasks[task.spawner].start > task.start);
            const bool in_itself = task.call != xrayon::no_trace_index && trace.calls[task.call].parent != xrayon::no_trace_index
                                   && trace.calls[task.call].parent >= t;
            if (call_later || spawner_later || in_itself || (task.within != xrayon::no_trace_index && task.within >= t)) {
                fail("a task begins before what it belongs to");
            }
        }
    }
    static void make_root(xrayon::task_trace& trace) {
        std::size_t thread = xrayon::no_trace_index;
        xrayon::traced_task root;
        for (const xrayon::traced_call& call : trace.calls) {
            if (call.parent == xrayon::no_trace_index && (thread == xrayon::no_trace_index || thread == call.thread)) {
                root.start = thread == xrayon::no_trace_index ? call.start : std::min(root.start, call.start);
                root.stop = std::max(root.stop, call.stop);
                thread = call.thread;
            }
        }
        root.thread = thread == xrayon::no_trace_index ? 0 : thread;
        trace.root = trace.tasks.size();
        for (xrayon::traced_call& call : trace.calls) {
            if (call.parent == xrayon::no_trace_index && call.thread == root.thread) {
                call.parent = trace.root;
            }
        }
        for (xrayon::traced_task& task : trace.tasks) {  // what the caller did of its own calls it did in the root
            if (task.within == xrayon::no_trace_index && task.thread == root.thread && task.call != xrayon::no_trace_index) {
                task.within = trace.root;
            }
        }
        trace.tasks.push_back(root);
    }

    std::string name_;
    std::vector<event> calls_;
    std::vector<event> tasks_;
    std::map<std::uint64_t, std::string> names_;
    std::map<std::uint64_t, std::size_t> threads_;
};

} // namespace

xrayon::task_trace parse_trace(std::string_view document, const std::string& name) {
    trace_builder builder(name);
    event current;
    std::string category;
    std::string thread_name;
    std::uint64_t root = 0;
    std::size_t dropped = 0;
    const auto in_event = [](const json_path& path) { return path.size() >= 2 && path[0] == "traceEvents"; };
    json_visitor visitor;
    visitor.begin_object = [&](const json_path& path) {
        if (path.size() == 2 && in_event(path)) {
            current = {};
            category.clear();
            thread_name.clear();
        }
    };
    visitor.end_object = [&](const json_path& path) {
        if (path.size() != 2 || !in_event(path)) {
            return;
        }
        if (category == "call") {
            builder.add_call(std::move(current));
        } else if (category == "task") {
            builder.add_task(std::move(current));
        } else if (current.name == "thread_name") {
            builder.add_thread(current, thread_name);
        }
    };
    visitor.text = [&](const json_path& path, const std::string& value) {
        if (path.size() == 3 && in_event(path)) {
            if (path[2] == "cat") {
                category = value;
            } else if (path[2] == "name") {
                current.name = value;
            }
        } else if (path.size() == 4 && in_event(path) && path[2] == "args" && path[3] == "name") {
            thread_name = value;
        }
    };
    visitor.number = [&](const json_path& path, double value) {
        if (in_event(path) && (path.size() == 3 || (path.size() == 4 && path[2] == "args"))) {
            const auto found = std::find(field_names.begin(), field_names.end(), path.back());
            if (found != field_names.end()) {
                current.numbers[static_cast<std::size_t>(found - field_names.begin())] = value;
            }
        } else if (path == json_path{"xrayon", "root"} && value >= 0 && value < 9e15) {
            root = static_cast<std::uint64_t>(value);
        } else if (path == json_path{"xrayon", "dropped"} && value >= 0 && value < 9e15) {
            dropped = static_cast<std::size_t>(value);
        }
    };
    walk_json(document, name, visitor, trace_limits);
    return builder.finish(root, dropped);
}

xrayon::task_trace read_trace(const std::string& path) { return parse_trace(read_limited(path, trace_limits), path); }

} // namespace scalability
