// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_SCHEDULE_COST_MODEL_HPP
#define XRAYON_SCHEDULE_COST_MODEL_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/schedule/detail/cost_text.hpp>
#include <xrayon/schedule/detail/small_file.hpp>

namespace xrayon {

struct cost_model_options {
    double weight = 0.3;  ///< Of the newest observation, above 0 and at most 1: 1 forgets what was before.
};

/// @brief What tasks have cost, so that the next call can begin with the longest ones (invoke_options::model).
///
/// A task is known by a key, which stands for the call it belongs to, and by its number in there. Kept are seconds per unit of size, as an
/// average in which each observation counts `1 - weight` times as much as the one that follows it (exponentially weighted, EWMA). So a task
/// whose input has doubled is expected to take twice as long. Without sizes, every task has size 1.
///
/// Results never depend on it, only the order in which tasks begin. Any thread may call any member at any time.
///
/// **Example.**
/// @code
/// auto costs = xrayon::cost_model::load_or_new("fits.costs");
/// auto fits = xrayon::invoke_all(tasks, {.model = &costs, .key = "fits"});
/// costs.save("fits.costs");
/// @endcode
class cost_model {
public:
    /// @throws argument_error  if options.weight is not above 0 and at most 1.
    explicit cost_model(cost_model_options options = {}) {
        check(options.weight > 0 && options.weight <= 1, "cost_model: options.weight must be > 0 and <= 1", options.weight);
        state_.weight = options.weight;
    }
    cost_model(const cost_model& other) : state_(other.copy()) {}
    cost_model(cost_model&& other) noexcept : state_(other.take()) {}
    cost_model& operator=(const cost_model& other) {
        put(other.copy());
        return *this;
    }
    cost_model& operator=(cost_model&& other) noexcept {
        put(other.take());
        return *this;
    }
    ~cost_model() = default;

    /// Task `task` of `key`, with an input of `size`, took `seconds`.
    /// @throws argument_error  unless size is finite and > 0, and seconds finite and >= 0.
    void observe(std::string_view key, std::uint64_t task, double size, double seconds) {
        check(size > 0 && !std::isinf(size), "cost_model: size must be finite and > 0", size);
        check(seconds >= 0 && !std::isinf(seconds), "cost_model: seconds must be finite and >= 0", seconds);
        const double rate = seconds / size;
        check(!std::isinf(rate), "cost_model: seconds per unit of size must be finite", rate);
        const std::lock_guard lock(mutex_);
        auto known = state_.keys.find(key);
        if (known == state_.keys.end()) {
            known = state_.keys.emplace(std::string(key), detail::task_rates{}).first;
        }
        const auto [place, fresh] = known->second.try_emplace(task, detail::task_rate{rate, 0});
        detail::task_rate& kept = place->second;
        if (!fresh) {
            kept.seconds_per_unit += state_.weight * (rate - kept.seconds_per_unit);
        }
        kept.observations += kept.observations == ~std::uint64_t{0} ? 0 : 1;
    }

    /// Seconds that the task is expected to take. Of a task that was never observed: what the mean of those of its key would take.
    /// Nothing if there are none.
    /// @throws argument_error  unless size is finite and >= 0.
    [[nodiscard]] std::optional<double> predict(std::string_view key, std::uint64_t task, double size = 1) const {
        const auto all = predict_all(key, std::span(&task, 1), std::span(&size, 1));
        return all ? std::optional(all->front()) : std::nullopt;
    }

    /// The same of several tasks; nothing if none of the key was ever observed, else a value for each.
    /// @throws argument_error  if tasks and sizes have different lengths, or a size is negative, infinite or NaN.
    [[nodiscard]] std::optional<std::vector<double>> predict_all(std::string_view key, std::span<const std::uint64_t> tasks,
                                                                 std::span<const double> sizes) const {
        if (sizes.size() != tasks.size()) [[unlikely]] {
            check(false, "cost_model: sizes must be as many as tasks (" + xrayon::to_text(tasks.size()) + ")", sizes.size());
        }
        for (const double size : sizes) {
            check(size >= 0 && !std::isinf(size), "cost_model: size must be finite and >= 0", size);
        }
        const std::lock_guard lock(mutex_);
        const auto known = state_.keys.find(key);
        if (known == state_.keys.end() || known->second.empty()) {
            return std::nullopt;
        }
        const detail::task_rates& rates = known->second;
        double mean = 0;
        for (const auto& each : rates) {
            mean += each.second.seconds_per_unit / static_cast<double>(rates.size());
        }
        std::vector<double> seconds(tasks.size());
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            const auto found = rates.find(tasks[i]);
            seconds[i] = std::min(sizes[i] * (found == rates.end() ? mean : found->second.seconds_per_unit), 1e300);  // stays finite
        }
        return seconds;
    }

    /// Tasks known, of all keys.
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        std::size_t tasks = 0;
        for (const auto& each : state_.keys) {
            tasks += each.second.size();
        }
        return tasks;
    }

    /// What it knows as text, the same for the same knowledge: a line of version, of weight, and of each key and task, and the number of
    /// tasks. Numbers are written so that they read back as the same.
    [[nodiscard]] std::string to_text() const {
        const std::lock_guard lock(mutex_);
        return detail::cost_text(state_);
    }

    /// @param source  Where the text is from, for messages.
    /// @throws data_error  with the line, if it is not what to_text() gives: another version, a line that cannot be read, a value that
    ///                     cannot be, a task twice, an end that is missing.
    [[nodiscard]] static cost_model from_text(std::string_view text, std::string_view source = "cost_model") {
        cost_model model;
        model.state_ = detail::cost_state_of(text, source);
        return model;
    }

    /// Writes a file that appears whole or not at all, with mode 0600: a temporary one in the same folder takes its place. After a power
    /// failure it may be cut short, which load() notices.
    /// @throws io_error
    void save(const std::string& path) const { detail::replace_small_file(path, to_text(), "cost_model::save"); }

    /// @throws io_error    if the file cannot be read
    /// @throws data_error  as from_text
    [[nodiscard]] static cost_model load(const std::string& path) {
        return from_text(*detail::read_small_file(path, "cost_model::load", false), path);
    }
    /// A model that knows nothing if there is no such file; else as load, with the weight that the file says.
    [[nodiscard]] static cost_model load_or_new(const std::string& path, cost_model_options options = {}) {
        const auto text = detail::read_small_file(path, "cost_model::load_or_new", true);
        return text ? from_text(*text, path) : cost_model(options);
    }

private:
    [[nodiscard]] detail::cost_state copy() const {
        const std::lock_guard lock(mutex_);
        return state_;
    }
    [[nodiscard]] detail::cost_state take() noexcept {
        const std::lock_guard lock(mutex_);
        detail::cost_state taken;
        taken.weight = state_.weight;
        taken.keys.swap(state_.keys);
        return taken;
    }
    void put(detail::cost_state state) noexcept {
        const std::lock_guard lock(mutex_);
        state_.weight = state.weight;
        state_.keys.swap(state.keys);
    }

    mutable std::mutex mutex_;
    detail::cost_state state_;
};

} // namespace xrayon

#endif // XRAYON_SCHEDULE_COST_MODEL_HPP
