// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_BRIDGE_HPP
#define XRAYON_PAR_BRIDGE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/par/join.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/sequence.hpp>

namespace xrayon {

/// How par_bridge runs.
struct bridge_options {
    std::size_t block = 1024;  ///< Elements that are read ahead at most, >= 1; as many are being worked on.
    /// Grain, stop token, deadline (for all of it) and report. Nobody knows how many elements there will be: error must be on_error::rethrow, and
    /// there is no progress.
    loop_options loop = {};
};

namespace detail {

/// Elements of an input range in blocks of 16, 32 ... up to `most`, each read while the one before it is worked on. One thread reads at a
/// time, no lock is held meanwhile, and none waits: reading is an item beside the block's.
template <class Range>
class block_reader {
    using value = stored_t<std::ranges::range_reference_t<Range>>;

public:
    block_reader(Range& range, const bridge_options& options, std::string_view name)
        : at_(std::ranges::begin(range)), end_(std::ranges::end(range)), most_(options.block), options_(options.loop) {
        check(options.block >= 1, "par_bridge: options.block must be >= 1", options.block);
        if (options_.run.error != on_error::rethrow || options_.run.progress != progress_mode::off || options_.run.on_progress || options_.run.memory_budget != 0) {
            throw argument_error("par_bridge: options.loop.run must leave error, progress and memory_budget alone: nobody knows how many elements there are", "");
        }
        if (options_.name.empty()) {
            options_.name = name;
        }
        if (options_.run.deadline != std::chrono::nanoseconds{}) {
            begin_ = std::chrono::steady_clock::now();
        }
        if (options_.run.report != nullptr) {
            *options_.run.report = run_report{};
        }
    }

    /// Calls `work(elements, loop_options)` for one block after the other until it gives false or there is none. What comes out first of what
    /// `work` throws and what the range throws in order is thrown.
    template <class Work>
    void run(const Work& work) {
        std::vector<value> block = read(std::min(first_block, most_));
        while (!block.empty()) {
            const std::size_t length = block.size();
            std::vector<value> next;
            run_report report;
            loop_options options = options_;
            options.run.report = options_.run.report == nullptr ? nullptr : &report;
            options.run.deadline = left();
            bool goes_on = false;
            const reported here(*this, report, length);
            if (error_) {
                goes_on = work(std::move(block), options);
            } else {
                join([&] { goes_on = work(std::move(block), options); }, [&] { next = read(std::min(2 * length, most_)); }, {.name = options_.name});
            }
            if (!goes_on) {
                return;
            }
            block = std::move(next);
        }
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

private:
    static constexpr std::size_t first_block = 16;

    /// Adds what one block reports to what was asked for, however it ends.
    class reported {
    public:
        reported(block_reader& reader, const run_report& block, std::size_t length) : reader_(reader), block_(block), length_(length) {}
        ~reported() {
            if (run_report* const all = reader_.options_.run.report; all != nullptr) {
                const std::size_t before = reader_.before_;
                all->total = before + length_;
                all->done += block_.done;
                all->threads = std::max(all->threads, block_.threads);
                if (block_.failed) {
                    all->failed = before + *block_.failed;
                }
            }
            reader_.before_ += length_;
        }
        reported(const reported&) = delete;
        reported& operator=(const reported&) = delete;

    private:
        block_reader& reader_;
        const run_report& block_;
        std::size_t length_;
    };

    /// The next elements. What the range throws is kept until those before it have been worked on.
    std::vector<value> read(std::size_t count) {
        std::vector<value> block;
        try {
            block.reserve(count);
            for (; block.size() < count && at_ != end_; ++at_) {
                block.emplace_back(*at_);
            }
        } catch (...) {
            error_ = std::current_exception();
        }
        return block;
    }

    [[nodiscard]] std::chrono::nanoseconds left() const {
        if (options_.run.deadline == std::chrono::nanoseconds{}) {
            return {};
        }
        return std::max(std::chrono::nanoseconds{1}, options_.run.deadline - (std::chrono::steady_clock::now() - begin_));
    }

    std::ranges::iterator_t<Range> at_;
    std::ranges::sentinel_t<Range> end_;
    std::size_t most_;
    loop_options options_;
    std::chrono::steady_clock::time_point begin_;
    std::exception_ptr error_;
    std::size_t before_ = 0;  // elements of the blocks that have ended
};

} // namespace detail

/// @brief Elements of an input range that are going to be worked on in parallel as they come; `par_bridge(...)` makes one.
///
/// The members are those of a sequence (par/sequence.hpp), with the same promises, as far as the number of elements need not be known.
template <class Range, class Build>
class [[nodiscard("a bridge does nothing until a sink such as .collect(), .sum() or .for_each(f) is called")]] bridge {
    using elements = std::vector<stored_t<std::ranges::range_reference_t<Range>>>;
    using items = std::remove_cvref_t<std::invoke_result_t<const Build&, decltype(par(std::declval<elements>()))>>;

public:
    using item_type = typename items::item_type;

    bridge(Range range, Build build, bridge_options options) : range_(std::forward<Range>(range)), build_(std::move(build)), options_(std::move(options)) {}

    // --- stages: as those of a sequence ----------------------------------------------------------------------------------------------

    template <class F>
    auto map(F function) && {
        return then([function = std::move(function)](auto&& x) { return std::forward<decltype(x)>(x).map(std::cref(function)); });
    }
    template <class F>
    auto inspect(F look) && {
        return then([look = std::move(look)](auto&& x) { return std::forward<decltype(x)>(x).inspect(std::cref(look)); });
    }
    template <class F>
    auto filter(F keeps) && {
        return then([keeps = std::move(keeps)](auto&& x) { return std::forward<decltype(x)>(x).filter(std::cref(keeps)); });
    }
    template <class F>
    auto filter_map(F function) && {
        return then([function = std::move(function)](auto&& x) { return std::forward<decltype(x)>(x).filter_map(std::cref(function)); });
    }
    template <class F>
    auto flat_map(F function) && {
        return then([function = std::move(function)](auto&& x) { return std::forward<decltype(x)>(x).flat_map(std::cref(function)); });
    }

