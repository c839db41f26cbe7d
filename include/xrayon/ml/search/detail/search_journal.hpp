// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_DETAIL_SEARCH_JOURNAL_HPP
#define XRAYON_ML_SEARCH_DETAIL_SEARCH_JOURNAL_HPP

#include <bit>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/instruction_set.hpp>
#include <xrayon/io/journal.hpp>
#include <xrayon/ml/search/search_options.hpp>
#include <xrayon/ml/split/fold.hpp>
#include <xrayon/ml/validation/cross_validation.hpp>
#include <xrayon/ml/validation/detail/evaluation.hpp>
#include <xrayon/version.hpp>

namespace xrayon::ml::detail {

/// A sum over whatever a search depends on. Not against those who want two to be equal.
class search_digest {
public:
    void word(std::uint64_t value) noexcept {
        sum_ ^= value + 0x9e3779b97f4a7c15u + (sum_ << 6) + (sum_ >> 2);
        sum_ = (sum_ ^ (sum_ >> 30)) * 0xbf58476d1ce4e5b9u;
        sum_ = (sum_ ^ (sum_ >> 27)) * 0x94d049bb133111ebu;
        sum_ ^= sum_ >> 31;
    }
    template <class T>
    void value(const T& v) {
        if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
            word(static_cast<std::uint64_t>(v));
        } else if constexpr (std::is_floating_point_v<T>) {
            word(std::bit_cast<std::uint64_t>(static_cast<double>(v)));
        } else {
            static_assert(std::convertible_to<const T&, std::string_view>, "a journal takes targets that are numbers or text");
            text(std::string_view(v));
        }
    }
    void text(std::string_view t) {
        word(t.size());
        for (const char c : t) {
            word(static_cast<unsigned char>(c));
        }
    }
    [[nodiscard]] std::string hex() const {
        char buffer[17];
        std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(sum_));
        return buffer;
    }

private:
    std::uint64_t sum_ = 0;
};

/// "xrayon 0.1.0 avx512 data 0123456789abcdef search fedcba9876543210"
template <class T, class L, class Folds>
[[nodiscard]] std::string search_identity(const array_view<const T, 2>& x, std::span<const L> y, const Folds& folds,
                                          const std::vector<std::string>& metrics, const std::vector<std::string>& names,
                                          const std::vector<std::vector<std::string>>& texts, const search_options& options) {
    search_digest data;
    data.word(x.shape(0));
    data.word(x.shape(1));
    for (std::size_t i = 0; i < x.shape(0); ++i) {
        for (std::size_t j = 0; j < x.shape(1); ++j) {
            data.value(x(i, j));
        }
        data.value(y[i]);
    }
    for (const double w : options.weights) {
        data.value(w);
    }
    for (std::size_t f = 0; f < element_count(folds); ++f) {
        const fold one = element(folds, f);
        for (const auto* part : {&one.train, &one.test}) {
            data.word(part->size());
            for (const std::size_t row : *part) {
                data.word(row);
            }
        }
    }
    search_digest search;
    search.text(options.journal.key);
    search.word(options.train_scores);
    search.word(options.reject_hopeless);
    search.word(options.algebra == fold_algebra::automatic);
    for (const auto* list : {&metrics, &names}) {
        search.word(list->size());
        for (const std::string& t : *list) {
            search.text(t);
        }
    }
    for (const auto& candidate : texts) {
        for (const std::string& t : candidate) {
            search.text(t);
        }
    }
    const char* set = "any";
    switch (best_instruction_set()) {
        case instruction_set::avx512:
            set = "avx512";
            break;
        case instruction_set::avx2:
            set = "avx2";
            break;
        default:
            break;
    }
    return "xrayon " + to_text(XRAYON_VERSION_MAJOR) + "." + to_text(XRAYON_VERSION_MINOR) + "." + to_text(XRAYON_VERSION_PATCH) + " " + set
           + " data " + data.hex() + " search " + search.hex();
}

