// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <new>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/exec/pool.hpp>

namespace changing {

/// Says another size once `extra` does, without ever touching memory that is not there.
struct restless {
    std::size_t n = 10;
    const std::atomic<std::size_t>* extra = nullptr;
    struct iterator {
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        std::ptrdiff_t at = 0;
        int operator*() const { return static_cast<int>(at); }
        int operator[](std::ptrdiff_t k) const { return static_cast<int>(at + k); }
        iterator& operator++() { return *this += 1; }
        iterator& operator--() { return *this += -1; }
        iterator operator++(int) { return std::exchange(*this, *this + 1); }
        iterator operator--(int) { return std::exchange(*this, *this - 1); }
        iterator& operator+=(std::ptrdiff_t k) {
            at += k;
            return *this;
        }
        iterator& operator-=(std::ptrdiff_t k) { return *this += -k; }
        friend iterator operator+(iterator it, std::ptrdiff_t k) { return it += k; }
        friend iterator operator+(std::ptrdiff_t k, iterator it) { return it += k; }
        friend iterator operator-(iterator it, std::ptrdiff_t k) { return it += -k; }
        friend std::ptrdiff_t operator-(iterator a, iterator b) { return a.at - b.at; }
        friend auto operator<=>(const iterator&, const iterator&) = default;
    };
    iterator begin() const { return {}; }
    iterator end() const { return {static_cast<std::ptrdiff_t>(size())}; }
    std::size_t size() const { return n + *extra; }
};

} // namespace changing

using namespace xrayon;
using ml::batch_inference;
using ml::batch_inference_into;

namespace {

using matrix = xt::xtensor<double, 2>;

std::vector<int> numbers(int n) {
    std::vector<int> out;
    for (int i = 0; i < n; ++i) {
        out.push_back(i);
    }
    return out;
}

/// Counts the living, of any kind of construction.
struct life {
    static inline std::atomic<int> alive{0};
    static inline std::atomic<int> moved{0};
    int value;
    explicit life(int v) : value(v) { ++alive; }
    life(const life& other) : value(other.value) { ++alive; }
    ~life() { --alive; }
};

/// Moving it is what fails.
struct throws_when_moved : life {
    using life::life;
    throws_when_moved(throws_when_moved&& other) : life(other) {
        ++moved;
        throw std::logic_error("moved " + std::to_string(value));
    }
};
struct copy_only : life {
    using life::life;
    copy_only(const copy_only&) = default;
    copy_only& operator=(const copy_only&) = delete;
};
struct immovable : life {
    using life::life;
    immovable(const immovable&) = delete;
};
struct alignas(64) over_aligned {
    double value;
};
struct nothing {};
using mebibyte = std::array<char, 1 << 20>;

/// A result whose evaluation fails at some items: it is stored as a `kept`.
struct kept : life {
    using life::life;
};
struct lazy {
    int value;
};

} // namespace

template <>
struct xrayon::stored<lazy> {
    struct type : kept {
        type(const lazy& from) : kept(from.value) {
            if (from.value == 7 || from.value == 22) {
                throw std::runtime_error("evaluation of " + std::to_string(from.value));
            }
        }
    };
};

TEST_CASE("values: a result that cannot be moved without throwing is never moved", "[faults][B14]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        life::moved = 0;
        {
            auto got = workers.install([] { return batch_inference(numbers(60), [](int i) { return throws_when_moved(i); }); });
            REQUIRE(got.size() == 60);
            REQUIRE(got[59].value == 59);
            REQUIRE(life::alive == 60);
            REQUIRE(life::moved == 0);
            REQUIRE_THROWS_WITH(std::move(got).to_vector(), "moved 0");  // which is the user's step, and leaks nothing
        }
        REQUIRE(life::alive == 0);
    }
}

TEST_CASE("values: a result that fails on its way into place fails its item, and all that was built is destroyed once", "[faults][B14]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t round = 0; round < 10; ++round) {
            const test::random_delays delays(round, 2);
            run_report report;
            REQUIRE_THROWS_WITH(
                workers.install([&] { return batch_inference(numbers(40), [](int i) { return lazy{i}; }, {.grain = 1, .run = {.report = &report}}); }),
                "evaluation of 7");
            REQUIRE(report.failed == 7u);
            REQUIRE(life::alive == 0);
            REQUIRE_THROWS_WITH(workers.install([&] {
                return batch_inference(numbers(40), [](int i) { return lazy{i}; }, {.run = {.error = on_error::wrap}});
            }),
                                "batch_inference: item 7 of 40 failed: evaluation of 7");
            REQUIRE(life::alive == 0);
        }
        REQUIRE(workers.install([] { return batch_inference(numbers(7), [](int i) { return lazy{i}; }).size(); }) == 7);
        REQUIRE(life::alive == 0);
    }
}

