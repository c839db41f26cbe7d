// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_SORT_MEMORY_HPP
#define XRAYON_PAR_DETAIL_SORT_SORT_MEMORY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <type_traits>

#include <xrayon/exec/huge_pages.hpp>

namespace xrayon::detail {

/// Room for n values of T for the time of a sort, none of them constructed. Where there are few they lie in the object itself, so that a
/// small sort allocates nothing. Large rooms ask for huge pages: a sort writes to all of its room once, and a page fault costs as much as
/// several values.
template <class T, std::size_t InPlaceBytes = 1024>
class sort_memory {
public:
    /// @throws std::bad_alloc
    explicit sort_memory(std::size_t n) {
        if (n <= in_place) {
            return;
        }
        if (n > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T)) {
            throw std::bad_array_new_length();
        }
        const std::size_t bytes = n * sizeof(T);
        alignment_ = bytes >= large ? huge_page : std::max(alignof(T), std::size_t{__STDCPP_DEFAULT_NEW_ALIGNMENT__});
        data_ = static_cast<T*>(::operator new(bytes, std::align_val_t(alignment_)));
        prefer_huge_pages(data_, bytes);
    }
    ~sort_memory() {
        if (data_ != nullptr) {
            ::operator delete(static_cast<void*>(data_), std::align_val_t(alignment_));
        }
    }
    sort_memory(const sort_memory&) = delete;
    sort_memory& operator=(const sort_memory&) = delete;

    [[nodiscard]] T* data() noexcept { return data_ != nullptr ? data_ : reinterpret_cast<T*>(here_); }

private:
    static constexpr std::size_t in_place = InPlaceBytes / sizeof(T);
    static constexpr std::size_t huge_page = std::size_t{2} << 20;
    static constexpr std::size_t large = 4 * huge_page;  // as prefer_huge_pages

    T* data_ = nullptr;
    std::size_t alignment_ = alignof(T);
    alignas(T) unsigned char here_[std::max<std::size_t>(in_place, 1) * sizeof(T)];
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_SORT_MEMORY_HPP
