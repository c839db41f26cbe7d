// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_RADIX_SORT_HPP
#define XRAYON_PAR_DETAIL_SORT_RADIX_SORT_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <xrayon/par/detail/sort/key_splitters.hpp>
#include <xrayon/par/detail/sort/merge_block.hpp>
#include <xrayon/par/detail/sort/radix_block.hpp>
#include <xrayon/par/detail/sort/sort_call.hpp>
#include <xrayon/par/detail/sort/sort_memory.hpp>

namespace xrayon::detail {

/// How values are cut into blocks and buckets: by their number alone.
struct radix_plan {
    explicit radix_plan(std::size_t n) noexcept
        : block(std::clamp<std::size_t>(std::bit_floor(n / 64), 4096, std::size_t{1} << 17)),
          blocks(n / block + (n % block != 0)),
          levels(std::clamp(static_cast<int>(std::bit_width(n / 4096)), 3, 8)) {}

    static constexpr std::size_t alone = 32'768;  ///< Up to so many values are one block: 0.2 ms.

    std::size_t block;
    std::size_t blocks;
    int levels;  ///< Of 2 to a bucket.
};

/// What a look at the values as they are may find.
enum class found_order { none, ascending, descending };

/// Ascending: no key is lower than the one before. Descending: each is, so that to turn them round is a stable sort. Of values in random
/// order a few of each block are read.
template <class T, class Key>
found_order find_order(const T* data, std::size_t n, const Key& key, const radix_plan& plan, const sort_steps& steps) {
    std::atomic<bool> ascending{true};
    std::atomic<bool> descending{true};
    steps.each(plan.blocks, [&](std::size_t b) {
        const std::size_t end = std::min(n - 1, (b + 1) * plan.block);
        for (std::size_t i = b * plan.block; i < end; ++i) {
            const bool falls = key(data[i + 1]) < key(data[i]);
            std::atomic<bool>& refuted = falls ? ascending : descending;
            if (refuted.load(std::memory_order_relaxed)) {
                refuted.store(false, std::memory_order_relaxed);
            }
            if (!(falls ? descending : ascending).load(std::memory_order_relaxed)) {
                return;
            }
        }
    });
    return ascending ? found_order::ascending : descending ? found_order::descending : found_order::none;
}

/// Keys at places that are spread by a hash of their number: no pattern in the data is the sample's. In ascending order.
template <class T, class Key>
std::vector<key_of_t<T, Key>> sample_keys(const T* data, std::size_t n, const Key& key, int levels) {
    const std::size_t count = std::size_t{16} << levels;
    std::vector<key_of_t<T, Key>> sample(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t hash = (i + 1) * 0x9e3779b97f4a7c15u;  // splitmix64 (Steele, Lea, Flood 2014)
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
        sample[i] = key(data[static_cast<std::size_t>((hash ^ (hash >> 31)) % n)]);
    }
    radix_sort_block(sample.data(), sample.data() + count, sample.data(), count, [](key_of_t<T, Key> k) { return k; });
    sample.resize(count);
    return sample;
}

/// Sorts up to insert_up_to values, with their keys beside them: merging takes no branches, insertion takes the wrong one half of the time.
template <class T, class Key>
void sort_few(T* data, std::size_t n, const Key& key) noexcept {
    struct keyed {
        key_of_t<T, Key> key;
        T value;
    };
    sort_memory<keyed, insert_up_to * sizeof(keyed)> few(n);
    sort_memory<keyed, insert_up_to * sizeof(keyed)> other(n);
    for (std::size_t i = 0; i < n; ++i) {
        few.data()[i] = keyed{key(data[i]), data[i]};
    }
    merge_sort_block(few.data(), other.data(), n, [](const keyed& a, const keyed& b) { return a.key < b.key; });
    for (std::size_t i = 0; i < n; ++i) {
        data[i] = few.data()[i].value;
    }
}

/// Sorts `data[0, n)` by `key`, which gives unsigned integers and throws nothing; stable.
///
/// Many values are first scattered over 256 buckets of about the same size, blocks of them in parallel, then each bucket is sorted where it
/// fits into a cache. Twice through memory, whatever the keys. If it is stopped or finds no memory, the values are all there, in some order.
/// Memory: n values and n bytes.
template <class T, class Key>
void radix_sort(T* data, std::size_t n, const Key& key, const sort_steps& steps) {
    if (n <= insert_up_to) {
        sort_few(data, n, key);
        return;
    }
    if (n <= radix_plan::alone) {
        sort_memory<T> memory(n);
        radix_sort_block(data, memory.data(), data, n, key);
        return;
    }
    const radix_plan plan(n);
    const found_order found = find_order(data, n, key, plan, steps);
    if (found == found_order::ascending) {
        return;
    }
    if (found == found_order::descending) {
        steps.each(plan.blocks, [&](std::size_t b) {
            const std::size_t end = std::min(n / 2, (b + 1) * plan.block);
            for (std::size_t i = b * plan.block; i < end; ++i) {
                std::swap(data[i], data[n - 1 - i]);
            }
        });
        return;
    }
    const std::vector<key_of_t<T, Key>> sample = sample_keys(data, n, key, plan.levels);
    const key_splitters<key_of_t<T, Key>> splitters(sample.data(), sample.size(), plan.levels);
    const std::size_t buckets = splitters.buckets();
    sort_memory<T> memory(n);
    T* const other = memory.data();
    sort_memory<std::uint8_t> numbers(n);
    std::uint8_t* const bucket = numbers.data();

    // where[b][k]: how many of block b are in bucket k, then where the first of them goes.
    using row = std::array<std::size_t, key_splitters<key_of_t<T, Key>>::most_buckets>;
    std::vector<row> where(plan.blocks);
    steps.each(plan.blocks, [&](std::size_t b) {
        const std::size_t begin = b * plan.block;
        std::array<std::uint32_t, key_splitters<key_of_t<T, Key>>::most_buckets> count{};
        splitters.classify(data + begin, std::min(plan.block, n - begin), key, bucket + begin, count.data());
        std::copy(count.begin(), count.end(), where[b].begin());
    });
    std::vector<std::size_t> bounds(buckets + 1);
    std::size_t sum = 0;
    for (std::size_t k = 0; k < buckets; ++k) {
        bounds[k] = sum;
        for (row& each : where) {
            sum += std::exchange(each[k], sum);
        }
    }
    bounds[buckets] = sum;
    steps.each(plan.blocks, [&](std::size_t b) {
        const std::size_t begin = b * plan.block;
        const std::size_t end = std::min(n, begin + plan.block);
        row next = where[b];
        for (std::size_t i = begin; i < end; ++i) {
            other[next[bucket[i]]++] = data[i];
        }
    });

    std::vector<unsigned char> sorted(buckets);
    try {
        steps.each(buckets, [&](std::size_t k) {
            const std::size_t begin = bounds[k];
            radix_sort_block(other + begin, data + begin, data + begin, bounds[k + 1] - begin, key);
            sorted[k] = 1;
        });
    } catch (...) {  // stopped: what no bucket has been made of is in the other memory
        for (std::size_t k = 0; k < buckets; ++k) {
            if (sorted[k] == 0) {
                std::copy(other + bounds[k], other + bounds[k + 1], data + bounds[k]);
            }
        }
        throw;
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_RADIX_SORT_HPP
