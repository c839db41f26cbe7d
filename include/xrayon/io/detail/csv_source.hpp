// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_CSV_SOURCE_HPP
#define XRAYON_IO_DETAIL_CSV_SOURCE_HPP

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <xrayon/core/error.hpp>
#include <xrayon/io/detail/regular_file.hpp>

namespace xrayon::detail {

/// A part of a text that can be looked at: of one in memory what is there, of a file a copy.
struct csv_window {
    std::size_t offset = 0;  // in the text
    std::string_view bytes;
    std::unique_ptr<char[]> buffer;
    std::size_t capacity = 0;

    [[nodiscard]] std::size_t end() const noexcept { return offset + bytes.size(); }
    [[nodiscard]] const char* at(std::size_t position) const noexcept { return bytes.data() + (position - offset); }
    [[nodiscard]] std::size_t position(const char* at) const noexcept { return offset + static_cast<std::size_t>(at - bytes.data()); }
};

/// Where a text comes from: memory, or a file that is read piece by piece with pread(2), by several threads at once.
class csv_source {
public:
    explicit csv_source(std::string_view text) noexcept : text_(text), size_(text.size()) {}
    /// All three outlive this.
    csv_source(const regular_file& file, const std::string& path, const std::string& function) noexcept
        : file_(&file), path_(&path), function_(&function), size_(file.size) {}

    [[nodiscard]] bool in_memory() const noexcept { return file_ == nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// What a window must hold behind the beginning of a line to show that it is longer than `max_line`, or that it is not.
    [[nodiscard]] std::size_t longest_line(std::size_t max_line) const noexcept { return max_line < size_ ? max_line + 2 : size_; }

    /// True once a file was found not to be what it was when it was opened: then nothing that was read counts.
    [[nodiscard]] bool changed() const noexcept { return changed_.load(std::memory_order_relaxed); }
    void note_change() const noexcept { changed_.store(true, std::memory_order_relaxed); }
    /// Asks the system too, after the last byte was read: what was read before cannot have changed unseen, but for file_stamp's clock.
    [[nodiscard]] bool has_changed() const noexcept {
        if (!in_memory() && !changed() && file_->has_changed()) {
            note_change();
        }
        return changed();
    }

    /// Makes `window` hold [begin, begin + count), or up to the end of the text; of a text in memory it always holds the rest.
    /// What a window that begins there holds already is kept. Throws io_error.
    void load(csv_window& window, std::size_t begin, std::size_t count) const {
        if (in_memory()) {
            window.offset = begin;
            window.bytes = text_.substr(begin);
            return;
        }
        count = std::min(count, size_ - begin);
        std::size_t have = window.offset == begin ? std::min(window.bytes.size(), count) : 0;
        if (count > window.capacity) {
            if (have == 0) {
                window.buffer.reset();  // first, so that there are never two for nothing
                window.bytes = {};
                window.capacity = 0;
            }
            auto larger = std::make_unique_for_overwrite<char[]>(count);
            if (have != 0) {
                std::memcpy(larger.get(), window.buffer.get(), have);
            }
            window.buffer = std::move(larger);
            window.capacity = count;
        }
        while (have != count) {
            const auto got = ::pread(file_->descriptor.value, window.buffer.get() + have, std::min(count - have, std::size_t{1} << 30),
                                     static_cast<off_t>(begin + have));
            if (got == 0) {
                note_change();
                break;
            }
            if (got > 0) {
                have += static_cast<std::size_t>(got);
            } else if (errno != EINTR) {
                throw_io_error(errno, *function_, "read", *path_);
            }
        }
        window.offset = begin;
        window.bytes = {window.buffer.get(), have};
    }

    /// The first of `marks` in [begin, end), looked for in pieces of a file, so that a line's length is known before a window of that
    /// size is made; `end` if there is none. Throws io_error.
    [[nodiscard]] std::size_t find(std::string_view marks, std::size_t begin, std::size_t end, std::size_t piece) const {
        csv_window ahead;
        while (begin < end && !changed()) {
            load(ahead, begin, std::min(piece, end - begin));
            const std::string_view bytes = ahead.bytes.substr(0, end - begin);
            const std::size_t found = marks.size() == 1 ? bytes.find(marks.front()) : bytes.find_first_of(marks);
            if (found != bytes.npos) {
                return begin + found;
            }
            begin += bytes.size();
        }
        return end;
    }

private:
    std::string_view text_;
    const regular_file* file_ = nullptr;
    const std::string* path_ = nullptr;
    const std::string* function_ = nullptr;
    std::size_t size_;
    mutable std::atomic<bool> changed_{false};
};

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_CSV_SOURCE_HPP