TEST_CASE("values: results may be copy-only, immovable, over-aligned, empty or a megabyte each", "[faults][B15]") {
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([] {
            const std::vector<int> source = numbers(33);
            std::size_t wrong = 0;
            {
                const auto copies = batch_inference(source, [](int i) { return copy_only(i); });
                const auto fixed = batch_inference(source, [](int i) { return immovable(2 * i); });
                const auto aligned = batch_inference(source, [](int i) { return over_aligned{0.5 * i}; });
                const auto empty = batch_inference(source, [](int) { return nothing{}; });
                const auto large = batch_inference(source, [](int i) {
                    mebibyte block;
                    block.fill(static_cast<char>(i));
                    return block;
                });
                static_assert(std::is_empty_v<nothing>);
                REQUIRE(empty.size() == 33);
                for (std::size_t i = 0; i < source.size(); ++i) {
                    wrong += copies[i].value != source[i] || fixed[i].value != 2 * source[i];
                    wrong += aligned[i].value != 0.5 * source[i] || reinterpret_cast<std::uintptr_t>(&aligned[i]) % 64 != 0;
                    wrong += large[i].front() != source[i] || large[i].back() != source[i];
                }
                REQUIRE(life::alive == 2 * 33);
            }
            REQUIRE(wrong == 0);
            REQUIRE(life::alive == 0);
        });
    }
}

TEST_CASE("values: batches without columns, and without elements, are passed on", "[faults][B5]") {
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([] {
            const matrix none = matrix::from_shape({6, 0});
            const auto shapes = batch_inference(batches(none, 4), [](const array_view<const double, 2>& batch) { return batch.shape(); });
            REQUIRE(shapes.size() == 2);
            REQUIRE(shapes[0] == std::array<std::size_t, 2>{4, 0});
            REQUIRE(shapes[1] == std::array<std::size_t, 2>{2, 0});
            const std::vector<matrix> empty(3, matrix::from_shape({0, 5}));
            auto extents = batch_inference(empty, [](const matrix& batch) { return batch.shape(1); });
            REQUIRE(std::move(extents).to_vector() == std::vector<std::size_t>(3, 5));
        });
    }
}

TEST_CASE("values: a reference is kept as its value, a view as what it is", "[faults][B18]") {
    const std::vector<std::string> words{"one", "two", "three"};
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            // The batch that each reference refers to is a temporary, gone before the next item.
            const auto made = std::views::iota(0, 3) | std::views::transform([&](int i) { return std::string(40, words[static_cast<std::size_t>(i)][0]); });
            const auto kept = batch_inference(made, [](const std::string& text) -> const std::string& { return text; });
            static_assert(std::is_same_v<decltype(kept), const results<std::string>>);
            REQUIRE(kept[2] == std::string(40, 't'));
            // A view of what outlives the call.
            const auto views = batch_inference(words, [](const std::string& text) { return std::string_view(text).substr(1); });
            REQUIRE(views[2] == "hree");
            REQUIRE(views[2].data() == words[2].data() + 1);
        });
    }
}

TEST_CASE("values: as many results as no memory holds are refused with number and size, before any call", "[faults][B32]") {
    std::atomic<int> calls{0};
    const auto wide = [&](std::size_t) {
        ++calls;
        return std::array<double, 2>{};
    };
    const auto text = [&](std::size_t n) {
        try {
            (void)batch_inference(std::views::iota(std::size_t{0}, n), wide);
        } catch (const argument_error& error) {
            CHECK(error.value() == std::to_string(n));
            return std::string(error.what());
        }
        return std::string("no argument_error");
    };
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            REQUIRE(text(std::size_t{1} << 61) == "batch_inference: the results (16 bytes each) must fit in memory, got 2305843009213693952");
            REQUIRE(text((std::numeric_limits<std::ptrdiff_t>::max() / 16) + 1) != "no argument_error");
            REQUIRE(batch_inference(std::views::iota(std::size_t{0}, std::size_t{3}), wide).size() == 3);
        });
    }
    REQUIRE(calls == 3 * static_cast<int>(test::thread_counts.size()));
    REQUIRE_THROWS_WITH(map_index(std::size_t{1} << 62, [](std::size_t) { return 0.0; }, {.run = {.label = "sweep"}}),
                        "sweep: the results (8 bytes each) must fit in memory, got 4611686018427387904");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose operator new ends the process instead
