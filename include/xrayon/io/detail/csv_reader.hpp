// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_CSV_READER_HPP
#define XRAYON_IO_DETAIL_CSV_READER_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/huge_pages.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/io/csv_options.hpp>
#include <xrayon/io/detail/csv_head.hpp>
#include <xrayon/io/detail/csv_scanner.hpp>
#include <xrayon/io/detail/csv_source.hpp>
#include <xrayon/par/index.hpp>

// A text is read in two parallel passes over chunks of one size. The first counts lines and rows, which says where each chunk's rows
// go and which number its first line has; the second reads the numbers into their place. A line belongs to the chunk that holds the
// line end before it, so chunks need no cutting beforehand: each one begins behind its first line end and ends with the line that
// the last one begins. The first pass also notes where each chunk's first line end is: the second skips chunks in which no line
// begins, and loads the others up to the end of their last line at once.
//
// Counting never fails, so the first fault of the text is the first fault of the second pass: the guarded core gives that of the
// lowest chunk, and a chunk is read in order. Nothing is allocated by what the text claims: see csv_reader::read.

namespace xrayon::detail {

/// Bytes per chunk, by the size of the text alone: a window stays in the second-level cache, half a megabyte is work for four threads,
/// and there are at most 2^14 of them.
[[nodiscard]] constexpr std::size_t csv_chunk_bytes(std::size_t text) noexcept { return std::max(std::size_t{128} << 10, text >> 14); }

/// How many bytes of [begin, end) are `c`. In lanes of bytes, which compilers turn into vectors also at -O2.
[[nodiscard]] inline std::size_t count_bytes(const char* begin, const char* end, char c) noexcept {
    constexpr std::size_t width = 32;
    std::size_t total = 0;
    while (static_cast<std::size_t>(end - begin) >= width) {
        unsigned char lanes[width] = {};
        for (std::size_t blocks = std::min<std::size_t>(255, static_cast<std::size_t>(end - begin) / width); blocks != 0; --blocks) {
            for (std::size_t lane = 0; lane != width; ++lane) {
                lanes[lane] = static_cast<unsigned char>(lanes[lane] + (begin[lane] == c ? 1 : 0));
            }
            begin += width;
        }
        for (const unsigned char lane : lanes) {
            total += lane;
        }
    }
    return total + static_cast<std::size_t>(std::count(begin, end, c));
}

/// A table as it is read; csv_table is made of it.
struct csv_content {
    std::vector<std::string> columns;
    xt::xtensor<double, 2> values;
};

class csv_reader {
public:
    /// What is referred to outlives this. `chunk_bytes` >= 1 are one task, and nothing but time depends on it. The deadline counts from
    /// `begun`.
    csv_reader(const csv_source& source, const std::string& name, const csv_options& options, const std::string& function,
               std::size_t chunk_bytes, std::chrono::steady_clock::time_point begun)
        : source_(source),
          name_(name),
          options_(options),
          function_(function),
          chunk_bytes_(chunk_bytes),
          slack_(std::clamp(chunk_bytes, std::size_t{16}, std::size_t{4} << 10)),
          begun_(begun) {}

    /// Reads all of it. Where source.changed() afterwards, a file was not what it was a moment before, and what came of it is nothing.
    [[nodiscard]] csv_content read() {
        head_ = csv_head_reader(source_, name_, options_, chunk_bytes_).read();
        csv_content content{std::move(head_.names), {}};
        const std::size_t rows = head_.columns == 0 ? 0 : count_rows();
        // A row of k fields takes k bytes at least, delimiters and line end, so that no long first row followed by many short ones
        // makes this large. One row more is for the fields of a row that turns out to be too short. Rows beyond are not stored:
        // one before them has a fault.
        const std::size_t stored = head_.columns == 0 ? 0 : std::min(rows, (source_.size() - head_.begin + 1) / head_.columns + 1);
        content.values = xt::xtensor<double, 2>::from_shape(std::array<std::size_t, 2>{stored, head_.columns});
        if (head_.columns != 0 && !source_.changed()) {
            double* const out = content.values.data();
            prefer_huge_pages(out, content.values.size() * sizeof(double));
            for_each_index(
                chunks_.size(), [&](std::size_t k) { read_chunk(k, out, stored); }, pass());
            if (stored != rows) {
                source_.note_change();  // a row had a fault when they were counted, and has none any more
            }
            check_behind_rows();
        }
        return content;
    }

private:
    static constexpr std::size_t none = std::string_view::npos;

