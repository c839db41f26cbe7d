// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_LIFE_TRACKER_HPP
#define XRAYON_TESTS_SUPPORT_LIFE_TRACKER_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

// A value that watches its own life: how often it is made, copied, moved and destroyed, whether it is used or destroyed when it is not
// alive, and it throws at the n-th construction, copy or move when told to. For what algorithms do with the values of users.

namespace xrayon::test {

/// What makes life end early: thrown by the value with this number.
struct life_failure {
    std::size_t number;
};

enum class life_event { construct, copy, move };

/// The record of all trackers of a test. Several threads write to it.
class life_record {
public:
    /// The n-th event of this kind from now on throws life_failure; 0: none does.
    void fail_at(life_event kind, long n) noexcept {
        countdown(kind) = n;
        fired_ = 0;
    }

    /// Every event of this kind that happens to a value with this number or a higher one throws.
    void fail_from(life_event kind, std::size_t number) noexcept {
        lowest_kind_ = kind;
        lowest_ = number;
    }
    void fail_never() noexcept {
        for (std::atomic<long>& each : countdowns_) {
            each = 0;
        }
        lowest_ = ~std::size_t{0};
    }

    [[nodiscard]] long count(life_event kind) const noexcept { return counts_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] long destroyed() const noexcept { return destroyed_; }
    [[nodiscard]] long alive() const noexcept { return made_ - destroyed_; }
    [[nodiscard]] bool fired() const noexcept { return fired_ != 0; }
    /// Uses and destructions of what was not alive, or had been torn off its place.
    [[nodiscard]] long misused() const noexcept { return misused_; }
    /// Everything that was made is gone, once, and nothing was used outside its life.
    [[nodiscard]] bool balanced() const noexcept { return alive() == 0 && misused_ == 0; }

    /// Called by trackers.
    void event(life_event kind, std::size_t number) {
        counts_[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
        std::atomic<long>& left = countdown(kind);
        if (left.load(std::memory_order_relaxed) > 0 && left.fetch_sub(1, std::memory_order_relaxed) == 1) {
            fired_.fetch_add(1, std::memory_order_relaxed);
            throw life_failure{number};
        }
        if (number >= lowest_ && kind == lowest_kind_) {
            throw life_failure{number};
        }
    }
    void made() noexcept { made_.fetch_add(1, std::memory_order_relaxed); }
    void gone() noexcept { destroyed_.fetch_add(1, std::memory_order_relaxed); }
    void misuse() noexcept { misused_.fetch_add(1, std::memory_order_relaxed); }

private:
    std::atomic<long>& countdown(life_event kind) noexcept { return countdowns_[static_cast<std::size_t>(kind)]; }

    std::array<std::atomic<long>, 3> counts_ = {};
    std::array<std::atomic<long>, 3> countdowns_ = {};
    life_event lowest_kind_ = life_event::construct;
    std::size_t lowest_ = ~std::size_t{0};
    std::atomic<long> made_{0};
    std::atomic<long> destroyed_{0};
    std::atomic<long> fired_{0};
    std::atomic<long> misused_{0};
};

/// What a tracker can do besides being destroyed.
struct life_kind {
    bool copies = true;
    bool moves = true;            ///< false and `copies`: a move copies. Both false: it stays where it was built.
    std::size_t bytes = 0;        ///< Of ballast.
    std::size_t alignment = 0;    ///< 0: its natural one.
};

namespace life_detail {

template <std::size_t Bytes>
struct ballast {
    std::array<unsigned char, Bytes> bytes = {};
};
template <>
struct ballast<0> {};

} // namespace life_detail

/// A tracked value with a number. Not default-constructible.
template <life_kind Kind = life_kind{}>
class alignas(Kind.alignment == 0 ? alignof(std::uint64_t) : Kind.alignment) life_tracker {
public:
    life_tracker(life_record& record, std::size_t number) : record_(&record), number_(number) { start(life_event::construct); }
    ~life_tracker() {
        if (mark_ != mark_of(this)) {
            record_of_misuse();
            return;
        }
        mark_ = 0;
        record_->gone();
    }

    life_tracker(const life_tracker& other)
        requires(Kind.copies)
        : record_(other.checked().record_), number_(other.number_) {
        start(life_event::copy);
    }
    life_tracker(life_tracker&& other)
        requires(Kind.moves)
        : record_(other.checked().record_), number_(other.number_) {
        start(life_event::move);
        other.number_ = moved_from;
    }
    life_tracker& operator=(const life_tracker& other)
        requires(Kind.copies)
    {
        other.checked().record_->event(life_event::copy, other.number_);
        checked().number_ = other.number_;
        return *this;
    }
    life_tracker& operator=(life_tracker&& other)
        requires(Kind.moves)
    {
        other.checked().record_->event(life_event::move, other.number_);
        checked().number_ = other.number_;
        if (this != &other) {
            other.number_ = moved_from;
        }
        return *this;
    }

    static constexpr std::size_t moved_from = ~std::size_t{0};

    /// moved_from where another one has been made of it by moving.
    [[nodiscard]] std::size_t number() const { return checked().number_; }
    [[nodiscard]] life_record& record() const { return *checked().record_; }

private:
    /// Where an object lives is part of its mark: one that was copied as bytes has another's.
    static std::uint64_t mark_of(const life_tracker* self) noexcept {
        return 0x6c69666574726163u ^ static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(self));
    }
    void start(life_event kind) {
        record_->event(kind, number_);  // if it throws, this object has never lived
        if (Kind.alignment != 0 && reinterpret_cast<std::uintptr_t>(this) % Kind.alignment != 0) {
            record_->misuse();
        }
        mark_ = mark_of(this);
        record_->made();
    }
    const life_tracker& checked() const {
        if (mark_ != mark_of(this)) {
            record_of_misuse();
        }
        return *this;
    }
    life_tracker& checked() {
        static_cast<void>(std::as_const(*this).checked());
        return *this;
    }
    void record_of_misuse() const noexcept {
        if (record_ != nullptr) {
            record_->misuse();
        }
    }

    life_record* record_;
    std::size_t number_;
    volatile std::uint64_t mark_ = 0;  // else the compiler leaves out what a destructor writes
    [[no_unique_address]] life_detail::ballast<Kind.bytes> ballast_ = {};
};

using any_life = life_tracker<>;
using copy_only_life = life_tracker<life_kind{.moves = false}>;
using move_only_life = life_tracker<life_kind{.copies = false}>;
using unmovable_life = life_tracker<life_kind{.copies = false, .moves = false}>;
using aligned_life = life_tracker<life_kind{.alignment = 64}>;
using huge_life = life_tracker<life_kind{.bytes = std::size_t{1} << 20}>;

/// A value without members, whose lives are counted in one place.
struct empty_life {
    static inline constinit std::atomic<long> alive{0};

    empty_life() noexcept { ++alive; }
    empty_life(const empty_life&) noexcept { ++alive; }
    ~empty_life() { --alive; }
};
static_assert(std::is_empty_v<empty_life>);

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_LIFE_TRACKER_HPP