    // --- sinks -----------------------------------------------------------------------------------------------------------------------

    /// Calls `function(item)` for each item.
    template <class F>
    void for_each(const F& function) && {
        each_block("for_each", [&](items&& block) {
            std::move(block).for_each(function);
            return true;
        });
    }
    /// The items in order.
    [[nodiscard]] auto to_vector() && {
        std::vector<stored_t<item_type>> all;
        each_block("collect", [&](items&& block) {
            auto kept = std::move(block).collect();
            all.insert(all.end(), std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end()));
            return true;
        });
        return all;
    }
    /// The same as to_vector.
    [[nodiscard]] auto collect() && { return std::move(*this).to_vector(); }
    /// How many items come out.
    [[nodiscard]] std::size_t count() && {
        std::size_t total = 0;
        each_block("count", [&](items&& block) {
            total += std::move(block).count();
            return true;
        });
        return total;
    }
    /// The sum of each block as a sequence gives it, added in order; T{} if there are none.
    [[nodiscard]] auto sum() && {
        using total = std::remove_cvref_t<decltype(std::declval<items>().sum())>;
        return std::move(*this).joined("sum", [](items&& block) { return std::optional<total>(std::move(block).sum()); }, std::plus<>{}).value_or(total{});
    }
    /// Items joined by `join(a, b)`: of each block as a sequence joins them, and those in order; a std::optional, empty if there are none.
    template <class F>
    [[nodiscard]] auto reduce_with(const F& join) && {
        return std::move(*this).joined("reduce_with", [&](items&& block) { return std::move(block).reduce_with(join); }, join);
    }
    /// The first item for which `matches(item)` holds. No more is read once it is known.
    template <class F>
    [[nodiscard]] auto find_first(const F& matches) && {
        std::optional<stored_t<item_type>> found;
        each_block("find_first", [&](items&& block) {
            found = std::move(block).find_first(matches);
            return !found.has_value();
        });
        return found;
    }
    /// True when `matches(item)` holds for some item.
    template <class F>
    [[nodiscard]] bool any(const F& matches) && {
        bool found = false;
        each_block("any", [&](items&& block) {
            found = std::move(block).any(matches);
            return !found;
        });
        return found;
    }
    /// True when `matches(item)` holds for every item.
    template <class F>
    [[nodiscard]] bool all(const F& matches) && {
        bool holds = true;
        each_block("all", [&](items&& block) {
            holds = std::move(block).all(matches);
            return holds;
        });
        return holds;
    }

private:
    template <class Stage>
    auto then(Stage stage) {
        auto both = [build = std::move(build_), stage = std::move(stage)](auto&& x) { return stage(build(std::forward<decltype(x)>(x))); };
        return bridge<Range, decltype(both)>(std::forward<Range>(range_), std::move(both), std::move(options_));
    }
    /// `work(sequence of a block)` until it gives false.
    template <class Work>
    void each_block(std::string_view name, const Work& work) {
        detail::block_reader<std::remove_reference_t<Range>> reader(range_, options_, name);
        reader.run([&](elements&& block, const loop_options& options) { return work(build_(par(std::move(block)).with(options))); });
    }
    template <class Part, class Join>
    auto joined(std::string_view name, const Part& part_of, const Join& join) && {
        std::invoke_result_t<const Part&, items> total;
        each_block(name, [&](items&& block) {
            auto part = part_of(std::move(block));
            if (total && part) {
                auto both = std::invoke(join, *std::move(total), *std::move(part));
                total.emplace(std::move(both));
            } else if (part) {
                total = std::move(part);
            }
            return true;
        });
        return total;
    }

    Range range_;
    Build build_;
    bridge_options options_;
};

/// @brief The elements of an input range that can only be read one after the other, such as lines of a stream or what a generator makes.
///
/// @param range    Borrowed if it is an lvalue; read by one thread at a time, not always the same one, and not to its end if a sink stops early:
///                 up to two blocks are read ahead. Elements are stored.
/// @returns        A bridge: map, inspect, filter, filter_map, flat_map; for_each, collect, to_vector, count, sum, reduce_with, find_first, any, all.
///                 Items keep their order, also in what collect gives.
/// @throws argument_error  (the sink) if options.block is 0, or for what bridge_options rules out
/// @throws ...             (the sink) what a plain loop would have thrown first: of a function, at the lowest element, or of the range itself
///
/// Elements are read in blocks of 16, 32 ... options.block, each while the one before it is being worked on. Rayon's par_bridge takes a lock around
/// the iterator, which deadlocks where that makes a parallel call of its own; here reading is one more item of the call.
/// Same at every thread count: results, also sums (they depend on options.block), and errors. **Cost.** Two blocks of memory; a call a block.
template <class Range>
    requires std::ranges::input_range<std::remove_reference_t<Range>> && storable<std::ranges::range_reference_t<std::remove_reference_t<Range>>>
auto par_bridge(Range&& range, bridge_options options = {}) {
    using kept = std::conditional_t<std::is_lvalue_reference_v<Range>, Range, std::remove_cvref_t<Range>>;
    return bridge<kept, std::identity>(std::forward<Range>(range), {}, std::move(options));
}

} // namespace xrayon

#endif // XRAYON_PAR_BRIDGE_HPP