    struct chunk {
        std::size_t lines = 0;     // that begin in it; later the number of the first one
        std::size_t rows = 0;      // those that are no comments; later how many rows come before
        std::size_t last = 0;      // behind its last byte other than a line end; 0: none
        std::size_t first = none;  // its first line end
    };

    [[nodiscard]] char mark() const noexcept { return head_.ends == line_end::cr ? '\r' : '\n'; }
    [[nodiscard]] std::size_t begin_of(std::size_t k) const noexcept { return head_.begin + k * chunk_bytes_; }
    [[nodiscard]] std::size_t end_of(std::size_t k) const noexcept {
        return begin_of(k) + std::min(source_.size() - begin_of(k), chunk_bytes_);
    }
    [[nodiscard]] csv_scanner scanner(const csv_window& window) const noexcept {
        return {window.bytes, window.offset, head_.ends, name_, options_};
    }

    /// How the next pass runs: the deadline is that of the whole call.
    [[nodiscard]] loop_options pass() const {
        loop_options loop{.run = options_.run, .name = function_};
        if (loop.run.deadline != std::chrono::nanoseconds{}) {
            const std::chrono::nanoseconds used = std::chrono::steady_clock::now() - begun_;
            loop.run.deadline = std::max(std::chrono::nanoseconds{1}, loop.run.deadline - used);
        }
        return loop;
    }

    /// The first pass: how many rows, and for each chunk what comes before it. Chunks without rows at the end are dropped.
    std::size_t count_rows() {
        const std::size_t left = source_.size() - head_.begin;
        chunks_.resize(left / chunk_bytes_ + (left % chunk_bytes_ != 0));
        for_each_index(
            chunks_.size(), [this](std::size_t k) { chunks_[k] = count_chunk(k); }, pass());
        while (!chunks_.empty() && chunks_.back().last == 0) {
            chunks_.pop_back();
        }
        last_ = chunks_.empty() ? head_.begin : chunks_.back().last;
        if (!chunks_.empty()) {
            const std::size_t tail = std::min(lines_behind_rows(), chunks_.back().rows);  // where a file has changed, anything is there
            chunks_.back().lines -= tail;
            chunks_.back().rows -= tail;
        }
        std::size_t rows = 0;
        for (chunk& each : chunks_) {
            rows += std::exchange(each.rows, rows);
            head_.number += std::exchange(each.lines, head_.number);
        }
        rows_ = rows;
        return rows;
    }

    [[nodiscard]] chunk count_chunk(std::size_t k) {
        const auto lease = windows_.borrow();
        csv_window& window = *lease;
        source_.load(window, begin_of(k), end_of(k) - begin_of(k) + 1);  // with the first byte of the line behind it
        chunk count;
        if (window.end() < end_of(k)) {
            return count;  // the file has changed
        }
        const char* const begin = window.at(begin_of(k));
        const char* const end = window.at(end_of(k));
        const bool first = k == 0;  // its first line has no line end before it
        count.lines = count_bytes(begin, end, mark()) + (first ? 1 : 0);
        count.rows = count.lines;
        if (options_.comment != '\0') {
            const char* const readable = window.at(window.end());
            count.rows -= first && *begin == options_.comment ? 1 : 0;
            for (const char* at = csv_scanner::find(begin, end, mark()); at != end; at = csv_scanner::find(at + 1, end, mark())) {
                count.rows -= at + 1 != readable && at[1] == options_.comment ? 1 : 0;
            }
        }
        const char* last = end;
        while (last != begin && (last[-1] == '\n' || last[-1] == '\r')) {
            --last;
        }
        count.last = last == begin ? 0 : window.position(last);
        const char* const found = csv_scanner::find(begin, end, mark());
        count.first = found == end ? none : window.position(found);
        return count;
    }

    /// How many lines of the last chunk begin behind its last byte other than a line end.
    [[nodiscard]] std::size_t lines_behind_rows() {
        const auto lease = windows_.borrow();
        const std::size_t end = end_of(chunks_.size() - 1);
        source_.load(*lease, last_, end - last_);
        return count_bytes(lease->bytes.data(), lease->at(std::min(end, lease->end())), mark());
    }