/// The outcomes of a search in a journal: candidate, fold, road, times, scores in hexadecimal, so that they come back bit for bit.
template <class Model>
class search_journal {
public:
    search_journal(const search_journal_options& options, const std::string& identity, std::size_t candidates, std::size_t folds,
                   std::size_t scores)
        : path_(options.path),
          journal_(options.path, identity, {.durable = options.durable, .optional = options.optional}),
          folds_(folds),
          scores_(scores),
          known_(candidates * folds) {}

    /// Puts what is known into the table.
    void load(std::vector<fold_outcome<Model>>& table, bool train_scores) {
        const std::vector<std::string> records = journal_.take_records();
        for (std::size_t r = 0; r < records.size(); ++r) {
            std::size_t item = 0;
            fold_outcome<Model> one = parse(records[r], r, train_scores, item);
            if (known_[item] && !same(one, table[item])) {
                fail(r, "given twice with different values");
            }
            known_[item] = true;
            table[item] = std::move(one);
        }
    }
    [[nodiscard]] bool knows(std::size_t candidate, std::size_t fold) const { return known_[candidate * folds_ + fold]; }

    /// Why fits are no longer written down; empty while they are.
    [[nodiscard]] std::string failure() const {
        const auto error = journal_.failure();
        return error ? error->what() : "";
    }
    void add(std::size_t candidate, std::size_t fold, const fold_outcome<Model>& one) {
        if (one.error) {
            return;  // tried again next time
        }
        std::string line = to_text(candidate) + " " + to_text(fold) + " " + to_text(static_cast<int>(one.road));
        for (const double v : {one.times.fit.count(), one.times.score.count()}) {
            line += " " + hex(v);
        }
        for (const auto* list : {&one.test, &one.train}) {
            for (const double v : *list) {
                line += " " + hex(v);
            }
        }
        journal_.append(line);
    }

private:
    [[nodiscard]] static std::string hex(double v) {
        char buffer[17];
        std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(v)));
        return buffer;
    }
    [[noreturn]] void fail(std::size_t record, const std::string& why) const {
        throw journal_error("journal: record " + to_text(record + 1) + " " + why + ": " + path_, path_, 0, record + 1);
    }
    [[nodiscard]] static bool same(const fold_outcome<Model>& a, const fold_outcome<Model>& b) {
        const auto equal = [](const std::vector<double>& x, const std::vector<double>& y) {
            return x.size() == y.size() && (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) == 0);
        };
        return equal(a.test, b.test) && equal(a.train, b.train) && a.road == b.road;
    }

    [[nodiscard]] fold_outcome<Model> parse(std::string_view text, std::size_t record, bool train_scores, std::size_t& item) const {
        const auto next = [&](auto& value, int base) {
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
            if (error != std::errc{} || end == text.data() || (end != text.data() + text.size() && *end != ' ')) {
                fail(record, "is not what a search writes");
            }
            text.remove_prefix(static_cast<std::size_t>(end - text.data()));
            text.remove_prefix(text.empty() ? 0 : 1);
        };
        const auto number = [&] {
            std::uint64_t bits = 0;
            next(bits, 16);
            return std::bit_cast<double>(bits);
        };
        std::size_t candidate = 0;
        std::size_t fold = 0;
        int road = 0;
        next(candidate, 10);
        next(fold, 10);
        next(road, 10);
        if (fold >= folds_ || candidate >= known_.size() / folds_ || road < 0 || road > 2) {
            fail(record, "is of a candidate or fold that is not in the search");
        }
        fold_outcome<Model> out;
        out.road = static_cast<fold_road>(road);
        out.times.fit = std::chrono::duration<double>(number());
        out.times.score = std::chrono::duration<double>(number());
        for (std::size_t m = 0; m < scores_; ++m) {
            out.test.push_back(number());
        }
        for (std::size_t m = 0; m < scores_ && train_scores; ++m) {
            out.train.push_back(number());
        }
        if (!text.empty()) {
            fail(record, "is not what a search writes");
        }
        item = candidate * folds_ + fold;
        return out;
    }

    std::string path_;
    journal journal_;
    std::size_t folds_;
    std::size_t scores_;
    std::vector<bool> known_;
};

} // namespace xrayon::ml::detail

#endif  // XRAYON_ML_SEARCH_DETAIL_SEARCH_JOURNAL_HPP