TEST_CASE("values: memory for the results that cannot be had is bad_alloc, before any call", "[faults][B38]") {
    std::atomic<int> calls{0};
    const auto large = [&](std::size_t) {
        ++calls;
        return mebibyte{};
    };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        REQUIRE_THROWS_AS(workers.install([&] { return batch_inference(std::views::iota(std::size_t{0}, std::size_t{1} << 36), large); }),
                          std::bad_alloc);
        REQUIRE(calls == 0);
        REQUIRE(workers.install([&] { return batch_inference(numbers(4), [](int i) { return i; })[3]; }) == 3);
    }
}
#endif

TEST_CASE("values: a range whose size changed while the call ran is an error, not a result", "[faults][B29]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<std::size_t> extra{0};
        const changing::restless range{.n = 10, .extra = &extra};
        const auto growing = [&](int i) {
            if (i == 4) {
                extra = 1;
            }
            return life(i).value;
        };
        REQUIRE_THROWS_WITH(workers.install([&] { return batch_inference(range, growing); }),
                            "batch_inference: the number of batches must stay 10 while the call runs, got 11");
        REQUIRE_THROWS_AS(workers.install([&] {
            extra = 0;
            return batch_inference(range, growing);
        }),
                          argument_error);
        extra = 0;
        std::vector<int> out(10);
        REQUIRE_THROWS_WITH(workers.install([&] { batch_inference_into(range, growing, std::span<int>(out)); }),
                            "batch_inference_into: the number of batches must stay 10 while the call runs, got 11");
        extra = 0;
        std::vector<int> untouched(10, -1);
        REQUIRE_THROWS_AS(workers.install([&] { batch_inference_into(range, growing, std::span<int>(untouched), {.transactional = true}); }),
                          argument_error);
        REQUIRE(untouched == std::vector(10, -1));
        extra = 0;
        REQUIRE(workers.install([&] { return batch_inference(range, [](int i) { return i; }).size(); }) == 10);
    }
}

TEST_CASE("values: a hundred calls inside each other, in one pool and across two, need no limit", "[faults][B21]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool one(threads);
        const pool other(2);
        for (const bool across : {false, true}) {
            std::atomic<int> calls{0};
            std::function<int(int)> descend = [&](int depth) -> int {
                ++calls;
                if (depth == 0) {
                    return 1;
                }
                const pool& here = across && depth % 2 == 0 ? other : one;
                const auto got = here.install(
                    [&] { return batch_inference(numbers(2), [&](int i) { return i == 0 ? descend(depth - 1) : 1; }, {.grain = 1}); });
                return got[0] + got[1];
            };
            REQUIRE(one.install([&] { return descend(100); }) == 101);
            REQUIRE(calls == 101);
        }
    }
}

TEST_CASE("values: more than four thousand million items are counted exactly", "[.soak][faults][B31]") {
    // One slot object per item, made when asked: no memory.
    struct place {
        std::size_t index;
    };
    struct place_at {
        place operator()(std::size_t i) const { return {i}; }
    };
    const std::size_t n = (std::size_t{1} << 32) + 1;
    for (const std::size_t threads : {std::size_t{1}, std::size_t{3}, std::size_t{64}}) {
        std::array<std::atomic<std::uint64_t>, 64> sums{};
        std::atomic<std::uint64_t> beyond{0};
        std::atomic<std::uint64_t> wrong{0};
        run_report report;
        pool(threads).install([&] {
            batch_inference_into(
                std::views::iota(std::size_t{0}, n),
                [&](std::size_t i, place slot) {
                    if (i != slot.index) {
                        ++wrong;
                    }
                    if (i % (1 << 20) == 0) {
                        sums[i >> 20 & 63] += 1;
                    }
                    if (i >> 32 != 0) {
                        beyond += i;
                    }
                },
                indexed_view(n, place_at{}), {.run = {.report = &report}});
        });
        std::uint64_t seen = 0;
        for (const auto& sum : sums) {
            seen += sum;
        }
        REQUIRE(wrong == 0);
        REQUIRE(seen == 4097);
        REQUIRE(beyond == std::uint64_t{1} << 32);
        REQUIRE(report.done == n);
        REQUIRE(report.total == n);
    }
}