    /// How far a window on chunk k must reach to hold the line that begins last in it: behind that line's end, or as far as shows that
    /// the line is too long.
    [[nodiscard]] std::size_t reach_of(std::size_t k) const noexcept {
        std::size_t next = k + 1;
        while (next != chunks_.size() && chunks_[next].first == none) {
            ++next;
        }
        const std::size_t line_end = next == chunks_.size() ? last_ + std::min(source_.size() - last_, slack_) : chunks_[next].first + 1;
        const std::size_t enough = source_.longest_line(options_.max_line);
        return std::max(end_of(k), std::min(line_end, end_of(k) + std::min(enough, source_.size() - end_of(k))));
    }

    /// The second pass.
    void read_chunk(std::size_t k, double* out, std::size_t stored) {
        const std::size_t before = chunks_[k].rows;
        if ((k != 0 && chunks_[k].first == none) || before > stored) {
            return;  // the middle of a line; or a row below has a fault
        }
        const auto lease = windows_.borrow();
        csv_window& window = *lease;
        source_.load(window, begin_of(k), reach_of(k) - begin_of(k));
        hold_line_end(window, begin_of(k), end_of(k));
        if (window.end() < end_of(k)) {
            return;  // the file has changed
        }
        const char* begin = window.at(begin_of(k));
        const char* stop = window.at(std::min(end_of(k) + 1, last_));  // the last byte may be the line end before a line
        if (k != 0) {
            const char* const chunk_end = window.at(end_of(k));
            begin = csv_scanner::find(begin, chunk_end, mark());
            stop = begin == chunk_end ? begin : stop;  // the middle of a line
            begin += begin != chunk_end ? 1 : 0;
        }
        const std::size_t counted = (k + 1 == chunks_.size() ? rows_ : chunks_[k + 1].rows) - before;
        const std::size_t limit = std::min(counted, stored - before);
        const std::size_t rows = scanner(window).read_rows(begin, stop, window.at(window.end()), chunks_[k].lines, head_.columns,
                                                           out + before * head_.columns, limit);
        if (rows != counted && limit == counted) {
            source_.note_change();
        }
    }

    /// Makes `window`, which begins at `begin`, hold the first line end at or behind `position`, or what shows that its line is too long.
    void hold_line_end(csv_window& window, std::size_t begin, std::size_t position) const {
        const std::size_t enough = source_.longest_line(options_.max_line);
        const std::size_t limit = position + std::min(enough, source_.size() - position);
        if (window.end() >= limit || window.end() < position
            || csv_scanner::find(window.at(position), window.at(window.end()), mark()) != window.at(window.end())) {
            return;
        }
        const char marks[] = {mark()};
        const std::size_t found = source_.find({marks, 1}, window.end(), limit, std::max(slack_, std::min(chunk_bytes_, limit)));
        source_.load(window, begin, std::min(found + 1, limit) - begin);
    }

    /// Behind the last row or comment, and its line end, nothing stands but that line end again and again: the first place where another
    /// one begins is a fault, by its offset and so wherever the chunks were cut.
    void check_behind_rows() {
        const auto lease = windows_.borrow();
        csv_window& window = *lease;
        std::size_t at = last_;
        if (!chunks_.empty()) {
            const char marks[] = {mark()};
            at = source_.find({marks, 1}, last_, source_.size(), slack_);
            at += at != source_.size() ? 1 : 0;
        }
        const std::string_view unit = head_.ends == line_end::crlf ? "\r\n" : head_.ends == line_end::cr ? "\r" : "\n";
        for (csv_line line{{}, head_.number}; at < source_.size() && !source_.changed();) {
            source_.load(window, at, std::min(chunk_bytes_, csv_chunk_bytes(0)) + 1);  // room for a CR LF
            std::string_view left = window.bytes;
            for (; left.starts_with(unit); ++line.number) {
                left.remove_prefix(unit.size());
            }
            if (left.size() == window.bytes.size()) {
                line.text = left;
                scanner(window).fail_mixed(line);
            }
            at = window.end() - left.size();
        }
    }

    const csv_source& source_;
    const std::string& name_;
    const csv_options& options_;
    const std::string& function_;
    std::size_t chunk_bytes_;
    std::size_t slack_;  // what is read at once where a line end is looked for; less for tiny chunks, so that tests take every road
    std::chrono::steady_clock::time_point begun_;
    scratch<csv_window> windows_;  // so that each thread's buffer is made once and not once a chunk
    csv_head head_;
    std::size_t last_ = 0;  // behind the last byte other than a line end
    std::size_t rows_ = 0;
    std::vector<chunk> chunks_;
};

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_CSV_READER_HPP
